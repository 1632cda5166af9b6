"""Lists of titles with codes, as people have them: several columns, several titles in a cell."""

from __future__ import annotations

import pytest

from helpers.registries import write
from occurisk.errors import RegistryError
from occurisk.registry.title_list import read_title_list

ESCO = """conceptUri,iscoGroup,preferredLabel,altLabels
http://x/1,2166,Bühnenleiter/Bühnenleiterin,"Inspizient
Inspizientin"
http://x/2,8121,Drahtzieher/Drahtzieherin,
http://x/3,0110,Offizier,Hauptmann
http://x/4,9999,Niemand,Keiner
"""


def test_escos_own_file_is_read_as_it_is(tmp_path):
    entries, left_out = read_title_list(write(tmp_path / "esco.csv", ESCO), "isco08")
    assert [(one.title, one.code) for one in entries] == [
        ("Bühnenleiter/Bühnenleiterin", "2166"),
        ("Inspizient", "2166"),
        ("Inspizientin", "2166"),
        ("Drahtzieher/Drahtzieherin", "8121"),
        ("Offizier", "0110"),
        ("Hauptmann", "0110"),
    ]
    assert left_out == 1
    # What stands in one row names one job.
    assert [one.row for one in entries] == ["1", "1", "1", "2", "3", "3"]


def test_columns_and_marks_are_the_users(tmp_path):
    text = "kod,nazwa,inne\n251401,Programista,Koder | Deweloper\n512001,Kucharz,\n"
    path = write(tmp_path / "list.csv", text)
    entries, left_out = read_title_list(path, "isco08", ("nazwa", "inne"), "kod", "|")
    assert [(one.title, one.code) for one in entries] == [
        ("Programista", "2514"),
        ("Koder", "2514"),
        ("Deweloper", "2514"),
        ("Kucharz", "5120"),
    ]
    assert left_out == 0
    assert {one.row for one in entries} == {"251401", "512001"}


def test_a_column_that_is_not_there_is_named(tmp_path):
    path = write(tmp_path / "esco.csv", ESCO)
    with pytest.raises(RegistryError, match="no column 'titel'"):
        read_title_list(path, "isco08", ("preferredLabel", "titel"))
    with pytest.raises(RegistryError, match="no column 'codes'"):
        read_title_list(path, "isco08", (), "codes")
