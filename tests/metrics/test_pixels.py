"""PSNR, SSIM and MS-SSIM against their definitions, scikit-image, and each other."""

import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st
from skimage import data

from linksim.common.errors import InputError
from linksim.metrics import ms_ssim, psnr, ssim
from linksim.metrics.peak_noise import PSNR_CAP_DB
from linksim.metrics.structural import scales


def pair(side: int = 192, sigma: float = 20.0, count: int = 3) -> tuple[np.ndarray, np.ndarray]:
    a = np.stack([data.astronaut()[i * 32 : i * 32 + side, 100 : 100 + side] for i in range(count)])
    noise = np.random.default_rng(1).normal(0, sigma, a.shape)
    return a, np.clip(np.round(a + noise), 0, 255).astype(np.uint8)


@settings(max_examples=20)
@given(st.integers(1, 255), st.integers(1, 4))
def test_psnr_is_its_formula(step: int, count: int) -> None:
    a = np.zeros((count, 16, 20, 3), np.uint8)
    b = a.copy()
    b[:, ::2] = step
    np.testing.assert_allclose(psnr(a, b), np.full(count, 10 * np.log10(255**2 / (step**2 / 2))), rtol=1e-12)


def test_equal_images() -> None:
    a, _ = pair()
    assert psnr(a, a).tolist() == [PSNR_CAP_DB] * len(a)
    np.testing.assert_allclose(ssim(a, a), 1, atol=1e-6)
    np.testing.assert_allclose(ms_ssim(a, a), 1, atol=1e-6)


def test_the_cap_is_no_sooner_reached_than_said() -> None:
    for height, width, capped in ((1, 51_262, False), (1, 51_263, True)):
        a = np.zeros((1, height, width, 3), np.uint8)
        b = a.copy()
        b[0, 0, 0, 0] = 1
        expected = 10 * np.log10(255**2 * 3 * height * width)
        assert (expected > PSNR_CAP_DB) == capped
        assert psnr(a, b)[0] == pytest.approx(min(expected, PSNR_CAP_DB))


@pytest.mark.parametrize("metric", [psnr, ssim, ms_ssim])
def test_the_images_beside_it_do_not_change_a_value(metric: object) -> None:
    a, b = pair(count=5)
    together = metric(a, b)  # type: ignore[operator]
    assert together.shape == (5,)
    np.testing.assert_array_equal(together, [metric(x, y)[0] for x, y in zip(a, b, strict=True)])  # type: ignore[operator]
    np.testing.assert_allclose(together, metric(b, a), atol=1e-6)  # type: ignore[operator]


def test_more_noise_is_worse() -> None:
    for metric in (psnr, ssim, ms_ssim):
        values = [metric(*pair(sigma=sigma)).mean() for sigma in (2, 10, 40)]
        assert values[0] > values[1] > values[2]


def test_ms_ssim_of_small_images_has_fewer_scales() -> None:
    assert [scales(n) for n in (11, 20, 21, 40, 41, 80, 81, 160, 161, 4000)] == [1, 1, 2, 2, 3, 3, 4, 4, 5, 5]
    a, b = pair(side=20)
    np.testing.assert_allclose(ms_ssim(a, b), ssim(a, b), atol=1e-6)
    for side in (16, 21, 41, 50, 81, 100, 161):
        a, b = pair(side=side)
        assert ((ms_ssim(a, b) > 0) & (ms_ssim(a, b) < 1)).all()
    with pytest.raises(InputError, match="11 x 11"):
        ssim(a[:, :10], b[:, :10])


def test_ms_ssim_from_161_pixels_on_is_that_of_tensorflow() -> None:
    for side in (161, 162, 175, 176, 177):
        a, b = pair(side=side, count=2)
        expected = [tf.image.ssim_multiscale(x, y, 255).numpy() for x, y in zip(a, b, strict=True)]
        np.testing.assert_allclose(ms_ssim(a, b), expected, atol=1e-5)
    a, b = pair(side=160, count=1)
    with pytest.raises(tf.errors.InvalidArgumentError):  # where its own scales end, ours are fewer
        tf.image.ssim_multiscale(a, b, 255)
    assert 0 < ms_ssim(a, b)[0] < 1


def test_what_cannot_be_compared() -> None:
    a, b = pair()
    for x, y in ((a, b[:2]), (a / 255.0, b), (a[..., :1], b[..., :1])):
        with pytest.raises(InputError, match="cannot be compared"):
            psnr(x, y)
