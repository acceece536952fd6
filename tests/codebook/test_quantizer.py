"""Quantizers of several stages and heads, against brute force over all received words."""

import itertools
from functools import partial

import numpy as np
import pytest
from test_payload import stages

from linksim.codebook import labels, receiver, stage_theory, theory
from linksim.codebook.assignment.search import order_stages
from linksim.codebook.payload import Layout
from linksim.codebook.quantizer import ResidualQuantizer
from linksim.codebook.stages import Stages

SHAPES = [(1, 1, 6), (2, 1, 6), (3, 1, 4), (1, 3, 5), (2, 2, 3), (2, 3, 2), (8, 1, 2)]


def all_vectors(s: Stages) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Every combination of indices `[N, S, H]`, its vector `[N, D]` and its probability `[N]`, indices independent."""
    each = itertools.product(range(s.size), repeat=s.count * s.heads)
    indices = np.array(list(each)).reshape(-1, s.count, s.heads)
    rows, columns = np.ogrid[: s.count, : s.heads]
    return indices, s.estimate(indices).astype(float), s.usage[rows, columns, indices].astype(float).prod((1, 2))


def posterior(s: Stages, llr: np.ndarray) -> np.ndarray:
    """Of every combination, given the LLRs of a vector `[S H m]` in the payload's order."""
    indices, _, prior = all_vectors(s)
    bits = labels.label_bits(s.size)[indices].reshape(len(indices), -1)
    joint = prior * np.exp(bits @ llr.astype(float))
    return joint / joint.sum()


def receive(s: Stages, llr: np.ndarray, make) -> receiver.Estimate:
    quantizer = ResidualQuantizer(s, make)
    known = np.zeros(llr.size, bool)
    return quantizer.decode((llr > 0).astype(np.uint8), llr, known, Layout.whole((1, 1), quantizer.stage_bits))


@pytest.mark.parametrize("shape", SHAPES)
def test_soft_estimates_are_those_of_the_joint_posterior(shape):
    s = stages(*shape, 6)
    _, vectors, _ = all_vectors(s)
    rng = np.random.default_rng(7)
    for _ in range(5):
        llr = rng.normal(0, 2, s.bits).astype(np.float32)
        p = posterior(s, llr)
        mmse, most_probable = receive(s, llr, receiver.Soft), receive(s, llr, partial(receiver.Soft, estimate="map"))
        np.testing.assert_allclose(mmse.features[0], p @ vectors, atol=1e-5)
        np.testing.assert_allclose(most_probable.features[0], vectors[p.argmax()], atol=1e-5)
        for got in (mmse, most_probable):
            spread = p @ ((vectors - got.features[0]) ** 2).mean(-1)
            np.testing.assert_allclose(got.variance[0], spread, atol=1e-5)


@pytest.mark.parametrize("shape", SHAPES)
def test_hard_variance_is_that_of_the_joint_posterior_over_a_bsc(shape):
    """All bits at one claimed rate, so that every received word can be enumerated."""
    s, rate = stages(*shape, 6), 0.1
    indices, vectors, prior = all_vectors(s)
    p = labels.transition_matrix(s.size, rate)
    size = np.log((1 - rate) / rate)
    quantizer = ResidualQuantizer(s)
    for decided in np.random.default_rng(3).permutation(len(indices))[:20]:
        joint = prior * p[indices, indices[decided]].prod((1, 2))
        joint /= joint.sum()
        layout = Layout.whole((1, 1), quantizer.stage_bits)
        bits = quantizer.to_bits(indices[decided][None], layout)
        llr = np.where(bits > 0, size, -size).astype(np.float32)
        got = quantizer.decode(bits, llr, np.zeros(bits.size, bool), layout)
        np.testing.assert_allclose(got.features[0], vectors[decided], atol=1e-5)
        spread = joint @ ((vectors - vectors[decided]) ** 2).mean(-1)
        np.testing.assert_allclose(got.variance[0], spread, atol=1e-5)


@pytest.mark.parametrize("make", [receiver.Hard, receiver.Soft])
def test_a_part_of_the_last_stage_is_received_as_that_part(make):
    s = stages(2, 1, 5, 4)
    quantizer = ResidualQuantizer(s, make)
    rng = np.random.default_rng(4)
    layout = Layout((3, 4), (3, 3), 5)
    llr = rng.normal(0, 2, layout.source_bits).astype(np.float32)
    bits, known = (llr > 0).astype(np.uint8), rng.random(llr.size) < 0.3
    got = quantizer.decode(bits, llr, known, layout)
    first = ResidualQuantizer(s.first(1), make).decode(bits[:36], llr[:36], known[:36], Layout.whole((3, 4), (3,)))
    without = np.setdiff1d(np.arange(12), layout.order(1))
    for a, b in zip(got[:2], first[:2], strict=True):
        np.testing.assert_array_equal(a[without], b[without])
        assert (a[layout.order(1)] != b[layout.order(1)]).any()


@pytest.mark.parametrize("shape", [(1, 1, 6), (3, 1, 8), (2, 3, 5)])
def test_encoding_is_greedy_by_stage_and_stages_nest(shape):
    s = stages(*shape, 6)
    quantizer = ResidualQuantizer(s)
    z = np.random.default_rng(1).normal(size=(50, 6)).astype(np.float32)
    indices = quantizer.encode(z, s.count)
    for count in range(1, s.count + 1):
        np.testing.assert_array_equal(quantizer.encode(z, count), indices[:, :count])
    left = z.astype(float).reshape(50, s.heads, -1)
    for stage in range(s.count):
        for head in range(s.heads):
            distances = ((left[:, head, None] - s.codewords[stage, head]) ** 2).sum(-1)
            np.testing.assert_array_equal(indices[:, stage, head], distances.argmin(-1))
            left[:, head] -= s.codewords[stage, head, indices[:, stage, head]]


def expected_distortion(s: Stages, z: np.ndarray, indices: np.ndarray, rate: float) -> float:
    """`E ||z - e_j||^2` of vectors over a BSC, enumerating every received word."""
    every, vectors, _ = all_vectors(s)
    p = labels.transition_matrix(s.size, rate)
    total = 0.0
    for feature, sent in zip(z, indices, strict=True):
        total += p[sent, every].prod((1, 2)) @ ((feature - vectors) ** 2).sum(-1)
    return total / len(z)


@pytest.mark.parametrize("shape", [(1, 1, 8), (2, 1, 8), (3, 1, 4), (2, 2, 4)])
def test_channel_optimized_encoding_has_less_distortion_over_the_channel(shape):
    s = stages(*shape, 4)
    quantizer = ResidualQuantizer(s)
    z = np.random.default_rng(1).normal(size=(60, 4)).astype(np.float32)
    found = [expected_distortion(s, z, quantizer.encode(z, s.count, rate), 0.15) for rate in (None, 0.15)]
    assert found[1] < 0.98 * found[0]
    np.testing.assert_array_equal(quantizer.encode(z, s.count, 0.0), quantizer.encode(z, s.count))


@pytest.mark.parametrize("shape", SHAPES)
def test_importance_is_the_mean_squared_distance_of_a_flip(shape):
    s = stages(*shape, 6)
    indices, vectors, prior = all_vectors(s)
    bits = labels.label_bits(s.size)[indices].reshape(len(indices), -1)
    expected = []
    for bit in range(s.bits):
        flipped = bits.copy()
        flipped[:, bit] ^= 1
        received = labels.bits_to_labels(flipped.reshape(-1), s.size).reshape(indices.shape)
        moved = s.estimate(labels.valid_label(received, s.size))
        expected.append(prior @ ((vectors - moved) ** 2).sum(-1))
    np.testing.assert_allclose(ResidualQuantizer(s).importance(), expected, rtol=1e-4)


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("rate", [0.02, 0.2])
def test_predicted_distortion_is_that_of_all_received_words(shape, rate):
    s = stages(*shape, 6)
    z = np.random.default_rng(5).normal(size=(30, 6)).astype(np.float32)
    indices = ResidualQuantizer(s).encode(z, s.count)
    found = stage_theory.stage_distortion(z, indices, s, rate)
    assert found.total == pytest.approx(expected_distortion(s, z, indices, rate), rel=1e-5)
    assert found.quantization == pytest.approx(((z - s.estimate(indices)) ** 2).sum(-1).mean(), rel=1e-5)
    every, vectors, _ = all_vectors(s)
    p = labels.transition_matrix(s.size, rate)
    sent = s.estimate(indices).astype(float)
    channel = [p[i, every].prod((1, 2)) @ ((x - vectors) ** 2).sum(-1) for i, x in zip(indices, sent, strict=True)]
    assert found.channel == pytest.approx(np.mean(channel), rel=1e-5)
    assert (found.between != 0) == (s.count > 1)
    assert len(found.quantization_after) == len(found.channel_of) == s.count


@pytest.mark.parametrize("shape", SHAPES)
def test_channel_distortion_of_independent_indices_is_that_of_all_pairs(shape):
    s = stages(*shape, 6)
    every, vectors, prior = all_vectors(s)
    p = labels.transition_matrix(s.size, 0.1)
    expected = sum(
        q * p[i, every].prod((1, 2)) @ ((x - vectors) ** 2).sum(-1)
        for i, x, q in zip(every, vectors, prior, strict=True)
    )
    assert stage_theory.stage_channel_distortion(s, 0.1) == pytest.approx(expected, rel=1e-5)


def test_one_stage_has_the_distortion_of_its_codebook():
    s = stages(1, 1, 12, 6)
    z = np.random.default_rng(5).normal(size=(30, 6)).astype(np.float32)
    indices = ResidualQuantizer(s).encode(z, 1)
    for labelling in ("exact", "random"):
        one = theory.distortion(z, indices[:, 0, 0], s.codewords[0, 0], 0.1, labelling)
        found = stage_theory.stage_distortion(z, indices, s, 0.1, labelling)
        assert (found.quantization, found.channel, found.cross) == (one.quantization, one.channel, one.cross)


@pytest.mark.parametrize("method", ["binary-switching", "annealing"])
def test_labels_are_matched_in_every_stage_and_head(method):
    s = stages(2, 3, 16, 6)
    orders = order_stages(s, 0.1, method)
    better = s.reordered(orders)
    for i in range(2):
        for h in range(3):
            np.testing.assert_array_equal(better.codewords[i, h], s.codewords[i, h][orders[i, h]])
            np.testing.assert_array_equal(better.usage[i, h], s.usage[i, h][orders[i, h]])
            d = [theory.channel_distortion(x.codewords[i, h], x.usage[i, h], 0.1) for x in (s, better)]
            assert d[1] < 0.9 * d[0]
