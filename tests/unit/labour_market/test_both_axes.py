"""Growth beside two axes: a common cause is told from an effect, and groups are drawn whole."""

import numpy as np
import pandas as pd
import pytest

from occurisk.labour_market.history.both_axes import axes_history, partial_correlations, verdict

NAMES = ("p", "exposure")


def made(effect: float, seed: int = 0, n: int = 400):
    """Routine drives p and growth; exposure has the effect asked for."""
    rng = np.random.default_rng(seed)
    routine, exposure, wage = rng.normal(size=(3, n))
    p = routine + 0.5 * rng.normal(size=n)
    growth = -0.5 * routine + effect * exposure + 0.5 * rng.normal(size=n)
    table = pd.DataFrame({"before": [f"{11 + i // 20}-{1 + i % 4}{i:03d}" for i in range(n)]})
    table = table.assign(p=p, routine=routine, wage=wage, jobs_before=100.0, jobs_after=100 * np.exp(growth))
    return table, pd.Series(exposure)


def test_a_common_cause_is_taken_out():
    found = axes_history(*made(-0.5), NAMES, draws=200)
    assert found.row("p", "nothing")["rho"] < -0.5
    held = found.row("p", "wage, the other axis, routine")
    assert held["lower"] < 0 < held["upper"]
    effect = found.row("exposure", "wage, the other axis, routine")
    assert effect["upper"] < -0.4
    assert found.clusters == 80 and found.occupations == 400
    equal = found.row("exposure", "wage", "unweighted")["rho"]
    assert equal == pytest.approx(found.row("exposure", "wage")["rho"], abs=1e-9)  # equal jobs weigh alike


def test_partial_correlation_is_that_of_residuals():
    rng = np.random.default_rng(1)
    z = rng.normal(size=200)
    table = pd.DataFrame({"y": z + rng.normal(size=200), "x": z + rng.normal(size=200), "z": z})
    found = partial_correlations(table, np.ones(200), np.ones((1, 200)))[0]
    ranks = table.rank()
    design = np.column_stack([np.ones(200), ranks["z"]])
    left = [ranks[c] - design @ np.linalg.lstsq(design, ranks[c], rcond=None)[0] for c in ("y", "x")]
    assert found == pytest.approx(np.corrcoef(*left)[0, 1])


def test_intervals_are_wider_where_groups_share_their_shocks():
    table, exposure = made(0.0)
    minor = table["before"].str[:4]
    shock = minor.map(dict(zip(minor.unique(), np.random.default_rng(2).normal(0, 1, 80), strict=True)))
    together = exposure.groupby(minor).transform("mean") * 4
    alone = axes_history(table, together, NAMES, draws=200).row("exposure", "nothing")
    shared = table.assign(jobs_after=table["jobs_after"] * np.exp(shock))
    common = axes_history(shared, together, NAMES, draws=200).row("exposure", "nothing")
    assert common["upper"] - common["lower"] > alone["upper"] - alone["lower"]


def test_what_follows_depends_on_the_placebo():
    effect, none = (axes_history(*made(size), NAMES, draws=100) for size in (-0.5, 0.0))
    assert "Without a placebo" in verdict(effect, NAMES, None)
    assert "lie apart" in verdict(effect, NAMES, none)
    assert "no effect of the technology is shown" in verdict(none, NAMES, none)
    assert "takes most of it" in verdict(effect, NAMES, none)


def test_too_few_occupations_give_no_figure():
    table, exposure = made(0.0, n=20)
    assert axes_history(table, exposure, NAMES) is None
