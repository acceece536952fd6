"""Checkpoints with other labels: the same pictures, less harm by bit errors, and a card that says so."""

import hashlib
from dataclasses import replace

import numpy as np
import pytest

from linksim.codebook.stages import Stages
from linksim.codebook.theory import channel_distortion
from linksim.common.errors import InputError
from linksim.semantic.autoencoder import build_decoder, build_encoder, get_weights
from linksim.semantic.card import card_markdown
from linksim.semantic.checkpoint import Checkpoint
from linksim.semantic.codec import SemanticCodec, load_checkpoint
from linksim.semantic.finding import find_checkpoint, pretrained_names
from linksim.semantic.lending import named
from linksim.semantic.relabel import relabel
from linksim.training.config import ModelConfig, TrainConfig

MODEL = {"channels": 8, "encoder_blocks": 1, "decoder_blocks": 1, "latent_dim": 4, "codebook_size": 30}


@pytest.fixture(scope="module")
def checkpoint():
    model = ModelConfig(**MODEL)
    rng = np.random.default_rng(0)
    usage = rng.random(30)
    card = {
        "name": "tiny",
        "description": "untrained",
        "training": TrainConfig(name="tiny", model=MODEL).model_dump(mode="json"),
        "training_images": 1,
        "validation": {"psnr_db": 10.0, "psnr_db_at_ber_0.16": 9.0},
    }
    made = Checkpoint(
        model=model,
        stages=Stages.single(rng.normal(size=(30, 4)).astype(np.float32), (usage / usage.sum()).astype(np.float32)),
        encoder=get_weights(build_encoder(model)),
        decoder=get_weights(build_decoder(model)),
        norm_mean=np.zeros(4, np.float32),
        norm_variance=np.float32(1),
        card=card,
    )
    return Checkpoint.from_bytes(made.to_bytes())  # weights rounded as in a file


def picture(codec, image):
    features = codec.encode(image)
    received = codec.codebook[codec.indices_of(features, codec.codebook)]
    return codec.decode(received, image.shape[1:3])


@pytest.mark.parametrize("method", ["binary-switching", "annealing"])
def test_pictures_without_errors_are_identical_and_errors_do_less_harm(checkpoint, method):
    after = relabel(checkpoint, "better", "tiny", 0.05, method, seed=0)
    after = Checkpoint.from_bytes(after.to_bytes())
    image = np.random.default_rng(1).integers(0, 256, (1, 20, 24, 3), np.uint8)
    np.testing.assert_array_equal(picture(SemanticCodec(checkpoint), image), picture(SemanticCodec(after), image))
    codecs = SemanticCodec(checkpoint), SemanticCodec(after)
    pairs = [sorted(zip(map(tuple, c.codebook), c.usage, strict=True)) for c in codecs]
    assert pairs[0] == pairs[1]
    before, now = (channel_distortion(c.codebook, c.usage, 0.05) for c in codecs)
    assert now < 0.9 * before
    assert after.card["labels"]["distortion"]["0.05"] == pytest.approx([before, now], rel=1e-5)
    text = card_markdown(after)
    assert text.startswith("# better\n")
    assert f"| 0.05 | {before:.3f} | {now:.3f} |" in text
    assert "0.16" not in text


def test_unknown_method(checkpoint):
    with pytest.raises(InputError, match="binary-switching, annealing"):
        relabel(checkpoint, "better", "tiny", 0.05, "genetic", seed=0)


@pytest.mark.skipif("vqvae-matched-labels" not in pretrained_names(), reason="no vqvae-matched-labels is shipped")
def test_shipped_labels_cut_the_channel_distortion_by_more_than_a_quarter():
    trained, matched = load_checkpoint("vqvae"), load_checkpoint("vqvae-matched-labels")
    np.testing.assert_array_equal(np.sort(trained.codebook, 0), np.sort(matched.codebook, 0))
    for part in ("encoder", "decoder"):
        weights = getattr(matched.checkpoint, part)
        for name, weight in getattr(trained.checkpoint, part).items():
            np.testing.assert_array_equal(weight, weights[name])
    before, after = (channel_distortion(c.codebook, c.usage, 0.05) for c in (trained, matched))
    assert after < 0.75 * before


def test_a_file_may_leave_out_networks_that_come_with_linksim():
    source = load_checkpoint("vqvae").checkpoint
    order = np.random.default_rng(1).permutation(source.stages.size)[None, None]
    other = replace(source, stages=source.stages.reordered(order), networks_of="vqvae")
    data = other.to_bytes()
    assert len(data) < 0.1 * len(source.to_bytes())
    back = Checkpoint.from_bytes(data)
    assert back.networks_of == "vqvae"
    for part in ("encoder", "decoder"):
        assert getattr(back, part).keys() == getattr(source, part).keys()
        for name, weight in getattr(source, part).items():
            np.testing.assert_array_equal(getattr(back, part)[name], weight)
    np.testing.assert_array_equal(back.stages.codewords, other.stages.codewords)
    assert back.to_bytes() == data


def test_networks_of_another_checkpoint_are_not_taken_for_these():
    source = load_checkpoint("vqvae").checkpoint
    with pytest.raises(InputError, match="networks_of: the encoder of 'proposed' is another one"):
        replace(source, networks_of="proposed").to_bytes()


def test_a_file_may_leave_out_kernels_that_another_has():
    """Scaled by channel and shifted, as for a constellation: only steps and biases are its own, and a kernel that differs."""
    source = load_checkpoint("ujscc-qpsk").checkpoint
    scales = iter(np.random.default_rng(2).uniform(0.5, 2, 1000).astype(np.float32))
    decoder = {name: weight * np.float32(next(scales)) for name, weight in source.decoder.items()}
    decoder["pixels/kernel"] = decoder["pixels/kernel"][::-1]
    own = replace(source, decoder=decoder)
    other = replace(own, kernels_of="ujscc-qpsk")
    data = other.to_bytes()
    assert len(data) < 0.2 * len(own.to_bytes())
    back = Checkpoint.from_bytes(data)
    assert (back.kernels_of, back.networks_of) == ("ujscc-qpsk", None)
    whole = Checkpoint.from_bytes(own.to_bytes())
    for part in ("encoder", "decoder"):
        for name, weight in getattr(whole, part).items():
            np.testing.assert_array_equal(getattr(back, part)[name], weight)
    assert back.to_bytes() == data
    assert relabel(back, "x", "ujscc-qpsk", 0.05, "chain", 1).kernels_of is None


def test_a_kernel_that_no_file_has_is_named(monkeypatch):
    other = replace(load_checkpoint("ujscc-qpsk").checkpoint, kernels_of="ujscc-qpsk")
    for lender in ("fsq", "vqvae"):  # of other sizes, and in float16
        monkeypatch.setattr("linksim.semantic.checkpoint.named", lambda _, lender=lender: named(lender))
        with pytest.raises(InputError, match=r"not a linksim checkpoint .*kernel") as caught:
            Checkpoint.from_bytes(other.to_bytes(), "file")
        assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("named", "message"),
    [
        ({"name": "/etc/passwd", "sha256": "0"}, "is no checkpoint that comes with linksim"),
        ({"name": "vqvae", "sha256": "0"}, "of another version"),
        ({"name": "vqvae-matched-labels", "sha256": None}, "has no networks of its own"),
        ({"name": "ujscc-qam16", "sha256": None}, "has no networks of its own"),
        ({"name": "rates-fine", "sha256": None}, "has other sizes"),
        ("vqvae", "not a linksim checkpoint"),
    ],
)
def test_networks_that_cannot_be_had_are_one_line(named, message, monkeypatch):
    source = load_checkpoint("vqvae").checkpoint
    if isinstance(named, dict) and named["sha256"] is None:
        data = find_checkpoint(named["name"])[1]
        named = {**named, "sha256": hashlib.sha256(data).hexdigest()}
    other = replace(source, networks_of="vqvae")
    monkeypatch.setattr(Checkpoint, "_named_networks", lambda *_: named)
    with pytest.raises(InputError, match=message) as caught:
        Checkpoint.from_bytes(other.to_bytes(), "file")
    assert "\n" not in str(caught.value)
