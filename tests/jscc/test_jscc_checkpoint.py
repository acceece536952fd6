"""Files of symbol networks: what is kept, what is refused, and that neither kind of checkpoint passes for the other."""

import io
import json
from dataclasses import replace
from importlib import resources
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from linksim.common.errors import InputError
from linksim.jscc.checkpoint import KIND, JsccCheckpoint
from linksim.jscc.codec import TrainedJscc, load_jscc
from linksim.jscc.layout import decoder_shapes, encoder_shapes
from linksim.jscc.model import JsccModel
from linksim.semantic.checkpoint import Checkpoint
from linksim.semantic.finding import find_checkpoint, network_kind, pretrained_names

SIZES = [
    JsccModel(),
    JsccModel(downsampling=4, reals=1, channels=(8,), encoder_blocks=(0,), decoder_blocks=(2,)),
    JsccModel(downsampling=16, reals=5, channels=(24, 16, 8), encoder_blocks=(1, 0, 2), decoder_blocks=(0, 1, 0)),
]


def _changed(data: bytes, **changes: Any) -> bytes:
    """The file with members replaced (None: left out), and keys of `meta`."""
    with np.load(io.BytesIO(data)) as file:
        arrays = {name: file[name] for name in file.files}
    meta = json.loads(arrays["meta"].tobytes()) | changes.pop("meta", {})
    arrays |= {name.replace("__", "/"): value for name, value in changes.items()}
    arrays = {name: value for name, value in arrays.items() if value is not None}
    arrays["meta"] = np.frombuffer(json.dumps(meta).encode(), np.uint8)
    buffer = io.BytesIO()
    np.savez(buffer, **arrays)
    return buffer.getvalue()


@pytest.mark.parametrize("model", SIZES, ids=lambda m: str(m.downsampling))
def test_the_layout_is_that_of_the_networks(model: JsccModel) -> None:
    from linksim.jscc.networks import build_decoder, build_encoder
    from linksim.semantic.autoencoder import get_weights

    for build, shapes in ((build_encoder, encoder_shapes(model)), (build_decoder, decoder_shapes(model))):
        weights = get_weights(build(model))
        assert {name: weight.shape for name, weight in weights.items()} == shapes


def test_a_file_holds_what_went_in(small: JsccCheckpoint, tmp_path: Path) -> None:
    small.save(tmp_path / "small.npz")
    again = JsccCheckpoint.from_bytes((tmp_path / "small.npz").read_bytes())
    assert (again.model, again.card) == (small.model, small.card)
    for part in ("encoder", "decoder"):
        ours, theirs = getattr(small, part), getattr(again, part)
        assert list(ours) == list(theirs)
        for name, weight in ours.items():
            np.testing.assert_array_equal(weight, theirs[name])
    assert network_kind(small.to_bytes()) == KIND


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"meta": {"format": 1}}, "its format is 1"),
        ({"meta": {"networks": {"kind": "vit"}}}, "its networks are 'vit'"),
        ({"meta": {"networks": {"kind": "jscc", "reals": 1e9}}}, "are not possible"),
        ({"meta": {"card": []}}, "its card is no JSON object"),
        ({"encoder__reals__bias": None}, "encoder/reals/bias is missing"),
        ({"encoder__reals__bias": np.zeros(3, np.float16)}, r"has shape \[3\], not \[7\]"),
        ({"encoder__reals__bias": np.full(7, np.nan, np.float16)}, "not finite"),
        ({"encoder__reals__bias": np.zeros(7, np.float64)}, "holds float64"),
        ({"extra": np.zeros(1)}, "extra is not expected"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_file_that_is_none_is_one_line(small: JsccCheckpoint, change: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError, match=message) as caught:
        JsccCheckpoint.from_bytes(_changed(small.to_bytes(), **change), "mine.npz")
    assert "\n" not in str(caught.value)
    assert str(caught.value).startswith("mine.npz: not a linksim checkpoint of joint source-channel coding")


@pytest.mark.parametrize("data", [b"", b"PK", b"\x93NUMPY", bytes(1000)])
def test_bytes_that_are_no_archive_are_one_line(data: bytes) -> None:
    with pytest.raises(InputError, match="not a linksim checkpoint"):
        JsccCheckpoint.from_bytes(data)


def test_neither_kind_passes_for_the_other(small: JsccCheckpoint) -> None:
    with pytest.raises(InputError, match=r"its kinds are \{'networks': 'jscc'"):
        Checkpoint.from_bytes(small.to_bytes())
    with pytest.raises(InputError, match="not a linksim checkpoint of joint"):
        load_jscc("vqvae")


def test_values_beyond_float16_are_not_written(small: JsccCheckpoint) -> None:
    lost = replace(small, encoder=small.encoder | {"reals/bias": np.full(7, 1e6, np.float32)})
    with pytest.raises(
        InputError, match="'small': encoder/reals/bias has values that are not finite; it is not written"
    ):
        lost.to_bytes()


def test_names_of_shipped_checkpoints_are_told_by_kind() -> None:
    codebooks, symbols, every = (pretrained_names(kind) for kind in ("convolutional", KIND, None))
    assert "vqvae" in codebooks
    assert sorted([*codebooks, *symbols]) == every
    for name in symbols:
        data = (resources.files("linksim") / "pretrained" / f"{name}.npz").read_bytes()
        assert JsccCheckpoint.from_bytes(data).card["name"] == name
    with pytest.raises(InputError) as caught:
        find_checkpoint("deepjsc", kind=KIND)
    assert "vqvae" not in str(caught.value)


def test_codec_pads_crops_and_counts(small: JsccCheckpoint) -> None:
    codec = TrainedJscc(small)
    images = np.random.default_rng(1).integers(0, 256, (2, 21, 34, 3), np.uint8)
    symbols = codec.encode(images, 10.0)
    assert symbols.shape == (2, codec.symbol_count(21, 34)) == (2, -(-3 * 5 * 7 // 2))
    padded = np.pad(images, ((0, 0), (0, 3), (0, 6), (0, 0)), mode="edge")
    np.testing.assert_allclose(codec.encode(padded, 10.0), symbols, atol=1e-5)
    noise = np.full(symbols.shape, 0.1, np.float32)
    pictures = codec.decode(symbols, noise, (21, 34), 10.0)
    assert (pictures.shape, pictures.dtype) == (images.shape, np.uint8)
    np.testing.assert_array_equal(pictures, codec.decode(symbols, noise, (24, 40), 10.0)[:, :21, :34])


def test_both_ends_know_the_snr(small: JsccCheckpoint) -> None:
    """The attentions have weights at the SNR even before training, so that it changes symbols and pictures."""
    codec = TrainedJscc(small)
    image = np.random.default_rng(1).integers(0, 256, (1, 32, 32, 3), np.uint8)
    low, high = (codec.encode(image, snr) for snr in (0.0, 20.0))
    assert not np.allclose(low, high, atol=1e-6)


def test_a_constellation_has_its_points_alone(small: JsccCheckpoint) -> None:
    model = small.model.model_copy(update={"constellation_bits": 4})
    codec = TrainedJscc(replace(small, model=model))
    image = np.random.default_rng(1).integers(0, 256, (1, 32, 32, 3), np.uint8)
    (symbols,) = codec.encode(image, 10.0)
    assert np.mean(np.abs(symbols) ** 2) == pytest.approx(1)
    assert 2 < len(np.unique(symbols.round(5))) <= 16
    plain = TrainedJscc(small).encode(image, 10.0)
    assert len(np.unique(plain.round(5))) > 16


def test_int8_comes_back_within_half_a_step(small: JsccCheckpoint) -> None:
    data = replace(small, weights="int8").to_bytes()
    with np.load(io.BytesIO(data)) as file:
        assert {file[name].dtype for name in file.files if name.endswith("/kernel")} == {np.dtype(np.int8)}
    back = JsccCheckpoint.from_bytes(data)
    for ours, theirs in ((small.encoder, back.encoder), (small.decoder, back.decoder)):
        for name, weight in ours.items():
            off = np.abs(theirs[name] - weight)
            step = np.abs(weight).reshape(-1, weight.shape[-1]).max(0) / 127 if name.endswith("/kernel") else 0.0
            assert (off <= 0.5001 * step).all()
    assert back.to_bytes() == data
    with pytest.raises(InputError, match="its weights are 'int2'"):
        JsccCheckpoint.from_bytes(_changed(data, meta={"weights": "int2"}))
