"""The repair block: its start, its layout, its place in a checkpoint file."""

import io
import json
from dataclasses import replace

import numpy as np
import pytest

from linksim.common.errors import InputError
from linksim.semantic.autoencoder import get_weights
from linksim.semantic.card import card_markdown
from linksim.semantic.checkpoint import Checkpoint
from linksim.semantic.codec import SemanticCodec
from linksim.semantic.layout import repair_shapes
from linksim.semantic.model import ModelConfig
from linksim.semantic.packing import WeightType
from linksim.semantic.repair import build_repair


def _with_block(several: Checkpoint, blocks: int = 2) -> Checkpoint:
    """The checkpoint with a block whose weights are random, biases and correction, too."""
    model = several.model.model_copy(update={"repair_blocks": blocks, "repair_channels": 10})
    rng = np.random.default_rng(5)
    weights = {name: rng.normal(0, 0.1, shape).astype(np.float32) for name, shape in repair_shapes(model).items()}
    return replace(several, model=model, repair=weights)


def _meta(data: bytes) -> dict:
    with np.load(io.BytesIO(data)) as file:
        return json.loads(file["meta"].tobytes())


def _arrays(data: bytes) -> dict[str, np.ndarray]:
    with np.load(io.BytesIO(data)) as file:
        return dict(file)


def _packed(arrays: dict[str, np.ndarray]) -> bytes:
    buffer = io.BytesIO()
    np.savez_compressed(buffer, **arrays)
    return buffer.getvalue()


@pytest.mark.parametrize("dtype", ["float32", "mixed_bfloat16"])
@pytest.mark.parametrize("blocks", [1, 3])
def test_it_begins_as_the_identity(blocks: int, dtype: str) -> None:
    model = ModelConfig(latent_dim=6, repair_blocks=blocks, repair_channels=8)
    network = build_repair(model, dtype)
    rng = np.random.default_rng(0)
    features = rng.normal(size=(2, 5, 7, 6)).astype(np.float32)
    variance = rng.random((2, 5, 7, 1)).astype(np.float32)
    np.testing.assert_array_equal(np.asarray(network([features, variance])), features)


@pytest.mark.parametrize("blocks", [1, 3])
def test_layout_is_that_of_the_network(blocks: int) -> None:
    model = ModelConfig(downsampling=8, latent_dim=6, repair_blocks=blocks, repair_channels=10)
    shapes = {name: weight.shape for name, weight in get_weights(build_repair(model)).items()}
    assert list(shapes.items()) == list(repair_shapes(model).items())
    assert repair_shapes(model.without_repair) == {}


@pytest.mark.parametrize("weights", ["float16", "int8"])
def test_a_file_brings_the_block_back(several: Checkpoint, weights: WeightType) -> None:
    mine = replace(_with_block(several), weights=weights)
    data = mine.to_bytes()
    networks = _meta(data)["networks"]
    assert (networks["repair_blocks"], networks["repair_channels"]) == (2, 10)
    back = Checkpoint.from_bytes(data)
    assert (back.model, list(back.repair)) == (mine.model, list(mine.repair))
    for name, weight in mine.repair.items():
        kernel = weights == "int8" and name.endswith("kernel")
        off = 0.5001 * np.abs(weight).max((0, 1, 2)) / 127 if kernel else 1e-3 * np.abs(weight) + 1e-7
        assert (np.abs(back.repair[name] - weight) <= off).all()
    assert back.to_bytes() == data
    for name, weight in Checkpoint.from_bytes(replace(several, weights=weights).to_bytes()).decoder.items():
        np.testing.assert_array_equal(back.decoder[name], weight)


def test_a_file_without_a_block_does_not_speak_of_one(several: Checkpoint) -> None:
    data = several.to_bytes()
    assert not [key for key in _meta(data)["networks"] if "repair" in key]
    assert not [name for name in _arrays(data) if "repair" in name]
    assert Checkpoint.from_bytes(data).repair == {}
    assert not SemanticCodec(several).repairs


def test_a_block_that_does_not_fit_its_sizes_is_refused(several: Checkpoint) -> None:
    arrays = _arrays(_with_block(several).to_bytes())
    name = "repair/correction/bias"

    def refused(changed: dict[str, np.ndarray], reason: str) -> None:
        with pytest.raises(InputError, match=rf"mine.npz: not a linksim checkpoint \(.*{reason}") as caught:
            Checkpoint.from_bytes(_packed(changed), "mine.npz")
        assert "\n" not in str(caught.value)

    refused({key: value for key, value in arrays.items() if key != name}, f"{name} is missing")
    refused(arrays | {name: arrays[name][:-1]}, f"{name} has shape")
    refused(arrays | {name: np.full(6, np.inf, np.float16)}, f"{name} has values that are not finite")
    for change, reason in (
        ({"repair_blocks": 0}, "repair/.* is not expected"),
        ({"repair_blocks": 3}, "repair/grid8_block3_.* is missing"),
        ({"repair_blocks": 65}, "sizes .* are not possible"),
        ({"repair_channels": 2.5}, "sizes .* are not possible"),
        ({"repair_channels": 12}, "shape"),
    ):
        meta = json.loads(arrays["meta"].tobytes())
        meta["networks"] |= change
        refused(arrays | {"meta": np.frombuffer(json.dumps(meta).encode(), np.uint8)}, reason)


def test_the_codec_gives_what_the_network_gives_and_shares_the_other_networks(several: Checkpoint) -> None:
    mine = _with_block(several)
    codec, plain = SemanticCodec(mine), SemanticCodec(several)
    assert codec.repairs
    rng = np.random.default_rng(1)
    features = rng.normal(size=(1, 4, 5, 6)).astype(np.float32)
    variance = rng.random((1, 4, 5)).astype(np.float32)
    network = codec.repair_network
    np.testing.assert_allclose(
        codec.repair(features, variance), np.asarray(network([features, variance[..., None]])), atol=1e-5
    )
    assert not np.allclose(codec.repair(features, variance), codec.repair(features, 2 * variance), atol=1e-4)
    assert codec.encoder is plain.encoder
    assert codec.decoder is plain.decoder


def test_a_block_whose_finite_weights_overflow_is_named(several: Checkpoint) -> None:
    deep = _with_block(several, blocks=6)
    large = replace(deep, repair={name: np.full_like(weight, 6e4) for name, weight in deep.repair.items()})
    with pytest.raises(InputError, match="checkpoint mine: its repair block gives values that are not finite"):
        SemanticCodec(large, name="mine").repair(np.ones((1, 4, 4, 6), np.float32), np.ones((1, 4, 4), np.float32))


def test_the_card_tells_of_the_block(several: Checkpoint) -> None:
    told = "repair block of 2 residual blocks with 10 channels"
    assert told in card_markdown(_with_block(several))
    assert "repair" not in card_markdown(several).split("Everything it was trained with")[0]
