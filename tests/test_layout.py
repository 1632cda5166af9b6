"""The layout itself: one direction of imports, heavy libraries where they are needed, rooms kept."""

import ast
import json
import subprocess
import sys
from functools import cache
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

from helpers.checkout import PROJECT, SCRIPTS

SOURCE = PROJECT / "src" / "occurisk"

# In the order in which data flows; a package imports only from those before it.
PACKAGES = [
    # the ground
    "errors",
    "paths",
    "files",
    "result_sets",
    "background",
    "spreadsheets",
    "documents",
    "probabilities",
    # the floors
    "occupations",
    "training_data",
    "model",
    "evaluation",
    "explanation",
    "registry",
    "scoring",
    "spark",
    "labour_market",
    "report",
    "tracking",
    "cli",
]
# Neighbours that must not know each other, though one stands before the other.
STRANGERS = [("explanation", "evaluation"), ("registry", "evaluation"), ("registry", "explanation")]
# What may be longer than other modules: a format that is best read in one piece.
LONGEST, MAY_BE_LONGER = 350, {"training_data/onet_ratings.py"}


@cache
def modules() -> dict[str, Path]:
    """Every module by its dotted name below occurisk; a face goes by its package's name."""
    found = {}
    for path in SOURCE.rglob("*.py"):
        parts = path.relative_to(SOURCE).with_suffix("").parts
        found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return found


def packages() -> list[Path]:
    """Folders of modules."""
    return sorted({path.parent for path in SOURCE.rglob("*.py")} - {SOURCE})


@cache
def imported(path: Path) -> set[str]:
    """Top-level modules that a file imports, at any depth of the file."""
    names = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            names |= {f"{node.module}.{alias.name}" for alias in node.names}
    return names


@cache
def ours(path: Path) -> set[str]:
    """Modules of occurisk that a file imports, by their dotted names below it."""
    known = set(modules())
    targets = set()
    for name in imported(path):
        parts = name.split(".")[1:] if name.split(".")[0] == "occurisk" else []
        while parts and ".".join(parts) not in known:
            parts.pop()
        targets.add(".".join(parts))
    return targets - {""}


def users_of(library: str) -> set[str]:
    """Files that import a library, as paths below occurisk."""
    return {
        path.relative_to(SOURCE).as_posix()
        for path in SOURCE.rglob("*.py")
        if any(name.split(".")[0] == library for name in imported(path))
    }


def test_the_folder_is_the_list_of_packages():
    tops = {name.split(".")[0] for name in modules()} - {"", "__main__"}
    assert tops == set(PACKAGES)


@pytest.mark.parametrize("package", PACKAGES)
def test_a_package_imports_only_from_those_before_it(package):
    before = set(PACKAGES[: PACKAGES.index(package) + 1])
    before -= {stranger for name, stranger in STRANGERS if name == package}
    for name, path in modules().items():
        if name.split(".")[0] == package:
            wrong = {target for target in ours(path) if target.split(".")[0] not in before}
            assert not wrong, f"{name} imports {sorted(wrong)}, which it must not know"


def test_no_circle_of_imports():
    graph = {name: ours(path) - {name} for name, path in modules().items() if name}
    TopologicalSorter(graph).prepare()  # raises CycleError, which names the circle


def test_a_package_holds_three_to_ten_modules():
    for folder in packages():
        if folder.name not in ("cli",):  # one file a command
            count = len([path for path in folder.glob("*.py") if path.name != "__init__.py"])
            assert 3 <= count <= 10, f"{folder.name} holds {count} modules"


def test_no_module_is_too_long():
    for path in SOURCE.rglob("*.py"):
        if path.relative_to(SOURCE).as_posix() not in MAY_BE_LONGER:
            lines = len(path.read_text(encoding="utf-8").splitlines())
            assert lines <= LONGEST, f"{path.relative_to(SOURCE)} has {lines} lines"


def test_faces_hold_a_docstring_and_nothing_else():
    for folder in packages():
        if folder.name not in ("cli", "spark"):  # the list of commands; `occurisk.spark.score`
            body = ast.parse((folder / "__init__.py").read_text(encoding="utf-8")).body
            assert len(body) == 1, folder.name
            assert isinstance(body[0], ast.Expr), folder.name
            assert isinstance(body[0].value, ast.Constant), folder.name


def test_libraries_stay_in_their_rooms():
    assert users_of("mlflow") == {"tracking/store.py", "tracking/serving/served_model.py"}
    assert users_of("lightgbm") == {"model/student.py"}
    assert {path.split("/")[0] for path in users_of("matplotlib")} == {"report"}
    assert {path.split("/")[0] for path in users_of("pyspark")} == {"spark"}
    assert {path.split("/")[0] for path in users_of("click") | users_of("rich")} == {"cli"}


def test_no_pickle_anywhere():
    forbidden = {"pickle", "cloudpickle", "dill", "joblib.dump", "joblib.load"}
    for path in SOURCE.rglob("*.py"):
        assert not imported(path) & forbidden, path


@pytest.mark.parametrize("room", ["features", "models", "configs"])
def test_no_python_in_the_data_rooms(room):
    assert not list((PROJECT / room).rglob("*.py"))


def test_help_imports_nothing_heavy():
    command = [sys.executable, SCRIPTS / "imports_of.py", "--help"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    heavy = {"numpy", "pandas", "mlflow", "shap", "lightgbm", "sklearn", "matplotlib", "pyarrow"}
    assert not heavy & set(json.loads(done.stdout.splitlines()[-1]))
    assert "train" in done.stdout


def test_the_tests_have_a_folder_of_models_of_their_own():
    from occurisk.paths import default_models_dir

    assert PROJECT not in default_models_dir().parents
    with pytest.raises(AssertionError, match="a folder of models of its own"):
        (PROJECT / "models" / "CURRENT").open()


def test_no_original_is_committed(originals):
    """No file of ../shared/data is tracked, not even under another name: git knows each by its digest."""
    import hashlib

    lines = subprocess.run(["git", "ls-files", "-s"], cwd=PROJECT, capture_output=True, check=True).stdout
    ours = {line.split()[1].decode() for line in lines.splitlines()}
    for path in originals.rglob("*"):
        if path.is_file() and path.stat().st_size:
            content = path.read_bytes()
            blob = hashlib.sha1(b"blob %d\0" % len(content) + content, usedforsecurity=False).hexdigest()
            assert blob not in ours, path
