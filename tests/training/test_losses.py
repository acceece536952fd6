"""Losses against their formulas (eqs. 5, 10-17, 22) and by their gradients."""

from itertools import product
from typing import Any

import numpy as np
import pytest
import tensorflow as tf
from keras import ops

from linksim.codebook.labels import through_bsc, transition_matrix
from linksim.training.network import losses

RNG = np.random.default_rng(3)
K, D, N = 8, 4, 50
CODEBOOK = RNG.normal(size=(K, D)).astype(np.float32)
Z = RNG.normal(size=(N, D)).astype(np.float32)


def _nearest(z: np.ndarray) -> np.ndarray:
    return np.argmin(((z[:, None] - CODEBOOK) ** 2).sum(-1), -1)


def test_squared_distances_per_dimension() -> None:
    expected = ((Z[:, None] - CODEBOOK) ** 2).mean(-1)
    np.testing.assert_allclose(losses.squared_distances(Z, CODEBOOK), expected, rtol=1e-4, atol=1e-5)


def test_vq_loss_splits_its_gradient_between_codeword_and_feature() -> None:
    z, e = tf.Variable(Z), tf.Variable(CODEBOOK[_nearest(Z)])
    with tf.GradientTape() as tape:
        loss = losses.vq_loss(z, e, beta=0.25)
    to_z, to_e = tape.gradient(loss, [z, e])
    np.testing.assert_allclose(loss, 1.25 * np.mean((Z - e.numpy()) ** 2), rtol=1e-5)
    np.testing.assert_allclose(to_z, 0.25 * 2 * (Z - e.numpy()) / Z.size, rtol=1e-4, atol=1e-7)
    np.testing.assert_allclose(to_e, -2 * (Z - e.numpy()) / Z.size, rtol=1e-4, atol=1e-7)


def test_entropy_gradient_is_equation_14_and_uniform_usage_is_stationary() -> None:
    p = tf.Variable(RNG.dirichlet(np.ones(K)).astype(np.float32))
    with tf.GradientTape() as tape:
        value = losses.entropy(p)
    np.testing.assert_allclose(value, -np.sum(p.numpy() * np.log(p.numpy())), rtol=1e-5)
    np.testing.assert_allclose(tape.gradient(value, p), -(np.log(p.numpy()) + 1), rtol=1e-4)
    uniform = tf.Variable(np.full(K, 1 / K, np.float32))
    with tf.GradientTape() as tape:
        value = losses.entropy(uniform)
    gradient = tape.gradient(value, uniform).numpy()
    np.testing.assert_allclose(gradient - gradient.mean(), 0, atol=1e-6)  # along the simplex
    np.testing.assert_allclose(value, np.log(K), rtol=1e-6)


def test_index_entropy_counts_forward_and_pulls_towards_unused_codewords_backward() -> None:
    indices = _nearest(Z)
    counts = np.bincount(indices, minlength=K) / N
    z = tf.Variable(Z)
    with tf.GradientTape() as tape:
        distances = losses.squared_distances(z, CODEBOOK)
        value = losses.index_entropy(distances, indices, temperature=0.5)
    used = counts[counts > 0]
    np.testing.assert_allclose(value, -np.sum(used * np.log(used)), rtol=1e-4)
    np.testing.assert_allclose(
        losses.index_entropy(distances, indices, 0.5, running=counts.astype(np.float32)), value, rtol=1e-5
    )
    # A step along the gradient has to make the soft usage more even.
    soft = lambda d: tf.reduce_mean(tf.nn.softmax(-d / 0.5), 0)  # noqa: E731
    moved = losses.squared_distances(z + 20.0 * tape.gradient(value, z), CODEBOOK)
    assert losses.entropy(soft(moved)) > losses.entropy(soft(losses.squared_distances(Z, CODEBOOK)))


@pytest.mark.parametrize("eps", [1e-3, 0.1, 0.3, 0.5])
def test_exact_transition_is_the_bsc(eps: float) -> None:
    p = np.asarray(losses.transition_matrix(K, eps, "exact"))
    for i in range(K):
        for j in range(K):
            d = bin(i ^ j).count("1")
            assert p[i, j] == pytest.approx(eps**d * (1 - eps) ** (3 - d), rel=1e-4)


@pytest.mark.parametrize("size", [2, 3, 6, 8, 100])
def test_training_and_receiver_have_one_transition_matrix(size: int) -> None:
    """At K = 100 and 0.05, rows renormalized over the valid labels would be up to 0.10 off."""
    p = np.asarray(losses.transition_matrix(size, 0.05, "exact"))
    np.testing.assert_allclose(p, transition_matrix(size, 0.05), atol=1e-6)
    np.testing.assert_allclose(p, through_bsc(np.eye(size), 0.05), atol=1e-6)
    rates = np.linspace(0.02, 0.3, (size - 1).bit_length())
    p = np.asarray(transition_matrix(size, rates.astype(np.float32), ops))
    np.testing.assert_allclose(p, through_bsc(np.eye(size), rates), atol=1e-6)


def test_exact_transition_has_a_gradient_in_the_bit_error_rate() -> None:
    eps = tf.Variable(0.1)
    with tf.GradientTape() as tape:
        value = losses.transition_matrix(6, eps, "exact")[1, 4]
    slope = (transition_matrix(6, 0.101)[1, 4] - transition_matrix(6, 0.099)[1, 4]) / 0.002
    assert float(tape.gradient(value, eps)) == pytest.approx(slope, rel=1e-4)


def test_random_transition_is_equation_17() -> None:
    p = np.asarray(losses.transition_matrix(K, 0.1, "random"))
    p_error = 1 - 0.9**3  # eq. 16
    np.testing.assert_allclose(np.diag(p), 1 - p_error, rtol=1e-5)
    np.testing.assert_allclose(p[~np.eye(K, dtype=bool)], p_error / (K - 1), rtol=1e-5)


def _single(z: Any, indices: np.ndarray, codebook: Any, transition: Any) -> Any:
    """Eq. 22 of one stage with one head."""
    return losses.channel_aware_distortion(
        z, indices[:, None, None], codebook[None, None], transition, np.ones((len(indices), 1), np.float32)
    )


def test_channel_aware_distortion_is_equation_22() -> None:
    indices = _nearest(Z)
    p = np.asarray(losses.transition_matrix(K, 0.1, "exact"))
    expected = np.mean([(p[s] * ((z - CODEBOOK) ** 2).mean(-1)).sum() for z, s in zip(Z, indices, strict=True)])
    np.testing.assert_allclose(_single(Z, indices, CODEBOOK, p), expected, rtol=1e-4)


def test_gradient_of_equation_22_pulls_a_feature_to_the_mean_of_what_arrives() -> None:
    indices = _nearest(Z)
    p = np.asarray(losses.transition_matrix(K, 0.1, "exact"))
    z, e = tf.Variable(Z), tf.Variable(CODEBOOK)
    with tf.GradientTape() as tape:
        value = _single(z, indices, e, p)
    to_z, to_e = (tf.convert_to_tensor(g).numpy() for g in tape.gradient(value, [z, e]))
    np.testing.assert_allclose(to_z, 2 * (Z - p[indices] @ CODEBOOK) / Z.size, rtol=1e-3, atol=1e-6)
    expected = sum(2 * p[s][:, None] * (CODEBOOK - x) for x, s in zip(Z, indices, strict=True)) / Z.size
    np.testing.assert_allclose(to_e, expected, rtol=1e-3, atol=1e-6)


def test_channel_aware_distortion_without_errors_is_the_quantization_error() -> None:
    indices = _nearest(Z)
    p = losses.transition_matrix(K, 0.0, "exact")
    plain = np.mean((Z - CODEBOOK[indices]) ** 2)
    np.testing.assert_allclose(_single(Z, indices, CODEBOOK, p), plain, rtol=1e-4)


def test_channel_aware_distortion_of_stages_and_heads_is_the_sum_over_all_that_may_arrive() -> None:
    """Two stages of two heads of three codewords against the definition: every combination of received indices."""
    rng = np.random.default_rng(8)
    codewords = rng.normal(size=(2, 2, 3, 2)).astype(np.float32)
    z = rng.normal(size=(5, 4)).astype(np.float32)
    indices = rng.integers(0, 3, (5, 2, 2))
    used = np.array([[1, 1], [1, 0], [1, 1], [1, 0], [1, 1]], np.float32)
    p = np.asarray(losses.transition_matrix(3, 0.15, "exact"))
    expected = []
    for vector, sent, stages in zip(z, indices, used, strict=True):
        total = 0.0
        for arriving in product(range(3), repeat=4):
            received = np.array(arriving).reshape(2, 2)
            probability = np.prod(p[sent, received])
            words = [stages[s] * np.concatenate([codewords[s, h, received[s, h]] for h in range(2)]) for s in range(2)]
            total += probability * ((vector - sum(words)) ** 2).mean()
        expected.append(total)
    value = losses.channel_aware_distortion(z, indices, codewords, p, used)
    np.testing.assert_allclose(value, np.mean(expected), rtol=1e-4)
