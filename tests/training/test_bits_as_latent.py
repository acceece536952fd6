"""Bits that are drawn in training: the channel folded into their probability (NECST), Gumbel noise and soft bits
(BitSemCom).
"""

from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf

from linksim.codebook.receiver import Soft
from linksim.semantic.checkpoint import Checkpoint
from linksim.semantic.codec import load_checkpoint
from linksim.training.config import FlipsConfig
from linksim.training.fixed.drawing import draw_bits, draw_rate
from linksim.training.network import bits, receivers
from linksim.training.network.fixed import FIRST_SHARPNESS
from linksim.training.network.vqvae import VQVAE
from linksim.training.trainer import Trainer
from tests.training.tiny import MODEL, config, inputs

SIGNS = MODEL | {"latent_dim": 5, "heads": 5, "codebook_size": 2}
CELL = MODEL | {"latent_dim": 18, "heads": 18, "codebook_size": 2}
COUNT = 200_000


def _uniform(seed: int, shape: tuple[int, ...] = (COUNT,)) -> np.ndarray:
    return np.random.default_rng(seed).random(shape, np.float32)


def _sigmoid(x: np.ndarray) -> np.ndarray:
    return 1 / (1 + np.exp(-x))


@pytest.mark.parametrize("eps", [0.0, 0.03, 0.2, 0.5])
@pytest.mark.parametrize("logit", [-3.0, -0.4, 1.5])
def test_the_folded_channel_is_that_of_bits_drawn_and_then_flipped(logit: float, eps: float) -> None:
    logits = np.full(COUNT, logit, np.float32)
    arriving = np.asarray(bits.folded(logits, _uniform(1), np.float32(eps))[0])
    drawn = np.asarray(bits.folded(logits, _uniform(2), np.float32(0.0))[0])
    simulated = drawn ^ (_uniform(3) < eps)
    p = _sigmoid(logit)
    expected = p * (1 - eps) + (1 - p) * eps
    deviation = 4 * np.sqrt(expected * (1 - expected) / COUNT)
    assert arriving.mean() == pytest.approx(expected, abs=deviation)
    assert simulated.mean() == pytest.approx(expected, abs=deviation)


def test_the_gradient_of_a_folded_bit_is_that_of_its_expected_codeword() -> None:
    logits = tf.Variable(np.array([-2.0, 0.0, 0.7], np.float32))
    with tf.GradientTape() as tape:
        _, through = bits.folded(logits, _uniform(1, (3,)), 0.1)
    p = _sigmoid(logits.numpy())
    np.testing.assert_allclose(through, 2 * (p + 0.1 - 0.2 * p) - 1, atol=1e-6)
    np.testing.assert_allclose(tape.gradient(through, logits), 2 * 0.8 * p * (1 - p), rtol=1e-5)


@pytest.mark.parametrize("logit", [-1.0, 0.3, 2.0])
def test_gumbel_bits_are_those_of_a_softmax_over_two_classes(logit: float) -> None:
    """Against the maximum of logits with Gumbel noise, and the softmax of temperature 1 of the same."""
    u = _uniform(4)
    drawn, through = (np.asarray(x) for x in bits.gumbel(np.full(COUNT, logit, np.float32), u))
    p = _sigmoid(logit)
    assert drawn.mean() == pytest.approx(p, abs=4 * np.sqrt(p * (1 - p) / COUNT))
    gumbels = -np.log(-np.log(np.random.default_rng(5).random((COUNT, 2))))
    noisy = np.exp(gumbels + np.array([0.0, logit]))
    soft = 2 * noisy[:, 1] / noisy.sum(-1) - 1
    quantiles = [0.05, 0.25, 0.5, 0.75, 0.95]
    np.testing.assert_allclose(np.quantile(through, quantiles), np.quantile(soft, quantiles), atol=0.01)
    np.testing.assert_array_equal(drawn, through > 0)


def test_gumbel_bits_of_extreme_numbers_are_finite() -> None:
    _, through = bits.gumbel(np.zeros(2, np.float32), np.array([0.0, 1.0], np.float32))
    assert np.isfinite(through).all()


@pytest.mark.parametrize("kind", ["folded", "gumbel"])
def test_the_decoder_sees_drawn_bits_and_its_gradient_goes_through_their_expectation(folder: Path, kind: str) -> None:
    settings = config(folder, model=SIGNS, codebook={"kind": "signs", "bits": kind}, losses={"commitment": 0.0})
    model = VQVAE(settings)
    image = np.random.default_rng(6).random((2, 16, 16, 3)).astype(np.float32)
    uniform, fold = _uniform(7, (2, 4, 4, 5)), np.array([0.2], np.float32)
    given = inputs(image, settings, uniform=uniform, fold=fold)
    features = np.asarray(model.features(image))
    drawn, through = bits.draw(kind, FIRST_SHARPNESS * features, uniform, 0.2)
    words = 2.0 * np.asarray(drawn) - 1
    assert (words != np.where(features > 0, 1, -1)).any()
    np.testing.assert_allclose(model(given), model.decoder(words.astype(np.float32)), atol=1e-5)
    before = model(given | {"quantize": np.zeros(1, np.float32)})
    np.testing.assert_allclose(before, model.decoder(through), atol=1e-5)


def test_flips_come_after_gumbel_bits(folder: Path) -> None:
    settings = config(folder, model=SIGNS, codebook={"kind": "signs", "bits": "gumbel"})
    model = VQVAE(settings)
    image = np.random.default_rng(8).random((1, 16, 16, 3)).astype(np.float32)
    uniform, flips = _uniform(9, (1, 4, 4, 5)), np.random.default_rng(10).integers(0, 2, (1, 4, 4, 1, 5))
    given = inputs(image, settings, uniform=uniform, fold=np.zeros(1, np.float32), flips=flips.astype(np.int32))
    drawn, _ = bits.gumbel(FIRST_SHARPNESS * np.asarray(model.features(image)), uniform)
    words = 2.0 * (np.asarray(drawn) ^ flips[:, :, :, 0]) - 1
    np.testing.assert_allclose(model(given), model.decoder(words.astype(np.float32)), atol=1e-5)


def test_what_is_drawn_for_a_step_is_stateless(folder: Path) -> None:
    flips = {"bit_error_rate": [0.05, 0.2], "clean_share": 0.25}
    settings = config(folder, model=SIGNS, codebook={"kind": "signs", "bits": "folded"}, flips=flips)
    one, again, other = (draw_bits(settings, (4, 8, 8), step) for step in (7, 7, 8))
    np.testing.assert_array_equal(one["uniform"], again["uniform"])
    assert (one["uniform"] != other["uniform"]).mean() > 0.99
    assert one["uniform"].shape == (4, 8, 8, 5)
    assert one["uniform"].mean() == pytest.approx(0.5, abs=0.03)
    rates = np.array([draw_rate(settings.flips, 1, step) for step in range(400)])
    assert (rates == 0).mean() == pytest.approx(0.25, abs=0.08)
    assert rates[rates > 0].min() > 0.05
    assert rates.max() < 0.2
    assert rates[rates > 0].mean() == pytest.approx(0.125, abs=0.01)
    later = FlipsConfig(bit_error_rate=(0.1, 0.1), clean_share=0.0, from_step=5)
    assert [draw_rate(later, 1, step) for step in (4, 5)] == pytest.approx([0.0, 0.1])
    assert draw_bits(config(folder), (4, 8, 8), 7) == {}


def test_a_folded_channel_flips_nothing_else_and_damages_the_batch(folder: Path, tmp_path: Path) -> None:
    flips = {"bit_error_rate": [0.1, 0.1], "clean_share": 0.0}
    settings = config(folder, model=SIGNS, codebook={"kind": "signs", "bits": "folded"}, flips=flips)
    given = Trainer(settings, tmp_path)._inputs(np.zeros((1, 32, 32, 3), np.float32), 3)
    assert not given["flips"].any()
    assert given["fold"] == pytest.approx(0.1)
    assert given["damaged"] == 1


@pytest.mark.parametrize("kind", ["folded", "gumbel"])
def test_runs_with_drawn_bits_go_on_as_they_would_have(folder: Path, tmp_path: Path, kind: str) -> None:
    flips = {"bit_error_rate": [0.05, 0.2], "clean_share": 0.2}
    codebook = {"kind": "signs", "bits": kind, "initialize_at": 0}
    settings = config(folder, model=SIGNS, codebook=codebook, flips=flips, losses={"commitment": 0.0}, steps=6)
    whole = Trainer(settings, tmp_path / "whole")
    path = whole.run()
    sharpness = float(whole.model.quantizer.log_sharpness)
    assert sharpness != pytest.approx(np.log(FIRST_SHARPNESS), abs=1e-5)

    def stop(step: int, report: dict[str, float]) -> None:
        if step == 5:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        Trainer(settings, tmp_path / "cut").run(stop)
    resumed = Trainer(settings, tmp_path / "cut")
    ends = [Checkpoint.from_bytes(p.read_bytes()) for p in (path, resumed.run())]
    assert float(resumed.model.quantizer.log_sharpness) == pytest.approx(sharpness, rel=1e-5)
    for name, weight in ends[0].encoder.items():
        np.testing.assert_allclose(weight, ends[1].encoder[name], rtol=1e-3, atol=1e-4)
    np.testing.assert_array_equal(ends[0].stages.codewords, ends[1].stages.codewords)


def test_the_soft_receiver_hands_soft_bits_to_the_decoder() -> None:
    """The posterior mean of -1 and +1 is `tanh(LLR / 2) = 2 sigmoid(LLR) - 1`, in schemes and in training."""
    llr = np.concatenate([np.linspace(-25, 25, 101), [-500.0, 0.0, 500.0]]).astype(np.float32)
    codebook, usage = np.array([[-1.0], [1.0]], np.float32), np.array([0.5, 0.5], np.float32)
    estimate = Soft(codebook, usage).estimate((llr > 0).astype(np.uint8), llr)
    wide = llr.astype(np.float64)
    np.testing.assert_allclose(estimate.features[:, 0], np.tanh(wide / 2), atol=1e-6)
    one = 1 / (1 + np.exp(-wide))  # the probability of a 1
    np.testing.assert_allclose(estimate.features[:, 0], 2 * one - 1, atol=1e-6)
    np.testing.assert_allclose(estimate.variance, 1 - np.tanh(wide / 2) ** 2, atol=1e-6)
    sent = np.arange(len(llr)) % 2
    relative = llr * (2 * sent - 1)
    mean, variance, bias = receivers.soft(
        sent.astype(np.int32), relative[:, None].astype(np.float32), np.zeros((len(llr), 1), bool), codebook, usage
    )
    np.testing.assert_allclose(np.asarray(mean)[:, 0], np.tanh(wide / 2), atol=1e-5)
    np.testing.assert_allclose(variance, 1 - np.tanh(wide / 2) ** 2, atol=1e-5)
    assert not np.asarray(bias).any()


def test_the_second_training_takes_soft_bits_of_uncoded_symbols(folder: Path, tmp_path: Path) -> None:
    """18 bits for 4 x 4 pixels over 64-QAM without a code: encoder and signs stay, the decoder learns."""
    first = config(folder, model=CELL, codebook={"kind": "signs", "bits": "gumbel"}, steps=3)
    start = Trainer(first, tmp_path / "first").run()
    link = {"code": {"kind": "none"}, "modulation": {"bits_per_symbol": 6}}
    fine = config(
        folder,
        name="fine",
        steps=3,
        model=CELL,
        initialize_from=str(start),
        train_only="decoder",
        codebook={"kind": "signs", "initialization": "keep"},
        reception={"receiver": "soft", "link": link, "es_no_db": [5.0, 15.0], "images": 1, "clean_share": 0.0},
    )
    trainer = Trainer(fine, tmp_path / "fine")
    pool = trainer.llr_pool
    assert pool is not None
    assert pool.grids[0].shape == (1, 64, 64, 1, 18, 1)
    rates = [(grid < 0).mean() for grid in pool.grids]
    assert rates == pytest.approx([0.299, 0.116], abs=0.01)  # of Gray 64-QAM over Rayleigh fading
    end, begin = (Checkpoint.from_bytes(path.read_bytes()) for path in (trainer.run(), start))
    np.testing.assert_array_equal(begin.stages.codewords, end.stages.codewords)
    for name, weight in begin.encoder.items():
        np.testing.assert_array_equal(weight, end.encoder[name])
    assert any(not np.array_equal(weight, end.decoder[name]) for name, weight in begin.decoder.items())
    codec = load_checkpoint(str(tmp_path / "fine" / "fine.npz"))
    assert codec.takes_variance
    assert codec.stages.codewords.shape == (1, 18, 2, 1)
