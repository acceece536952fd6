"""Equations 8-11 and 15-21 against closed forms, brute force and simulation."""

import numpy as np
import pytest

from linksim.codebook import labels, theory


def codebook(size=8, dim=3, seed=0):
    rng = np.random.default_rng(seed)
    usage = rng.random(size)
    return rng.normal(size=(size, dim)), usage / usage.sum()


def test_uniform_usage_has_the_highest_entropy():
    assert theory.entropy_bits(np.full(8, 1 / 8)) == pytest.approx(3)
    assert theory.perplexity(np.full(8, 1 / 8)) == pytest.approx(8)
    assert theory.entropy_bits(codebook()[1]) < 3
    assert theory.entropy_bits(np.array([1.0, 0])) == 0
    np.testing.assert_array_equal(theory.index_frequencies(np.array([[0, 2], [2, 2]]), 4), [0.25, 0, 0.75, 0])


def test_flip_probabilities_agree_with_the_index_error():
    p = theory.flip_probability(9, 0.07)
    assert p.sum() == pytest.approx(1)
    assert 1 - p[0] == pytest.approx(theory.index_error_probability(9, 0.07))


@pytest.mark.parametrize("size", [6, 8])
def test_channel_distortion_by_brute_force(size):
    e, usage = codebook(size)
    d = ((e[:, None] - e[None]) ** 2).sum(-1)
    exact = (usage[:, None] * labels.transition_matrix(size, 0.1) * d).sum()
    assert theory.channel_distortion(e, usage, 0.1) == pytest.approx(exact)
    error = 1 - 0.9**3
    random = (usage[:, None] * error / (size - 1) * d).sum()
    assert theory.channel_distortion(e, usage, 0.1, "random") == pytest.approx(random)
    assert theory.channel_distortion(e, usage, 0.0) == pytest.approx(0, abs=1e-12)


@pytest.mark.parametrize("labelling", ["exact", "random"])
def test_total_holds_off_the_centroids(labelling):
    e, _ = codebook()
    rng = np.random.default_rng(5)
    z = rng.normal(0.4, 1.5, size=(500, 3))
    s = ((z[:, None] - e) ** 2).sum(-1).argmin(-1)
    p = labels.transition_matrix(8, 0.1)
    if labelling == "random":
        error = 1 - 0.9**3
        p = np.full((8, 8), error / 7)
        np.fill_diagonal(p, 1 - error)
    exact = (p[s] * ((z[:, None] - e) ** 2).sum(-1)).sum(-1).mean()
    predicted = theory.distortion(z, s, e, 0.1, labelling)
    assert predicted.total == pytest.approx(exact)
    assert abs(predicted.cross) > 0.01


def test_total_agrees_with_a_simulated_channel():
    e, _ = codebook(100, 4)
    rng = np.random.default_rng(6)
    z = rng.normal(size=(50_000, 4))
    s = ((z**2).sum(-1)[:, None] - 2 * z @ e.T + (e**2).sum(-1)).argmin(-1)
    bits = labels.indices_to_bits(s, 100)
    received = labels.bits_to_labels(bits ^ (rng.random(len(bits)) < 0.1), 100)
    measured = ((z - e[labels.valid_label(received, 100)]) ** 2).sum(-1).mean()
    assert theory.distortion(z, s, e, 0.1).total == pytest.approx(measured, rel=0.02)


def test_optimal_size_shrinks_as_bits_cost_more():
    sizes, dq, dc = np.array([16, 64, 256]), np.array([3.0, 2.0, 1.5]), np.array([0.1, 0.2, 0.3])
    assert theory.optimal_size(sizes, dq, dc, 10, 0.0)[0] == 256
    assert theory.optimal_size(sizes, dq, dc, 10, 1.0)[0] == 16
    np.testing.assert_allclose(theory.optimal_size(sizes, dq, dc, 10, 0.01)[1], [3.5, 2.8, 2.6])
