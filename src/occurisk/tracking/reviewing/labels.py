"""Labels that follow from the verdicts on several runs, behind those that a training starts from."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from occurisk.errors import ReviewError
from occurisk.explanation.verdicts import label_file, to_labels, write_csv
from occurisk.tracking.reviewing.reviews import collect
from occurisk.training_data.labels import read_rows


@dataclass(frozen=True)
class ReviewedLabels:
    """A label file with the verdicts of reviewers in it.

    Attributes
    ----------
    text : str
        The file, CSV.
    added : int
        Labels that follow from verdicts.
    left_out : DataFrame
        Verdicts that say nothing about one occupation: `code`, `verdict`, `reviewer`, `reason`.
    """

    text: str
    added: int
    left_out: pd.DataFrame


def labels_with_reviews(runs: Iterable[str], base: Path) -> ReviewedLabels:
    """Collect the verdicts on runs, and put the labels that follow behind those of a file.

    Parameters
    ----------
    runs : iterable of str
        As for `read_review`. A reviewer's verdict on the run that is named later counts.
    base : Path
        The label file.

    Raises
    ------
    ReviewError, LabelError
        If there is no such run, no label follows from the verdicts, or the file cannot be read.
    """
    runs = list(runs)
    tables = [to_labels(reviewed.verdicts, reviewed.scored) for reviewed, _ in map(collect, runs)]
    labels = pd.concat([labels for labels, _ in tables], ignore_index=True)
    labels = labels.drop_duplicates(["code", "rater"], keep="last")
    left_out = pd.concat([rest for _, rest in tables], ignore_index=True)
    if labels.empty:
        reasons = "; ".join(f"{n} {reason}" for reason, n in left_out["reason"].value_counts().items())
        raise ReviewError(
            f"No label follows from the {len(left_out)} verdicts on {', '.join(runs)}.",
            first=reasons or "nobody has judged anything yet",
            rule="A verdict other than unsure, on a code that is at least 80% one occupation, counts; "
            "agree and disagree say nothing of a medium band.",
            fix="Collect more verdicts (too high, too low), or train without --reviews.",
        )
    file = label_file(labels, read_rows(base), base.stem)
    return ReviewedLabels(write_csv(file), len(labels), left_out)
