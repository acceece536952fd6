"""Random numbers of ours for Sionna's channel models, slot by slot.

The models draw from `sionna.phy.config.tf_rng`, one tensor for all slots of a batch, so that a slot would depend on
its place in the batch. While a model is traced, another generator stands there: it notes what is asked for, or hands
out parts of a tensor that comes in with the call. A traced model draws nothing itself.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

import numpy as np
import tensorflow as tf
from sionna.phy import config


class Request(NamedTuple):
    """What a model draws for a slot: `size` numbers, uniform over [0, 1) or standard normal."""

    kind: str
    size: int


class Noting:
    """A generator that notes what is drawn, and gives zeros."""

    def __init__(self) -> None:
        self.requests: list[Request] = []

    def uniform(self, shape: Any, minval: Any = 0.0, maxval: Any = 1.0, dtype: Any = tf.float32) -> Any:
        """As `tf.random.Generator.uniform`."""
        return self.take("uniform", shape, dtype) * (maxval - minval) + minval

    def normal(self, shape: Any, mean: Any = 0.0, stddev: Any = 1.0, dtype: Any = tf.float32) -> Any:
        """As `tf.random.Generator.normal`."""
        return self.take("normal", shape, dtype) * stddev + mean

    def take(self, kind: str, shape: Any, dtype: Any) -> Any:
        """Numbers of `shape`, whose first dimension is the batch."""
        sizes = [int(size) for size in shape]
        self.requests.append(Request(kind, int(np.prod(sizes[1:]))))
        return tf.zeros(sizes, dtype)


class Handing(Noting):
    """A generator that hands out the columns of `numbers` `[batch, count]`, as `requests` has them."""

    def __init__(self, numbers: Any, requests: list[Request]) -> None:
        super().__init__()
        sizes = [request.size for request in requests]
        self._parts = iter(tf.split(numbers, sizes, axis=1))

    def take(self, kind: str, shape: Any, dtype: Any) -> Any:
        """The next columns."""
        return tf.cast(tf.reshape(next(self._parts), shape), dtype)


@contextmanager
def standing_in(generator: Noting) -> Iterator[None]:
    """`generator` in the place of Sionna's."""
    before = config._tf_rng
    config._tf_rng = generator
    try:
        yield
    finally:
        config._tf_rng = before


def draw(requests: list[Request], rng: np.random.Generator) -> np.ndarray:
    """The numbers of one slot, float32 `[sum of sizes]`."""
    parts = [
        rng.random(size, np.float32) if kind == "uniform" else rng.standard_normal(size, np.float32)
        for kind, size in requests
    ]
    return np.concatenate(parts) if parts else np.zeros(0, np.float32)
