"""Helpers of the national tests: small markets with known answers."""

from __future__ import annotations

import numpy as np
import pandas as pd

from occurisk.labour_market.market import Market
from occurisk.occupations.coding_systems import SOC2010
from occurisk.occupations.crosswalk import Lineage, to_soc2010
from occurisk.probabilities import Bands

# One certain high, one certain low, one medium.
P = {"43-9021": 0.9, "29-1125": 0.1, "25-1011": 0.5}


def scores(p: dict[str, float] = P) -> pd.DataFrame:
    return pd.DataFrame({"probability": p}).rename_axis("soc")


def replicas(p: dict[str, float] = P, spread: float = 0.5, draws: int = 200, seed: int = 0) -> pd.DataFrame:
    """Replica probabilities around `p`: log-odds with a common and an own part."""
    rng = np.random.default_rng(seed)
    centre = np.log(np.array(list(p.values())) / (1 - np.array(list(p.values()))))
    common, own = rng.normal(size=(1, draws)), rng.normal(size=(len(p), draws))
    log_odds = centre[:, None] + spread * (common + own) / np.sqrt(2)
    return pd.DataFrame(1 / (1 + np.exp(-log_odds)), index=pd.Index(p, name="soc"))


def market(codes, weights, p: dict[str, float] = P, with_replicas: bool = True, **columns) -> Market:
    """A market of SOC 2010 codes."""
    table = pd.DataFrame({"code": codes, "weight": weights, **columns})
    lineage = to_soc2010(table["code"], SOC2010, scored=set(p), siblings=False)
    return Market(table, lineage, scores(p), replicas(p) if with_replicas else None, Bands())


def spread_market(weights=(10.0,), **columns) -> Market:
    """A market with one code that is half 43-9021 (high) and half 29-1125 (low)."""
    table = pd.DataFrame({"code": ["mix"] * len(weights), "weight": weights, **columns})
    codes = pd.DataFrame(
        {"code": ["mix"], "matched": ["43-9021"], "title": ["Mix"], "level": ["detailed"],
         "kind": ["crosswalk"], "repairs": [""], "covered": [1.0], "note": [""]}
    )  # fmt: skip
    members = pd.DataFrame({"code": "mix", "soc": ["43-9021", "29-1125"], "weight": 0.5, "kind": "crosswalk"})
    return Market(table, Lineage(codes, members, "soc2010", "employment"), scores(), replicas(), Bands())
