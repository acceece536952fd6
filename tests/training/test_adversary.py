"""The adversarial term: who learns from which loss, and what the discriminator sees."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tensorflow as tf

from linksim.training.network.adversary import Adversary
from linksim.training.network.vqvae import VQVAE
from linksim.training.trainer import Trainer
from tests.training.tiny import config, inputs

ON = {"mse": 1.0, "adversarial": {"weight": 0.5, "channels": 4}}


def _images(seed: int, batch: int = 2, side: int = 32) -> np.ndarray:
    return np.random.default_rng(seed).random((batch, side, side, 3)).astype(np.float32)


def test_each_side_learns_from_its_own_loss_alone() -> None:
    adversary = Adversary(4)
    x, x_hat = tf.constant(_images(1)), tf.Variable(_images(2))
    weights = adversary.trainable_variables
    with tf.GradientTape(persistent=True) as tape:
        own, deceived = adversary.own_loss(x, x_hat), adversary.deceived(x_hat)
    assert all(np.abs(g).max() > 0 for g in tape.gradient(own, weights))
    assert tape.gradient(own, x_hat) is None
    assert np.abs(tape.gradient(deceived, x_hat)).max() > 0
    assert all(g is None for g in tape.gradient(deceived, weights))


def test_a_judgement_sees_22_pixels() -> None:
    adversary = Adversary(4)
    x = tf.Variable(_images(3, batch=1, side=64))
    with tf.GradientTape() as tape:
        judgement = adversary.judge(x, learns=False)[0, 8, 8, 0]
    rows = np.flatnonzero(np.abs(tape.gradient(judgement, x)[0]).sum((1, 2)))
    assert rows[-1] - rows[0] + 1 == 22


def test_the_discriminator_learns_to_tell_pictures_from_originals() -> None:
    """Originals of two greys, pictures of the same mean without contrast."""
    adversary = Adversary(8)
    optimizer = tf.keras.optimizers.Adam(5e-3)
    rng = np.random.default_rng(5)

    def batch() -> tuple[Any, Any]:
        x = rng.integers(0, 2, (8, 8, 8, 1)).repeat(4, 1).repeat(4, 2).repeat(3, 3).astype(np.float32)
        return tf.constant(0.3 + 0.4 * x), tf.constant(np.full_like(x, 0.5))

    for _ in range(60):
        x, x_hat = batch()
        with tf.GradientTape() as tape:
            loss = adversary.own_loss(x, x_hat)
        optimizer.apply(tape.gradient(loss, adversary.trainable_variables), adversary.trainable_variables)
    x, x_hat = batch()
    assert float(tf.reduce_mean(adversary.judge(x, learns=False))) > 0.5
    assert float(tf.reduce_mean(adversary.judge(x_hat, learns=False))) < -0.5


def test_the_term_has_its_weight_and_its_first_step(folder: Path) -> None:
    settings = config(folder, losses=ON)
    model = VQVAE(settings)
    image = _images(7)
    model(inputs(image, settings))
    with_term = float(sum(model.losses))
    x_hat = model(inputs(image, settings, deceive=np.zeros(1, np.float32)))
    without = float(sum(model.losses))
    assert model.adversary is not None
    assert with_term - without == pytest.approx(0.5 * float(model.adversary.deceived(x_hat)), abs=1e-5)
    trainer = Trainer(config(folder, losses=ON | {"adversarial": ON["adversarial"] | {"from_step": 7}}), folder / "out")
    starts = [float(trainer._inputs(image, step)["deceive"][0]) for step in (0, 6, 7, 11)]
    assert starts == [0.0, 0.0, 1.0, 1.0]


def test_a_run_reports_both_sides_and_keeps_the_discriminator_to_itself(folder: Path, tmp_path: Path) -> None:
    path = Trainer(config(folder, losses=ON), tmp_path / "run").run()
    header, *rows = (tmp_path / "run" / "log.csv").read_text().splitlines()
    assert {"adversarial", "discriminator"} <= set(header.split(","))
    with np.load(path) as arrays:
        assert not [name for name in arrays.files if "kernel_" in name or "adversary" in name]
    assert rows
