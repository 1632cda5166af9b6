"""Results that a person has read: the scores, one occupation in words, one country in figures.

A difference is either a mistake or a decision. `make golden` writes the files anew; whoever commits them
reads the diff first and says in the commit why the figures moved. The last digits of a fraction, and ranks
that hang on them, differ from one kind of processor to another: its own kernels of linear algebra are used.
"""

import difflib
import json
import re
from pathlib import Path

import pytest

from helpers.commands import run
from helpers.contracts import kept
from occurisk.model.bundles.bundle import SCORES
from occurisk.paths import FEATURES

pytestmark = pytest.mark.covered_elsewhere
HERE = Path(__file__).parent
DIGITS = 9  # of national figures: the last bits depend on the order of summation
KEPT = ("registry", "weight", "figures", "by_code", "standing_in", "breakdowns", "concentration", "gradients")
METRICS = ("auc", "log_loss", "brier")
MOST_SHOWN = 30
FRACTION = re.compile(r"(?<![\w.-])[-+]?\d+(?:\.\d+(?:e[-+]?\d+)?|e[-+]?\d+)(?![\w.])")
RANK = re.compile(r"(?<=,)\d+(?=,)")


@pytest.fixture
def agreed(request):
    """Compare a text with a golden file; with `--renew`, write it instead."""

    def compare(name: str, text: str) -> None:
        # A version is named after everything in it, the versions of packages among it.
        text = re.sub(r"default-[0-9a-f]{8}", "default-00000000", text)
        path = HERE / name
        if request.config.getoption("--renew"):
            path.write_text(text, encoding="utf-8")
        before, now = path.read_text(encoding="utf-8").splitlines(), text.splitlines()
        if len(before) == len(now):
            now = [old if alike(old, new) else new for old, new in zip(before, now, strict=True)]
        changed = list(difflib.unified_diff(before, now, "agreed", "now", n=0, lineterm=""))
        assert not changed, "\n".join(
            [f"{name} changed; if that is meant: make golden", *changed[:MOST_SHOWN]]
        )

    return compare


def alike(old: str, new: str) -> bool:
    """Whether two lines say the same but for the fourth digit of a fraction, or two ranks."""

    def same(number: re.Pattern[str], nearly: dict) -> bool:
        pairs = zip(number.findall(old), number.findall(new), strict=True)
        return all(float(one) == pytest.approx(float(other), **nearly) for one, other in pairs)

    def bare(line: str) -> str:
        return RANK.sub("rank", FRACTION.sub("fraction", line))

    return (
        bare(old) == bare(new)
        and same(FRACTION, {"rel": 1e-4, "abs": 0})
        and same(RANK, {"rel": 0, "abs": 2})
    )


@pytest.mark.parametrize(
    ("new", "is_alike"),
    [
        ("27-1025,Designers,0.00015212,31,low", True),
        ("27-1025,Designers,0.000152115,32,low", True),
        ("27-1025,Designers,0.00015312,31,low", False),
        ("27-1025,Designers,0.000152115,34,low", False),
        ("27-1026,Designers,0.000152115,31,low", False),
        ("27-1025,Designers,0.000152115,31,high", False),
    ],
)
def test_what_may_differ_from_processor_to_processor(new, is_alike):
    assert alike("27-1025,Designers,0.000152115,31,low", new) == is_alike


def test_the_scores_of_the_default_model(model, agreed):
    agreed("scores.csv", (model.path / SCORES).read_text(encoding="utf-8"))


@pytest.mark.parametrize("language", ["en", "ru", "kk"])
def test_the_words_of_one_occupation(model, agreed, language):
    text = run("explain", "43-9021", "--lang", language, "--models-dir", model.path.parent, columns=100)
    lines = [line.rstrip() for line in text.splitlines() if str(model.path.parent) not in line]
    agreed(f"explain_43-9021_{language}.txt", "\n".join(lines) + "\n")


def test_the_national_figures_of_the_embedded_employment(model, agreed, tmp_path):
    """US employment of 2010, which is embedded: the list behind the published 47%."""
    path = tmp_path / "national.json"
    registry = FEATURES / "reference" / "us_employment.csv"
    arguments = ("--models-dir", model.path.parent, "--out", tmp_path / "out", "--json", path, "--no-track")
    run("national", registry, *arguments)
    found = json.loads(path.read_text(encoding="utf-8"))
    agreed("national.json", json.dumps(short({key: found[key] for key in KEPT}), indent=1) + "\n")


def test_the_quality_on_held_out_labels(agreed, tmp_path):
    """Two halves are quick enough to run each time; if they move, so do the hundred of docs/outputs/."""
    path = tmp_path / "evaluation.json"
    run("evaluate", "--splits", 2, "--json", path)
    models = kept("evaluate", path)["models"]
    quality = {name: {m: round(row[m], 6) for m in METRICS} for name, row in models.items()}
    agreed("evaluation.json", json.dumps(quality, indent=1) + "\n")


def short(value):
    """The same with figures of `DIGITS` significant digits."""
    if isinstance(value, float):
        return float(f"{value:.{DIGITS}g}")
    if isinstance(value, dict):
        return {key: short(each) for key, each in value.items()}
    return [short(each) for each in value] if isinstance(value, list) else value
