"""Bit-error rates that are trained: relaxed flips, their gradient, and what keeps a rate up."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tensorflow as tf

from linksim.codebook.labels import through_bsc
from linksim.semantic.codec import load_checkpoint
from linksim.training.bank.trainer import BankTrainer
from linksim.training.config import TrainConfig
from linksim.training.network.bank.drawn import Drawn
from linksim.training.network.bank.rates import Rates, error_patterns, relaxed_words
from linksim.training.network.receivers import arrived
from tests.training.tiny import config

STATES = [
    {"name": "low", "bit_error_rate": 0.02, "rate_weight": 0.5},
    {"name": "high", "bit_error_rate": 0.2, "rate_weight": 2.0},
]


def settings(folder: Path, **changes: Any) -> TrainConfig:
    return config(folder, **({"bank": {"states": STATES, "trainable": True}, "flips": {"clean_share": 0.0}} | changes))


def rates(temperature: float = 0.5) -> tuple[Rates, Drawn]:
    drawn = Drawn(2)
    return Rates((0.02, 0.2), temperature, drawn), drawn


def test_bits_flip_at_the_rate_of_the_state() -> None:
    layer, drawn = rates()
    uniform = np.random.default_rng(1).uniform(1e-6, 1 - 1e-6, (40000, 9)).astype(np.float32)
    for state, rate in enumerate((0.02, 0.2)):
        drawn.see(state)
        assert float(layer.rate()) == pytest.approx(rate, rel=1e-4)
        flips, relaxed = (np.asarray(x) for x in layer.flips(uniform))
        assert flips.mean() == pytest.approx(rate, abs=4 * np.sqrt(rate / uniform.size))
        np.testing.assert_array_equal(flips, relaxed > 0.5)
    flips, relaxed = layer.flips(np.zeros((5, 9), np.float32))
    assert not np.asarray(flips).any()
    assert not np.asarray(relaxed).any()


def test_relaxed_flips_end_at_flips() -> None:
    """As the temperature falls, the relaxed word becomes the word that arrives; at 9 words some labels are no words'."""
    layer, _ = rates(temperature=1e-4)
    rng = np.random.default_rng(2)
    codewords, indices = rng.normal(size=(9, 3)).astype(np.float32), rng.integers(0, 9, 200).astype(np.int32)
    flips, relaxed = layer.flips(rng.uniform(0.6, 1, (200, 4)).astype(np.float32))
    assert 0 < np.asarray(flips).mean() < 1
    received = np.asarray(arrived(indices, error_patterns(flips), 9))
    np.testing.assert_allclose(relaxed_words(indices, relaxed, codewords), codewords[received], atol=1e-4)
    constant = np.full((200, 4), 0.15, np.float32)  # flips of one probability are a binary symmetric channel
    expected = through_bsc(codewords, 0.15)[indices]
    np.testing.assert_allclose(relaxed_words(indices, constant, codewords), expected, atol=1e-5)


def test_gradient_of_a_relaxed_flip_is_its_closed_form() -> None:
    """With s = sigmoid(theta): d logit(mu) / d theta = (1 - s) / (1 - s / 2), and f = (1 + tanh(x / tau)) / 2."""
    layer, drawn = rates(temperature=0.7)
    drawn.see(1)
    uniform = np.linspace(0.05, 0.95, 7, dtype=np.float32)
    with tf.GradientTape() as tape:
        total = tf.reduce_sum(layer.flips(uniform)[1])
    gradient = np.asarray(tape.gradient(total, layer.theta.value))
    s = 0.4
    x = np.log(0.2 / 0.8) + np.log(uniform / (1 - uniform))
    expected = (0.5 / 0.7 * (1 - np.tanh(x / 0.7) ** 2) * (1 - s) / (1 - s / 2)).sum()
    np.testing.assert_allclose(gradient, [0.0, expected], rtol=1e-4)


def test_gradient_of_a_relaxed_word_is_its_finite_difference() -> None:
    layer, drawn = rates()
    drawn.see(1)
    rng = np.random.default_rng(3)
    codewords, indices = rng.normal(size=(16, 3)).astype(np.float32), rng.integers(0, 16, 50).astype(np.int32)
    uniform = rng.uniform(0.01, 0.99, (50, 4)).astype(np.float32)
    target = rng.normal(size=(50, 3)).astype(np.float32)

    def loss() -> tf.Tensor:
        words = relaxed_words(indices, layer.flips(uniform)[1], codewords)
        return tf.reduce_sum(tf.square(words - target))

    with tf.GradientTape() as tape:
        value = loss()
    gradient = np.asarray(tape.gradient(value, layer.theta.value))
    theta = np.array(layer.theta)
    sides = []
    for step in (0.01, -0.01):
        layer.theta.assign(theta + np.array([0, step], np.float32))
        sides.append(float(loss()))
    assert gradient[0] == 0
    assert gradient[1] == pytest.approx((sides[0] - sides[1]) / 0.02, rel=2e-3)


def test_the_regularizer_alone_pushes_the_rate_of_its_state_up(folder: Path, tmp_path: Path) -> None:
    """d/dtheta of -w log(2 mu) is -w (1 - 2 mu); the other state's rate stays."""
    off = {"mse": 0.0, "codebook": 0.0}
    trainer = BankTrainer(settings(folder, losses=off), tmp_path)
    inputs = trainer._inputs(np.random.default_rng(4).random((2, 16, 16, 3)).astype(np.float32), 100)
    for state, weight, mu in ((0, 0.5, 0.02), (1, 2.0, 0.2)):
        inputs["state"] = np.array([state], np.int32)
        with tf.GradientTape() as tape:
            trainer.model(inputs)
            loss = trainer.model.losses[0]
        gradient = np.asarray(tape.gradient(loss, trainer.model.rates.theta.value))
        expected = np.zeros(2)
        expected[state] = -weight * (1 - 2 * mu)
        np.testing.assert_allclose(gradient, expected, rtol=1e-4)


def test_the_picture_s_error_reaches_the_rate_and_the_decoder_sees_hard_flips(folder: Path, tmp_path: Path) -> None:
    trainer = BankTrainer(settings(folder), tmp_path)
    image = np.random.default_rng(5).random((2, 16, 16, 3)).astype(np.float32)
    inputs = trainer._inputs(image, 100)
    inputs["state"], inputs["uniform"] = np.array([1], np.int32), np.clip(1.6 * inputs["uniform"], 1e-3, 1 - 1e-3)
    trainer.model.see(1)
    trainer.model.rates.theta.assign([0.0, 0.0])
    with tf.GradientTape() as tape:
        picture = trainer.model(inputs)
        loss = tf.reduce_mean(tf.square(image - picture))
    gradient = np.asarray(tape.gradient(loss, trainer.model.rates.theta.value))
    assert gradient[0] == 0
    assert abs(gradient[1]) > 0
    z = np.asarray(trainer.model.features(image)).reshape(-1, 4)
    indices = np.asarray(trainer.model.quantizer(z).indices)
    flips = error_patterns(trainer.model.rates.flips(inputs["uniform"])[0])
    received = indices ^ np.asarray(flips).reshape(indices.shape)
    assert (received != indices).any()
    words = trainer.model.see(1).quantizer.codewords[0, 0][received[:, 0, 0]]
    np.testing.assert_allclose(picture, trainer.model.decoder(words.reshape(2, 4, 4, 4)), atol=1e-5)


def test_the_trained_rate_is_in_the_card(folder: Path, tmp_path: Path) -> None:
    fast = {"learning_rate": 0.05, "warmup_steps": 0}
    trainer = BankTrainer(settings(folder, optimizer=fast), tmp_path)
    trainer.run()
    for state, (name, start) in enumerate((("low", 0.02), ("high", 0.2))):
        card = load_checkpoint(str(tmp_path / f"tiny-{name}.npz")).card
        trained = card["state"]["bit_error_rate"]
        assert trained == pytest.approx(trainer.model.bit_error_rate(state))
        assert abs(trained - start) > 1e-3 * start
        assert f"{trained:.3g}" in (tmp_path / f"tiny-{name}.md").read_text()
    last = (tmp_path / "log.csv").read_text().splitlines()
    assert "low.bit_error_rate" in last[0]
    assert "flip_rate" in last[0]
