"""Hostile registries by seed: any format, encoding, packing and column type, whole or with flipped bytes.

`make fuzz CASES=10000 SEED=7` runs many; `tests/fuzz/test_fuzz.py` runs some in every `make test`. What went
in is known here, so that an independent reader can say whether rows, weights and columns came out.
"""

from __future__ import annotations

import argparse
import bz2
import contextlib
import csv
import gzip
import io
import json
import math
import os
import random
import shutil
import sys
import tempfile
import time
import traceback
import uuid
import warnings
import zipfile
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

CODES = ["43-9021", "11-1011", "29-1141", "15-1132", "53-3032", "35-3031", "00-0000", "55-1011", "99-9999"]
ISCO = ["2411", "4110", "7231", "9112", "1112", "0110"]
EVIL = [
    "=1+1", "-2+3+cmd|' /C calc'!A0", "@SUM(A1)", "+1", "-", "\t=1", "\r=1", "'=1", "#REF!", "<b>x</b>",
]  # fmt: skip
ODD = [
    "", " ", "é", "Ж", "𝔘", "\u202e", "\x1b[31m", "\x07", "a\nb", "a\r\nb", 'say "hi"', "a,b", "a;b",
    "\ufeff", "\x00", "\ufffe", "N/A", "null", "1e308", "-0", "x" * 300, "١٢٣", "1 234,5", "12.5%", "٪",
    "\x85", "\u2028", "\x1f",
]  # fmt: skip
ENCODINGS = ["utf-8", "utf-8-sig", "utf-16", "cp1251", "cp1252", "utf-16-le", "latin-1"]


@dataclass
class Case:
    """A registry as a file, the options of the run, and what is known of it.

    Attributes
    ----------
    content : bytes
    options : dict
        Of `score_registry` and `IntakeOptions`.
    columns : dict of list of str, or None
        Name -> cells as text, where nothing was damaged and the format keeps text as it is.
    rows : int or None
        Where it is sure.
    weight : float or None
        Sum of the column `employment`, where that is sure and named.
    about : str
        For people.
    """

    content: bytes
    options: dict[str, Any] = field(default_factory=dict)
    columns: dict[str, list[str]] | None = None
    rows: int | None = None
    weight: float | None = None
    about: str = ""


def make(seed: int) -> Case:
    """Make a hostile registry."""
    rng = random.Random(seed)  # noqa: S311
    n = rng.choice([0, 1, 2, 3, 20, 20, 200])
    names = [
        "code",
        "employment",
        *rng.sample(["region", "note", "title", "group", "", "id", "code"], rng.randint(0, 3)),
    ]
    cells = {i: _cells(rng, name, n) for i, name in enumerate(names)}
    kind = rng.choice(["csv", "csv", "csv", "parquet", "parquet", "excel"])
    options: dict[str, Any] = {"output": rng.choice([None, "csv", "parquet", "excel"])}
    for option, values in (
        ("code_column", ["code", "employment", "note", "Code "]),
        ("weight_column", ["employment", "code", "region"]),
        ("taxonomy", ["auto", "soc2010", "soc2018", "isco08", "onetsoc", "nkrk"]),
        ("levels", ["auto", "totals", "separate"]),
        ("weights", ["employment", "equal"]),
        ("scores", ["model", "published"]),
        ("encoding", [*ENCODINGS, "rot13", "punycode", "utf-32", "shift_jis", "gb18030", "base64"]),
        ("delimiter", [",", ";", "\t", "|"]),
        ("where", [(("region", "N"),), (("code", "43-9021"),)]),
        ("prefix", [1, 2, 4]),
    ):
        if rng.random() < (0.6 if option == "code_column" else 0.06):
            options[option] = rng.choice(values)
    case = {"csv": _csv, "parquet": _parquet, "excel": _excel}[kind](rng, names, cells, n, options)
    if rng.random() < 0.25:
        case.content = _damaged(rng, case.content)
        case.columns = case.rows = case.weight = None
        case.about += ", damaged"
    return case


def _cells(rng: random.Random, name: str, n: int) -> list[str]:
    good = {"code": rng.choice([CODES, CODES, ISCO]), "employment": ["5", "6.5", "0", "1000", "12"]}.get(
        name, ["N", "S", "a text", "7"]
    )
    spoilt = rng.choice([0, 0, 0.1, 0.5])
    return [rng.choice(EVIL + ODD) if rng.random() < spoilt else rng.choice(good) for _ in range(n)]


def _csv(
    rng: random.Random, names: list[str], cells: dict[int, list[str]], n: int, options: dict[str, Any]
) -> Case:
    encoding = rng.choice(ENCODINGS)
    delimiter = rng.choice([",", ",", ";", "\t", "|"])
    end = rng.choice(["\n", "\n", "\r\n", "\r"])
    sink = io.StringIO(newline="")
    quoting = rng.choice([csv.QUOTE_MINIMAL, csv.QUOTE_ALL])
    writer = csv.writer(sink, delimiter=delimiter, lineterminator=end, quoting=quoting)
    preamble = rng.random() < 0.15
    if preamble:
        sink.write(rng.choice(["A title", '"A title\nof two lines"', "Source: the office"]) + end)
    writer.writerow(names)
    for row in range(n):
        writer.writerow([cells[i][row] for i in range(len(names))])
    ragged = n and rng.random() < 0.1
    if ragged:
        sink.write(f"one{delimiter}two{delimiter}3{delimiter}4{delimiter}5{delimiter}6{delimiter}7{end}")
    content = sink.getvalue().encode(encoding, "replace")
    packing = rng.choice(["", "", "", "gz", "bz2", "zip", "zst"])
    flat = [c for column in cells.values() for c in column]
    # With blank lines, or marks that end lines, the count is a matter of reading.
    plain = (
        encoding == "utf-8" and end == "\n" and not preamble and n > 2 and len(set(names)) == len(names)
        and not any(set(c) & set("\r\n\x00\ufeff\x85\u2028") or c != c.strip() for c in flat) and all(names)
        and delimiter == "," and not {"encoding", "delimiter", "where"} & set(options) and not ragged
    )  # fmt: skip
    if packing == "gz":
        content = gzip.compress(content, 1)
    elif packing == "bz2":
        content = bz2.compress(content)
    elif packing == "zst":
        content = pa.compress(content, "zstd", asbytes=True)
    elif packing == "zip":
        packed = io.BytesIO()
        with zipfile.ZipFile(packed, "w", rng.choice([zipfile.ZIP_DEFLATED, zipfile.ZIP_LZMA])) as archive:
            archive.writestr("r.csv", content)
        content = packed.getvalue()
    case = Case(content, options, about=f"csv {encoding} {packing}")
    if plain:
        case.columns, case.rows = {names[i]: cells[i] for i in cells}, n
    return case


def _parquet(
    rng: random.Random, names: list[str], cells: dict[int, list[str]], n: int, options: dict[str, Any]
) -> Case:
    arrays = []
    for i in range(len(names)):
        texts = [c.replace("\ud800", "") for c in cells[i]]
        arrays.append(pa.array(texts, pa.string()) if rng.random() < 0.5 else _typed(rng, texts))
    schema = pa.schema([pa.field(name, a.type) for name, a in zip(names, arrays, strict=True)])
    sink = pa.BufferOutputStream()
    pq.write_table(
        pa.Table.from_arrays(arrays, schema=schema), sink,
        compression=rng.choice(["snappy", "zstd", "gzip", "none"]), use_dictionary=rng.choice([True, False]),
        row_group_size=rng.choice([1, 7, 1000]) if n < 50 else 1000,
        data_page_version=rng.choice(["1.0", "2.0"]),
    )  # fmt: skip
    types = [str(a.type) for a in arrays]
    case = Case(sink.getvalue().to_pybytes(), options, about=f"parquet {types}")
    case.rows = n if n and "where" not in options else None
    return case


def _typed(rng: random.Random, texts: list[str]) -> pa.Array:
    n = len(texts)

    def gap(value: Any) -> Any:
        return None if rng.random() < 0.1 else value

    makers = [
        lambda: pa.array([gap(rng.randint(-5, 10**6)) for _ in texts], rng.choice([pa.int64(), pa.int32()])),
        lambda: pa.array([gap(rng.choice([1.5, 0, -1, math.nan, math.inf, 1e308])) for _ in texts]),
        lambda: pa.array([gap(rng.random()) for _ in texts], pa.float16()),
        lambda: pa.array([gap(rng.randint(0, 9)) for _ in texts], pa.uint8()),
        lambda: pa.array([gap(rng.randint(0, 99)) for _ in texts], pa.int64()).cast(pa.decimal128(25, 2)),
        lambda: pa.array([gap(rng.random() < 0.5) for _ in texts]),
        lambda: pa.array([gap(date(1850, 1, 1) + timedelta(rng.randint(0, 90_000))) for _ in texts]),
        lambda: pa.array([gap(rng.randint(0, 10**15)) for _ in texts], pa.timestamp("us", "Asia/Almaty")),
        lambda: pa.array([gap(rng.randint(0, 10**9)) for _ in texts], pa.timestamp("ms")),
        lambda: pa.array([gap(rng.randint(0, 86_399)) for _ in texts], pa.time32("s")),
        lambda: pa.array([gap(rng.randint(0, 10**6)) for _ in texts], pa.duration("s")),
        lambda: pa.array([gap(t.encode()) for t in texts], pa.binary()),
        lambda: pa.array([gap(rng.randbytes(5)) for _ in texts], pa.binary()),
        lambda: pa.array([gap(t) for t in texts], pa.large_string()),
        lambda: pa.array([gap(t) for t in texts], pa.string_view()),
        lambda: pa.array([gap(t) for t in texts], pa.string()).dictionary_encode(),
        lambda: pa.array([gap([t]) for t in texts], pa.list_(pa.string())),
        lambda: pa.array([[1, 2] for _ in texts], pa.list_(pa.int32(), 2)),
        lambda: pa.array([gap({"a": t}) for t in texts], pa.struct({"a": pa.string()})),
        lambda: pa.array([[(t, 1)] for t in texts], pa.map_(pa.string(), pa.int64())),
        lambda: pa.nulls(n),
        lambda: pa.ExtensionArray.from_storage(
            pa.uuid(),
            pa.array([gap(uuid.UUID(int=rng.getrandbits(128)).bytes) for _ in texts], pa.binary(16)),
        ),
        lambda: pa.ExtensionArray.from_storage(
            pa.json_(pa.string()), pa.array([gap(json.dumps(t)) for t in texts], pa.string())
        ),
    ]
    return rng.choice(makers)()


def _excel(
    rng: random.Random, names: list[str], cells: dict[int, list[str]], n: int, options: dict[str, Any]
) -> Case:
    import openpyxl
    from openpyxl.utils.exceptions import IllegalCharacterError

    book = openpyxl.Workbook()
    sheet = book.active
    if rng.random() < 0.2:
        sheet.append(["A title"])
    sheet.append(names)
    for row in range(min(n, 20)):
        values: list[Any] = []
        for i in range(len(names)):
            text = cells[i][row]
            values.append(rng.choice([text, text, 7, 2.5, None, True, date(2020, 1, 2)]) if i > 1 else text)
        try:
            sheet.append(values)
        except IllegalCharacterError:
            sheet.append(["43-9021", 1])
    if rng.random() < 0.03:
        sheet.cell(rng.choice([70_000, 1_048_576]), rng.choice([2000, 16_384])).value = "x"
    sink = io.BytesIO()
    book.save(sink)
    return Case(sink.getvalue(), options, about="xlsx")


def _damaged(rng: random.Random, content: bytes) -> bytes:
    raw = bytearray(content)
    if not raw:
        return bytes(raw)
    for _ in range(rng.choice([1, 1, 3, 30])):
        # Footers and heads are where it hurts.
        place = rng.choice(
            [rng.randrange(len(raw)), max(0, len(raw) - 1 - rng.randrange(400)), rng.randrange(20)]
        )
        raw[min(place, len(raw) - 1)] ^= 1 << rng.randrange(8)
    if rng.random() < 0.2:
        raw = raw[: rng.randrange(len(raw)) + 1]
    return bytes(raw)


def run(seed: int, folder: Path, bundle: Any) -> str:
    """Score a case and look at what came out; return `scored`, `refused`, or raise.

    Raises
    ------
    AssertionError
        If something was lost, or something was left behind by a run that failed.
    """
    from occurisk.errors import OccuriskError
    from occurisk.registry.columns.sample import IntakeOptions
    from occurisk.scoring.score import score_registry

    case = make(seed)
    path, out = folder / "r", folder / "o"
    path.write_bytes(case.content)
    shutil.rmtree(out, ignore_errors=True)
    options = dict(case.options)
    intake = {k: options.pop(k) for k in list(options) if k in IntakeOptions.__dataclass_fields__}
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            result = score_registry(bundle, path, out, options=IntakeOptions(**intake), **options)
    except OccuriskError:
        assert not out.exists(), "a run that failed left something behind"
        return "refused"
    _check(case, result)
    return "scored"


def _check(case: Case, result: Any) -> None:
    """Read the results with other readers and compare them with what went in."""
    document = json.loads((result.out / "intake.json").read_text(encoding="utf-8"))
    totals = document["totals"]
    assert totals["rows_in"] == totals["rows_scored"] + totals["rows_unscored"]
    assert math.isclose(
        totals["weight_in"], totals["weight_scored"] + totals["weight_unscored"], abs_tol=1e-9
    )
    if case.rows is not None:
        assert totals["rows_in"] == case.rows, f"{totals['rows_in']} rows of {case.rows}"
    tables = [_read(path) for path in (result.scored_path, result.unscored_path)]
    assert [len(t) for t in tables] == [totals["rows_scored"], totals["rows_unscored"]]
    if case.columns is not None and result.kind == "csv":
        for name, cells in case.columns.items():
            found = sorted(_undone(row[name]) for table in tables for row in table)
            assert found == sorted(map(_undone, cells)), name


def _undone(text: str) -> str:
    return text.removeprefix("'")


def _read(path: Path) -> list[dict[str, Any]]:
    if path.suffix == ".parquet":
        return [{}] * pq.read_metadata(path).num_rows if pq.ParquetFile(path).read() is not None else []
    if path.suffix == ".csv":
        text = path.read_bytes().decode("utf-8-sig")
        # As the list came: its delimiter stands before the first column that was added.
        delimiter = text[text.index("occurisk_") - 1]
        header, *rows = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
        return [dict(zip(header, row, strict=True)) for row in rows]
    import openpyxl

    with contextlib.closing(openpyxl.load_workbook(path, read_only=True)) as book:
        header, *rows = book.active.iter_rows(values_only=True)
    return [dict(zip(header, row, strict=False)) for row in rows]


def main() -> None:
    """Run many cases; stop at nothing, say what fell."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--cases", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--models-dir", type=Path)
    arguments = parser.parse_args()
    from occurisk.model.bundles.current import find_bundle

    bundle = find_bundle(arguments.models_dir)
    started, counts, fallen = time.monotonic(), {"scored": 0, "refused": 0}, []
    with tempfile.TemporaryDirectory(prefix="occurisk-fuzz-") as name:
        for seed in range(arguments.seed, arguments.seed + arguments.cases):
            (Path(name) / "seed").write_text(str(seed))
            try:
                counts[run(seed, Path(name), bundle)] += 1
            except Exception as problem:
                fallen.append(seed)
                where = traceback.extract_tb(problem.__traceback__)[-1]
                print(f"seed {seed}: {problem!r:.300} at {where.filename}:{where.lineno}", flush=True)
            if (seed + 1 - arguments.seed) % 1000 == 0:
                print(
                    f"{seed + 1 - arguments.seed:,} cases, {time.monotonic() - started:.0f} s",
                    file=sys.stderr,
                )
    print(
        f"{arguments.cases:,} cases from seed {arguments.seed}: {counts['scored']:,} scored, "
        f"{counts['refused']:,} refused with one message, {len(fallen)} fell."
    )
    sys.exit(1 if fallen else 0)


if __name__ == "__main__":
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    main()
