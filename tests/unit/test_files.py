"""Files are whole or absent."""

import os

import pytest

from occurisk.errors import OutputError
from occurisk.files import GrowingDigest, check_place, sha256, whole_file, write_text


def test_a_failed_write_leaves_the_old_file(tmp_path):
    path = write_text(tmp_path / "a.txt", "old")
    with pytest.raises(RuntimeError), whole_file(path) as temporary:
        temporary.write_text("half")
        raise RuntimeError
    assert path.read_text() == "old"
    assert os.listdir(tmp_path) == ["a.txt"]


def test_a_place_that_cannot_be_written_is_one_clear_error(tmp_path):
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(OutputError, match="Cannot write "), whole_file(tmp_path / "file" / "x"):
        pytest.fail("the block must not run")


def test_sha256_is_the_standard_one(tmp_path):
    path = write_text(tmp_path / "a", "abc")
    # FIPS 180-2, appendix B.1
    assert sha256(path) == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"


def test_a_file_that_grows_has_the_digest_of_the_whole(tmp_path):
    digest = GrowingDigest(tmp_path / "a")
    digest.follow()  # before there is a file
    with open(tmp_path / "a", "wb", buffering=0) as stream:
        for piece in (b"x" * 3_000_000, b"", b"yz"):
            stream.write(piece)
            digest.follow()
        stream.write(b"!")
    assert digest.finish() == sha256(tmp_path / "a")
    assert GrowingDigest(write_text(tmp_path / "b", "abc")).finish() == sha256(tmp_path / "b")


def test_json_holds_no_nan_whatever_the_numbers_type():
    import numpy as np
    import pandas as pd

    from occurisk.files import json_text

    document = {"a": float("nan"), "b": np.float64("inf"), 3: np.arange(2), "c": pd.NA, "d": (1, np.int64(2))}
    assert json_text(document, indent=None) == '{"a":null,"b":null,"3":[0,1],"c":null,"d":[1,2]}'


def test_a_place_is_checked_before_the_work(tmp_path):
    (tmp_path / "file").write_text("mine", encoding="utf-8")
    check_place(tmp_path / "new" / "deep" / "figures.json")
    assert [path.name for path in tmp_path.iterdir()] == ["file"]  # nothing is made
    with pytest.raises(OutputError, match=r"Cannot write .*figures\.json: Not a directory"):
        check_place(tmp_path / "file" / "figures.json")
