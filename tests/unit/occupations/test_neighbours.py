"""Listed titles that share words with a title: what they say of its code."""

import numpy as np
import pytest

from occurisk.occupations.titles.learned.neighbours import NEARNESS, Neighbours, said_by

LISTED = ["nurse", "tax accountant", "tax clerk", "farm worker", "mill worker", "steel worker"]
CODES = np.array([0, 1, 2, 3, 4, 4])


@pytest.fixture
def listed() -> Neighbours:
    return Neighbours.of(LISTED, CODES, 5)


def test_a_listed_title_is_its_own_nearest_neighbour(listed):
    votes = listed.votes(LISTED)
    own = votes[np.arange(len(LISTED)), CODES]
    assert own == pytest.approx(np.maximum(own, 1))
    assert (votes.argmax(axis=1) == CODES).all()


def test_a_rare_word_that_is_shared_counts_more_than_a_common_one(listed):
    votes = listed.votes(["farm clerk worker"])[0]
    assert votes[2] > 0  # clerk, in one title
    assert votes[3] > votes[2] > votes[4]  # farm and worker; worker alone, in three
    # The cosine of rarities, by hand: of "tax clerk" only "clerk" is shared.
    rare, two, three = np.log(6), np.log(3), np.log(2)
    cosine = rare**2 / np.hypot(rare, two) / np.sqrt(2 * rare**2 + three**2)
    assert votes[2] == pytest.approx(cosine**NEARNESS, rel=1e-5)


def test_words_that_nobody_listed_make_every_neighbour_farther(listed):
    known, more = listed.votes(["tax clerk", "tax clerk zzz"])
    assert 0 < more[2] < known[2]
    assert listed.votes(["zzz", ""]).sum() == 0
    assert said_by(np.zeros(3)).tolist() == [0, 0, 0]


def test_titles_are_answered_alike_alone_and_among_others(listed):
    titles = ["tax worker", "", "nurse farm", "zzz"]
    together = listed.votes(titles)
    assert together == pytest.approx(np.vstack([listed.votes([title]) for title in titles]))


def test_a_word_of_too_many_titles_finds_no_neighbours():
    votes = Neighbours.of(LISTED, CODES, 5, too_common=2).votes(["worker", "farm worker"])
    assert votes[0].sum() == 0
    assert votes[1].argmax() == 3


def test_where_words_have_many_endings_their_pieces_find_neighbours():
    whole = Neighbours.of(LISTED, CODES, 5)
    pieces = Neighbours.of(LISTED, CODES, 5, pieces=True)
    assert whole.votes(["accountants"]).sum() == 0
    assert pieces.votes(["accountants"])[0].argmax() == 1
    own = pieces.votes(LISTED)
    assert (own.argmax(axis=1) == CODES).all()
