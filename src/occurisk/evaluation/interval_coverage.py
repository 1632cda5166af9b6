"""Do the intervals keep their promise? Simulation from known truths on the real attributes.

A truth is a probability for every occupation, and a rate at which experts err. Labels are drawn from it for
seventy occupations, the model is fitted as it is in earnest, and its intervals are held against the truth.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from joblib import delayed
from scipy.special import expit
from scipy.stats import t as student_t
from sklearn.base import clone
from sklearn.gaussian_process import GaussianProcessClassifier
from sklearn.gaussian_process.kernels import RBF, ConstantKernel
from sklearn.linear_model import LogisticRegression

from occurisk.background import Progress, in_processes
from occurisk.evaluation.baselines import FREY_OSBORNE_NINE
from occurisk.model.classifier import AutomationClassifier
from occurisk.model.label_error import NO_ERRORS

# Beyond this even experts who agree cannot tell.
FURTHEST = 6.0
KINDS = ("no errors", "label errors", "heavy tails")
# Bins of the chance that an expert who never errs says yes.
EDGES = (0.01, 0.05, 0.3, 0.7, 0.95, 0.99)
BINS = ("<0.01", "0.01–0.05", "0.05–0.3", "0.3–0.7", "0.7–0.95", "0.95–0.99", ">0.99")


@dataclass(frozen=True)
class Truth:
    """A world that might be.

    Attributes
    ----------
    name : str
    kind : str
        One of `KINDS`.
    p : ndarray, shape (n,)
        The chance that an expert who never errs says yes to each occupation.
    error : float
        The rate at which experts err.
    """

    name: str
    kind: str
    p: np.ndarray
    error: float = 0.0

    @property
    def q(self) -> np.ndarray:
        """The chance that an expert says yes: labels are drawn from it, and the intervals are to hold it."""
        return self.error + (1 - 2 * self.error) * self.p


@dataclass(frozen=True)
class Coverage:
    """How often intervals hold the truth.

    Attributes
    ----------
    trials : DataFrame
        One row per simulated panel: `truth`, `kind`, `labelled` (`same`: the occupations of the hand
        labels; `random`), `rate` (the mean of the learned rate of error), `width` (mean), `covered`, and for
        each of `BINS` `covered NAME` (NaN if the truth has no p there). The same with `as_true` instead of
        `covered`: intervals of the same replicas that take every label as true.
    """

    trials: pd.DataFrame

    def summary(self) -> pd.DataFrame:
        """Mean over the panels, by truth and choice of occupations."""
        return self.trials.groupby(["truth", "labelled"], sort=False).mean(numeric_only=True)

    def by_bin(self) -> pd.DataFrame:
        """Return `covered` and `as_true` over all truths, each counting the same; index the bins of p."""
        means = self.summary().mean()
        rows = {name: (means[f"covered {name}"], means[f"as_true {name}"]) for name in BINS}
        return pd.DataFrame.from_dict(rows, orient="index", columns=["covered", "as_true"])

    def by_kind(self) -> pd.DataFrame:
        """Return the same columns by kind of truth, each truth counting the same."""
        kind = self.trials.groupby("truth")["kind"].first()
        summary = self.summary()
        return summary.groupby(
            kind.loc[summary.index.get_level_values("truth")].to_numpy(), sort=False
        ).mean()

    @property
    def overall(self) -> float:
        """Mean coverage, every truth counting the same."""
        return float(self.summary()["covered"].mean())

    def to_json(self) -> dict[str, Any]:
        """Return the figures in the form that `occurisk study coverage --json` writes."""
        return {
            "overall": self.overall,
            "bins": self.by_bin().rename_axis("p").reset_index().to_dict(orient="records"),
            "kinds": self.by_kind().rename_axis("kind").reset_index().to_dict(orient="records"),
            "truths": self.summary().reset_index().to_dict(orient="records"),
        }


def truths(X: pd.DataFrame, y: pd.Series, kinds: Sequence[str] = KINDS) -> list[Truth]:
    """Return plausible truths: from sharp to vague, linear to smooth, experts who err, heavy tails.

    Parameters
    ----------
    X : DataFrame, shape (n, p)
    y : Series
        The hand labels, index a part of X's.
    kinds : sequence of str
        Which of `KINDS`.

    Returns
    -------
    list of Truth
        Each is a model of another kind fitted to all hand labels; none is ours.
    """
    Z = ((X.fillna(X.mean()) - X.mean()) / X.std(ddof=0)).to_numpy()
    rows = X.index.get_indexer(y.index)
    nine = [i for i, name in enumerate(X.columns) if name in FREY_OSBORNE_NINE]

    def logistic(C: float, columns: Sequence[int]) -> np.ndarray:
        model = LogisticRegression(C=C, max_iter=2000).fit(Z[rows][:, columns], y)
        return np.asarray(model.decision_function(Z[:, columns]))

    every = list(range(Z.shape[1]))
    # Fixed length scale and amplitude: the smooth truth that a Gaussian process on all attributes would tell.
    kernel = ConstantKernel(30.0, "fixed") * RBF(np.sqrt(len(every)), "fixed")
    smooth = GaussianProcessClassifier(kernel, optimizer=None).fit(Z[rows], y)
    by_name = {
        "logistic, C=0.1": logistic(0.1, every),
        "logistic, C=0.3": logistic(0.3, every),
        "logistic, C=1": logistic(1.0, every),
        "logistic, 9 variables": logistic(1.0, nine),
        "Gaussian process": _latent(smooth, Z),
    }
    latent = {name: np.clip(f, -FURTHEST, FURTHEST) for name, f in by_name.items()}
    found = [Truth(name, KINDS[0], expit(f)) for name, f in latent.items()]
    found += [
        Truth(f"{name}; {error:.0%} err", KINDS[1], expit(latent[name]), error)
        for name in ("logistic, C=0.3", "logistic, C=1", "Gaussian process")
        for error in (0.02, 0.05)
    ]
    # Student's t with three degrees of freedom, as wide as the logistic distribution near the middle.
    found += [
        Truth(f"{name}; heavy tails", KINDS[2], student_t.cdf(latent[name] / 1.548, 3))
        for name in ("logistic, C=0.3", "logistic, C=1")
    ]
    return [truth for truth in found if truth.kind in kinds]


def coverage_study(
    X: pd.DataFrame,
    y: pd.Series,
    classifier: AutomationClassifier,
    panels: int,
    seed: int = 0,
    progress: Progress | None = None,
    jobs: int = 1,
    kinds: Sequence[str] = KINDS,
) -> Coverage:
    """Simulate panels of experts and count how often the intervals hold the truth.

    Parameters
    ----------
    X : DataFrame, shape (n, p)
    y : Series
        The hand labels: they make the truths and say how many occupations are labelled.
    classifier : AutomationClassifier
        Unfitted, with replicas.
    panels : int
        Simulated panels per truth and choice of occupations.
    seed, progress, jobs
        As elsewhere.
    kinds : sequence of str
        Which truths, of `KINDS`.

    Returns
    -------
    Coverage
    """
    same = X.index.get_indexer(y.index)
    # The draws of a truth do not depend on which others are asked for.
    place = {truth.name: number for number, truth in enumerate(truths(X, y))}
    calls = [
        delayed(_panel)(X, truth, same, labelled, classifier, [seed, place[truth.name], panel, chosen])
        for truth in truths(X, y, kinds)
        for chosen, labelled in enumerate(("same", "random"))
        for panel in range(panels)
    ]
    return Coverage(pd.DataFrame(in_processes(calls, jobs, progress)))


def _panel(
    X: pd.DataFrame,
    truth: Truth,
    same: np.ndarray,
    labelled: str,
    classifier: AutomationClassifier,
    key: Sequence[int],
) -> dict[str, object]:
    rng = np.random.default_rng([int(part) for part in key])
    rows = same if labelled == "same" else rng.choice(len(X), len(same), replace=False)
    y = np.full(len(X), np.nan)
    y[rows] = rng.random(len(rows)) < truth.q[rows]
    model = clone(classifier).set_params(random_state=int(rng.integers(1 << 30))).fit(X, y)
    log_odds = model.link.replica_log_odds(model.predict_replicas(X))
    intervals = {
        "covered": model.predict_interval(X),
        "as_true": NO_ERRORS.interval(
            model.decision_function(X), log_odds.std(axis=1, ddof=1), model.nominal
        ),
    }
    place = np.digitize(truth.p, EDGES)
    row: dict[str, object] = {
        "truth": truth.name, "kind": truth.kind, "labelled": labelled, "rate": model.error_rate_,
        "width": np.diff(intervals["covered"]).mean(),
    }  # fmt: skip
    for name, ends in intervals.items():
        held = (ends[:, 0] <= truth.q) & (truth.q <= ends[:, 1])
        row[name] = held.mean()
        for number, one in enumerate(BINS):
            there = held[place == number]
            row[f"{name} {one}"] = there.mean() if len(there) else np.nan
    return row


def _latent(model: GaussianProcessClassifier, Z: np.ndarray) -> np.ndarray:
    """Posterior mode of the log-odds (Rasmussen & Williams 2006, equation 3.21)."""
    base = model.base_estimator_
    return np.asarray(base.kernel_(base.X_train_, Z).T @ (base.y_train_ - base.pi_))
