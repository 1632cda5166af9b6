"""The feature catalogue: what it holds, and the messages for one that breaks its contract."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from occurisk.errors import CatalogueError
from occurisk.training_data.catalogue import DEFAULT_CATALOGUE, PAPER_CATALOGUE, Catalogue, load_catalogue
from occurisk.training_data.onet_ratings import table_of

GOOD = """
- name: originality
  element_id: 1.A.1.b.2
  scale: IM
  range: [1, 5]
  group: creative_intelligence
  sign: -1
  source: "Frey & Osborne 2017, Table 1"
"""


def load(tmp_path: Path, text: str) -> Catalogue:
    path = tmp_path / "my.yaml"
    path.write_text(text, encoding="utf-8")
    return load_catalogue(path)


def test_the_default_catalogue_is_frey_osborne_acemoglu_autor_and_automation():
    catalogue = load_catalogue()
    assert len(catalogue) == 25
    assert {group: len(names) for group, names in catalogue.groups.items()} == {
        "perception_manipulation": 3,
        "creative_intelligence": 2,
        "social_intelligence": 4,
        "nonroutine_analytical": 3,
        "nonroutine_interpersonal": 3,
        "routine_cognitive": 4,
        "routine_manual": 3,
        "nonroutine_manual": 3,
    }
    # Routine work raises susceptibility, analytical, social and creative work lowers it.
    for group, sign in {"routine_manual": 1, "nonroutine_analytical": -1, "social_intelligence": -1}.items():
        assert {catalogue.signs[name] for name in catalogue.groups[group]} == {sign}
    assert catalogue.signs["unstructured_work"] == -1


def test_the_papers_catalogue_has_its_nine_variables_on_the_level_scale():
    catalogue = load_catalogue(PAPER_CATALOGUE)
    assert len(catalogue) == 9
    assert [a.name for a in catalogue if a.scale != "LV"] == ["cramped_work_space"]
    assert set(catalogue.names) < set(load_catalogue().names)
    assert catalogue.signs == {}


def test_every_attribute_has_a_file_of_the_release():
    for a in load_catalogue():
        assert table_of(a.element_id) is not None


@pytest.mark.originals
@pytest.mark.parametrize("release", ["onet_18_1", "onet_20"])
def test_elements_and_ranges_stand_in_the_releases_references(originals, release):
    def read(name: str) -> pd.DataFrame:
        return pd.read_csv(originals / release / f"{name} Reference.txt", sep="\t", dtype=str)

    elements = set(read("Content Model")["Element ID"])
    scales = read("Scales").set_index("Scale ID")[["Minimum", "Maximum"]].astype(float)
    for path in (DEFAULT_CATALOGUE, PAPER_CATALOGUE):
        for a in load_catalogue(path):
            assert a.element_id in elements
            assert a.range == tuple(scales.loc[a.scale])


def test_a_good_catalogue_loads(tmp_path):
    catalogue = load(tmp_path, GOOD)
    assert catalogue.names == ["originality"]
    assert catalogue["originality"].range == (1, 5)


def test_rescale_and_unscale_are_inverse():
    catalogue = load_catalogue(PAPER_CATALOGUE)
    figures = pd.DataFrame({name: [1.0, 2.5, np.nan] for name in catalogue.names}, index=["a", "b", "c"])
    X = catalogue.rescale(figures[figures.columns[::-1]])
    assert list(X.columns) == catalogue.names
    assert X.loc["a", "originality"] == pytest.approx(1 / 7)
    assert X.loc["a", "cramped_work_space"] == 0
    pd.testing.assert_frame_equal(catalogue.unscale(X), figures)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (
            GOOD + "  colour: red\n",
            ["1 entry breaks", "item 1 (originality), colour", "Keys: name, element_id"],
        ),
        (GOOD.replace("sign: -1", "sign: 2"), ["item 1 (originality), sign", "got 2", "sign is -1, 0 or 1"]),
        (GOOD.replace("sign: -1", "sign: minus"), ["item 1 (originality), sign", "'minus'"]),
        (
            GOOD + GOOD.replace("1.A.1.b.2", "1.A.1.b.1"),
            ["1 of 2 name values stand more than once", "originality"],
        ),
        (GOOD + GOOD.replace("name: originality", "name: again"), ["element_id", "1.A.1.b.2 IM"]),
        (GOOD.replace("creative_intelligence", "genius"), ["item 1 (originality), group"]),
        (GOOD.replace("[1, 5]", "[5, 1]"), ["range must ascend"]),
        (GOOD.replace("originality", "Origin, ality"), ["item 1 (Origin, ality), name"]),
        (GOOD.replace('  source: "Frey & Osborne 2017, Table 1"\n', ""), ["source", "required"]),
        ("name: originality\n", ["is not a list of attributes"]),
        ("", ["is not a list of attributes"]),
        ("[]", ["1 entry breaks", "at least one attribute"]),
        ("- originality\n", ["1 entry breaks"]),
        ("- name: [unclosed\n", ["is not valid YAML", "line"]),
        ("- name: !!python/object/apply:os.system ['true']\n", ["is not valid YAML"]),
    ],
)
def test_a_broken_catalogue_says_what_is_wrong(tmp_path, text, words):
    with pytest.raises(CatalogueError) as caught:
        load(tmp_path, text)
    for word in words:
        assert word in str(caught.value)
    assert str(tmp_path / "my.yaml") in str(caught.value)
    assert CatalogueError.exit_code == 4


def test_an_unreadable_catalogue_says_so(tmp_path):
    with pytest.raises(CatalogueError, match=re.escape(f"Cannot read {tmp_path / 'none.yaml'}")):
        load_catalogue(tmp_path / "none.yaml")
    (tmp_path / "latin.yaml").write_bytes(b"- name: caf\xe9\n")
    with pytest.raises(CatalogueError, match="UTF-8"):
        load_catalogue(tmp_path / "latin.yaml")
