"""Probabilities as people read them."""

import math

import pytest

from occurisk.probabilities import probability


@pytest.mark.parametrize(
    ("p", "written"), [(1e-9, "<0.01"), (0.0051, "0.01"), (0.5, "0.50"), (0.9951, ">0.99"), (math.nan, "–")]
)
def test_a_probability_is_never_written_as_0_or_1(p, written):
    assert probability(p) == written
