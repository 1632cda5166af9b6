"""Ratings of O*NET are means over a few raters: what their error does to scores."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pandas as pd

from occurisk.errors import SettingsError
from occurisk.model.bundles.bundle import Bundle
from occurisk.probabilities import stability
from occurisk.training_data.attribute_table import load_rating_errors

_SEED = 5


def with_rating_error(bundle: Bundle) -> Bundle:
    """Return a model whose intervals also carry that O*NET's ratings are off.

    Each replica sees ratings of its own: those of O*NET plus normal errors, cut at the ends of the scale.
    What that does to the log-odds is added to the replica's, less its mean, so that scores stay.

    Parameters
    ----------
    bundle : Bundle
        Of hard labels.

    Returns
    -------
    Bundle
        The same scores, bands and ranks; other `replicas`, and in `reference` other `lower`, `upper`,
        `stability` and rank intervals. `rating_error` is True.

    Raises
    ------
    SettingsError
        For a model of soft labels, whose replicas hold each occupation's own part already.
    ReleaseError
        If the error of an attribute is not known.
    """
    if bundle.estimator_class.soft_labels:
        raise SettingsError(
            f"{bundle.version} is a model of soft labels.",
            rule="How far ratings miss labels that the model never saw is in its intervals already.",
            fix="Leave out --with-rating-error.",
        )
    X = bundle.attributes[bundle.names]
    errors = load_rating_errors(bundle.catalogue, X.index, bundle.rating_errors)[bundle.names].to_numpy()
    link, log_odds = bundle.link, bundle.log_odds(X.to_numpy())
    drawn = link.replica_log_odds(bundle.replicas.loc[X.index].to_numpy(dtype=float))
    drawn = drawn_with_rating_error(bundle.log_odds, X.to_numpy(), errors, drawn)
    replicas = pd.DataFrame(link.in_replicas(drawn), index=X.index, columns=bundle.replicas.columns)
    ends = pd.DataFrame(
        link.interval(log_odds, drawn.std(axis=1, ddof=1), bundle.nominal),
        index=X.index,
        columns=["lower", "upper"],
    )
    made = replace(bundle, reference=_reference(bundle, ends, replicas), rating_error=True)
    made.__dict__["replicas"] = replicas  # where `cached_property` would keep what it reads
    return made


def drawn_with_rating_error(
    predict: Callable[[np.ndarray], np.ndarray], X: np.ndarray, errors: np.ndarray, drawn: np.ndarray
) -> np.ndarray:
    """Return the log-odds of replicas that each see ratings of their own, shape (n, B).

    Parameters
    ----------
    predict : callable
        The model: X to log-odds.
    X : ndarray, shape (n, p)
    errors : ndarray, shape (n, p) or (p,)
        Standard errors, on [0, 1].
    drawn : ndarray, shape (n, B)
        Log-odds of the replicas on the ratings as printed.
    """
    rng = np.random.default_rng(_SEED)
    log_odds, moved = predict(X), np.empty_like(drawn)
    for replica in range(drawn.shape[1]):
        moved[:, replica] = predict(np.clip(X + errors * rng.standard_normal(X.shape), 0, 1)) - log_odds
    return np.asarray(drawn + moved - moved.mean(axis=1, keepdims=True))


def _reference(bundle: Bundle, ends: pd.DataFrame, replicas: pd.DataFrame) -> pd.DataFrame:
    scores, order = bundle.reference, bundle.reference.index
    ranks = replicas.to_numpy().argsort(axis=0).argsort(axis=0) + 1
    low, high = (
        pd.Series(np.quantile(ranks, share, axis=1).round().astype(int), replicas.index)[order]
        for share in (0.05, 0.95)
    )
    in_band = bundle.bands.of(replicas.loc[order].to_numpy())
    return scores.assign(
        lower=np.minimum(ends.loc[order, "lower"], scores["probability"]),
        upper=np.maximum(ends.loc[order, "upper"], scores["probability"]),
        rank_lower=low,
        rank_upper=high,
        stability=stability(scores["band"].to_numpy(), in_band),
    )


def effect(before: Bundle, after: Bundle) -> str:
    """Say in a sentence what rating error did to the intervals of the reference occupations."""
    width, robust = zip(
        *(
            (
                (one.reference["upper"] - one.reference["lower"]).median(),
                (one.reference["stability"] != "model-dependent").mean(),
            )
            for one in (before, after)
        ),
        strict=True,
    )
    return (
        f"Intervals carry the error of O*NET's ratings: over all occupations their median width is "
        f"{width[1]:.2f} instead of {width[0]:.2f}, and {robust[1]:.0%} of the bands are robust instead of "
        f"{robust[0]:.0%}."
    )
