"""The trainable quantizer and the loss of the model against the equations."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from linksim.codebook.quantizer import ResidualQuantizer
from linksim.codebook.stages import Stages
from linksim.training.network import losses
from linksim.training.network.quantizer import Quantized
from linksim.training.network.vqvae import VQVAE
from tests.training.tiny import MODEL, config, inputs

SEVERAL = MODEL | {"stages": 3, "heads": 2, "codebook_size": 5}


def _stages(model: VQVAE) -> Stages:
    counts = np.asarray(model.quantizer.counts)
    return Stages(np.array(model.quantizer.codewords), counts / counts.sum(-1, keepdims=True))


def _image(seed: int, batch: int = 2, side: int = 16) -> np.ndarray:
    return np.random.default_rng(seed).random((batch, side, side, 3)).astype(np.float32)


def test_training_quantizes_as_a_scheme_does(folder: Path) -> None:
    model = VQVAE(config(folder, model=SEVERAL))
    z = np.random.default_rng(4).normal(size=(50, 4)).astype(np.float32)
    quantized = model.quantizer(z)
    stages = _stages(model)
    indices = ResidualQuantizer(stages).encode(z, 3)
    np.testing.assert_array_equal(quantized.indices, indices)
    for count in (1, 2, 3):
        words = np.asarray(quantized.words)[:, :count].sum(1)
        np.testing.assert_allclose(words, stages.estimate(indices[:, :count]), atol=1e-5)
        if count < 3:
            np.testing.assert_allclose(np.asarray(quantized.residuals)[:, count], z - words, atol=1e-5)
    nearest = ((z[:, None, :2] - stages.codewords[0, 0]) ** 2).mean(-1)  # eq. 1 of the first head
    np.testing.assert_allclose(quantized.distances[0][0], nearest, rtol=1e-4, atol=1e-5)


def test_quantizer_follows_to_the_centroids(folder: Path) -> None:
    """Eq. 23's minimizer for a fixed partition: centroids, or with gamma their mixture over the channel."""
    settings = config(folder, losses={"channel_aware": {"weight": 0.5}}, model=MODEL | {"stages": 2})
    quantizer = VQVAE(settings).quantizer
    rng = np.random.default_rng(2)
    residuals = rng.normal(size=(400, 2, 4)).astype(np.float32)
    indices = np.stack([np.arange(400) % 16, np.arange(400) // 25], -1)[..., None]
    quantizer.counts.assign(np.zeros((2, 1, 16)))
    quantizer.sums.assign(np.zeros((2, 1, 16, 4)))
    p = np.asarray(losses.transition_matrix(16, 0.1, "exact"))
    quantizer.follow(Quantized(indices, residuals, residuals, []), p, 0.5)
    weights = np.eye(16) + 0.5 * p  # [sent, arrived]
    for s in range(2):
        sums = np.stack([residuals[indices[:, s, 0] == i, s].sum(0) for i in range(16)])
        expected = (weights.T @ sums) / (weights.T @ np.full(16, 25.0))[:, None]
        np.testing.assert_allclose(quantizer.codewords[s, 0], expected, rtol=1e-3, atol=1e-4)


def test_training_loss_is_equations_23_and_24(folder: Path) -> None:
    terms = {"entropy": {"weight": 0.3}, "channel_aware": {"weight": 0.7, "bit_error_rate": 0.2}}
    weights = {"mse": 3.0, "commitment": 0.4, "codebook": 2.0, **terms}
    settings = config(folder, codebook={"update": "gradient"}, losses=weights)
    model = VQVAE(settings)
    image = _image(3)
    picture = np.asarray(model(inputs(image, settings)))
    z, e = np.asarray(model.features(image)).reshape(-1, 4), np.asarray(model.quantizer.codewords)[0, 0]
    distances = ((z[:, None] - e) ** 2).mean(-1)
    indices = distances.argmin(-1)
    p = np.bincount(indices, minlength=16) / len(indices)
    entropy = -np.sum(p[p > 0] * np.log(p[p > 0]))
    arriving = np.asarray(losses.transition_matrix(16, 0.2, "exact"))[indices]
    quantization, channel_aware = distances.min(-1).mean(), (arriving * distances).sum(-1).mean()
    codebook_loss = 1.4 * quantization - 0.3 * entropy + 0.7 * channel_aware
    expected = 3.0 * np.mean((image - picture) ** 2) + 2.0 * codebook_loss
    assert float(model.losses[0]) == pytest.approx(expected, rel=1e-3)


def test_loss_of_several_stages_commits_to_the_words_that_are_sent(folder: Path) -> None:
    """Entropies of all stages and heads add; each image is compared with the sum of as many stages as it is sent with."""
    weights = {"mse": 3.0, "commitment": 0.4, "entropy": {"weight": 0.3}}
    settings = config(folder, model=SEVERAL, losses=weights)
    model = VQVAE(settings)
    image, sent = _image(5), np.array([1, 3], np.int32)
    picture = np.asarray(model(inputs(image, settings, stages=sent)))
    features = np.asarray(model.features(image))
    stages = _stages(model)
    indices = ResidualQuantizer(stages).encode(features.reshape(-1, 4), 3).reshape(2, 16, 3, 2)
    words = np.stack([stages.estimate(indices[i, :, :n]) for i, n in enumerate(sent)])
    error = np.mean((features.reshape(2, 16, 4) - words) ** 2)
    entropy = 0.0
    for s, h in np.ndindex(3, 2):
        p = np.bincount(indices[:, :, s, h].ravel(), minlength=5) / 32
        entropy -= np.sum(p[p > 0] * np.log(p[p > 0]))
    expected = 3.0 * np.mean((image - picture) ** 2) + 0.4 * error - 0.3 * entropy
    assert float(model.losses[0]) == pytest.approx(expected, rel=1e-3)
    decoded = np.asarray(model.decoder(words.reshape(features.shape)))
    np.testing.assert_allclose(picture, decoded, atol=1e-5)


def test_before_quantization_the_decoder_sees_the_features_and_no_codebook_loss(folder: Path) -> None:
    settings = config(folder, losses={"mse": 3.0})
    model = VQVAE(settings)
    image = _image(6)
    before = np.asarray(model(inputs(image, settings, quantize=np.zeros(1, np.float32))))
    assert float(model.losses[0]) == pytest.approx(3.0 * np.mean((image - before) ** 2), rel=1e-4)
    features = np.asarray(model.features(image))
    np.testing.assert_allclose(before, model.decoder(features), atol=1e-5)
    after = np.asarray(model(inputs(image, settings)))
    assert np.abs(after - before).max() > 1e-3
    words = np.asarray(model.quantizer(features.reshape(-1, 4)).words)[:, 0].reshape(features.shape)
    np.testing.assert_allclose(after, model.decoder(words), atol=1e-5)


def test_flipped_indices_reach_the_decoder(folder: Path) -> None:
    settings = config(folder, model=MODEL | {"stages": 2, "codebook_size": 12})
    model = VQVAE(settings)
    image = _image(7, batch=1)
    flips = np.random.default_rng(8).integers(0, 16, (1, 4, 4, 2, 1)).astype(np.int32)
    picture = model(inputs(image, settings, flips=flips))
    indices = np.asarray(model.quantizer(np.asarray(model.features(image)).reshape(-1, 4)).indices)
    received = indices ^ flips.reshape(indices.shape)
    received = np.where(received >= 12, received - 8, received)  # the valid label without the first bit
    np.testing.assert_allclose(picture, model.decoder(_stages(model).estimate(received).reshape(1, 4, 4, 4)), atol=1e-5)


@pytest.mark.parametrize(("batches", "damaged", "counted"), [("all", 0, 1), ("damaged", 0, 0), ("damaged", 1, 1)])
def test_lpips_counts_in_the_batches_that_are_asked_for(
    folder: Path, monkeypatch: pytest.MonkeyPatch, batches: str, damaged: float, counted: float
) -> None:
    from linksim.training.network import perceptual

    class Constant:
        def __init__(self, *_: Any, **__: Any) -> None: ...

        def __call__(self, x: Any, x_hat: Any) -> float:
            return 0.5

    monkeypatch.setattr(perceptual, "LpipsLoss", Constant)
    settings = config(folder, losses={"mse": 1.0, "commitment": 0.0, "lpips": {"weight": 2.0, "batches": batches}})
    model = VQVAE(settings)
    image = _image(9)
    picture = np.asarray(model(inputs(image, settings, damaged=np.array([damaged], np.float32))))
    expected = np.mean((image - picture) ** 2) + counted * 2.0 * 0.5
    assert float(model.losses[0]) == pytest.approx(expected, rel=1e-4)


@pytest.mark.parametrize("receiver", ["soft", "hard"])
def test_decoder_sees_what_a_receiver_makes_of_all_stages(folder: Path, receiver: str) -> None:
    """Estimates and variances of three stages of two heads, against the quantizer that schemes use."""
    from linksim.codebook.labels import label_bits
    from linksim.codebook.payload import Layout
    from linksim.codebook.receiver import Hard, Soft

    settings = config(
        folder,
        model=SEVERAL,
        train_only="decoder",
        initialize_from="any",
        codebook={"initialization": "keep"},
        reception={"receiver": receiver},
    )
    model = VQVAE(settings)
    rng = np.random.default_rng(10)
    model.quantizer.counts.assign(rng.random((3, 2, 5)))
    image = _image(11, batch=1)
    features = np.asarray(model.features(image))
    quantized = model.quantizer(features.reshape(-1, 4))
    relative = rng.normal(1, 3, (16, 3, 2, 3)).astype(np.float32)
    known = rng.random(relative.shape) < 0.3
    seen = []
    model.decoder = lambda given: seen.extend(np.asarray(x) for x in given) or image
    given = {"relative_llr": relative.reshape(1, 4, 4, 3, 2, 3), "known": known.reshape(1, 4, 4, 3, 2, 3)}
    model(inputs(image, settings, **given))

    stages = _stages(model)
    quantizer = ResidualQuantizer(stages, {"soft": Soft, "hard": Hard}[receiver])
    layout = Layout.whole((4, 4), quantizer.stage_bits)
    sent = label_bits(5)[np.asarray(quantized.indices)]  # [n, S, H, m]
    llr = relative * (2.0 * sent - 1.0)
    bits = np.where(known, sent, llr > 0)

    def payload(values: np.ndarray) -> np.ndarray:
        return np.concatenate([values[layout.order(s), s].reshape(-1) for s in range(3)])

    expected = quantizer.decode(payload(bits).astype(np.uint8), payload(llr), payload(known), layout)
    np.testing.assert_allclose(seen[0].reshape(-1, 4), expected.features, atol=1e-4)
    np.testing.assert_allclose(seen[1].reshape(-1), expected.variance, atol=1e-4)
