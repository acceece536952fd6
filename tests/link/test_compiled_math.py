"""Vectorized exponential and logarithm against NumPy in float64."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numba import njit

from linksim.link.air.compiled_math import LANES, exponential, logarithm


@njit
def exp_lanes(x):  # type: ignore[no-untyped-def]
    for w in range(x.size):
        x[w] = exponential(x[w])


@njit
def log_lanes(x):  # type: ignore[no-untyped-def]
    for w in range(x.size):
        x[w] = logarithm(x[w])


@given(arrays(np.float32, LANES, elements=st.floats(-87, 0, width=32)))
def test_exponential(x: np.ndarray) -> None:
    y = x.copy()
    exp_lanes(y)
    np.testing.assert_allclose(y, np.exp(x.astype(np.float64)), rtol=3e-7)


def test_exponential_of_very_small_numbers_is_nearly_zero() -> None:
    y = np.full(LANES, -1e30, np.float32)
    y[1] = -np.inf
    exp_lanes(y)
    assert (y >= 0).all()
    assert (y < 2e-38).all()


@given(arrays(np.float32, LANES, elements=st.floats(np.float32(1e-30), np.float32(1e30), width=32)))
def test_logarithm(x: np.ndarray) -> None:
    y = x.copy()
    log_lanes(y)
    np.testing.assert_allclose(y, np.log(x.astype(np.float64)), rtol=3e-7, atol=1e-7)
