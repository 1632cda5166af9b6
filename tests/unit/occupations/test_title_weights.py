"""Weights of a title matcher: what is kept of them, and what naive Bayes says for groups of codes."""

import zipfile
from dataclasses import replace

import numpy as np
import pytest
from scipy import sparse

from occurisk.occupations.titles.classifier import load_model
from occurisk.occupations.titles.learned.group_evidence import BY_CHANCE, group_evidence
from occurisk.occupations.titles.learned.neighbours import said_by
from occurisk.occupations.titles.learned.packing import (
    SIZES,
    from_sizes,
    in_sizes,
    largest,
    packed,
    unpacked,
    write_arrays,
)
from occurisk.paths import FEATURES


@pytest.fixture
def table() -> sparse.csr_matrix:
    random = np.random.default_rng(0)
    made = np.where(random.random((300, 700)) < 0.03, random.normal(size=(300, 700)), 0)
    made[7] = 0  # a column without any weight
    made[8, :600], made[8, 699] = 0, 2.5  # and one whose first is further than a byte counts
    return sparse.csr_matrix(made)


def test_a_table_comes_back_at_its_places_with_its_signs(table):
    back = unpacked(packed(table, "code"), "code", 700)
    assert (back.indptr == table.indptr).all()
    assert (back.indices == table.indices).all()
    assert (np.sign(back.data) == np.sign(table.data)).all()


def test_a_weight_comes_back_as_one_of_its_size():
    weights = np.random.default_rng(0).normal(size=5_000)
    places, sizes = in_sizes(weights)
    back = from_sizes(places, sizes)
    assert len(np.unique(np.abs(back))) <= SIZES
    # Sizes are apart by a constant factor, so that no weight is off by more than that.
    factor = (np.abs(weights).max() / np.abs(weights).min()) ** (1 / SIZES)
    off = back / weights
    assert off.min() > 1 / factor - 1e-6
    assert off.max() < factor + 1e-6


@pytest.mark.parametrize("weights", [[], [0.5], [-2.0, -2.0]])
def test_weights_of_no_or_one_size(weights):
    places, sizes = in_sizes(np.array(weights))
    assert from_sizes(places, sizes) == pytest.approx(weights)


def test_the_largest_weights_stay_without_what_all_codes_share():
    W = np.array([[5.0, 5.0, 5.0, 9.0], [0.0, -3.0, 0.1, 0.0]], np.float32)
    kept = largest(W, 2).toarray()
    assert kept.tolist() == [[0, 0, 0, 4], [0, -3, 0, 0]]


def test_evidence_is_the_logarithm_of_what_was_found_over_what_chance_gives():
    # Three titles of two tokens: the first token stands in both titles of group 0 and in none of group 1.
    made = sparse.csr_matrix(np.array([[0.7, 0.7], [0.7, 0.7], [0.0, 1.0]], np.float32))
    columns = sparse.csr_matrix(np.eye(2, dtype=np.float32))
    found = group_evidence(made, columns, np.array([0, 0, 1]), np.array([1.0, 0.5, 2.0]), 3).toarray()
    share = np.array([2.0, 2.5, 0.5]) / 5
    expected = [np.log1p(1.5 / (BY_CHANCE * share[0])), 0, 0]
    assert found[0] == pytest.approx(expected, abs=1e-6)
    assert found[1, 1] == pytest.approx(np.log1p(2 / (BY_CHANCE * share[1])), abs=1e-6)
    assert not found[:, 2].any(), "a group without titles has nothing that speaks for it"


def test_arrays_are_written_alike_and_read_without_pickle(tmp_path):
    arrays = {"a": np.arange(5), "b": np.linspace(0, 1, 7, dtype=np.float32)}
    for name in ("one.npz", "two.npz"):
        write_arrays(tmp_path / name, arrays)
    assert (tmp_path / "one.npz").read_bytes() == (tmp_path / "two.npz").read_bytes()
    with np.load(tmp_path / "one.npz", allow_pickle=False) as back:
        assert {name: back[name].tolist() for name in back} == {k: v.tolist() for k, v in arrays.items()}
    assert zipfile.ZipFile(tmp_path / "one.npz").infolist()[0].compress_type == zipfile.ZIP_LZMA


def test_what_is_said_for_groups_is_part_of_every_score():
    model = load_model(FEATURES / "titles" / "isco08")
    title = "watermelon harvesting"
    of_codes = (np.arange(model.W.shape[1]) < len(model.codes)).astype(np.float32)
    softmax_alone = (model.W @ sparse.diags(of_codes)).tocsr()
    scored, silent = (one.scored([title]) for one in (model, replace(model, W=softmax_alone)))
    added = (scored.logits - silent.logits)[0]
    names, group = model.groups
    for number in range(len(names)):
        assert np.ptp(added[group == number]) < 1e-4, "a group is added to as one"
    means = [added[group == number][0] for number in range(len(names))]
    assert abs(np.mean(means)) < 1e-4, "what is added is about the mean of all groups"
    assert max(means) - min(means) > 0.5
    # The reason counts it: what tokens add for a class, and for its group, sums to the score.
    place = int(scored.logits[0].argmax())
    columns = [place, len(model.codes) + group[place]]
    told = float((scored.made @ scored.per_token[:, columns]).sum())
    rest = model.b[place] + said_by(model.neighbours.votes([title]))[0, place]
    assert told + rest == pytest.approx(scored.logits[0, place], abs=1e-3)
