"""Do the intervals keep their promise? Simulation from known truths on the real attributes.

A truth is a probability for every occupation. Labels are drawn from it for seventy occupations, the model is
fitted as it is in earnest, and its intervals are held against the truth.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from joblib import delayed
from scipy.special import expit
from sklearn.base import clone
from sklearn.gaussian_process import GaussianProcessClassifier
from sklearn.gaussian_process.kernels import RBF, ConstantKernel
from sklearn.linear_model import LogisticRegression

from occurisk.background import Progress, in_processes
from occurisk.evaluation.baselines import FREY_OSBORNE_NINE
from occurisk.model.classifier import AutomationClassifier
from occurisk.probabilities import Bands

# Beyond this even experts who agree cannot tell.
FURTHEST = 6.0


@dataclass(frozen=True)
class Coverage:
    """How often intervals hold the truth.

    Attributes
    ----------
    trials : DataFrame
        One row per simulated panel: `truth`, `labelled` (`same`: the occupations of the hand labels;
        `random`), `covered`, `covered_low`, `covered_medium`, `covered_high` (by the band of the true
        probability; NaN for an empty band), `width` (mean).
    """

    trials: pd.DataFrame

    def summary(self) -> pd.DataFrame:
        """Mean over the panels, by truth and choice of occupations."""
        return self.trials.groupby(["truth", "labelled"], sort=False).mean(numeric_only=True)

    @property
    def overall(self) -> float:
        """Mean coverage, every truth counting the same."""
        return float(self.summary()["covered"].mean())


def truths(X: pd.DataFrame, y: pd.Series) -> dict[str, np.ndarray]:
    """Return plausible true probabilities of every occupation, from sharp to vague, linear to smooth.

    Parameters
    ----------
    X : DataFrame, shape (n, p)
    y : Series
        The hand labels, index a part of X's.

    Returns
    -------
    dict of ndarray, shape (n,)
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
    return {name: expit(np.clip(f, -FURTHEST, FURTHEST)) for name, f in by_name.items()}


def coverage_study(
    X: pd.DataFrame,
    y: pd.Series,
    classifier: AutomationClassifier,
    panels: int,
    seed: int = 0,
    progress: Progress | None = None,
    jobs: int = 1,
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

    Returns
    -------
    Coverage
    """
    same = X.index.get_indexer(y.index)
    plan = [
        (name, p, labelled, [seed, place, panel, labelled == "random"])
        for place, (name, p) in enumerate(truths(X, y).items())
        for labelled in ("same", "random")
        for panel in range(panels)
    ]
    calls = [delayed(_panel)(X, p, same, name, labelled, classifier, key) for name, p, labelled, key in plan]
    return Coverage(pd.DataFrame(in_processes(calls, jobs, progress)))


def _panel(
    X: pd.DataFrame,
    p: np.ndarray,
    same: np.ndarray,
    truth: str,
    labelled: str,
    classifier: AutomationClassifier,
    key: Sequence[int],
) -> dict[str, object]:
    rng = np.random.default_rng([int(part) for part in key])
    rows = same if labelled == "same" else rng.choice(len(X), len(same), replace=False)
    y = np.full(len(X), np.nan)
    y[rows] = rng.random(len(rows)) < p[rows]
    model = clone(classifier).set_params(random_state=int(rng.integers(1 << 30))).fit(X, y)
    lower, upper = model.predict_interval(X).T
    held = (lower <= p) & (p <= upper)
    band = Bands().of(p)
    by_band = {
        f"covered_{name}": held[band == name].mean() if (band == name).any() else np.nan
        for name in ("low", "medium", "high")
    }
    return {
        "truth": truth,
        "labelled": labelled,
        "covered": held.mean(),
        **by_band,
        "width": (upper - lower).mean(),
    }


def _latent(model: GaussianProcessClassifier, Z: np.ndarray) -> np.ndarray:
    """Posterior mode of the log-odds (Rasmussen & Williams 2006, equation 3.21)."""
    base = model.base_estimator_
    return np.asarray(base.kernel_(base.X_train_, Z).T @ (base.y_train_ - base.pi_))
