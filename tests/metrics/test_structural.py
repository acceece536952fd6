"""The compiled SSIM and MS-SSIM against scikit-image, TensorFlow, and their definition in float64."""

import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.ndimage import correlate1d
from skimage import data
from skimage.metrics import structural_similarity

from linksim.metrics import ms_ssim, ssim
from linksim.metrics.structural_pass import SIGMA, TAPS, window

PHOTOGRAPHS = ("astronaut", "coffee", "chelsea", "rocket")
WEIGHTS = [0.0448, 0.2856, 0.3001, 0.2363, 0.1333]


def damaged(x: np.ndarray, kind: str) -> np.ndarray:
    rng = np.random.default_rng(7)
    if kind == "noise":
        return np.clip(np.rint(x + rng.normal(0, 12, x.shape)), 0, 255).astype(np.uint8)
    if kind == "blocks":
        return np.repeat(np.repeat(x[::8, ::8], 8, 0), 8, 1)[: x.shape[0], : x.shape[1]]
    if kind == "negative":
        return 255 - x
    return np.broadcast_to(x.mean((0, 1)).astype(np.uint8), x.shape)  # the picture that a lost file leaves


def moments(x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The two factors of SSIM at each position, float64, by the formulas of Wang et al. 2004."""
    taps = np.exp(-0.5 * (np.arange(-5, 6) / 1.5) ** 2)
    taps /= taps.sum()

    def mean(z: np.ndarray) -> np.ndarray:
        return correlate1d(correlate1d(z, taps, 0), taps, 1)[5:-5, 5:-5]

    mx, my = mean(x), mean(y)
    luminance = (2 * mx * my + 0.01**2) / (mx**2 + my**2 + 0.01**2)
    covariance = mean(x * y) - mx * my
    variances = mean(x * x) - mx**2 + mean(y * y) - my**2
    return luminance, (2 * covariance + 0.03**2) / (variances + 0.03**2)


def halved(z: np.ndarray) -> np.ndarray:
    z = np.pad(z, [(0, side % 2) for side in z.shape], mode="symmetric")
    return (z[::2, ::2] + z[1::2, ::2] + z[::2, 1::2] + z[1::2, 1::2]) / 4


def ms_ssim_by_definition(a: np.ndarray, b: np.ndarray) -> float:
    values = []
    for channel in range(3):
        x, y, value = a[..., channel] / 255, b[..., channel] / 255, 1.0
        for scale, weight in enumerate(WEIGHTS):
            luminance, contrast = moments(x, y)
            factor = (luminance * contrast if scale == len(WEIGHTS) - 1 else contrast).mean()
            value *= max(factor, 0.0) ** weight
            x, y = halved(x), halved(y)
        values.append(value)
    return float(np.mean(values))


@pytest.mark.parametrize("photograph", PHOTOGRAPHS)
@pytest.mark.parametrize("kind", ["noise", "blocks", "negative", "flat"])
def test_photographs(photograph: str, kind: str) -> None:
    a = getattr(data, photograph)()[:251, 40:301]
    b = damaged(a, kind)
    options = {"channel_axis": -1, "gaussian_weights": True, "sigma": 1.5, "use_sample_covariance": False}
    assert ssim(a, b)[0] == pytest.approx(structural_similarity(a, b, data_range=255, **options), abs=1e-6)
    assert ms_ssim(a, b)[0] == pytest.approx(ms_ssim_by_definition(a, b), abs=1e-6)


@pytest.mark.parametrize("photograph", PHOTOGRAPHS)
@pytest.mark.parametrize("kind", ["noise", "blocks"])
def test_ms_ssim_is_that_of_tensorflow(photograph: str, kind: str) -> None:
    a = getattr(data, photograph)()[:256, 40:296]
    b = damaged(a, kind)
    assert ms_ssim(a, b)[0] == pytest.approx(tf.image.ssim_multiscale(a, b, 255).numpy(), abs=1e-5)


def test_where_tensorflow_rounds() -> None:
    """TensorFlow's window does not sum to 1 in float32, which bright and even places show most; there the exact value
    is this one.
    """
    a = np.full((64, 64, 3), 255, np.uint8)
    b = a - np.random.default_rng(1).integers(0, 5, a.shape, np.uint8)
    exact = np.mean([np.prod(moments(a[..., c] / 255, b[..., c] / 255), axis=0).mean() for c in range(3)])
    assert ssim(a, b)[0] == pytest.approx(exact, abs=2e-6)
    assert abs(tf.image.ssim(a, b, 255).numpy() - exact) > 1e-5


@settings(max_examples=30, deadline=None)
@given(st.integers(11, 60), st.integers(11, 60), st.integers(0, 2**32 - 1), st.sampled_from([0, 1, 9, 255]))
def test_any_size(height: int, width: int, seed: int, most: int) -> None:
    rng = np.random.default_rng(seed)
    a = rng.integers(0, 256, (height, width, 3), np.uint8)
    b = np.clip(a.astype(int) + rng.integers(-most, most + 1, a.shape), 0, 255).astype(np.uint8)
    value = ssim(a, b)[0]
    exact = np.mean([np.prod(moments(a[..., c] / 255, b[..., c] / 255), axis=0).mean() for c in range(3)])
    assert value == pytest.approx(exact, abs=2e-6)
    assert value <= 1
    assert ssim(b, a)[0] == pytest.approx(value, abs=1e-7)
    if most == 0:
        assert value == 1
        assert ms_ssim(a, b)[0] == 1


def test_window() -> None:
    taps = window()
    assert len(taps) == TAPS
    assert taps.sum() == pytest.approx(1, abs=1e-6)
    np.testing.assert_allclose(taps[:-1] / taps[1:], np.exp((np.arange(TAPS - 1) - 4.5) / SIGMA**2), rtol=1e-5)
    np.testing.assert_array_equal(taps, taps[::-1])


def test_views_of_other_layouts() -> None:
    a = data.astronaut()[:64, :64]
    b = damaged(a, "noise")
    assert ssim(a[:, ::-1], b[:, ::-1])[0] == pytest.approx(ssim(a, b)[0], abs=1e-6)
    assert ms_ssim(np.asfortranarray(a), b)[0] == ms_ssim(a, b)[0]
