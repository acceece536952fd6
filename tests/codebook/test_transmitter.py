"""Channel-optimized encoding against the sum over all received indices."""

import numpy as np
import pytest

from linksim.codebook import labels
from linksim.codebook.transmitter import ChannelOptimized, Nearest


@pytest.mark.parametrize("size", [6, 8])
def test_least_expected_distortion(size):
    rng = np.random.default_rng(size)
    e, z = rng.normal(size=(size, 3)).astype(np.float32), rng.normal(size=(300, 3)).astype(np.float32)
    distances = ((z[:, None] - e) ** 2).sum(-1)  # [n, K]
    expected = distances @ labels.transition_matrix(size, 0.15).T
    chosen = ChannelOptimized(e, 0.15).indices(z, chunk=70)
    np.testing.assert_array_equal(chosen, expected.argmin(-1))
    nearest = Nearest(e).indices(z)
    np.testing.assert_array_equal(nearest, distances.argmin(-1))
    rows = np.arange(len(z))
    assert expected[rows, chosen].mean() < expected[rows, nearest].mean()
    np.testing.assert_array_equal(ChannelOptimized(e, 0.0).indices(z), nearest)
