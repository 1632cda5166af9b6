"""Reading an O*NET release: layouts, flags, checks, and what goes wrong."""

from __future__ import annotations

import zipfile
from pathlib import Path

import pandas as pd
import pytest

from helpers.checkout import PROJECT
from helpers.releases import (
    RATINGS,
    TEXT_HEAD,
    excel_table,
    text_table,
    write_excel_release,
    write_text_release,
    zip_release,
)
from occurisk.errors import ReleaseError
from occurisk.training_data.catalogue import Catalogue, load_catalogue
from occurisk.training_data.onet_ratings import read_onet, read_release, table_of
from occurisk.training_data.onet_release import MAX_TABLE_BYTES

NINE = PROJECT / "features" / "frey_osborne_2013.yaml"


def catalogue(*wanted: str) -> Catalogue:
    """A catalogue of `element scale low high`."""
    entries = []
    for n, line in enumerate(wanted):
        element, scale, low, high = line.split()
        entry = {"name": f"a{n}", "element_id": element, "scale": scale, "range": (float(low), float(high))}
        entries.append(entry | {"group": "creative_intelligence", "source": "a test"})
    return Catalogue(attributes=tuple(entries))


ALL = catalogue(
    "1.A.1.b.2 IM 1 5",
    "1.A.1.b.2 LV 0 7",
    "2.B.1.a IM 1 5",
    "2.C.7.c IM 1 5",
    "2.C.7.c LV 0 7",
    "4.C.2.b.1.e CX 1 5",
)
USABLE = {
    ("29-1141.00", "1.A.1.b.2", "IM"): 3.0,
    ("29-1141.00", "1.A.1.b.2", "LV"): 3.5,
    ("29-1141.01", "1.A.1.b.2", "IM"): 4.0,
    ("29-1141.01", "1.A.1.b.2", "LV"): 4.5,
    ("15-1132.00", "1.A.1.b.2", "IM"): 5.0,
    ("15-1132.00", "1.A.1.b.2", "LV"): 6.0,
    ("29-1141.00", "2.B.1.a", "IM"): 4.0,
    ("29-1141.01", "2.B.1.a", "IM"): 4.0,
    ("15-1132.00", "2.B.1.a", "IM"): 2.5,
    ("29-1141.00", "2.C.7.c", "IM"): 1.2,
    ("29-1141.00", "2.C.7.c", "LV"): 0.0,  # Not Relevant: the lowest level
    ("29-1141.00", "4.C.2.b.1.e", "CX"): 2.0,
}


def as_dict(ratings: pd.DataFrame) -> dict[tuple[str, str, str], float]:
    return ratings.set_index(["code", "element_id", "scale"])["value"].to_dict()


def official_layouts(folder: Path) -> dict[str, Path]:
    text = write_text_release(folder / "text" / "db_20_3")
    excel = write_excel_release(folder / "excel" / "db_30_1_excel")
    no_scale_name = write_text_release(folder / "flat")
    (no_scale_name / "Work Context.txt").unlink()
    (no_scale_name / "Work Context.xlsx").write_bytes(excel_table("Work Context", RATINGS["Work Context"]))
    return {
        "text folder": text,
        "text folder, one up": text.parent,
        "text zip": zip_release(folder / "db_20_3.zip", text, "db_20_3"),
        "text zip, two folders": zip_release(folder / "again.zip", text, "db_20_3/db_20_3"),
        "excel folder": excel,
        "excel zip": zip_release(folder / "db_30_1_excel.zip", excel, "db_30_1_excel"),
        "text and excel mixed": no_scale_name,
        "byte-order mark": write_text_release(folder / "bom", encoding="utf-8-sig"),
        "latin-1": write_text_release(folder / "latin", encoding="latin-1"),
        "utf-16": write_text_release(folder / "utf16", encoding="utf-16"),
    }


def test_every_layout_gives_the_same_ratings(tmp_path):
    layouts = official_layouts(tmp_path)
    assert len(layouts) == 10
    for name, path in layouts.items():
        assert as_dict(read_onet(path, ALL)) == pytest.approx(USABLE), name


def test_column_order_is_irrelevant(tmp_path):
    folder = write_text_release(tmp_path)
    for table in ("Abilities", "Knowledge"):
        turned = text_table(table, RATINGS[table], head=TEXT_HEAD[::-1])
        (folder / f"{table}.txt").write_text(turned, encoding="utf-8")
    assert as_dict(read_onet(folder, ALL)) == pytest.approx(USABLE)


def test_without_a_catalogue_every_rating_is_read(tmp_path):
    assert as_dict(read_onet(write_text_release(tmp_path))) == pytest.approx(USABLE)


def test_every_row_is_accounted_for(tmp_path):
    reading = read_release(write_text_release(tmp_path / "db_20_3"), ALL)
    tallies = {tally.name: tally for tally in reading.files}
    assert reading.number == "20.3"
    assert tallies["Knowledge.txt"].suppressed == 2
    assert tallies["Knowledge.txt"].not_relevant == 1
    assert tallies["Work Context.txt"].rows == 4
    assert tallies["Work Context.txt"].blank == 1
    # The percentages of the categories are not asked for, so they are not even wanted.
    assert tallies["Work Context.txt"].wanted == 2
    for tally in reading.files:
        assert tally.wanted == tally.kept + tally.suppressed + tally.blank + tally.categories


def test_not_relevant_levels_may_be_dropped(tmp_path):
    release = write_text_release(tmp_path)
    ratings = as_dict(read_release(release, ALL, not_relevant="drop").ratings)
    assert ratings == pytest.approx({k: v for k, v in USABLE.items() if k != ("29-1141.00", "2.C.7.c", "LV")})


def test_not_relevant_goes_before_suppress(tmp_path):
    tables = RATINGS | {"Knowledge": "29-1141.00 2.C.7.c LV 0.9 R S"}
    wanted = catalogue("2.C.7.c LV 0 7")
    reading = read_release(write_text_release(tmp_path, tables), wanted)
    assert reading.ratings["value"].tolist() == [0.0]
    assert (reading.files[0].not_relevant, reading.files[0].suppressed) == (1, 0)


def test_percent_rows_are_never_ratings(tmp_path):
    wanted = catalogue("4.C.2.b.1.e CXP 0 100", "4.C.2.b.1.e CX 1 5")
    reading = read_release(write_text_release(tmp_path), wanted)
    assert as_dict(reading.ratings) == {("29-1141.00", "4.C.2.b.1.e", "CX"): 2.0}
    assert reading.files[0].categories == 2
    assert "no usable rating" in reading.missing["a0"]


def test_what_is_missing_is_named(tmp_path):
    tables = {table: rows for table, rows in RATINGS.items() if table != "Skills"}
    wanted = catalogue("2.B.1.a IM 1 5", "1.A.9.z IM 1 5", "4.C.2.b.1.e CX 1 5", "5.A.1 IM 1 5")
    reading = read_release(write_text_release(tmp_path, tables), wanted)
    assert reading.absent_tables == ("Skills",)
    assert reading.missing == {
        "a0": "the release has no Skills",
        "a1": "Abilities.txt has no 1.A.9.z on scale IM",
        "a3": "no table of a release holds ratings of 5.A.1",
    }


def test_only_the_needed_files_are_read(tmp_path):
    release = write_text_release(tmp_path)
    (release / "Abilities.txt").write_text("not a table")
    told = []
    reading = read_release(release, catalogue("2.B.1.a IM 1 5"), on_file=lambda *news: told.append(news))
    assert told == [("Skills.txt", 0, 1)]
    assert len(reading.ratings) == 3


@pytest.mark.parametrize(
    ("element", "table"),
    [
        ("1.A.1.b.2", "Abilities"),
        ("1.B.1.a", "Interests"),
        ("1.B.2.a", "Work Values"),
        ("1.C.1.a", "Work Styles"),
        ("2.A.1.a", "Skills"),
        ("2.B.1.a", "Skills"),
        ("2.C.7.c", "Knowledge"),
        ("4.A.4.a.5", "Work Activities"),
        ("4.C.3.b.2", "Work Context"),
        ("5.A", None),
    ],
)
def test_table_of(element, table):
    assert table_of(element) == table


def refuse(path: Path, wanted: Catalogue | None = ALL) -> str:
    with pytest.raises(ReleaseError) as caught:
        read_onet(path, wanted)
    return str(caught.value)


def test_a_value_off_its_scale_is_refused_even_if_suppressed(tmp_path):
    tables = RATINGS | {"Skills": "29-1141.00 2.B.1.a IM 4\n15-1132.00 2.B.1.a IM 7.00 S"}
    message = refuse(write_text_release(tmp_path, tables))
    assert "1 of 2 ratings lie outside their O*NET scale" in message
    assert "First: 15-1132.00 2.B.1.a IM = 7" in message
    assert "Scale IM runs from 1 to 5" in message


def test_a_catalogue_with_another_range_than_the_release_is_refused(tmp_path):
    message = refuse(write_text_release(tmp_path), catalogue("2.B.1.a IM 0 100"))
    assert "1 of 1 attributes have another range" in message
    assert "First: a0: 0 to 100" in message


def test_without_scales_reference_values_pass_here(tmp_path):
    # build_attributes checks them against the catalogue: tests/unit/training_data/test_attribute_table.py.
    tables = {"Skills": "15-1132.00 2.B.1.a IM 7.00"}
    assert len(read_onet(write_text_release(tmp_path, tables), catalogue("2.B.1.a IM 1 5"))) == 1


def test_a_double_rating_is_refused(tmp_path):
    tables = RATINGS | {"Skills": "29-1141.00 2.B.1.a IM 4\n29-1141.00 2.B.1.a IM 4"}
    assert "1 of 2 ratings stand more than once in Skills.txt" in refuse(write_text_release(tmp_path, tables))


def test_a_malformed_code_is_refused(tmp_path):
    tables = RATINGS | {"Skills": "29-1141.00 2.B.1.a IM 4\n291141 2.B.1.a IM 4"}
    message = refuse(write_text_release(tmp_path, tables))
    assert "1 of 2 occupation codes in Skills.txt are malformed" in message
    assert "First: '291141'" in message


def test_a_word_for_a_figure_is_refused(tmp_path):
    tables = RATINGS | {"Skills": "29-1141.00 2.B.1.a IM 3,5"}
    assert "29-1141.00 2.B.1.a IM = '3,5'" in refuse(write_text_release(tmp_path, tables))


def test_a_missing_column_is_refused(tmp_path):
    release = write_text_release(tmp_path)
    without = [column for column in TEXT_HEAD if column != "Data Value"]
    (release / "Skills.txt").write_text(text_table("Skills", RATINGS["Skills"], head=without))
    message = refuse(release)
    assert "1 of 4 columns are missing from Skills.txt" in message
    assert "First: Data Value" in message


def test_a_text_file_cut_short_is_refused(tmp_path):
    release = write_text_release(tmp_path)
    whole = (release / "Skills.txt").read_text()
    (release / "Skills.txt").write_text(whole[: whole.rindex("15-1132.00") + 14])
    assert "1 of 3 rows of Skills.txt are cut short" in refuse(release)


def test_truncated_zips_are_refused_wherever_they_are_cut(tmp_path):
    whole = zip_release(tmp_path / "db.zip", write_text_release(tmp_path / "r"), "db_20_3").read_bytes()
    cut = tmp_path / "cut.zip"
    for share in (0.0, 0.1, 0.5, 0.9, 0.999):
        cut.write_bytes(whole[: int(len(whole) * share)])
        assert "Cannot read" in refuse(cut), share


def test_a_zip_with_a_flipped_byte_is_refused(tmp_path):
    path = zip_release(tmp_path / "db.zip", write_text_release(tmp_path / "r"), "db_20_3")
    with zipfile.ZipFile(path) as archive:
        start = archive.getinfo("db_20_3/Skills.txt").header_offset + 60
    content = bytearray(path.read_bytes())
    content[start] ^= 0xFF
    path.write_bytes(content)
    assert "Cannot read db_20_3/Skills.txt" in refuse(path)


def test_a_damaged_workbook_is_refused(tmp_path):
    release = write_excel_release(tmp_path)
    whole = (release / "Skills.xlsx").read_bytes()
    for content in (b"", b"no workbook", whole[: len(whole) // 2]):
        (release / "Skills.xlsx").write_bytes(content)
        assert "Cannot read Skills.xlsx" in refuse(release)


def make_a_bomb(path: Path) -> None:
    """Let each part of a zip say that it unpacks to more than any table of a release."""
    with zipfile.ZipFile(path, "a") as archive:
        for part in archive.infolist():
            part.file_size = MAX_TABLE_BYTES + 1
        archive.comment = b"so that the directory is written anew"


def test_a_zip_bomb_is_refused_before_it_is_unpacked(tmp_path):
    folder, workbooks = write_text_release(tmp_path / "t"), write_excel_release(tmp_path / "x")
    text, excel = (zip_release(tmp_path / f"{f.name}.zip", f, "db") for f in (folder, workbooks))
    for path in (text, excel):
        make_a_bomb(path)
    for table in folder.glob("*.txt"):
        with table.open("ab") as stream:
            stream.truncate(MAX_TABLE_BYTES + 1)  # no byte of it is on the disk
    # A workbook is itself a zip: its size when unpacked counts, too.
    for book in workbooks.glob("*.xlsx"):
        make_a_bomb(book)
    for path in (text, folder, excel, workbooks, zip_release(tmp_path / "inside.zip", workbooks, "db")):
        assert "No table of an O*NET release exceeds" in refuse(path)


def test_a_zip_that_climbs_out_of_its_folder_writes_nothing(tmp_path):
    path = tmp_path / "in" / "slip.zip"
    path.parent.mkdir()
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("../Skills.txt", text_table("Skills", RATINGS["Skills"]))
    read_onet(path, catalogue("2.B.1.a IM 1 5"))
    assert sorted(p.name for p in tmp_path.rglob("*")) == ["in", "slip.zip"]


def test_what_is_no_release_is_refused_in_one_message(tmp_path):
    folder = tmp_path / "photos"
    folder.mkdir()
    (folder / "cat.png").write_bytes(b"png")
    assert "is not an O*NET release: none of its 1 files" in refuse(folder)
    (folder / "cat.png").unlink()
    assert "none of its 0 files" in refuse(folder)
    one_file = write_text_release(tmp_path / "r") / "Skills.txt"
    assert "is neither a zip nor a folder" in refuse(one_file)
    assert "Cannot read" in refuse(tmp_path / "nowhere")


def test_a_folder_with_an_unopened_zip_says_which(tmp_path):
    zip_release(tmp_path / "db_20_3.zip", write_text_release(tmp_path / "elsewhere" / "a" / "b" / "c"), "db")
    (tmp_path / "downloads").mkdir()
    (tmp_path / "db_20_3.zip").rename(tmp_path / "downloads" / "db_20_3.zip")
    assert f"Name the zip itself: {tmp_path}/downloads/db_20_3.zip" in refuse(tmp_path / "downloads")


def test_two_releases_in_one_folder_are_refused(tmp_path):
    write_text_release(tmp_path / "db_20_2")
    write_text_release(tmp_path / "db_20_3")
    message = refuse(tmp_path)
    assert "holds 2 O*NET releases" in message
    assert "First: db_20_2 and db_20_3" in message


@pytest.mark.originals
def test_release_18_1_is_read_as_it_is(originals):
    reading = read_release(originals / "onet_18_1", load_catalogue())
    assert reading.number == "18.1"
    assert reading.ratings["code"].nunique() == 923
    assert reading.missing == {}


@pytest.mark.originals
def test_release_30_1_in_excel_with_level_flags(originals):
    reading = read_release(originals / "onet_30_1", load_catalogue(NINE))
    assert reading.number == "30.1"
    assert reading.absent_tables == ("Abilities", "Work Activities", "Work Context")
    knowledge = reading.files[0]
    # Fine Arts on the level scale: 677 of 894 occupations find it not relevant.
    assert (knowledge.name, knowledge.wanted, knowledge.not_relevant) == ("Knowledge.xlsx", 894, 677)
    fine_arts = reading.ratings.query("element_id == '2.C.7.c'")
    assert (fine_arts["value"] == 0).sum() >= 677
    assert len(fine_arts) == 894 - knowledge.suppressed
