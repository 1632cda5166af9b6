"""The wheel: built, installed into an environment of its own, and used outside a checkout."""

import json
import os
import subprocess
import sys
import zipfile

import pytest

from helpers.checkout import PROJECT, SCRIPTS

pytestmark = pytest.mark.slow
LIST = "isco08,jobs\n2411,100\n4132,50\n9999,1\n"
CLEAN = {k: v for k, v in os.environ.items() if not k.startswith(("OCCURISK_", "MLFLOW_", "COV_", "PYTHON"))}


def call(*command, **options) -> subprocess.CompletedProcess:
    return subprocess.run(
        [str(c) for c in command], capture_output=True, text=True, check=False, env=CLEAN, **options
    )


def uv(*arguments) -> None:
    """Run the checkout's own uv, or the one on PATH; skip, visibly, without one or without an index."""
    own = PROJECT / ".uv" / "bin" / "uv"
    try:
        done = call(own if own.is_file() else "uv", *arguments)
    except FileNotFoundError:
        pytest.skip("needs uv (make setup)")
    if done.returncode and ("Failed to fetch" in done.stderr or "error sending request" in done.stderr):
        pytest.skip(f"the package index cannot be reached: {done.stderr.strip().splitlines()[-1].strip()}")
    assert done.returncode == 0, done.stderr


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    out = tmp_path_factory.mktemp("wheel")
    uv("build", "--wheel", "--quiet", "--out-dir", out, PROJECT)
    return next(out.glob("*.whl"))


@pytest.fixture(scope="module")
def installed(wheel, tmp_path_factory):
    """The `bin` folder of a new environment that holds the wheel and what it requires, nothing else."""
    folder = tmp_path_factory.mktemp("environment") / "venv"
    uv("venv", "--quiet", "--python", sys.executable, folder)
    # Python compiles what the commands import, which is a small part of all that is installed.
    uv("pip", "install", "--quiet", "--no-compile-bytecode", "--python", folder / "bin" / "python", wheel)
    return folder / "bin"


def test_the_wheel_holds_what_the_commands_read_and_nothing_else(wheel):
    names = set(zipfile.ZipFile(wheel).namelist())
    needed = [
        (path, f"occurisk/{path.relative_to(PROJECT).as_posix()}")
        for folder in ("features", "configs")
        for path in (PROJECT / folder).rglob("*")
    ]
    source = PROJECT / "src"
    needed += [
        (path, path.relative_to(source).as_posix()) for path in source.rglob("*") if "templates" in path.parts
    ]
    assert {name for path, name in needed if path.is_file()} <= names
    assert {name.split("/")[0].split("-")[0] for name in names} == {"occurisk"}
    assert not [name for name in names if "__pycache__" in name]


def test_outside_a_checkout_it_trains_scores_and_explains(installed, tmp_path):
    """Models then go under the working directory, figures come from the package."""
    (tmp_path / "jobs.csv").write_text(LIST)
    where = call(installed / "python", SCRIPTS / "where_resources_are.py", cwd=tmp_path)
    checkout, features = where.stdout.split()
    assert checkout == "None"
    assert str(installed.parent) in features
    done = call(
        installed / "occurisk", "score", "jobs.csv", "--out", "scored", "--no-track", "--taxonomy", "isco08",
        cwd=tmp_path,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    totals = json.loads((tmp_path / "scored" / "intake.json").read_text())["totals"]
    assert (totals["rows_in"], totals["rows_scored"], totals["weight_scored"]) == (3, 2, 150)
    assert (tmp_path / "models" / "CURRENT").is_file()
    done = call(installed / "occurisk", "explain", "2411", "--lang", "ru", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "Подверженность" in done.stdout
    done = call(installed / "occurisk", "national", "scored", "--out", "national", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "national" / "national.html").is_file()
