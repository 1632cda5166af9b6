"""Weights are what the register says, and their sums do not depend on who adds them up, or in which order."""

import random
from decimal import Decimal
from math import fsum

import numpy as np
import pyarrow as pa

from occurisk.registry.numbers import NumberStyle, read_numbers
from occurisk.scoring.outcomes import Tally


def amounts(rows: int = 5000) -> list[Decimal]:
    chance = random.Random(7)  # noqa: S311
    return [Decimal(chance.randrange(1, 10**7)) / 100 for _ in range(rows)]


def test_a_decimal_is_the_nearest_number():
    found = read_numbers(pa.array(amounts()), NumberStyle())
    assert found.value.tolist() == [float(amount) for amount in amounts()]


def test_sums_are_right_to_the_last_digit_in_any_order():
    exact = amounts()
    numbers = read_numbers(pa.array(exact), NumberStyle())
    for order in (np.arange(len(exact)), np.random.default_rng(0).permutation(len(exact))):
        tally, key = Tally(), order % 3
        for start in range(0, len(exact), 700):
            rows = order[start : start + 700]
            part = type(numbers)(numbers.value[rows], numbers.missing[rows], numbers.unusable[rows])
            tally.add(key[start : start + 700], part, 3)
        assert tally.total_weight == float(sum(exact))
        for number in range(3):
            mine = [exact[i] for i in order if i % 3 == number]
            assert tally.weight[number] == float(sum(mine)) == fsum(map(float, mine))
