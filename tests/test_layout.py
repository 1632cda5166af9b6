"""The layout itself: one direction of imports, heavy libraries where they are needed, rooms kept."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

from conftest import PROJECT

SOURCE = PROJECT / "src" / "occurisk"

# A module imports only from modules above it. A new module gets a line here, and with it a place.
ORDER = [
    # what everything stands on
    "errors",
    "chance",
    "files",
    "places",
    "bands",
    "settings",
    "codes",
    "catalogue",
    # features: figures in, X and y out
    "release_files",
    "onet",
    "attributes",
    "coverage",
    "labels",
    # classifications
    "crosswalk_tables",
    "crosswalk",
    "crosswalk_user",
    "projection",
    # how features/ was made
    "originals_crosswalks",
    "official_files",
    "originals_national",
    "originals",
    # the model and how good it is
    "teacher",
    "spread",
    "boosting",
    "model",
    "calibration",
    "baselines",
    "evaluation",
    # why
    "explanation",
    "boxes",
    "changes",
    "neighbours",
    "identifiability",
    "words",
    "review",
    # a trained version
    "scores",
    "card",
    "bundle",
    "dossier",
    "training",
    # reading a registry
    "csv_dialect",
    "csv_text",
    "registry_files",
    "registry_lines",
    "registry_csv",
    "registry_excel",
    "registry_parquet",
    "registry_open",
    "looked_up",
    "parquet_footer",
    "parquet_chunks",
    "parquet_out",
    "registry_writers",
    "weights",
    "levels",
    "intake_columns",
    "evidence",
    "intake",
    # scoring it
    "tally",
    "national",
    "scored_codes",
    "scored_folder",
    "scored_report",
    "scored_files",
    "scoring_stream",
    "row_attributes",
    "scoring_rows",
    "scoring",
    # studies of the model
    "simulation",
    "vintage",
    "label_audit",
    "row_study",
    # the national picture
    "headline",
    "market",
    "occupation_facts",
    "breakdowns",
    "gradients",
    "routine",
    "augmentation",
    "scenarios",
    "code_breaks",
    "growth",
    "backtest",
    "multiverse",
    "picture",
    "register_totals",
    "scored_market",
    "reproductions",
    # what people see
    "figures",
    "national_figures",
    "comparison_figures",
    "national_page",
    "national_run",
    "report",
    # what happened
    "tracking",
    "tracking_explanations",
    "tracking_review",
    "tracking_national",
    "tracking_training",
    "tracking_scoring",
    # the command line
    "cli",
]


def modules() -> dict[str, list[Path]]:
    """Files by module: a package counts as one."""
    found: dict[str, list[Path]] = {}
    for path in SOURCE.rglob("*.py"):
        name = path.relative_to(SOURCE).parts[0].removesuffix(".py")
        if name not in ("__init__", "__main__", "served_model"):
            found.setdefault(name, []).append(path)
    return found


def imported(path: Path) -> set[str]:
    """Top-level modules that a file imports, at any depth of the file."""
    names = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            names |= {f"{node.module}.{alias.name}" for alias in node.names}
    return names


def test_every_module_has_a_place():
    assert sorted(modules()) == sorted(ORDER)


@pytest.mark.parametrize("name", ORDER)
def test_a_module_imports_only_from_above(name):
    above = set(ORDER[: ORDER.index(name) + 1])
    for path in modules()[name]:
        ours = {found.split(".")[1] for found in imported(path) if found.startswith("occurisk.")}
        assert ours <= above, f"{path.name} imports {sorted(ours - above)}, which stand below it"


def test_only_tracking_and_the_served_model_import_mlflow():
    users = {
        path.relative_to(SOURCE).as_posix()
        for path in SOURCE.rglob("*.py")
        if any(name.split(".")[0] == "mlflow" for name in imported(path))
    }
    assert users == {"tracking.py", "served_model.py"}


def test_only_pictures_and_the_report_import_matplotlib():
    users = {
        path.relative_to(SOURCE).parts[0]
        for path in SOURCE.rglob("*.py")
        if any(name.split(".")[0] == "matplotlib" for name in imported(path))
    }
    assert users <= {"figures.py", "report", "national_figures.py"}


def test_no_pickle_anywhere():
    forbidden = {"pickle", "cloudpickle", "dill", "joblib.dump", "joblib.load"}
    for path in SOURCE.rglob("*.py"):
        assert not imported(path) & forbidden, path


@pytest.mark.parametrize("room", ["features", "models", "configs"])
def test_no_python_in_the_data_rooms(room):
    assert not list((PROJECT / room).rglob("*.py"))


def test_help_imports_nothing_heavy():
    probe = (
        "import sys\n"
        "from occurisk.cli import main\n"
        "try: main(['--help'])\n"
        "except SystemExit: pass\n"
        "heavy = {'numpy', 'pandas', 'mlflow', 'shap', 'lightgbm', 'sklearn', 'matplotlib', 'pyarrow'}\n"
        "print(sorted(heavy & set(sys.modules)), file=sys.stderr)\n"
    )
    done = subprocess.run([sys.executable, "-c", probe], capture_output=True, text=True, check=True)
    assert done.stderr.strip() == "[]"
    assert "train" in done.stdout


def test_no_original_is_committed(originals):
    """No file of ../shared/data is tracked, not even under another name."""
    import hashlib

    ours = subprocess.run(
        ["git", "ls-files", "-z"], cwd=PROJECT, capture_output=True, check=True
    ).stdout.split(b"\0")
    theirs = {hashlib.sha256(p.read_bytes()).digest() for p in originals.rglob("*") if p.is_file()}
    for name in filter(None, ours):
        path = PROJECT / name.decode()
        if path.is_file():
            assert hashlib.sha256(path.read_bytes()).digest() not in theirs, path
