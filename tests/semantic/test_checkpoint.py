"""Checkpoint files: what is written comes back, format 1 is read, and nothing else passes as one."""

import io
import json
import tracemalloc
import zipfile
from collections.abc import Callable
from dataclasses import replace
from importlib import resources
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from linksim.codebook.stages import Stages
from linksim.common.errors import InputError
from linksim.semantic import archive
from linksim.semantic.archive import Archive
from linksim.semantic.autoencoder import build_decoder, build_encoder, get_weights, set_weights
from linksim.semantic.checkpoint import Checkpoint
from linksim.semantic.codec import SemanticCodec, load_checkpoint
from linksim.semantic.finding import find_checkpoint, pretrained_names
from linksim.semantic.layout import decoder_shapes, encoder_shapes
from linksim.semantic.model import ModelConfig
from linksim.semantic.packing import pack, unpack
from tests.training.cited import find_recipe

Arrays = dict[str, Any]


def _unpacked(data: bytes) -> Arrays:
    with np.load(io.BytesIO(data), allow_pickle=True) as file:
        return {name: file[name] for name in file.files}


def _packed(arrays: Arrays) -> bytes:
    buffer = io.BytesIO()
    np.savez_compressed(buffer, **arrays)
    return buffer.getvalue()


def _with_meta(arrays: Arrays, change: Callable[[dict[str, Any]], object]) -> bytes:
    meta = json.loads(arrays["meta"].tobytes())
    change(meta)
    return _packed(arrays | {"meta": np.frombuffer(json.dumps(meta).encode(), np.uint8)})


def _refused(data: bytes, reason: str) -> None:
    with pytest.raises(InputError, match=rf"mine.npz: not a linksim checkpoint \(.*{reason}") as caught:
        Checkpoint.from_bytes(data, "mine.npz")
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "sizes",
    [
        {},
        {"downsampling": 8},
        {
            "downsampling": 16,
            "channels": [32, 24, 16, 8],
            "encoder_blocks": [1, 0, 2, 1],
            "decoder_blocks": [2, 1, 0, 1],
        },
    ],
)
def test_layout_is_that_of_the_networks(sizes: dict[str, Any]) -> None:
    model = ModelConfig.model_validate({"channels": 16, "latent_dim": 6, **sizes})
    networks = [(build_encoder(model), encoder_shapes(model))]
    networks += [(build_decoder(model, with_variance=v), decoder_shapes(model, v)) for v in (False, True)]
    for network, shapes in networks:
        assert {name: w.shape for name, w in get_weights(network).items()} == shapes
        assert [w.shape for w in network.get_weights()] == list(shapes.values())  # the order of format 1
    z = networks[0][0](np.zeros((1, 64, 96, 3), np.float32))
    assert z.shape == (1, 64 // model.downsampling, 96 // model.downsampling, 6)
    assert networks[1][0](z).shape == (1, 64, 96, 3)


def test_everything_comes_back(several: Checkpoint) -> None:
    back = Checkpoint.from_bytes(several.to_bytes())
    assert (back.model, back.card, back.decoder_takes_variance) == (several.model, several.card, True)
    np.testing.assert_array_equal(back.stages.codewords, several.stages.codewords)
    np.testing.assert_array_equal(back.stages.usage, several.stages.usage)
    np.testing.assert_array_equal(back.norm_mean, several.norm_mean)
    assert back.norm_variance == several.norm_variance
    for ours, theirs in ((several.encoder, back.encoder), (several.decoder, back.decoder)):
        assert list(ours) == list(theirs)
        for name, weight in ours.items():
            np.testing.assert_array_equal(theirs[name], weight.astype(np.float16).astype(np.float32))
    assert back.to_bytes() == Checkpoint.from_bytes(back.to_bytes()).to_bytes()


def test_codewords_take_half_the_room_where_that_loses_nothing(several: Checkpoint) -> None:
    rounded = several.stages.codewords.astype(np.float16).astype(np.float32)
    for codewords, dtype in ((several.stages.codewords, np.float32), (rounded, np.float16)):
        data = replace(several, stages=Stages(codewords, several.stages.usage)).to_bytes()
        assert _unpacked(data)["codewords"].dtype == dtype
        back = Checkpoint.from_bytes(data).stages.codewords
        assert back.dtype == np.float32
        np.testing.assert_array_equal(back, codewords)


def test_int8_is_half_the_size_and_off_by_half_a_step_at_most(several: Checkpoint) -> None:
    eight = replace(several, weights="int8")
    data = eight.to_bytes()
    arrays, plain = _unpacked(data), _unpacked(several.to_bytes())
    kernels = [name for name in plain if name.endswith("/kernel")]
    assert sum(arrays[name].nbytes for name in kernels) * 2 == sum(plain[name].nbytes for name in kernels)
    back = Checkpoint.from_bytes(data)
    assert back.weights == "int8"
    for part, ours, theirs in (("encoder", several.encoder, back.encoder), ("decoder", several.decoder, back.decoder)):
        for name, weight in ours.items():
            if name.endswith("/kernel"):
                step = np.abs(weight).max((0, 1, 2)) / 127
                np.testing.assert_array_equal(arrays[f"{part}/{name.removesuffix('kernel')}step"], step)
                assert (np.abs(theirs[name] - weight) <= 0.5001 * step).all()
                assert np.abs(theirs[name] - weight).max() > 0
            else:
                np.testing.assert_array_equal(theirs[name], weight.astype(np.float16))
    assert back.to_bytes() == data  # rounding what is rounded changes nothing


@given(hnp.arrays(np.float32, (3, 3, 2, 4), elements=st.floats(-5, 5, width=32)))
def test_a_kernel_that_came_from_int8_is_written_as_it_was(kernel: np.ndarray) -> None:
    """So a part that a training leaves as it is stays equal to its start's, which a decoder beside it needs."""
    first = pack("encoder", {"a/kernel": kernel}, "int8")
    (read,) = unpack(first, ["encoder/a/kernel"], "int8")
    again = pack("encoder", {"a/kernel": read}, "int8")
    (back,) = unpack(again, ["encoder/a/kernel"], "int8")
    np.testing.assert_array_equal(back, read)


def test_int8_decoder_leaves_the_other_networks_in_float16(several: Checkpoint) -> None:
    back = Checkpoint.from_bytes(replace(several, weights="int8-decoder").to_bytes())
    assert back.weights == "int8-decoder"
    eight, half = (Checkpoint.from_bytes(replace(several, weights=kind).to_bytes()) for kind in ("int8", "float16"))
    for name in back.encoder:
        np.testing.assert_array_equal(back.encoder[name], half.encoder[name])
    for name in back.decoder:
        np.testing.assert_array_equal(back.decoder[name], eight.decoder[name])


def test_int8_keeps_channels_of_zeros_and_refuses_what_is_not_finite(several: Checkpoint) -> None:
    name = "features/kernel"
    for value in (0.0, np.nan, np.inf):
        kernel = several.encoder[name].copy()
        kernel[..., 2] = value
        changed = replace(several, weights="int8", encoder={**several.encoder, name: kernel})
        if value == 0.0:
            assert (Checkpoint.from_bytes(changed.to_bytes()).encoder[name][..., 2] == 0).all()
        else:
            with pytest.raises(InputError, match="encoder/features/step has values that are not finite"):
                changed.to_bytes()


def test_files_of_int8_are_checked_as_others_are(several: Checkpoint) -> None:
    arrays = _unpacked(replace(several, weights="int8").to_bytes())
    name, step = "decoder/pixels/kernel", "decoder/pixels/step"
    _refused(_packed({k: v for k, v in arrays.items() if k != step}), f"{step} is missing")
    _refused(_packed(arrays | {step: arrays[step][:-1]}), f"{step} has shape")
    _refused(_packed(arrays | {step: arrays[step] * np.float32(np.nan)}), f"{step} has values that are not finite")
    _refused(_packed(arrays | {step: arrays[step] + np.float32(3e38)}), f"{name} has values that are not finite")
    _refused(_packed(arrays | {name: arrays[name].astype(np.float16)}), f"{name} holds float16, not int8")
    _refused(_with_meta(arrays, lambda meta: meta.update(weights="int4")), "its weights are 'int4'")
    _refused(_with_meta(arrays, lambda meta: meta.pop("weights")), "step is not expected")


def test_codec_pads_crops_and_knows_its_sizes(several: Checkpoint) -> None:
    codec = SemanticCodec(several)
    assert (codec.downsampling, codec.dim, codec.grid(21, 34)) == (8, 6, (3, 5))
    images = np.random.default_rng(1).integers(0, 256, (2, 21, 34, 3), np.uint8)
    features = codec.encode(images)
    assert features.shape == (2, 3, 5, 6)
    assert features.dtype == np.float32
    padded = np.pad(images, ((0, 0), (0, 3), (0, 6), (0, 0)), mode="edge")
    np.testing.assert_allclose(codec.encode(padded), features, atol=1e-5)
    pictures = codec.decode(features, (21, 34), np.zeros((2, 3, 5)))
    assert pictures.shape == images.shape
    assert pictures.dtype == np.uint8
    np.testing.assert_array_equal(pictures, codec.decode(features, (24, 40))[:, :21, :34])
    with pytest.raises(InputError, match="3 stages of 2 heads; one codebook is needed"):
        _ = codec.codebook


@pytest.mark.parametrize("name", pretrained_names())
def test_shipped_files_of_format_1_are_read_as_they_are(name: str) -> None:
    data = (resources.files("linksim") / "pretrained" / f"{name}.npz").read_bytes()
    arrays = _unpacked(data)
    if json.loads(arrays["meta"].tobytes())["format"] != 1:
        pytest.skip("of format 2")
    codec = load_checkpoint(name)
    np.testing.assert_array_equal(codec.codebook, arrays["codebook"])
    np.testing.assert_array_equal(codec.usage, arrays["usage"])
    for part, network in (("encoder", codec.encoder), ("decoder", codec.decoder)):
        stored = [arrays[key].astype(np.float32) for key in sorted(arrays) if key.startswith(f"{part}/")]
        for ours, theirs in zip(network.get_weights(), stored, strict=True):
            np.testing.assert_array_equal(ours, theirs)
    again = Checkpoint.from_bytes(codec.checkpoint.to_bytes())  # in format 2
    assert again.card == codec.card
    for key, weight in codec.checkpoint.decoder.items():
        np.testing.assert_array_equal(weight, again.decoder[key])


def test_weights_under_other_names_are_not_put_in(several: Checkpoint) -> None:
    with pytest.raises(ValueError, match="features/gamma"):
        set_weights(build_encoder(several.model), {**several.encoder, "features/gamma": np.zeros(6)})


@pytest.mark.parametrize(
    ("name", "array", "reason"),
    [
        ("codewords", np.zeros((3, 2, 10, 4), np.float32), r"codewords has shape \[3, 2, 10, 4\], not \[3, 2, 10, 3\]"),
        ("usage", np.full((3, 2, 9), 1 / 9, np.float32), r"usage has shape"),
        ("usage", np.full((3, 2, 10), 0.2, np.float32), "usage is no list of probabilities"),
        ("usage", np.tile(np.float32([-0.1, 1.1, *[0] * 8]), (3, 2, 1)), "usage is no list of probabilities"),
        ("codewords", np.full((3, 2, 10, 3), np.nan, np.float32), "codewords has values that are not finite"),
        ("codewords", np.ones((3, 2, 10, 3), np.complex64), "codewords holds complex64, not float16 or float32"),
        ("norm_mean", np.array(["a"] * 6), "norm_mean holds <U1, not float32"),
        ("norm_mean", np.array([None] * 6), "norm_mean holds object, not float32"),
        ("norm_variance", np.float32(-1), "norm_variance is -1.0"),
        ("norm_variance", np.float32(np.inf), "norm_variance has values that are not finite"),
        ("decoder/pixels/bias", np.zeros(11, np.float16), "decoder/pixels/bias has shape"),
        ("decoder/pixels/bias", np.zeros(12, np.int8), "decoder/pixels/bias holds int8, not float16 or float32"),
        ("decoder/pixels/bias", np.full(12, np.inf, np.float16), "decoder/pixels/bias has values that are not finite"),
        ("decoder/extra/bias", np.zeros(12, np.float16), "decoder/extra/bias is not expected"),
        ("meta", np.zeros(2_000_000, np.uint8), "meta has 2000000 x uint8"),
        ("meta", np.frombuffer(b"[1, 2]", np.uint8), "meta is no JSON object"),
        ("meta", np.frombuffer(b"{" * 100, np.uint8), ""),
    ],
)
def test_arrays_that_do_not_fit_the_sizes_are_refused(several: Checkpoint, name: str, array: Any, reason: str) -> None:
    _refused(_packed(_unpacked(several.to_bytes()) | {name: array}), reason)


@pytest.mark.parametrize("name", ["codewords", "usage", "norm_mean", "meta", "encoder/features/kernel"])
def test_a_missing_array_is_named(several: Checkpoint, name: str) -> None:
    arrays = _unpacked(several.to_bytes())
    del arrays[name]
    _refused(_packed(arrays), f"{name} is missing|no member {name}")


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda m: m.update(format=3), "its format is 3; this version reads 1 and 2"),
        (lambda m: m.pop("format"), "its format is None"),
        (lambda m: m["networks"].update(kind="onnx"), "its kinds are"),
        (lambda m: m["quantizer"].update(kind="lattice"), "its kinds are"),
        (lambda m: m["quantizer"].update(stages=2), "shape"),
        (lambda m: m["quantizer"].update(codebook_size=2.5), "sizes .* are not possible"),
        (lambda m: m["networks"].update(downsampling=5), "sizes .* are not possible"),
        (lambda m: m["networks"].update(widths=[1]), "sizes .* are not possible"),
        (lambda m: m["networks"].update(decoder_takes_variance="yes"), "decoder_takes_variance is 'yes'"),
        (lambda m: m["networks"].update(decoder_takes_variance=False), "shape"),
        (lambda m: m.pop("networks"), "KeyError"),
        (lambda m: m.update(card="none"), "its card is no JSON object"),
        (lambda m: m["card"].update(training=7), "its card is no JSON object"),
    ],
)
def test_meta_that_is_not_possible_is_refused(
    several: Checkpoint, change: Callable[[dict[str, Any]], object], reason: str
) -> None:
    _refused(_with_meta(_unpacked(several.to_bytes()), change), reason)


def test_headers_are_checked_before_memory_is_taken(several: Checkpoint) -> None:
    """A few kilobytes that would unpack to a gigabyte: in a member that the sizes ask for, and in one that they do not."""
    small = _unpacked(several.to_bytes())
    for name in ("codewords", "bomb"):
        buffer = io.BytesIO()
        with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as file:
            for key, array in small.items():
                if key != name:
                    member = io.BytesIO()
                    np.save(member, array)
                    file.writestr(f"{key}.npy", member.getvalue())
            with file.open(f"{name}.npy", "w", force_zip64=True) as member:
                header = {"descr": "<f4", "fortran_order": False, "shape": (1 << 26,)}
                np.lib.format.write_array_header_1_0(member, header)
                for _ in range(256):
                    member.write(bytes(1 << 20))
        tracemalloc.start()
        _refused(buffer.getvalue(), "shape" if name == "codewords" else "bomb is not expected")
        assert tracemalloc.get_traced_memory()[1] < 20 << 20
        tracemalloc.stop()


def test_sizes_that_would_fill_the_memory_are_refused(several: Checkpoint, monkeypatch: pytest.MonkeyPatch) -> None:
    data = several.to_bytes()
    monkeypatch.setattr(archive, "MAX_BYTES", 10_000)
    _refused(data, "its arrays take [0-9]+ bytes, more than 10000")


def test_a_member_longer_than_its_header_says_is_refused(several: Checkpoint) -> None:
    arrays = _unpacked(several.to_bytes())
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as file:
        for key, array in arrays.items():
            member = io.BytesIO()
            np.save(member, array)
            file.writestr(f"{key}.npy", member.getvalue() + (b"more" if key == "usage" else b""))
    _refused(buffer.getvalue(), "another length")


def test_two_members_of_one_name_are_refused(several: Checkpoint) -> None:
    buffer = io.BytesIO(several.to_bytes())
    with zipfile.ZipFile(buffer, "a") as file, pytest.warns(UserWarning, match="Duplicate"):
        file.writestr("usage.npy", b"")
    _refused(buffer.getvalue(), "two members of one name")


@given(data=st.data())
@settings(max_examples=60, deadline=None)
def test_damaged_bytes_are_one_line_or_the_same_checkpoint(several: Checkpoint, data: st.DataObject) -> None:
    """A flipped byte or a cut is noticed, unless it is in what the format does not use."""
    whole = several.to_bytes()
    if data.draw(st.booleans()):
        damaged = whole[: data.draw(st.integers(0, len(whole) - 1))]
    else:
        place, mask = data.draw(st.integers(0, len(whole) - 1)), data.draw(st.integers(1, 255))
        damaged = whole[:place] + bytes([whole[place] ^ mask]) + whole[place + 1 :]
    try:
        back = Checkpoint.from_bytes(damaged)
    except InputError as error:
        assert "\n" not in str(error)  # noqa: PT017
    else:
        assert back.card == several.card
        np.testing.assert_array_equal(back.stages.codewords, several.stages.codewords)


def test_what_is_not_finite_is_never_written(several: Checkpoint, tmp_path: Any) -> None:
    too_large = {**several.decoder, "pixels/bias": np.full(12, 1e6, np.float32)}  # more than float16 holds
    lost = {**several.encoder, "features/bias": np.full(6, np.nan, np.float32)}
    for damaged, name in (
        (replace(several, decoder=too_large), "pixels"),
        (replace(several, encoder=lost), "features"),
    ):
        with pytest.raises(InputError, match=rf"'several': .*/{name}/bias has values that are not finite"):
            damaged.save(tmp_path / "mine.npz")
    assert not list(tmp_path.iterdir())


def test_a_place_that_cannot_be_written_is_named(several: Checkpoint, tmp_path: Any) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(InputError, match=r"file/mine.npz: cannot be written"):
        several.save(tmp_path / "file" / "mine.npz")


def test_size_limit_is_above_every_shipped_checkpoint() -> None:
    for name in pretrained_names():
        model = load_checkpoint(name).model
        shapes = [*encoder_shapes(model).values(), *decoder_shapes(model, True).values()]
        assert 20 * 4 * sum(int(np.prod(shape)) for shape in shapes) < archive.MAX_BYTES


@pytest.mark.parametrize("part", ["encoder", "decoder"])
def test_networks_whose_finite_weights_overflow_are_named(several: Checkpoint, part: str) -> None:
    large = {name: np.full_like(weight, 6e4) for name, weight in getattr(several, part).items()}
    codec = SemanticCodec(replace(several, **{part: large}), name="mine")
    image = np.full((1, 32, 32, 3), 255, np.uint8)
    with pytest.raises(
        InputError, match=f"checkpoint mine: its {part} gives values that are not finite; train it anew"
    ):
        codec.decode(codec.encode(image), (32, 32))


def test_the_shipped_weights_take_no_more_than_they_may() -> None:
    """40 MB of all but the systems of other papers, which may take 30 MB."""
    sizes = {True: 0, False: 0}
    for name in pretrained_names(None):
        data = find_checkpoint(name)[1]
        card = Archive(data).meta()["card"]
        sizes["training" in card and find_recipe(card) is not None] += len(data)
    assert sizes[False] <= 40e6
    assert sizes[True] <= 30e6


@pytest.mark.parametrize(
    ("name", "near"),
    [("vqvea", "vqvae"), ("propsed-soft", "proposed-soft"), ("runs/x/moc-rvq-repai.npz", "moc-rvq-repair")],
)
def test_a_name_that_is_near_is_told_without_all_the_others(name: str, near: str) -> None:
    with pytest.raises(InputError) as caught:
        find_checkpoint(name, "schemes.s.checkpoint")
    said = str(caught.value)
    assert said.startswith("schemes.s.checkpoint: ")
    assert f"; did you mean {near}?" in said
    assert not any(f"{other}," in said or f" {other} " in said for other in pretrained_names())
    assert len(said) < 160


@pytest.mark.parametrize("name", ["qqq", "runs/x/qqq.npz"])
def test_where_no_name_is_near_all_are_told(name: str) -> None:
    with pytest.raises(InputError) as caught:
        find_checkpoint(name)
    assert f"; shipped are {', '.join(pretrained_names())}" in str(caught.value)
