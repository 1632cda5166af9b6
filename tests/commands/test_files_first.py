"""Files before words: what a command says that it wrote is there when the first word comes, or nothing is."""

from __future__ import annotations

import resource
import shutil
import sys
from contextlib import contextmanager

import numpy as np
import pandas as pd
import pytest

from helpers.commands import Watching
from helpers.look_alikes import TITLES, UNITS
from helpers.registries import scored, write
from helpers.releases import write_text_release, zip_release
from helpers.trained import default_bundle, models_dir
from occurisk.cli import occurisk
from occurisk.errors import OccuriskError, OutputError
from occurisk.paths import FEATURES

# Commands, and what each writes.
COMMANDS = {
    "score": (
        "score r.csv --out o --no-track --json figures.json",
        "o/intake.json o/scored.csv figures.json",
    ),
    "national of a folder": (
        "national scored --out o --no-track --json figures.json",
        "o/national.html figures.json",
    ),
    "national of a list": ("national r.csv --no-track --json figures.json", "figures.json"),
    "explain": (
        "explain 43-9021 --json figures.json --html page.html --png picture.png",
        "figures.json page.html picture.png",
    ),
    "lookup": ("lookup values.csv --out looked --table t --taxonomy isco08", "looked"),
    "compare lists": (
        "compare lists scored scored --no-track --json figures.json --png picture.png",
        "figures.json picture.png",
    ),
    "compare labels": ("compare labels labels.csv labels.csv --no-track --json figures.json", "figures.json"),
    "backtest": (
        "backtest --before oes_2011.csv --after oes_2015.csv --draws 100 --json figures.json "
        "--figure picture.png",
        "figures.json picture.png",
    ),
    "study": ("study rows --json figures.json", "figures.json"),
    "features": (
        "features build --onet db.zip --out table.csv --json figures.json",
        "table.csv figures.json",
    ),
    "titles build": (
        "titles build titles.csv --out matcher",
        "matcher/isco08.npz matcher/isco08.json",
    ),
    "titles build names": ("titles build --names names.csv --out matcher", "matcher/names_ru.csv"),
    "titles review": ("titles review open --sheet sheet.xlsx", "sheet.xlsx"),
}
# Commands that load no model.
BARE = ("compare", "features", "titles")


@pytest.fixture
def desk(tmp_path, monkeypatch):
    """A folder to work in, with what the commands read."""
    model = default_bundle()
    rows = "".join(f"{code},{1000 * i}\n" for i, code in enumerate(UNITS[::9], start=1))
    scored(write(tmp_path / "r.csv", f"isco08,jobs\n{rows}"), tmp_path / "scored")
    write(tmp_path / "values.csv", "value,rows,weight\n2411,3,3\n4110,2,2\n7212,1,1\n5120,4,4\n")
    write(tmp_path / "w.csv", "должность,jobs\nБухгалтер,5\nЧародей севера,3\n")
    scored(tmp_path / "w.csv", tmp_path / "open")
    listed = "".join(f'"{TITLES[code]}",{code}\n' for code in UNITS[::4])
    write(tmp_path / "titles.csv", f"title,isco08\n{listed}")
    write(
        tmp_path / "names.csv",
        "code,name\n2411,Бухгалтер\n7212,Сварщик и газорезчик по металлу\n5120,Повар в столовой\n",
    )
    codes = [c for c in model.reference.index if not c.endswith("0")][::6]
    growth = np.exp(0.1 * np.random.default_rng(0).normal(size=len(codes)))
    for year, grown in (("2011", np.ones(len(codes))), ("2015", growth)):
        lines = [
            f"{c},{c},{1000 * g:.0f},{20_000 + i}" for i, (c, g) in enumerate(zip(codes, grown, strict=True))
        ]
        write(tmp_path / f"oes_{year}.csv", "OCC_CODE,OCC_TITLE,TOT_EMP,A_MEDIAN\n" + "\n".join(lines) + "\n")
    zip_release(tmp_path / "db.zip", write_text_release(tmp_path / "unpacked"), "db_20_3")
    # The study itself takes a quarter of a minute; here it is what it prints and writes that counts.
    formula = pd.DataFrame(
        [dict.fromkeys(("ratio_low", "ratio", "ratio_high", "apart", "apart_high"), 1.0)],
        pd.Index([0.0], name="noise"),
    )
    gaps = pd.DataFrame([{"covered": 0.9, "sd": 1.0, "change": 1.0}], pd.Index([1], name="hidden"))
    for name, found in (("compare_intervals", formula), ("hide_attributes", gaps)):
        monkeypatch.setattr(f"occurisk.evaluation.row_interval_check.{name}", lambda *_, found=found: found)
    shutil.copyfile(FEATURES / "labels" / "frey_osborne_2017.csv", tmp_path / "labels.csv")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def call(command):
    words = COMMANDS[command][0].split()
    models = () if words[0] in BARE else ("--models-dir", str(models_dir()))
    occurisk.main([*words, *models], standalone_mode=False)


@pytest.mark.parametrize("command", COMMANDS)
def test_files_are_written_before_anything_is_printed(desk, monkeypatch, command):
    stream = Watching([desk / name for name in COMMANDS[command][1].split()])
    monkeypatch.setattr(sys, "stdout", stream)
    call(command)
    assert stream.there
    assert all(stream.there)


@contextmanager
def full_disk(most: int):
    """Let no file grow beyond some bytes: what a full disk says, without one."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (most, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def left(folder):
    return {
        path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()
    }


@pytest.mark.parametrize("command", COMMANDS)
def test_a_full_disk_is_one_error_and_leaves_nothing(desk, capsys, command):
    """No file, whole or half, under a name that was asked for; what stood there before is as it was."""
    before = left(desk)
    with full_disk(100), pytest.raises(OccuriskError) as problem:
        call(command)
    assert isinstance(problem.value, OutputError), repr(problem.value)
    assert "Cannot write" in str(problem.value) or "no room" in str(problem.value)
    assert left(desk) == before
    printed = capsys.readouterr().out
    assert not [name for name in COMMANDS[command][1].split() if name in printed]
