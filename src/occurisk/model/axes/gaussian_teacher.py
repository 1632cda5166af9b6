"""The teacher of soft labels: a Gaussian process, and what a bundle keeps of it."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from occurisk.model.teacher import FeatureMap


@dataclass(frozen=True)
class GaussianTeacher:
    """What a bundle keeps of the Gaussian process: the standardisation and the fitted kernel.

    Attributes
    ----------
    features : FeatureMap
        Standardises on all occupations.
    kernel : mapping of str to float
        `rbf_variance`, `length_scale`, `linear_variance`, `linear_offset`, `noise_variance`, each on the
        standardised labels; `label_sd`, their standard deviation on the teacher's scale.
    stretch : mapping of str to float
        By SOC major group: by how much its labels scatter more, or less, than the process expects; of all
        under the empty name.
    widening : float
        Standard deviation of the process over that of its students, which smooth what they follow.
    """

    features: FeatureMap
    kernel: Mapping[str, float]
    stretch: Mapping[str, float] = field(default_factory=dict)
    widening: float = 1.0

    @property
    def noise(self) -> float:
        """Standard deviation of an occupation's own part, on the teacher's scale."""
        return float(np.sqrt(self.kernel["noise_variance"]) * self.kernel["label_sd"])

    def to_dict(self) -> dict[str, Any]:
        """Return plain numbers and lists, ready for JSON."""
        return {
            "features": self.features.to_dict(),
            "kernel": dict(self.kernel),
            "stretch": dict(self.stretch),
            "widening": self.widening,
        }

    def stretch_of(self, groups: np.ndarray | None, count: int) -> np.ndarray:
        """Return the stretch of each row, shape (count, 1): of its group, or of all where it has none."""
        everywhere = self.stretch.get("", 1.0)
        if groups is None:
            return np.full((count, 1), everywhere)
        return np.array([self.stretch.get(group, everywhere) for group in groups])[:, None]

    @classmethod
    def from_dict(cls, document: dict[str, Any]) -> GaussianTeacher:
        """Inverse of `to_dict`."""
        features = FeatureMap.from_dict(document["features"])
        stretch, widening = document.get("stretch", {}), document.get("widening", 1.0)
        return cls(features, document["kernel"], stretch, widening)


def fitted_process(Z: np.ndarray, y: np.ndarray, seed: int) -> Any:
    """Fit a Gaussian process with an RBF and a linear kernel, and noise, by marginal likelihood.

    Parameters
    ----------
    Z : ndarray, shape (n, p)
        Standardised attributes.
    y : ndarray, shape (n,)
    seed : int

    Returns
    -------
    GaussianProcessRegressor
    """
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.gaussian_process import GaussianProcessRegressor, kernels

    kernel = (
        kernels.ConstantKernel(1.0) * kernels.RBF(5.0, (1.0, 100.0))
        + kernels.ConstantKernel(0.1) * kernels.DotProduct(1.0)
        + kernels.WhiteKernel(0.1)
    )
    process = GaussianProcessRegressor(kernel, normalize_y=True, random_state=seed)
    with warnings.catch_warnings():
        # A variance at its bound (labels that are linear in the attributes) is a finding, no failure.
        warnings.simplefilter("ignore", ConvergenceWarning)
        return process.fit(Z, y)


def kernel_figures(process: Any) -> dict[str, float]:
    """Return the fitted kernel of a process, as `GaussianTeacher` keeps it."""
    found = process.kernel_.get_params()
    places = {
        "rbf_variance": "k1__k1__k1__constant_value",
        "length_scale": "k1__k1__k2__length_scale",
        "linear_variance": "k1__k2__k1__constant_value",
        "linear_offset": "k1__k2__k2__sigma_0",
        "noise_variance": "k2__noise_level",
    }
    # scikit-learn 1.x keeps the standard deviation of the labels that it divided by under this name.
    return {name: float(found[place]) for name, place in places.items()} | {
        "label_sd": float(process._y_train_std)
    }


def group_stretch(process: Any, groups: np.ndarray, strength: float, nominal: float) -> dict[str, float]:
    """Compare the labels of each group with what the process expects of them, each left out in turn.

    Parameters
    ----------
    process : GaussianProcessRegressor
        Fitted.
    groups : ndarray of str, shape (n,)
        Of the labels that it was fitted to.
    strength : float
        For how many occupations all groups together count beside those of one: a group of two tells little.
    nominal : float
        Level of the intervals.

    Returns
    -------
    dict of str to float
        By group: the conformal quantile (Vovk, Gammerman & Shafer 2005) of its standardised leave-one-out
        residuals (Rasmussen & Williams 2006, section 5.4.2) over that of a normal distribution, shrunk in
        logarithms towards that of all groups, which stands under the empty name.
    """
    from scipy.linalg import cho_solve
    from scipy.stats import norm

    inverse = cho_solve((process.L_, True), np.eye(len(process.L_)))
    residual = np.abs(process.alpha_) / np.sqrt(np.diag(inverse)) / norm.ppf(0.5 + nominal / 2)
    everywhere = _conformal(residual, nominal)
    found = {"": everywhere}
    for group in np.unique(groups):
        own = residual[groups == group]
        share = len(own) / (len(own) + strength)
        found[str(group)] = float(_conformal(own, nominal) ** share * everywhere ** (1 - share))
    return found


def _conformal(residual: np.ndarray, nominal: float) -> float:
    """Smallest residual that at least `nominal` of n + 1 exchangeable ones do not exceed, or the largest."""
    place = int(np.ceil((len(residual) + 1) * nominal))
    return float(np.sort(residual)[min(place, len(residual)) - 1])
