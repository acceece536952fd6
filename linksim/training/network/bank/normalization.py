"""Normalization of features whose distribution differs from state to state."""

from typing import Any

import numpy as np

from linksim.training.network.bank.drawn import Drawn
from linksim.training.network.normalization import FeatureNorm


class BankNorm(FeatureNorm):
    """A `FeatureNorm` with moving averages of each state's own: those of others would fit none of them."""

    def __init__(self, dim: int, drawn: Drawn) -> None:
        self._drawn = drawn
        super().__init__(dim)

    def _add_moments(self, dim: int) -> None:
        states = self._drawn.count
        self._mean = self.add_weight(shape=(states, dim), initializer="zeros", trainable=False, name="mean")
        self._variance = self.add_weight(shape=(states,), initializer="ones", trainable=False, name="variance")

    @property
    def mean(self) -> Any:
        return self._drawn.of(self._mean)

    @property
    def variance(self) -> Any:
        return self._drawn.of(self._variance)

    def put(self, mean: Any, variance: Any) -> None:
        """Put in moving averages of the state."""
        self._drawn.put(self._mean, mean)
        self._drawn.put(self._variance, variance)

    def start(self, mean: Any, variance: Any) -> None:
        """Begin with the moving averages of another training in every state."""
        self._mean.assign(np.broadcast_to(mean, self._mean.shape))
        self._variance.assign(np.broadcast_to(variance, self._variance.shape))
