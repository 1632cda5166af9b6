"""Read the scores of a bundle, then print which heavy libraries that took: `read_scores.py BUNDLE`."""

import sys
from pathlib import Path

from occurisk.model.bundles.bundle import load_bundle

bundle = load_bundle(Path(sys.argv[1]))
assert len(bundle.reference) == len(bundle.replicas) == 827
print(sorted({"lightgbm", "sklearn", "shap", "mlflow"} & set(sys.modules)))
