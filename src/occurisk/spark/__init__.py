"""A register on a Spark cluster, scored where it lies: `occurisk.spark.score(df, code=, weight=)`."""

from occurisk.spark.scoring import score as score
