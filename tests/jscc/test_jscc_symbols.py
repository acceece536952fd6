"""Real numbers to symbols and back, power, constellations, reliabilities."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from linksim.common.tensorflow import import_tensorflow
from linksim.link.air.modulation import gray_pam

import_tensorflow()

from linksim.jscc.symbols import amplitudes, quantized, reals_of, reliability, symbols_of, unit_power  # noqa: E402

SHAPES = st.tuples(st.integers(1, 3), st.integers(1, 5), st.integers(1, 5), st.integers(1, 8))


@settings(max_examples=60, deadline=None)
@given(SHAPES, st.integers(0, 99))
def test_symbols_have_unit_power_and_come_back_as_they_were(shape: tuple[int, int, int, int], seed: int) -> None:
    reals = np.random.default_rng(seed).normal(0, 3, shape)
    symbols = symbols_of(reals)
    assert symbols.shape == (shape[0], -(-np.prod(shape[1:]) // 2))
    np.testing.assert_allclose(np.mean(np.abs(symbols) ** 2, 1), 1, rtol=1e-9)
    back = reals_of(symbols, shape[1:])
    assert back.shape == shape
    scale = np.linalg.norm(reals.reshape(shape[0], -1), axis=1) / np.linalg.norm(back.reshape(shape[0], -1), axis=1)
    np.testing.assert_allclose(back * scale[:, None, None, None], reals, rtol=1e-4, atol=1e-5)


@settings(max_examples=30, deadline=None)
@given(SHAPES)
def test_a_value_of_a_symbol_is_that_of_both_its_parts(shape: tuple[int, int, int, int]) -> None:
    count = -(-int(np.prod(shape[1:])) // 2)
    places = np.arange(count, dtype=np.float64)
    both = reals_of(np.tile(places + 1j * places, (shape[0], 1)), shape[1:])
    np.testing.assert_array_equal(reals_of(np.tile(places, (shape[0], 1)), shape[1:]), both)


def test_the_two_ways_to_unit_power_agree() -> None:
    reals = np.random.default_rng(1).normal(2, 5, (3, 4, 6, 8)).astype(np.float32)
    np.testing.assert_allclose(np.asarray(unit_power(reals)), reals_of(symbols_of(reals), (4, 6, 8)), rtol=1e-5)


def test_reliability_is_the_factor_of_least_error() -> None:
    """`E|a (x + e) - x|^2` for unit power and noise v is least, `v / (1 + v)`, at `a = 1 / (1 + v)`."""
    v = np.array([0.0, 0.1, 1.0, 30.0, 1e3])
    a = reliability(v)
    np.testing.assert_allclose((1 - a) ** 2 + np.where(a > 0, a**2 * v, 0), v / (1 + v), rtol=1e-12, atol=1e-12)
    for other in (0.99, 1.01):
        assert np.all((1 - other * a) ** 2 + (other * a) ** 2 * v > v / (1 + v))


@pytest.mark.parametrize("bits", [2, 4, 6, 8])
def test_amplitudes_are_those_of_the_link(bits: int) -> None:
    np.testing.assert_allclose(amplitudes(bits), np.sort(gray_pam(bits)), rtol=1e-6)
    assert np.mean(amplitudes(bits) ** 2) == pytest.approx(0.5)


@pytest.mark.parametrize("bits", [2, 4, 6, 8])
def test_quantized_numbers_are_the_nearest_points_at_unit_power(bits: int) -> None:
    reals = np.random.default_rng(bits).normal(0, 4, (2, 6, 5, 4)).astype(np.float32)
    got, levels = np.asarray(quantized(reals, bits, 3.0)), amplitudes(bits)
    unit = np.asarray(unit_power(reals))
    nearest = levels[np.abs(unit[..., None] - levels).argmin(-1)]
    np.testing.assert_allclose(got, np.asarray(unit_power(nearest)), rtol=1e-4)
    for picture in got:
        assert len(np.unique(picture.round(4))) <= len(levels)
        assert np.mean(picture**2) == pytest.approx(0.5, rel=1e-4)


def test_the_gradient_of_quantized_numbers_is_that_of_the_softened_points() -> None:
    import tensorflow as tf
    from keras import ops

    reals = tf.constant(np.random.default_rng(0).normal(0, 1, (1, 4, 4, 2)).astype(np.float32))
    weights = np.random.default_rng(1).normal(0, 1, reals.shape).astype(np.float32)
    levels = tf.constant(amplitudes(4))

    def soft(x: tf.Tensor) -> tf.Tensor:
        distances = tf.square(unit_power(x)[..., None] - levels)
        return tf.reduce_sum(tf.nn.softmax(-6.0 * distances) * levels, -1)

    with tf.GradientTape() as tape:
        tape.watch(reals)
        value = ops.sum(quantized(reals, 4, 6.0) * weights)
    got = tape.gradient(value, reals)
    with tf.GradientTape() as tape:
        tape.watch(reals)
        softened = soft(reals)
        # The power of the points themselves, through which the softened gradient passes on.
        hard = quantized(reals, 4, 6.0)
        points = tf.stop_gradient(
            levels.numpy()[np.abs(unit_power(reals).numpy()[..., None] - levels).argmin(-1)] - softened
        )
        value = tf.reduce_sum(unit_power(softened + points) * weights)
    np.testing.assert_allclose(got, tape.gradient(value, reals), rtol=1e-4, atol=1e-6)
    assert np.abs(got).max() > 1e-3
    assert np.asarray(hard).shape == reals.shape
