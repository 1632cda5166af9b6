"""The teacher of soft labels: a Gaussian process, and what a bundle keeps of it."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from dataclasses import dataclass
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
    """

    features: FeatureMap
    kernel: Mapping[str, float]

    @property
    def noise(self) -> float:
        """Standard deviation of an occupation's own part, on the teacher's scale."""
        return float(np.sqrt(self.kernel["noise_variance"]) * self.kernel["label_sd"])

    def to_dict(self) -> dict[str, Any]:
        """Return plain numbers and lists, ready for JSON."""
        return {"features": self.features.to_dict(), "kernel": dict(self.kernel)}

    @classmethod
    def from_dict(cls, document: dict[str, Any]) -> GaussianTeacher:
        """Inverse of `to_dict`."""
        return cls(FeatureMap.from_dict(document["features"]), document["kernel"])


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
