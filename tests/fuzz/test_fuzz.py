"""Hostile registries, some in every run of the tests; `make fuzz CASES=10000 SEED=7` runs more."""

import pytest

from helpers.hostile import run

pytestmark = pytest.mark.covered_elsewhere

# About twenty a second of processor time.
CASES, PARTS = 500, 4
# Fell once: a damaged dictionary of Parquet, whose values have numbers that it lacks.
FELL = (913_432,)


@pytest.mark.parametrize("part", range(PARTS))
def test_a_hostile_registry_is_scored_in_full_or_refused_in_one_message(tmp_path, model, part):
    outcomes = []
    for seed in [*range(part, CASES, PARTS), *FELL[part::PARTS]]:
        try:
            outcomes.append(run(seed, tmp_path, model))
        except Exception as problem:
            raise AssertionError(f"make fuzz CASES=1 SEED={seed}: {problem!r}") from problem
    assert {"scored", "refused"} == set(outcomes)  # the generator makes both
