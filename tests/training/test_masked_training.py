"""Training on masked patches: what the encoder sees, what counts, the token, and what a run of it leaves."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
from keras import ops

from linksim.common.seeds import generator
from linksim.link.config import LinkConfig
from linksim.metrics.peak_noise import psnr
from linksim.schemes import SchemeContext, build_scheme, parse_scheme
from linksim.semantic.checkpoint import Checkpoint
from linksim.semantic.codec import load_checkpoint
from linksim.semantic.masking import draw_patches, without_masked
from linksim.training.masking.config import MaskTrainingConfig, draw_masked
from linksim.training.masking.token import hidden
from linksim.training.network.bits import bit_entropy
from linksim.training.network.normalization import FeatureNorm
from linksim.training.network.objective import Objective
from linksim.training.network.quantizer import Quantizer
from linksim.training.network.vqvae import VQVAE
from linksim.training.trainer import Trainer
from tests.training.tiny import MODEL, config, inputs

MASK = {"share": [0.25, 0.75], "patch": 8}
RNG = np.random.default_rng(0)


@contextmanager
def decoder_inputs(model: Any) -> Iterator[list[Any]]:
    """What a model gives its decoder meanwhile. Keras lets no layer of a built model be replaced, so its dictionary is."""
    seen: list[Any] = []
    decoder = model.decoder

    def watched(x: Any) -> Any:
        seen.append([np.asarray(part) for part in x] if isinstance(x, list) else np.asarray(x))
        return decoder(x)

    object.__setattr__(model, "decoder", watched)
    try:
        yield seen
    finally:
        object.__setattr__(model, "decoder", decoder)


def masked_batch(settings: Any, shape: tuple[int, int, int] = (2, 8, 8)) -> np.ndarray:
    masked = draw_masked(settings.mask, 4, shape, 1, 0)
    assert 0 < masked.mean() < 1
    return masked


@pytest.mark.parametrize(
    ("mask", "reason"),
    [
        ({"share": [0.5, 0.25]}, r"share: \[0.5, 0.25\] must be \[lowest, highest\]"),
        ({"share": [0.0, 0.0]}, "masks nothing; give a highest share above 0"),
        ({"share": [0.0, 1.0]}, "less than or equal to 0.95"),
        ({"patch": 10}, r"mask\.patch: 10 is no multiple of the 4 pixels between features"),
    ],
)
def test_a_mask_that_is_none_is_refused(folder: Path, mask: dict[str, Any], reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        config(folder, mask=mask)


def test_each_image_has_a_share_of_its_own_and_a_step_repeats() -> None:
    settings = MaskTrainingConfig(share=(0.25, 0.75), patch=8)
    batches = np.concatenate([draw_masked(settings, 4, (16, 16, 16), 7, step) for step in range(20)])
    shares = batches.mean((1, 2))
    assert 0.25 - 1 / 64 <= shares.min() < 0.3
    assert 0.7 < shares.max() <= 0.75
    assert shares.mean() == pytest.approx(0.5 - 1 / 128, abs=5 * 0.5 / np.sqrt(12 * 320))
    patches = batches.reshape(-1, 8, 2, 8, 2)
    assert (patches.max((2, 4)) == patches.min((2, 4))).all()
    np.testing.assert_array_equal(draw_masked(settings, 4, (16, 16, 16), 7, 3), batches[48:64])
    assert (draw_masked(settings, 4, (16, 16, 16), 8, 3) != batches[48:64]).any()
    assert (batches[64:80] != batches[48:64]).any()


def test_training_hides_what_the_scheme_hides(folder: Path) -> None:
    masked = masked_batch(config(folder, mask=MASK))
    images = RNG.integers(0, 256, (2, 32, 32, 3), np.uint8)
    live = np.asarray(hidden(images.astype(np.float32) / 255, masked, 4))
    np.testing.assert_allclose(live, without_masked(images, masked, 4) / np.float32(255), atol=1e-7)


def test_the_picture_depends_on_visible_patches_and_the_loss_on_all(folder: Path) -> None:
    settings = config(folder, mask=MASK)
    keras.utils.set_random_seed(1)
    model, masked = VQVAE(settings), masked_batch(settings)
    image = RNG.random((2, 32, 32, 3)).astype(np.float32)
    pixels = masked.repeat(4, 1).repeat(4, 2)[..., None]
    pictures, losses = [], []
    for changed in (image, np.where(pixels, 0.2 * image, image), np.where(pixels, image, 0.2 * image)):
        pictures.append(np.asarray(model(inputs(changed, settings, masked=masked))))
        errors = np.mean((pictures[-1] - changed) ** 2)
        losses.append((float(model.losses[-1]), errors))
    np.testing.assert_array_equal(pictures[0], pictures[1])
    assert np.abs(pictures[0] - pictures[2]).max() > 1e-4
    (loss, mse), (other_loss, other_mse) = losses[:2]
    assert abs(mse - other_mse) > 0.01
    assert other_loss - loss == pytest.approx(settings.losses.mse * (other_mse - mse), rel=1e-3)


def test_the_decoder_gets_the_token_in_masked_cells(folder: Path) -> None:
    """And the chosen words in the others, as without a mask."""
    settings = config(folder, mask=MASK)
    keras.utils.set_random_seed(1)
    model, masked = VQVAE(settings), masked_batch(settings)
    image = RNG.random((2, 32, 32, 3)).astype(np.float32)
    model(inputs(image, settings, masked=masked))
    model.mask_token.token.assign(np.float32([3, -2, 5, 0.5]))
    with decoder_inputs(model) as seen:
        model(inputs(image, settings, masked=masked))
    assert (seen[0][masked] == [3, -2, 5, 0.5]).all()
    features = model.features(image, masked=masked)
    words = np.asarray(model.quantizer(ops.reshape(features, (-1, 4))).words)[:, 0].reshape(2, 8, 8, 4)
    np.testing.assert_allclose(seen[0][~masked], words[~masked], atol=1e-5)


def test_codebook_terms_and_statistics_are_those_of_visible_features_alone(folder: Path) -> None:
    """Weighted over all, or unweighted over the visible ones: all losses of the codebook and its moving averages."""
    losses = {
        "entropy": {"weight": 0.05, "estimate": "batch"},
        "channel_aware": {"weight": 0.3, "bit_error_rate": 0.1},
    }
    for update in ("ema", "gradient"):
        settings = config(folder, losses=losses, model=MODEL | {"stages": 2, "heads": 2}, codebook={"update": update})
        rng = np.random.default_rng(1)
        z, visible = rng.normal(size=(40, 4)).astype(np.float32), rng.random(40) < 0.4
        n = int(visible.sum())
        results = []
        for features, weight in ((z, visible * np.float32(40 / n)), (z[visible], None)):
            quantizer = Quantizer(settings)
            objective = Objective(settings, quantizer)
            quantized = replace(quantizer(features), weight=weight)
            terms = objective.codebook_terms(
                features, quantized, np.ones((len(features), 2), np.float32), {"bit_error_rate": [0.1]}, True
            )
            counted = 1 if weight is None else n / 40  # the moving averages are by so many features for each
            moved = [counted * np.asarray(a) for a in (quantizer.counts - quantizer.decay, quantizer.sums)]
            results.append((terms, moved))
        (ours, our_averages), (theirs, their_averages) = results
        assert set(ours) == {"quantization", "entropy", "channel_aware", "codebook"}
        for name, value in ours.items():
            assert float(value) == pytest.approx(float(theirs[name]), rel=1e-4), name
        if update == "ema":
            for a, b in zip(our_averages, their_averages, strict=True):
                np.testing.assert_allclose(a, b, atol=1e-5)
            assert their_averages[0].sum() == pytest.approx(0.01 * n * 4, rel=1e-3)


def test_entropies_of_bits_are_those_of_visible_features_alone() -> None:
    rng = np.random.default_rng(3)
    z, visible = rng.normal(size=(50, 4)).astype(np.float32), rng.random(50) < 0.4
    weight = (visible / visible.mean()).astype(np.float32)
    ours, theirs = bit_entropy(z, 1.5, 0.7, weight), bit_entropy(z[visible], 1.5, 0.7)
    assert float(ours) == pytest.approx(float(theirs), rel=1e-4)
    assert float(ours) != pytest.approx(float(bit_entropy(z, 1.5, 0.7)), rel=1e-3)


def test_normalization_is_by_visible_features_alone() -> None:
    rng = np.random.default_rng(2)
    z, masked = rng.normal(2, 3, (2, 6, 6, 4)).astype(np.float32), rng.random((2, 6, 6)) < 0.6
    weight = (~masked / np.float32((~masked).mean())).astype(np.float32)
    weighted, plain = FeatureNorm(4), FeatureNorm(4)
    ours = np.asarray(weighted(z, training=True, weight=weight))[~masked]
    theirs = np.asarray(plain(z[~masked][None, None], training=True))[0, 0]
    np.testing.assert_allclose(ours, theirs, atol=1e-4)
    np.testing.assert_allclose(weighted.mean, plain.mean, atol=1e-5)
    np.testing.assert_allclose(weighted.variance, plain.variance, atol=1e-4)


@pytest.fixture(scope="module")
def run(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Trainer, dict[str, float], Path]:
    """A run of 60 steps, what it measured before, and its checkpoint."""
    fast = {"warmup_steps": 5, "learning_rate": 5e-3}
    settings = config(folder, steps=60, mask=MASK, optimizer=fast, codebook={"initialize_at": 10}, validate_every=60)
    trainer = Trainer(settings, tmp_path_factory.mktemp("masked"))
    before = trainer.validate()
    return trainer, before, trainer.run()


def test_masked_training_lowers_the_error_and_moves_the_token(run: tuple[Trainer, dict[str, float], Path]) -> None:
    trainer, before, path = run
    assert trainer.validate()["psnr_db_masked"] > before["psnr_db_masked"] + 0.25
    checkpoint = Checkpoint.from_bytes(path.read_bytes())
    assert checkpoint.mask_token is not None
    assert np.abs(checkpoint.mask_token).max() > 0.01  # it begins at zero
    np.testing.assert_array_equal(checkpoint.mask_token, trainer.model.mask_token.token)
    card = path.with_suffix(".md").read_text()
    assert "- Masked: 25% to 75% of the patches of 8 x 8 pixels" in card
    assert "patches masked (dB) |" in card


def test_the_token_is_worth_something(run: tuple[Trainer, dict[str, float], Path]) -> None:
    """With the trained token a masked picture is better than with noise in its place."""
    codec = load_checkpoint(str(run[2]))
    image = run[0].validation_images[0][None, :48, :48]
    masked = draw_masked(MaskTrainingConfig(share=(0.5, 0.5), patch=8), 4, (1, 12, 12), 3, 0)
    features = codec.encode(without_masked(image, masked, 4))
    far = np.random.default_rng(0).normal(0, 2, features.shape)
    values = [
        psnr(image, codec.decode(np.where(masked[..., None], shown, features), (48, 48)))[0]
        for shown in (codec.mask_token, far)
    ]
    assert values[0] > values[1]


def test_a_scheme_sends_with_the_trained_checkpoint(run: tuple[Trainer, dict[str, float], Path]) -> None:
    """Its picture, without errors, is the decoder's of visible codewords and of the token elsewhere."""
    scheme_config = parse_scheme(
        {"name": "s", "kind": "semantic", "checkpoint": str(run[2]), "mask": {"share": 0.5, "patch": 8}}
    )
    scheme = build_scheme(scheme_config, SchemeContext(LinkConfig()))
    image = run[0].validation_images[0][:45, :50]
    (sent,) = scheme.transmit([image], ["a"], [None], None)
    (delivery,) = scheme.receive([sent], [tuple(stream.intact() for stream in sent.streams)], 30.0)
    codec = load_checkpoint(str(run[2]))
    masked = draw_patches((12, 13), 0.5, 2, generator(1, 12, 13, "mask"))
    assert len(sent.streams[0].bits) == 4 * (~masked).sum()
    features = codec.encode(without_masked(image[None], masked, 4))
    words = codec.codebook[codec.indices_of(features, codec.codebook)]
    expected = codec.decode(np.where(masked[..., None], codec.mask_token, words), (45, 50))[0]
    assert delivery.image is not None
    assert np.abs(delivery.image.astype(int) - expected).max() <= 1


def test_an_interrupted_masked_run_goes_on_as_if_nothing_had_happened(folder: Path, tmp_path: Path) -> None:
    settings = config(folder, mask=MASK)
    whole = Checkpoint.from_bytes(Trainer(settings, tmp_path / "whole").run().read_bytes())

    def stop(step: int, report: dict[str, float]) -> None:
        if step == 6:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        Trainer(settings, tmp_path / "cut").run(stop)
    resumed = Checkpoint.from_bytes(Trainer(settings, tmp_path / "cut").run().read_bytes())
    assert whole.mask_token is not None
    assert resumed.mask_token is not None
    assert np.abs(whole.mask_token).max() > 0
    np.testing.assert_allclose(resumed.mask_token, whole.mask_token, rtol=1e-3, atol=1e-6)
    np.testing.assert_allclose(resumed.stages.codewords, whole.stages.codewords, rtol=1e-3, atol=1e-4)


def test_a_run_goes_on_from_a_token_and_a_decoder_is_fine_tuned_with_it(
    folder: Path, tmp_path: Path, run: tuple[Trainer, dict[str, float], Path]
) -> None:
    """Behind a receiver, with the encoder frozen: variances are zero at tokens; encoder and codebook stay."""
    link = {"code": {"kind": "none", "block_bits": 240}}
    reception = {"receiver": "soft", "es_no_db": [5.0], "clean_share": 0.0, "images": 1, "link": link}
    changes = {"train_only": "decoder", "initialize_from": str(run[2]), "mask": MASK, "reception": reception}
    trainer = Trainer(config(folder, **changes, steps=3), tmp_path)
    start = Checkpoint.from_bytes(run[2].read_bytes())
    assert start.mask_token is not None
    np.testing.assert_array_equal(trainer.model.mask_token.token, start.mask_token)
    batch = trainer._inputs(np.full((2, 32, 32, 3), 0.5, np.float32), 1)
    with decoder_inputs(trainer.model) as seen:
        trainer.model(batch)
    features, variance = seen[0]
    assert (features[batch["masked"]] == start.mask_token).all()
    assert (variance[batch["masked"]] == 0).all()
    assert (variance[~batch["masked"]] > 0).any()
    end = Checkpoint.from_bytes(trainer.run().read_bytes())
    np.testing.assert_array_equal(end.stages.codewords, start.stages.codewords)
    np.testing.assert_array_equal(end.norm_mean, start.norm_mean)
    assert end.mask_token is not None
    assert (end.mask_token != start.mask_token).all()


def test_a_run_without_a_mask_has_nothing_of_it(folder: Path, tmp_path: Path) -> None:
    trainer = Trainer(config(folder), tmp_path)
    assert trainer.model.mask_token is None
    assert "masked" not in trainer._inputs(np.zeros((1, 32, 32, 3), np.float32), 0)
    assert trainer.checkpoint().mask_token is None
