"""Exponential and logarithm of rows against NumPy in float64."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from llvmlite import ir
from numba import njit

from linksim.common.compiled.elementary import exponential, logarithm
from linksim.common.compiled.lanes import Rows

LANES = 16
ROWS = Rows(ir.FloatType(), LANES, size=4)
load, store = ROWS.load, ROWS.store
_exponential, _logarithm = ROWS.operation(exponential), ROWS.operation(logarithm)


@njit
def exp_row(x):  # type: ignore[no-untyped-def]
    store(x, 0, _exponential(load(x, 0)))


@njit
def log_row(x):  # type: ignore[no-untyped-def]
    store(x, 0, _logarithm(load(x, 0)))


@given(arrays(np.float32, (1, LANES), elements=st.floats(-87, 0, width=32)))
def test_exponential(x: np.ndarray) -> None:
    y = x.copy()
    exp_row(y)
    np.testing.assert_allclose(y, np.exp(x.astype(np.float64)), rtol=3e-7)


def test_exponential_of_very_small_numbers_is_nearly_zero() -> None:
    y = np.full((1, LANES), -1e30, np.float32)
    y[0, 1] = -np.inf
    exp_row(y)
    assert (y >= 0).all()
    assert (y < 2e-38).all()


@given(arrays(np.float32, (1, LANES), elements=st.floats(np.float32(1e-30), np.float32(1e30), width=32)))
def test_logarithm(x: np.ndarray) -> None:
    y = x.copy()
    log_row(y)
    np.testing.assert_allclose(y, np.log(x.astype(np.float64)), rtol=3e-7, atol=1e-7)
