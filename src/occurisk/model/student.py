"""The only place that calls LightGBM: fit a student, read one back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from occurisk.errors import MachineError

# Keeps a replica that separates the labels perfectly from running away; no fit of all labels gets near it.
LOG_ODDS_LIMIT = 12.0

# What makes a fit the same on every run; none of it is a choice about the model.
_FIXED = {
    "objective": "regression",
    "verbosity": -1,
    "deterministic": True,
    "force_row_wise": True,
    "max_bin": 63,
}


def lightgbm() -> Any:
    """Import LightGBM; a missing OpenMP runtime becomes one clear line."""
    try:
        import lightgbm
    except OSError as problem:
        raise MachineError(
            f"LightGBM cannot start: {problem}.",
            rule="LightGBM needs the OpenMP runtime of the system.",
            fix="Install it: 'apt-get install libgomp1' (Debian, Ubuntu), 'dnf install libgomp' (Fedora), "
            "'apk add libgomp' (Alpine) or 'brew install libomp' (macOS).",
        ) from problem
    return lightgbm


class StudentFitter:
    """Fits students on the same occupations again and again, for other log-odds.

    Parameters
    ----------
    X : ndarray, shape (n, p)
        NaN allowed.
    names : sequence of str
        Column names, free of JSON characters.
    params : mapping
        LightGBM parameters, among them `rounds`.
    signs : sequence of int or None
        Monotone constraint by column.
    seed, num_threads : int
    """

    def __init__(
        self,
        X: np.ndarray,
        names: Sequence[str],
        params: Mapping[str, Any],
        signs: Sequence[int] | None,
        seed: int,
        num_threads: int,
    ) -> None:
        self._params = {**_FIXED, **params, "seed": seed, "num_threads": num_threads}
        self._rounds = self._params.pop("rounds")
        if signs is not None and any(signs):
            self._params["monotone_constraints"] = list(signs)
        # Binning once serves every replica.
        self._data = lightgbm().Dataset(X, feature_name=list(names), params=self._params, free_raw_data=False)

    def fit(self, log_odds: np.ndarray) -> Any:
        """Return a booster whose raw score approximates `log_odds`, shape (n,)."""
        self._data.set_label(np.clip(log_odds, -LOG_ODDS_LIMIT, LOG_ODDS_LIMIT))
        # Kept as it is: LightGBM would write every booster to text and read it back, a third of the time.
        booster = lightgbm().train(self._params, self._data, self._rounds, keep_training_booster=True)
        return booster.free_dataset()


def read_booster(text: str) -> Any:
    """Return the booster of a model text. The text must be whole: a truncated one aborts the process."""
    library = lightgbm()
    try:
        return library.Booster(model_str=text)
    except library.basic.LightGBMError as problem:
        raise ValueError(f"no text of a LightGBM model: {problem}") from problem
