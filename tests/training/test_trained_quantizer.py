"""The trainable quantizer and the loss of the model against the equations."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from keras import ops

from linksim.codebook.quantizer import ResidualQuantizer
from linksim.codebook.stages import Stages
from linksim.training.network import losses
from linksim.training.network.bank.vqvae import BankVQVAE
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


class Tells:
    """A stand-in for the Gram loss with a value that is known, and of the pictures that it is given."""

    def __init__(self, *_: Any, **__: Any) -> None: ...

    def __call__(self, x: Any, x_hat: Any) -> Any:
        return ops.mean(ops.abs(x - x_hat)) + 0.5


@pytest.mark.parametrize("weight", [0.0, 1.5, 4.0])
def test_the_gram_loss_counts_by_its_weight(folder: Path, monkeypatch: pytest.MonkeyPatch, weight: float) -> None:
    """`alpha_2 L_gram` of eq. 24, with the picture that was sent and the one that was made of it."""
    from linksim.training.network import perceptual

    monkeypatch.setattr(perceptual, "GramLoss", Tells)
    settings = config(folder, losses={"mse": 3.0, "commitment": 0.4, "gram": {"weight": weight}})
    model = VQVAE(settings)
    image = _image(12)
    picture = np.asarray(model(inputs(image, settings)))
    z = np.asarray(model.features(image)).reshape(-1, 4)
    distance = np.mean((z - np.asarray(model.quantizer(z).words)[:, 0]) ** 2)
    gram = np.mean(np.abs(image - picture)) + 0.5
    expected = 3.0 * np.mean((image - picture) ** 2) + weight * gram + 0.4 * distance
    assert float(model.losses[0]) == pytest.approx(expected, rel=1e-4)


STATES = [{"name": "low", "bit_error_rate": 0.05}, {"name": "high", "bit_error_rate": 0.2}]
SYMBOLS = {"weight": 0.5, "labelling": "symbols", "es_no_db": 6.0}


@pytest.mark.parametrize("way", ["flips", "symbols", "state", "trained"])
def test_codebook_and_commitment_follow_the_words_that_are_chosen(
    folder: Path, monkeypatch: pytest.MonkeyPatch, way: str
) -> None:
    """What arrives is the decoder's alone: the terms of the codebook, its usage and its sums are those without errors.

    Errors by `flips`, by `chance` of symbols, by `flips` of a bank's state, and by a bank's trained rates.
    """
    term: dict[str, Any] = SYMBOLS if way == "symbols" else {"weight": 0.5}
    changes: dict[str, Any] = {"flips": {"errors": "symbols"}} if way == "symbols" else {"flips": {"clean_share": 0.0}}
    if way in ("state", "trained"):
        changes["bank"] = {"states": STATES, "trainable": way == "trained"}
    model_config = MODEL | {"stages": 2, "heads": 2}
    terms = {"entropy": {"weight": 0.3}, "channel_aware": term}
    settings = config(folder, model=model_config, losses=terms, **changes)
    model = VQVAE(settings) if settings.bank is None else BankVQVAE(settings)
    rng = np.random.default_rng(13)
    image, shape = _image(14), (2, 4, 4, 2, 2)
    matrix = np.asarray(losses.transition_matrix(16, 0.2, "exact"))
    clean = inputs(image, settings, state=np.ones(1, np.int32), transition=matrix)
    clean |= {"chance": np.full(shape, -1.0, np.float32), "uniform": np.zeros((*shape, 4), np.float32)}
    errors = {
        "symbols": {"chance": rng.random(shape).astype(np.float32)},
        "trained": {"uniform": rng.uniform(0.5, 1, (*shape, 4)).astype(np.float32)},
    }
    damaged = clean | errors.get(way, {"flips": rng.integers(1, 16, shape).astype(np.int32)})
    model(clean)  # Keras calls it once more on the first time
    start = model.get_weights()
    found: list[dict[str, Any]] = []
    monkeypatch.setattr(model.objective, "total", _telling(model.objective.total, found))
    pictures, averages = [], []
    for batch in (clean, damaged):
        model.set_weights(start)
        pictures.append(np.asarray(model(batch, training=True)))
        quantizer = model.quantizer
        averages.append(
            [np.array(x) for x in (quantizer.usage(), quantizer.counts, quantizer.sums, quantizer.codewords)]
        )
    assert np.abs(pictures[0] - pictures[1]).max() > 1e-4
    without, with_errors = found
    own = set(without) - {"loss", "mse"}
    assert own >= {"quantization", "entropy", "channel_aware", "codebook"}
    for name in own:
        assert float(with_errors[name]) == pytest.approx(float(without[name]), rel=1e-5), name
    rest = [float(terms["loss"]) - settings.losses.mse * float(terms["mse"]) for terms in found]
    assert rest[1] == pytest.approx(rest[0], rel=1e-4)
    for name, before, after in zip(("usage", "counts", "sums", "codewords"), *averages, strict=True):
        np.testing.assert_allclose(after, before, rtol=1e-5, atol=1e-6, err_msg=name)


def _telling(total: Any, found: list[dict[str, Any]]) -> Any:
    """`total`, which also puts the terms that it gives into `found`."""

    def told(*arguments: Any) -> dict[str, Any]:
        found.append(total(*arguments))
        return found[-1]

    return told
