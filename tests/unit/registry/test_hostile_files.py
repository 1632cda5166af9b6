"""Nothing that a file contains ends in a traceback or an abort, in lost text, or in a formula that runs."""

import gzip
import io
import struct
import uuid
import zipfile

import openpyxl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner
from python_calamine import CalamineWorkbook

from helpers.checkout import SCRIPTS
from helpers.registries import scored, totals, workbook_with_password, write
from occurisk.cli.score import score
from occurisk.errors import OccuriskError, OutputError, RegistryError
from occurisk.registry.opening import open_registry

CODES = ["43-9021", "11-1011", "29-1141"]


def parquet(tmp_path, name="r.parquet", **columns):
    pq.write_table(pa.table({"code": CODES, "employment": [5, 6, 7], **columns}), tmp_path / name)
    return tmp_path / name


def test_a_stray_cell_at_the_far_end_of_a_sheet_is_refused(tmp_path):
    book = openpyxl.Workbook()
    for row in (["code", "employment"], ["43-9021", 1]):
        book.active.append(row)
    book.active["XFD1048576"] = "x"
    book.save(tmp_path / "r.xlsx")
    with pytest.raises(RegistryError, match="reaches too far"):
        open_registry(tmp_path / "r.xlsx")


def test_a_far_cell_in_another_sheet_does_no_harm(tmp_path):
    book = openpyxl.Workbook()
    for row in (["code", "employment"], ["43-9021", 1]):
        book.active.append(row)
    book.create_sheet("notes")["XFD1048576"] = "x"
    book.save(tmp_path / "r.xlsx")
    assert totals(scored(tmp_path / "r.xlsx", tmp_path / "o"))["rows_scored"] == 1


def test_any_flipped_bit_in_a_footer_is_one_clear_error(tmp_path):
    # In a process of its own: what this guards against is an abort.
    import subprocess
    import sys

    parquet(tmp_path, title=["a", "b", None])
    whole = (tmp_path / "r.parquet").read_bytes()
    length = struct.unpack("<I", whole[-8:-4])[0]
    start = len(whole) - 8 - length
    (tmp_path / "flips.txt").write_text(" ".join(str(8 * start + i) for i in range(0, 8 * length, 3)))
    command = [sys.executable, SCRIPTS / "read_flipped_footers.py", tmp_path]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.stdout == "survived\n", done.stderr[-2000:]


@pytest.mark.parametrize("output", ["parquet", "csv", "excel"])
@pytest.mark.parametrize(
    ("name", "column"),
    [
        ("uuid", pa.ExtensionArray.from_storage(pa.uuid(), pa.array([b"\xff" * 16] * 3, pa.binary(16)))),
        ("json", pa.ExtensionArray.from_storage(pa.json_(pa.string()), pa.array(['{"a": 1}'] * 3))),
        ("half", pa.array([1.5, None, 3], pa.float16())),
        ("view", pa.array(["a", None, "c"], pa.string_view())),
        ("bytes", pa.array([b"\xff\xfe", None, b"x"])),
        ("list", pa.array([[1, 2], None, []])),
        ("pair", pa.array([[1, 2], [5, 6], [3, 4]], pa.list_(pa.int32(), 2))),
        ("tz", pa.array([0, None, 2], pa.timestamp("us", "Asia/Almaty"))),
        ("span", pa.array([1, None, 2], pa.duration("s"))),
        ("exact", pa.array([2**62 + 1, None, 3])),
    ],
)
def test_columns_of_any_type_pass_in_any_role(tmp_path, output, name, column):
    path = parquet(tmp_path, extra=column)
    result = scored(path, tmp_path / "o", output=output, where=(("code", "43-9021"),))
    assert totals(result)["rows_scored"] == 1
    if output == "parquet":
        kept = pq.read_table(result.scored_path)["extra"]
        assert kept.type == column.type
        assert kept.to_pylist() == column.slice(0, 1).to_pylist()
    for role in ("code_column", "weight_column", "level_column"):
        result = scored(path, tmp_path / role, output=output, **{role: "extra", "taxonomy": "soc2010"})
        assert totals(result)["rows_in"] == 3
    scored(path, tmp_path / "where", output=output, where=(("extra", "1.5"),)) if name == "half" else None


def test_a_uuid_is_written_as_people_write_it(tmp_path):
    one = uuid.UUID("12345678-1234-5678-1234-567812345678")
    column = pa.ExtensionArray.from_storage(pa.uuid(), pa.array([one.bytes] * 3, pa.binary(16)))
    assert (
        str(one)
        in scored(parquet(tmp_path, key=column), tmp_path / "o", output="csv").scored_path.read_text()
    )


def test_text_in_parquet_that_is_no_utf8_is_one_clear_error(tmp_path):
    bad = pa.StringArray.from_buffers(3, *pa.array([b"43\x96-9021", b"11-1011", b"x"]).buffers()[1:])
    pq.write_table(pa.table({"code": bad, "n": [1, 2, 3]}), tmp_path / "r.parquet")
    with pytest.raises(RegistryError, match="UTF"):
        scored(tmp_path / "r.parquet", tmp_path / "o")


def test_no_cell_of_any_output_runs(tmp_path):
    evil = ["=1+1", "-2+3+cmd|' /C calc'!A0", "@SUM(1)"]
    path = parquet(tmp_path, text=evil, raw=pa.array([e.encode() for e in evil]), lists=[[e] for e in evil])
    lines = scored(path, tmp_path / "o", output="csv").scored_path.read_text().splitlines()[1:]
    assert all(f"'{e}" in line and f",{e}" not in line for e, line in zip(evil, lines, strict=True))
    # through a crosswalk of the user's own
    own = write(tmp_path / "map.csv", f'from,to\n"{evil[1]}",43-9021\n')
    jobs = write(tmp_path / "jobs.csv", f'job,n\n"{evil[1]}",5\n')
    result = scored(jobs, tmp_path / "o2", crosswalk=own, code_column="job")
    for name in ("by_occupation.csv", "lineage.csv"):
        assert f"\n'{evil[1][:6]}" in (result.out / name).read_text()


def test_excel_holds_what_it_can_hold_and_says_what_it_cannot(tmp_path):
    path = parquet(tmp_path, text=["a\ufffeb", "c", "d\uffff"], big=[2**62 + 1, 2**53, 7])
    result = scored(path, tmp_path / "o", output="excel")
    header, *rows = CalamineWorkbook.from_path(str(result.scored_path)).get_sheet_by_index(0).to_python()
    assert [row[header.index("text")] for row in rows] == ["ab", "c", "d"]
    assert [row[header.index("big")] for row in rows] == [str(2**62 + 1), 2**53, 7]
    with pytest.raises(OutputError, match="32,767"):
        scored(parquet(tmp_path, "long.parquet", text=["x" * 32_768] * 3), tmp_path / "o2", output="excel")


@pytest.mark.parametrize("line_end", ["\n", "\r\n"])
def test_a_preamble_of_a_quoted_title_of_two_lines(tmp_path, line_end):
    text = (
        '"A title\nof two lines"\ncode,employment,note\n43-9021,5,a\n11-1011,7,"x\r\ny"\n29-1141,5,"p\rq"\n'
    )
    path = tmp_path / "r.csv"
    path.write_bytes(text.replace("\n", line_end).replace("\r\r", "\r").encode())
    file = open_registry(path)
    assert file.schema.names == ["code", "employment", "note"]
    result = scored(path, tmp_path / "o", output="parquet")
    assert totals(result)["rows_in"] == 3
    assert pq.read_table(result.scored_path)["note"].to_pylist() == ["a", "x\r\ny", "p\rq"]


def test_a_return_that_makes_a_formula_of_the_rest_is_disarmed(tmp_path):
    path = tmp_path / "r.csv"
    path.write_bytes(b'A title\ncode,n,note\n43-9021,1,"\r=1"\n11-1011,2,x\n')
    assert b'"\'\r=1"' in scored(path, tmp_path / "o").scored_path.read_bytes()


def _broken_gzip():
    raw = bytearray(gzip.compress(b"code,n\n" + b"43-9021,1\n11-1011,2\n" * 500))
    raw[len(raw) // 2] ^= 0xFF
    return bytes(raw)


def _broken_zip(method):
    sink = io.BytesIO()
    with zipfile.ZipFile(sink, "w", method) as archive:
        archive.writestr("r.csv", "code,n\n" + "43-9021,1\n29-1141,7\n" * 300)
    raw = bytearray(sink.getvalue())
    raw[60] ^= 0xFF
    return bytes(raw)


def _zip_of_unknown_method():
    raw = bytearray(_broken_zip(zipfile.ZIP_DEFLATED))
    raw[8] = raw[raw.rindex(b"PK\x01\x02") + 10] = 97
    return bytes(raw)


def _no_sheets():
    sink = io.BytesIO()
    with zipfile.ZipFile(sink, "w") as archive:
        archive.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
        archive.writestr(
            "content.xml",
            '<office:document-content xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0">'
            "<office:body><office:spreadsheet/></office:body></office:document-content>",
        )
    return sink.getvalue()


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (_broken_gzip(), "cannot be read"),
        (_broken_zip(zipfile.ZIP_LZMA), "cannot be read"),
        (_broken_zip(zipfile.ZIP_BZIP2), "cannot be read"),
        (_zip_of_unknown_method(), "cannot be read"),
        (_no_sheets(), "no sheets|cannot be read"),
        (b"PK\x03\x04" + b"\x00" * 60, "cannot be read"),
        (b"PAR1" + b"\x00" * 60 + b"PAR1", "cannot be read"),
        (workbook_with_password(), "password"),
        (b"\n<html><table><tr><td>code</td></tr></table></html>", "web page"),
        (b"\xef\xbb\xbf<!DOCTYPE html><html></html>", "web page"),
        (b"", "is empty"),
        (b"\n \n", "is empty"),
        (b"code,text\n43-9021," + b"x" * 5_000_000 + b"\n", "longer than"),
        (b"code,n\n43-9021,1\n43-\xff9021\n", "encoding"),
    ],
    ids=lambda v: "content" if isinstance(v, bytes) else v,  # compressed bytes hold the time of day
)
def test_what_no_reader_reads_is_one_clear_error(tmp_path, content, said):
    (tmp_path / "r").write_bytes(content)
    options = {"encoding": "utf-8"} if said == "encoding" else {}
    with pytest.raises(RegistryError, match=said):
        scored(tmp_path / "r", tmp_path / "o", **options)
    assert not (tmp_path / "o").exists()


@pytest.mark.parametrize(
    "encoding", ["rot13", "base64", "punycode", "idna", "unicode_escape", "nonsense", "hex"]
)
def test_only_encodings_of_texts_are_taken(tmp_path, encoding):
    path = write(tmp_path / "r.csv", "code,n\n43-9021,1\n")
    with pytest.raises(RegistryError, match="Unknown encoding"):
        scored(path, tmp_path / "o", encoding=encoding)


def test_a_ragged_row_with_an_invalid_byte_says_one_thing(tmp_path, capfd):
    path = tmp_path / "r.csv"
    path.write_bytes(b"code,n\n" + b"43-9021,1\n" * 3 + b"11-\xff1011,2,3\n")
    done = CliRunner().invoke(
        score, [str(path), "--out", str(tmp_path / "o"), "--encoding", "utf-8", "--no-track"]
    )
    assert done.exception is None or isinstance(done.exception, OccuriskError)
    assert "Traceback" not in capfd.readouterr().err + done.output
