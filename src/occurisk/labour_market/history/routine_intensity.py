"""Routine intensity after Acemoglu & Autor: the benchmark that susceptibility has to beat."""

from __future__ import annotations

import pandas as pd

from occurisk.training_data.catalogue import Catalogue

LITERATURE = "Acemoglu & Autor 2011"
ROUTINE = ("routine_cognitive", "routine_manual")
NONROUTINE = ("nonroutine_analytical", "nonroutine_interpersonal", "nonroutine_manual")


def routine_intensity(X: pd.DataFrame, catalogue: Catalogue) -> pd.Series:
    """Return how routine each occupation is.

    Parameters
    ----------
    X : DataFrame, shape (n_occupations, n_attributes)
        Attributes on [0, 1].
    catalogue : Catalogue
        The attributes whose source is Acemoglu & Autor (2011) enter, by their group.

    Returns
    -------
    Series, shape (n_occupations,)
        Mean of the z-scores of routine cognitive and routine manual work, minus the mean of the
        z-scores of the three non-routine measures; each measure is the mean of its attributes'
        z-scores, unstructured work reversed (Acemoglu & Autor 2011, Data Appendix; the difference as
        in Autor & Dorn 2013, equation 14, without the logarithms).
    """
    groups = {}
    for group in (*ROUTINE, *NONROUTINE):
        part = [a for a in catalogue if a.group == group and LITERATURE in a.source]
        routine = group in ROUTINE
        # Inside a routine group a sign of -1 marks a reversed item; elsewhere it is the expectation.
        scores = [_z(X[a.name]) * (-1 if routine and a.sign < 0 else 1) for a in part]
        groups[group] = _z(pd.concat(scores, axis=1).mean(axis=1))
    table = pd.DataFrame(groups)
    return (table[list(ROUTINE)].mean(axis=1) - table[list(NONROUTINE)].mean(axis=1)).rename("routine")


def _z(values: pd.Series) -> pd.Series:
    return (values - values.mean()) / values.std(ddof=0)
