"""Hard and soft receivers and the calibration of LLRs, against brute force at K = 6 and 8."""

import numpy as np
import pytest

from linksim.codebook import labels, receiver
from linksim.codebook.calibration import fit_llr_scale, reliability_curve
from linksim.common.errors import InputError


@pytest.fixture(params=[6, 8])
def setting(request):
    rng = np.random.default_rng(request.param)
    usage = rng.random(request.param) + 0.1
    return rng.normal(size=(request.param, 4)).astype(np.float32), usage / usage.sum(), rng


def test_soft_is_bayes_rule(setting):
    e, usage, rng = setting
    llr = rng.normal(0, 2, size=(20, 3)).astype(np.float32)
    p_one = 1 / (1 + np.exp(-0.7 * llr.astype(np.float64)))
    joint = np.array([[usage[k] * np.prod([p if (k >> (2 - i)) & 1 else 1 - p for i, p in enumerate(row)])
                       for k in range(len(e))] for row in p_one])  # fmt: skip
    posterior = joint / joint.sum(-1, keepdims=True)
    soft = receiver.Soft(e, usage, llr_scale=0.7)
    np.testing.assert_allclose(soft.posterior(llr.reshape(-1)), posterior, atol=1e-6)
    mean, variance, _ = soft.estimate(np.zeros(0), llr.reshape(-1))
    np.testing.assert_allclose(mean, posterior @ e, atol=1e-5)
    spread = (posterior * ((mean[:, None] - e) ** 2).sum(-1)).sum(-1) / 4
    np.testing.assert_allclose(variance, spread, atol=1e-5)
    most_probable, *_ = receiver.Soft(e, usage, "map", 0.7).estimate(np.zeros(0), llr.reshape(-1))
    np.testing.assert_array_equal(most_probable, e[posterior.argmax(-1)])


def test_a_known_bit_leaves_the_codewords_that_have_it(setting):
    """Whatever the LLRs: those of known bits say the contrary here, and the others are near the limit."""
    e, usage, rng = setting
    sent = rng.integers(0, len(e), 400)
    bits = labels.indices_to_bits(sent, len(e))
    known = rng.random(bits.size) < 0.5
    llr = np.where(known, 50 * (1.0 - 2 * bits), rng.choice([-1e4, -3.0, 3.0, np.inf], bits.size)).astype(np.float32)
    decided = np.where(known, bits, llr > 0)
    posterior = receiver.Soft(e, usage, llr_scale=0.5).posterior(llr, decided, known)
    table = labels.label_bits(len(e))[None]
    agrees = ((table == bits.reshape(-1, 1, 3)) | ~known.reshape(-1, 1, 3)).all(-1)
    assert posterior[~agrees].max() < 1e-11
    one = np.where(known.reshape(-1, 3), 0, 0.5 * np.clip(llr, -2e4, 2e4).reshape(-1, 3))
    logits = np.where(agrees, (table * one[:, None]).sum(-1) + np.log(usage), -np.inf)
    expected = np.exp(logits - logits.max(-1, keepdims=True))
    np.testing.assert_allclose(posterior, expected / expected.sum(-1, keepdims=True), atol=1e-8)


@pytest.mark.parametrize("estimate", ["mmse", "map"])
@pytest.mark.parametrize("share", [0.0, 0.4, 1.0])
def test_an_index_that_is_known_as_a_whole_is_its_codeword(setting, estimate, share):
    """Whatever its LLRs; the others are those that they would be alone."""
    e, usage, rng = setting
    sent, whole = rng.integers(0, len(e), 300), rng.random(300) < share
    known = whole[:, None] | (np.arange(3) == 1)
    bits = labels.indices_to_bits(sent, len(e)).reshape(-1, 3)
    llr = rng.normal(0, 3, bits.shape).astype(np.float32)
    soft = receiver.Soft(e, usage, estimate)
    together = soft.estimate(bits.reshape(-1), llr.reshape(-1), known.reshape(-1))
    np.testing.assert_array_equal(together.features[whole], e[sent[whole]])
    assert not together.variance[whole].any()
    left = [array[~whole].reshape(-1) for array in (bits, llr, known)]
    for both, alone in zip(together, soft.estimate(*left), strict=True):
        if alone is not None:
            np.testing.assert_array_equal(both[~whole], alone)


def test_an_llr_that_is_no_number_is_named_where_its_index_is_known_too(setting):
    e, usage, _ = setting
    llr = np.array([1.0, np.nan, 1.0, 2.0, 2.0, 2.0], np.float32)
    with pytest.raises(InputError, match="not a number"):
        receiver.Soft(e, usage).estimate(np.zeros(6, np.uint8), llr, np.arange(6) < 3)


@pytest.mark.parametrize("certain", [50.0, np.inf])
def test_without_errors_soft_is_hard(setting, certain):
    e, usage, rng = setting
    usage = np.where(np.arange(len(e)) == 2, 0, usage)
    sent = rng.integers(0, len(e), 300)
    bits = labels.indices_to_bits(sent, len(e))
    hard, nothing, _ = receiver.Hard(e).estimate(bits)
    soft, variance, _ = receiver.Soft(e, usage).estimate(bits, ((2.0 * bits - 1) * certain).astype(np.float32))
    np.testing.assert_array_equal(hard, e[sent])
    np.testing.assert_allclose(soft, hard, atol=1e-5)
    np.testing.assert_allclose(variance, nothing, atol=1e-5)


def test_without_information_the_prior_remains(setting):
    e, usage, _ = setting
    mean, *_ = receiver.Soft(e, usage).estimate(np.zeros(3), np.zeros(3, np.float32))
    np.testing.assert_allclose(mean[0], usage @ e, atol=1e-6)


def test_mean_is_nearer_than_hard_and_claims_its_error(setting):
    e, usage, rng = setting
    sent = rng.choice(len(e), 40_000, p=usage)
    x = 2.0 * labels.indices_to_bits(sent, len(e)) - 1
    llr = (2 * (x + rng.normal(size=x.shape))).astype(np.float32)  # BPSK over AWGN of variance 1
    soft, variance, _ = receiver.Soft(e, usage).estimate(llr > 0, llr)
    hard, *_ = receiver.Hard(e).estimate(llr > 0)
    errors = [((f - e[sent]) ** 2).mean() for f in (soft, hard)]
    assert errors[0] < 0.75 * errors[1]
    assert variance.mean() == pytest.approx(errors[0], rel=0.03)


def test_hard_variance_is_bayes_rule(setting):
    e, usage, _ = setting
    for rate in (0.0, 0.03, 0.2, 0.5, np.array([0.01, 0.4, 0.1])):
        joint = usage[:, None] * labels.transition_matrix(len(e), rate)  # [sent, decided]
        posterior = joint / joint.sum(0)
        distances = ((e[:, None] - e) ** 2).mean(-1)
        np.testing.assert_allclose(receiver.hard_variance(e, usage, rate), (posterior * distances).sum(0), atol=1e-5)


def test_hard_receiver_claims_its_error_and_none_where_a_crc_vouches(setting):
    e, usage, rng = setting
    sent = rng.choice(len(e), 60_000, p=usage)
    bits = labels.indices_to_bits(sent, len(e))
    mean = np.tile([8.0, 4.0, 1.0], len(sent))  # of consistent LLRs: error rate Q(sqrt(mean / 2))
    llr = rng.normal(mean, np.sqrt(2 * mean)) * (2.0 * bits - 1)
    known = np.arange(bits.size) < bits.size // 3
    decided = np.where(known, bits, llr > 0).astype(np.uint8)
    features, variance, _ = receiver.Hard(e, usage).estimate(decided, llr, known)
    vouched = np.arange(len(sent)) < len(sent) // 3
    measured = (decided != bits)[bits.size // 3 :].reshape(-1, 3).mean(0)
    assert measured.max() > 2 * measured.min()
    assert receiver.claimed_error_rates(llr.reshape(-1, 3), known.reshape(-1, 3)) == pytest.approx(measured, rel=0.1)
    assert not variance[vouched].any()
    np.testing.assert_array_equal(features[vouched], e[sent[vouched]])
    error = ((features - e[sent]) ** 2).mean(-1)
    assert variance[~vouched].mean() == pytest.approx(error[~vouched].mean(), rel=0.03)


@pytest.mark.parametrize("kind", ["soft", "hard"])
def test_decoder_is_trained_on_what_the_receiver_delivers(setting, kind):
    from linksim.training.network import receivers

    e, usage, rng = setting
    usage = np.where(np.arange(len(e)) == 2, 0, usage)
    usage = usage / usage.sum()
    sent = rng.integers(0, len(e), 200)
    relative = rng.normal(1, 4, (200, 3)).astype(np.float32)
    llr = (relative * (2.0 * labels.label_bits(len(e))[sent] - 1)).astype(np.float32)
    known = rng.random((200, 3)) < np.repeat([[1.0], [0.5], [0.0]], [20, 20, 160], axis=0)
    bits = np.where(known, labels.label_bits(len(e))[sent], llr > 0)
    prior = receivers.floored_prior(usage.astype(np.float32))
    trained = [np.asarray(x) for x in receivers.KINDS[kind](sent, relative, known, e.astype(np.float32), prior)]
    delivers = {"soft": receiver.Soft, "hard": receiver.Hard}[kind](e, usage)
    features, variance, bias = delivers.estimate(bits.reshape(-1), llr.reshape(-1), known.reshape(-1))
    np.testing.assert_allclose(trained[0], features, atol=1e-5)
    np.testing.assert_allclose(trained[1] / e.shape[1], variance, atol=1e-5)
    np.testing.assert_allclose(trained[2], 0 if bias is None else bias, atol=1e-5)


def test_chunks_do_not_show(setting, monkeypatch):
    e, usage, rng = setting
    llr = rng.normal(size=3 * 25).astype(np.float32)
    whole = receiver.Soft(e, usage).estimate(llr > 0, llr)
    monkeypatch.setattr(receiver, "CHUNK_VALUES", 7 * len(e))
    for a, b in zip(whole[:2], receiver.Soft(e, usage).estimate(llr > 0, llr)[:2], strict=True):
        np.testing.assert_allclose(a, b, atol=1e-6)


def test_scale_undoes_overconfidence():
    rng = np.random.default_rng(1)
    bits = rng.integers(0, 2, 50_000)
    honest = 2 * (2.0 * bits - 1 + rng.normal(size=bits.shape))
    assert fit_llr_scale(honest, bits) == pytest.approx(1, abs=0.03)
    assert fit_llr_scale(5 * honest, bits) == pytest.approx(0.2, abs=0.01)
    edges = np.array([0, 1, 2, 4, 8])
    good, bad = reliability_curve(honest, bits, edges), reliability_curve(3 * honest, bits, edges)
    np.testing.assert_allclose(good["measured"], good["claimed"], atol=0.02)
    assert (bad["measured"] > bad["claimed"]).all()


def test_bad_input_is_named(setting):
    e, usage, _ = setting
    with pytest.raises(InputError, match="multiple of the 3"):
        receiver.Soft(e, usage).posterior(np.zeros(4, np.float32))
    with pytest.raises(InputError, match="not a number"):
        receiver.Soft(e, usage).posterior(np.full(3, np.nan, np.float32))
    with pytest.raises(InputError, match="'mmse' or 'map'"):
        receiver.Soft(e, usage, "mean")
