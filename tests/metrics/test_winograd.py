"""Winograd's convolution against the direct one."""

import numpy as np
import pytest
from keras import ops

from linksim.metrics import networks, winograd


@pytest.mark.parametrize("size", [(1, 1), (3, 5), (4, 4), (15, 15), (16, 31)])
def test_it_is_the_direct_convolution(size):
    rng = np.random.default_rng(sum(size))
    x = rng.normal(size=(2, *size, 7)).astype(np.float32)
    kernel = rng.normal(size=(3, 3, 7, 5)).astype(np.float32)
    padded = np.pad(x.astype(np.float64), ((0, 0), (1, 1), (1, 1), (0, 0)))
    windows = np.lib.stride_tricks.sliding_window_view(padded, (3, 3), axis=(1, 2))
    direct = np.einsum("bhwcij,ijco->bhwo", windows, kernel.astype(np.float64))
    got = ops.convert_to_numpy(winograd.conv(x, winograd.transformed(kernel)))
    np.testing.assert_allclose(got, direct, atol=5e-5 * np.abs(direct).max())


def test_wide_kernels_of_three_by_three_alone_are_transformed():
    shapes = {"a": (3, 3, 128, 4), "b": (3, 3, 64, 4), "c": (5, 5, 192, 4), "d": (1, 1, 512, 4)}
    made = networks.at_points({f"{name}.weight": np.zeros(shape, np.float32) for name, shape in shapes.items()})
    assert {name: array.shape for name, array in made.items()} == {"a.points": (36, 128, 4)}
