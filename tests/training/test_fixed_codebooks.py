"""Codebooks that are not learned: levels (FSQ), signs, signs of features on a sphere (BSQ), and their entropies (LFQ)."""

from dataclasses import replace
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tensorflow as tf

from linksim.codebook.labels import label_bits
from linksim.codebook.quantizer import ResidualQuantizer
from linksim.codebook.stages import Stages
from linksim.common.errors import InputError
from linksim.common.reading.loading import load
from linksim.semantic.codec import load_checkpoint
from linksim.training.config import TrainConfig
from linksim.training.network.bits import bit_entropy
from linksim.training.network.fixed import FixedQuantizer, level_codewords, on_sphere
from linksim.training.network.vqvae import VQVAE
from linksim.training.trainer import Trainer
from tests.training.tiny import MODEL, config, inputs

LEVELS = MODEL | {"latent_dim": 3, "heads": 3, "codebook_size": 8}
SIGNS = MODEL | {"latent_dim": 5, "heads": 5, "codebook_size": 2}
RECIPES = Path(__file__).parents[2] / "scenarios" / "train" / "cited"


def _image(seed: int, batch: int = 2, side: int = 16) -> np.ndarray:
    return np.random.default_rng(seed).random((batch, side, side, 3)).astype(np.float32)


@pytest.mark.parametrize("size", [2, 4, 8, 64])
def test_neighbouring_levels_differ_in_one_bit_and_lie_in_the_middle_of_equal_cells(size: int) -> None:
    codewords = level_codewords(size)
    order = np.argsort(codewords)
    bits = label_bits(size)[order]
    assert (np.abs(np.diff(bits.astype(int), axis=0)).sum(-1) == 1).all()
    edges = np.linspace(-2, 2, size + 1)
    np.testing.assert_allclose(codewords[order], (edges[1:] + edges[:-1]) / 2, atol=1e-7)


@pytest.mark.parametrize("model", [LEVELS, SIGNS, MODEL | {"latent_dim": 2, "heads": 2, "codebook_size": 16}])
def test_training_quantizes_to_the_nearest_level_as_a_scheme_does(folder: Path, model: dict[str, int]) -> None:
    quantizer = FixedQuantizer(config(folder, model=model, codebook={"kind": "levels"}))
    z = np.random.default_rng(1).normal(0, 1.5, (400, model["heads"])).astype(np.float32)
    z[:10] = 0.0  # what a network gives whose last activations are all off
    quantized = quantizer(z)
    stages = Stages(np.array(quantizer.codewords), np.array(quantizer.usage()))
    indices = ResidualQuantizer(stages).encode(z, 1)
    np.testing.assert_array_equal(quantized.indices, indices)
    np.testing.assert_allclose(np.asarray(quantized.words)[:, 0], stages.estimate(indices), atol=1e-6)
    np.testing.assert_allclose(quantizer.words(indices), quantized.words, atol=1e-6)
    distances = (z[:, None] - stages.codewords[0].T) ** 2  # [n, K, H]
    for h in range(model["heads"]):
        np.testing.assert_allclose(quantized.distances[0][h], distances[..., h], rtol=1e-5)
        np.testing.assert_array_equal(quantizer.head(z, h), z[:, h : h + 1])


def test_usage_follows_and_codewords_stay(folder: Path) -> None:
    settings = config(folder, model=LEVELS, codebook={"kind": "levels", "decay": 0.5})
    quantizer = FixedQuantizer(settings)
    before = np.array(quantizer.codewords)
    z = np.random.default_rng(2).normal(size=(4000, 3)).astype(np.float32)
    for _ in range(30):
        quantizer.follow(quantizer(z))
    indices = np.asarray(quantizer(z).indices)[:, 0]
    used = np.stack([np.bincount(indices[:, h], minlength=8) for h in range(3)]) / len(z)
    np.testing.assert_allclose(quantizer.usage()[0], used, atol=1e-5)
    np.testing.assert_array_equal(before, quantizer.codewords)


def test_features_without_weight_are_not_counted(folder: Path) -> None:
    """As those behind a mask."""
    z = np.random.default_rng(2).normal(size=(400, 3)).astype(np.float32)
    counts = []
    for features, weight in ((z, np.repeat([2.0, 0.0], 200)), (z[:200], np.full(200, 2.0))):
        quantizer = FixedQuantizer(config(folder, model=LEVELS, codebook={"kind": "levels", "decay": 0.5}))
        quantizer.follow(replace(quantizer(features), weight=weight.astype(np.float32)))
        counts.append(np.array(quantizer.counts))
    np.testing.assert_allclose(*counts, rtol=1e-6)


def test_features_that_are_no_numbers_do_not_stop_the_quantizer(folder: Path) -> None:
    """So that the loss shows it, and the run ends with the name of the term."""
    quantizer = FixedQuantizer(config(folder, model=LEVELS, codebook={"kind": "levels"}))
    indices = np.asarray(quantizer(np.array([[np.nan, np.inf, -np.inf]], np.float32)).indices)
    assert ((indices >= 0) & (indices < 8)).all()
    assert quantizer.codewords[0, 1, indices[0, 0, 1], 0] == 1.75
    assert quantizer.codewords[0, 2, indices[0, 0, 2], 0] == -1.75


def test_the_sphere_keeps_directions_and_signs() -> None:
    z = np.random.default_rng(3).normal(0, 4, (100, 9)).astype(np.float32)
    u = np.asarray(on_sphere(z))
    np.testing.assert_allclose((u**2).sum(-1), 9, rtol=1e-5)
    np.testing.assert_array_equal(np.sign(u), np.sign(z))
    np.testing.assert_allclose(
        u / np.linalg.norm(u, axis=-1, keepdims=True), z / np.linalg.norm(z, axis=-1, keepdims=True), atol=1e-6
    )


@pytest.mark.parametrize("projection", ["none", "sphere"])
def test_commitment_and_decoder_see_the_projected_features(folder: Path, projection: str) -> None:
    losses = {"mse": 3.0, "commitment": 0.4}
    settings = config(folder, model=SIGNS, codebook={"kind": "signs", "projection": projection}, losses=losses)
    model = VQVAE(settings)
    image = _image(4)
    z = np.asarray(model.features(image)).reshape(-1, 5)
    u = z if projection == "none" else np.asarray(on_sphere(z))
    signs = np.where(z > 0, 1.0, -1.0).astype(np.float32)
    picture = np.asarray(model(inputs(image, settings)))
    np.testing.assert_allclose(picture, model.decoder(signs.reshape(2, 4, 4, 5)), atol=1e-5)
    expected = 3.0 * np.mean((image - picture) ** 2) + 0.4 * np.mean((u - signs) ** 2)
    assert float(model.losses[0]) == pytest.approx(expected, rel=1e-4)
    before = model(inputs(image, settings, quantize=np.zeros(1, np.float32)))
    np.testing.assert_allclose(before, model.decoder(u.reshape(2, 4, 4, 5)), atol=1e-5)


@pytest.mark.parametrize("temperature", [0.3, 2.0])
def test_entropy_of_bits_is_that_of_all_codewords(temperature: float) -> None:
    """Of each feature: of its soft assignments to all 2^D of them. Over the features: of each bit by itself."""
    z = np.random.default_rng(5).normal(size=(40, 4))
    codewords = np.array(list(product([-1.0, 1.0], repeat=4)))
    weights = np.exp(-((z[:, None] - codewords) ** 2).sum(-1) / temperature)
    p = weights / weights.sum(-1, keepdims=True)
    own = -(p * np.log(p)).sum(-1).mean()
    mean = (p @ (codewords > 0)).mean(0)
    together = -(mean * np.log(mean) + (1 - mean) * np.log(1 - mean)).sum()
    for diversity in (0.0, 0.7):
        value = float(bit_entropy(z.astype(np.float32), temperature, diversity))
        assert value == pytest.approx(own - diversity * together, rel=1e-4)


def test_entropies_make_bits_sure_and_balanced() -> None:
    """Downhill a lone feature leaves zero, and a bit that is always 1 is drawn back."""
    z = tf.Variable(np.array([[0.3, -0.2]], np.float32))
    with tf.GradientTape() as tape:
        value = bit_entropy(z, 1.0, 0.0)
    gradient = tape.gradient(value, z).numpy()
    assert gradient[0, 0] < 0 < gradient[0, 1]
    z = tf.Variable(np.full((10, 1), 0.5, np.float32))
    with tf.GradientTape() as tape:
        value = bit_entropy(z, 1.0, 2.0)
    assert (tape.gradient(value, z).numpy() > 0).all()


def test_entropy_of_bits_is_a_term_of_the_codebooks_loss(folder: Path) -> None:
    terms = {"weight": 0.3, "temperature": 2.0, "diversity": 0.5}
    losses = {"mse": 3.0, "commitment": 0.0, "codebook": 2.0, "bit_entropy": terms}
    settings = config(folder, model=SIGNS, codebook={"kind": "signs", "projection": "sphere"}, losses=losses)
    model = VQVAE(settings)
    image = _image(6)
    picture = np.asarray(model(inputs(image, settings)))
    z = on_sphere(np.asarray(model.features(image)).reshape(-1, 5))
    expected = 3.0 * np.mean((image - picture) ** 2) + 2.0 * 0.3 * float(bit_entropy(z, 2.0, 0.5))
    assert float(model.losses[0]) == pytest.approx(expected, rel=1e-4)
    assert "bit_entropy" in model.report_names
    assert "bit_entropy" not in VQVAE(config(folder)).report_names


@pytest.mark.parametrize(
    "changes",
    [
        {"model": LEVELS, "codebook": {"kind": "levels"}, "losses": {"commitment": 0.0}},
        {"model": LEVELS, "codebook": {"kind": "levels"}, "losses": {"entropy": {"weight": 0.1}}},
        {"model": SIGNS, "codebook": {"kind": "signs"}, "losses": {"channel_aware": {"weight": 0.2}}},
        {
            "model": SIGNS,
            "codebook": {"kind": "signs", "projection": "sphere", "revive_below": 1e3},
            "losses": {"bit_entropy": {"weight": 0.1}},
            "flips": {"bit_error_rate": [0.1, 0.1], "clean_share": 0.0},
        },
    ],
)
def test_networks_learn_and_the_codebook_stays(folder: Path, tmp_path: Path, changes: dict[str, Any]) -> None:
    """No k-means at the start of quantization, no revival; the file has the codewords exactly."""
    changes["codebook"] |= {"initialize_at": 1, "revive_every": 2}
    settings = config(folder, steps=5, **changes)
    trainer = Trainer(settings, tmp_path)
    before = np.array(trainer.model.encoder.weights[0])
    codec = load_checkpoint(str(trainer.run()))
    assert np.abs(before - np.array(trainer.model.encoder.weights[0])).max() > 0
    expected = np.broadcast_to(level_codewords(settings.model.codebook_size)[:, None], codec.stages.codewords.shape)
    np.testing.assert_array_equal(codec.stages.codewords, expected)
    assert np.ptp(codec.stages.usage) > 0


def test_a_kept_codebook_has_to_be_of_the_kind(folder: Path, tmp_path: Path) -> None:
    learned = str(Trainer(config(folder, model=SIGNS, steps=2), tmp_path / "learned").run())
    keep = {"kind": "signs", "initialization": "keep"}
    with pytest.raises(InputError, match=r"not those of codebook\.kind") as caught:
        Trainer(config(folder, model=SIGNS, initialize_from=learned, codebook=keep), tmp_path / "keep")
    assert "\n" not in str(caught.value)
    on = Trainer(
        config(folder, model=SIGNS, initialize_from=learned, codebook={"kind": "signs"}, steps=2), tmp_path / "on"
    )
    assert set(np.unique(on.model.quantizer.codewords)) == {-1.0, 1.0}
    fixed = load_checkpoint(str(on.run()))
    kept = config(folder, model=SIGNS, initialize_from=str(tmp_path / "on" / "tiny.npz"), codebook=keep)
    counts = np.array(Trainer(kept, tmp_path / "kept").model.quantizer.usage())
    np.testing.assert_allclose(counts, fixed.stages.usage, rtol=1e-5)


@pytest.mark.parametrize(
    ("keys", "message"),
    [
        ("model: {latent_dim: 4, codebook_size: 8}\ncodebook: {kind: levels}", "heads the same number as latent_dim"),
        ("model: {latent_dim: 3, heads: 3, codebook_size: 6}\ncodebook: {kind: levels}", "power of two"),
        ("model: {latent_dim: 3, heads: 3, codebook_size: 8, stages: 2}\ncodebook: {kind: levels}", "stages: 1"),
        ("model: {latent_dim: 9, heads: 9, codebook_size: 4}\ncodebook: {kind: signs}", "codebook_size: 4"),
        ("codebook: {projection: sphere}", "projection: sphere with codebook.kind: learned"),
        ("codebook: {bits: gumbel}", "bits: gumbel with codebook.kind: learned"),
        ("losses: {bit_entropy: {weight: 0.1}}", "bit_entropy.weight: 0.1 with codebook.kind: learned"),
        (
            "model: {latent_dim: 3, heads: 3, codebook_size: 2}\ncodebook: {kind: signs}\n"
            "losses: {channel_aware: {weight: 1.0, assignment: channel-optimized}}",
            "which takes the nearest",
        ),
        (
            "model: {latent_dim: 3, heads: 3, codebook_size: 2}\ncodebook: {kind: signs}\n"
            "losses: {channel_aware: {initial_labels: matched}}",
            "labels are fixed",
        ),
        (
            "model: {latent_dim: 3, heads: 3, codebook_size: 2}\ncodebook: {kind: signs, bits: folded}\n"
            "initialize_from: any\ntrain_only: decoder\nreception: {}",
            "bits: folded with reception",
        ),
    ],
)
def test_keys_that_do_not_fit_are_one_line(tmp_path: Path, keys: str, message: str) -> None:
    path = tmp_path / "train.yaml"
    path.write_text(f"name: x\n{keys}\n")
    with pytest.raises(InputError, match=message) as caught:
        load(path, TrainConfig)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("name", "bits"), [("fsq", 9), ("lfq", 9), ("bsq", 9), ("necst", 18), ("bitsemcom", 18), ("bitsemcom-soft", 18)]
)
def test_recipes_have_the_sizes_that_compare(name: str, bits: int) -> None:
    """9 bits for 4 x 4 pixels behind a code of rate 1/2 and 18 without one are three symbols of 64-QAM."""
    recipe = load(RECIPES / f"{name}.yaml", TrainConfig)
    assert recipe.name == name
    assert recipe.model.bits_per_pixel() == bits / 16
