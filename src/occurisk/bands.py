"""Risk bands: where low ends and high begins."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np


@dataclass(frozen=True)
class Bands:
    """Risk bands of Frey & Osborne (2017, section 5): high p >= 0.7, low p < 0.3, else medium.

    Raises
    ------
    ValueError
        Unless 0 < low < high < 1.
    """

    # Read by pydantic where bands are part of a configuration.
    __pydantic_config__: ClassVar[dict[str, str]] = {"extra": "forbid"}

    high: float = 0.7
    low: float = 0.3

    def __post_init__(self) -> None:
        if not 0 < self.low < self.high < 1:
            raise ValueError(f"bands need 0 < low < high < 1, got low {self.low!r}, high {self.high!r}")

    def of(self, p: Any) -> np.ndarray:
        """Return the band (`low`, `medium`, `high`) of every probability."""
        p = np.asarray(p, dtype=float)
        return np.select([p >= self.high, p < self.low], ["high", "low"], "medium").astype(object)
