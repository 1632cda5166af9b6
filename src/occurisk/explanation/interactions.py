"""Pairs of attributes that act together: SHAP interaction values, by the library `shap`."""

from __future__ import annotations

import warnings

import numpy as np
import pandas as pd

from occurisk.model.contributions import Model


def interactions(model: Model, X: pd.DataFrame, top: int = 10) -> pd.DataFrame:
    """Rank the pairs of attributes by how much they act together.

    Parameters
    ----------
    model : Model
    X : DataFrame, shape (n_occupations, n_attributes)
    top : int
        How many pairs.

    Returns
    -------
    DataFrame
        `first`, `second`, `interaction`: mean absolute SHAP interaction value over the occupations, both
        halves of the pair together, in log-odds (Lundberg et al. 2020, section 'SHAP interaction values').
    """
    with warnings.catch_warnings():
        # On import it calls what matplotlib is about to deprecate.
        warnings.simplefilter("ignore")
        import shap

    X = X[model.booster_.feature_name()]
    values = np.asarray(shap.TreeExplainer(model.booster_).shap_interaction_values(X.to_numpy(dtype=float)))
    strength = 2 * np.abs(values).mean(axis=0)
    first, second = np.triu_indices(len(X.columns), k=1)
    pairs = pd.DataFrame(
        {"first": X.columns[first], "second": X.columns[second], "interaction": strength[first, second]}
    )
    return pairs.nlargest(top, "interaction").reset_index(drop=True)
