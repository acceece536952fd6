"""Pairs of ONNX models over the real link, against what their nodes compute in closed form."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from onnx_models import PICTURE, bits_pair, constant, indices_pair, model, node, save, symbols_pair, value
from small_link import link_config, picture, receptions_of, send

from linksim.common.errors import InputError
from linksim.link.ledger import ledger_of
from linksim.link.reception import Reception, SymbolReception
from linksim.schemes import SchemeContext, build_scheme, parse_scheme
from linksim.schemes.identity import identity
from linksim.schemes.onnx.payloads import Bits, Indices, Symbols
from linksim.schemes.onnx.pictures import Pictures

LINK = link_config()


def config_of(models, **keys):
    return parse_scheme({"name": "Mine", "kind": "onnx"} | models | keys)


def build(models, link=LINK, **keys):
    return build_scheme(config_of(models, **keys), SchemeContext(link))


def cells(image):
    """Means of 2 x 2 pixels, of an image whose last row and column are repeated up to even sides."""
    image = np.pad(image, ((0, image.shape[0] % 2), (0, image.shape[1] % 2), (0, 0)), mode="edge")
    return image.reshape(image.shape[0] // 2, 2, image.shape[1] // 2, 2, 3).mean((1, 3))


def shown(levels, size):
    grey = np.clip(np.rint(255 * levels), 0, 255).repeat(2, 0).repeat(2, 1)
    return grey[: size[0], : size[1]].astype(np.uint8)


@pytest.mark.parametrize("size", [(48, 64), (47, 33), (16, 16)])
@pytest.mark.parametrize("llrs", [False, True])
def test_bits_arrive_as_they_are(tmp_path, size, llrs):
    scheme = build(bits_pair(tmp_path, llrs=llrs), takes="llrs" if llrs else "bits")
    image = picture(*size)
    (sent,) = scheme.transmit([image], ["a"], [None], None)
    bright = (image > 127.5).astype(np.uint8)
    np.testing.assert_array_equal(sent.streams[0].bits, np.moveaxis(bright, -1, 0).reshape(-1))
    assert sent.channel_uses == ledger_of(LINK, image.size).channel_uses
    (delivery,) = send(scheme, [sent], 30.0)
    np.testing.assert_array_equal(delivery.image, 255 * bright)
    assert not delivery.outage
    assert not scheme.transmit_depends_on_snr
    assert not scheme.receive_depends_on_snr


@pytest.mark.parametrize(
    ("kind", "taken"), [("uint8", "float"), ("bool", "bool"), ("int64", "uint8"), ("float", "int64")]
)
def test_bits_of_any_type(tmp_path, kind, taken):
    scheme = build(bits_pair(tmp_path, kind, taken))
    image = picture()
    (delivery,) = send(scheme, scheme.transmit([image], ["a"], [None], None), 30.0)
    np.testing.assert_array_equal(delivery.image, 255 * (image > 127.5))


@pytest.mark.parametrize(("size", "llrs"), [(6, False), (8, False), (8, True), (200, False)])
def test_indices_arrive_as_they_are(tmp_path, size, llrs):
    scheme = build(indices_pair(tmp_path, size, llrs), takes="llrs" if llrs else "indices")
    image = picture(47, 63)
    (sent,) = scheme.transmit([image], ["a"], [None], None)
    levels = np.rint(cells(image) / 255 * (size - 1))
    assert len(sent.streams[0].bits) == levels.size * (size - 1).bit_length()
    (delivery,) = send(scheme, [sent], 30.0)
    off = np.abs(delivery.image - shown(levels / (size - 1), (47, 63)).astype(float))
    assert (off > 1).mean() < 1e-3  # a mean at the border of two levels may be rounded either way


def by_hand(image):
    """Symbols `[3, h, w]` of the symbols pair, and the picture that its decoder makes of them."""
    centred = np.moveaxis(cells(image) / 255 - 0.5, -1, 0)
    symbols = centred / np.sqrt(2 * np.mean(centred**2))
    return symbols, shown(np.moveaxis(0.5 + 0.25 * symbols, 0, -1), image.shape[:2])


@pytest.mark.parametrize("batch", ["batch", 1, 3])
def test_symbols_have_power_1_and_arrive(tmp_path, batch):
    scheme = build(symbols_pair(tmp_path, batch=batch))
    image = picture(47, 64)
    symbols, expected = by_hand(image)
    (sent,) = scheme.transmit([image], ["a"], [None], None)
    flat = symbols.reshape(-1)
    np.testing.assert_allclose(sent.streams[0].symbols, flat[0::2] + 1j * flat[1::2], atol=1e-5)
    assert np.mean(np.abs(sent.streams[0].symbols) ** 2) == pytest.approx(1, abs=1e-5)
    assert sent.channel_uses == 3 * 24 * 32 / 2
    (delivery,) = send(scheme, [sent], 90.0)
    assert np.abs(delivery.image.astype(int) - expected).max() <= 1
    assert not delivery.outage


def test_normalize_scales_each_picture(tmp_path):
    scheme = build(symbols_pair(tmp_path, power=7.0), normalize=True)
    image = picture()
    (sent,) = scheme.transmit([image], ["a"], [None], None)
    flat = by_hand(image)[0].reshape(-1)
    np.testing.assert_allclose(sent.streams[0].symbols, flat[0::2] + 1j * flat[1::2], atol=1e-5)


def test_noise_of_the_symbols_is_that_of_the_channel(tmp_path):
    """The decoder's grey is 1/2 + z/4, so its picture's error is a sixteenth of the noise of one of two real parts."""
    image = np.full((256, 256, 3), 128, np.uint8)
    image[::4] = 100
    image[1::4] = 100
    scheme = build(symbols_pair(tmp_path))
    (sent,) = scheme.transmit([image], ["a"], [None], None)
    (reception,) = receptions_of([sent], 20.0)
    values = scheme.pair.payload.received(reception[0], sent.context)[0]
    symbols = by_hand(image)[0]
    assert np.var(values - symbols) == pytest.approx(0.01 / 2, rel=0.03)


def test_noise_and_snr_reach_the_models(tmp_path):
    """The decoder adds a thousandth of the mean noise variance, and of the SNR in dB; the encoder takes an SNR."""
    models = symbols_pair(tmp_path, noise=True, snr=("encoder", "decoder"))
    scheme = build(models)
    assert scheme.transmit_depends_on_snr
    assert scheme.receive_depends_on_snr
    (sent,) = scheme.transmit([picture()], ["a"], [None], 7.0)
    shape = sent.context
    symbols = np.zeros(np.prod(shape) // 2, np.complex64)
    variances = np.linspace(0, 200, len(symbols)).astype(np.float32)
    reception = SymbolReception(symbols, variances, sent.streams[0].ledger())
    for snr in (-10.0, 40.0):
        (delivery,) = scheme.receive([sent], [(reception,)], snr)
        assert np.unique(delivery.image) == np.rint(255 * (0.5 + 0.001 * (100 + snr)))
    values, noise = scheme.pair.payload.received(reception, shape)
    assert values.shape == noise.shape == shape
    np.testing.assert_array_equal(noise.reshape(-1)[0::2], variances)
    np.testing.assert_array_equal(noise.reshape(-1)[1::2], variances)


def test_a_picture_does_not_depend_on_its_neighbours(tmp_path):
    scheme = build(symbols_pair(tmp_path))
    images = [picture(48, 64, seed) for seed in range(3)] + [picture(32, 20)]
    together = scheme.transmit(images, list("abcd"), [None] * 4, None)
    for image, sent in zip(images, together, strict=True):
        (alone,) = build(symbols_pair(tmp_path)).transmit([image], ["x"], [None], None)
        np.testing.assert_array_equal(alone.streams[0].symbols, sent.streams[0].symbols)


def test_what_does_not_fit_a_budget_is_infeasible(tmp_path):
    image = picture()
    uses = build(symbols_pair(tmp_path)).transmit([image], ["a"], [None], None)[0].channel_uses
    scheme = build(symbols_pair(tmp_path), channel_uses=uses)
    (fits, not_) = scheme.transmit([image, image], ["a", "b"], [uses, uses - 1], None)
    assert not fits.infeasible
    assert not_.infeasible == f"the symbols take {uses} channel uses, the budget is {uses - 1}"
    assert not not_.streams


@pytest.mark.parametrize("concealment", ["none", "mean", "grey", "partial", "exclude"])
def test_concealment_where_a_block_failed(tmp_path, concealment):
    scheme = build(bits_pair(tmp_path), concealment=concealment)
    image = picture()
    (sent,) = scheme.transmit([image], ["a"], [None], None)
    bits = sent.streams[0].bits.copy()
    bits[:5] ^= 1
    ledger = sent.streams[0].ledger()
    ok = np.ones(ledger.n_blocks, bool)
    whole = Reception(
        bits,
        2.0 * bits - 1,
        ok,
        LINK.payload_bits_per_block,
        ledger,
        np.zeros(len(ok), np.int32),
        np.ones(len(ok), np.int32),
    )
    damaged = replace(whole, block_ok=np.array([False, *ok[1:]]))
    arrived = 255 * np.moveaxis(bits.reshape(3, 48, 64), 0, -1)
    (intact,) = scheme.receive([sent], [(whole,)], 5.0)
    (delivery,) = scheme.receive([sent], [(damaged,)], 5.0)
    assert not intact.outage
    np.testing.assert_array_equal(intact.image, arrived)
    assert delivery.outage == (concealment != "none")
    if concealment in ("none", "partial"):
        np.testing.assert_array_equal(delivery.image, arrived)
    elif concealment == "exclude":
        assert delivery.image is None
    else:
        assert len(np.unique(delivery.image.reshape(-1, 3), axis=0)) == 1


def test_llrs_are_clipped_and_certain_where_a_crc_holds(tmp_path):
    payload = Bits(config_of(bits_pair(tmp_path, llrs=True), takes="llrs"))
    bits = np.array([1, 0, 1, 0], np.uint8)
    llr = np.array([0.5, -1e6, 2.0, 3.0], np.float32)
    reception = Reception(
        bits, llr, np.array([True, False]), 2, ledger_of(LINK, 4), np.zeros(2, np.int32), np.ones(2, np.int32)
    )
    (values,) = payload.received(reception, (1, 2, 2))
    np.testing.assert_array_equal(values, [[[30, -30], [2, 3]]])
    np.testing.assert_array_equal(payload.intact(bits, (4,))[0], [30, -30, 30, -30])


@settings(max_examples=60, deadline=None)
@given(st.integers(2, 65536), st.data())
def test_indices_come_back_and_labels_that_are_none_become_indices(size, data):
    config = parse_scheme(
        {
            "name": "x",
            "kind": "onnx",
            "encoder": "e",
            "decoder": "d",
            "sends": "indices",
            "codebook_size": size,
            "scale": "0..1",
        }
    )
    payload = Indices(config)
    indices = np.array(data.draw(st.lists(st.integers(0, size - 1), min_size=1, max_size=20)), np.int64)
    bits = payload.sent(indices[None])
    np.testing.assert_array_equal(payload.intact(bits, (1, len(indices)))[0], indices[None])
    flipped = np.array(data.draw(st.lists(st.integers(0, 1), min_size=len(bits), max_size=len(bits))), np.uint8)
    (back,) = payload.intact(flipped, (1, len(indices)))
    assert 0 <= back.min() <= back.max() < size


@settings(max_examples=40, deadline=None)
@given(st.integers(1, 200), st.integers(0, 2**31), st.floats(0.01, 100))
def test_symbols_come_back_in_their_places(pairs, seed, power):
    config = parse_scheme(
        {
            "name": "x",
            "kind": "onnx",
            "encoder": "e",
            "decoder": "d",
            "sends": "symbols",
            "normalize": True,
            "scale": "0..1",
        }
    )
    payload = Symbols(config)
    output = (power * np.random.default_rng(seed).normal(size=(1, 2, pairs))).astype(np.float32)
    symbols = payload.sent(output)
    assert np.mean(np.abs(symbols) ** 2) == pytest.approx(1, rel=1e-5)
    (values,) = payload.intact(symbols, output.shape)
    scale = np.sqrt(2 * np.mean(output.astype(float) ** 2))
    np.testing.assert_allclose(values * scale, output, rtol=1e-4, atol=1e-6 * power)


@settings(max_examples=40, deadline=None)
@given(
    st.integers(1, 40),
    st.integers(1, 40),
    st.sampled_from(["0..1", "-1..1", "0..255"]),
    st.sampled_from(["nchw", "nhwc"]),
    st.integers(1, 20),
)
def test_pictures_are_the_same_after_their_tensors(height, width, scale, layout, multiple):
    keys = {"scale": scale, "layout": layout, "multiple": multiple}
    pictures = Pictures(
        parse_scheme({"name": "x", "kind": "onnx", "encoder": "e", "decoder": "d", "sends": "bits"} | keys)
    )
    image = np.random.default_rng(height * width).integers(0, 256, (height, width, 3), np.uint8)
    tensor = pictures.tensor(image)
    assert tensor.shape == pictures.shape(pictures.padded((height, width)))
    assert tensor.dtype == np.float32
    low, high = {"0..1": (0, 1), "-1..1": (-1, 1), "0..255": (0, 255)}[scale]
    assert low - 1e-6 <= tensor.min()
    assert tensor.max() <= high * (1 + 1e-6)
    np.testing.assert_array_equal(pictures.picture(tensor, (height, width)), image)
    assert all(side % multiple == 0 for side in pictures.padded((height, width)))


def test_models_that_need_more_than_the_trial_gives(tmp_path):
    """An encoder that takes no picture below 100 pixels."""
    models = bits_pair(tmp_path)
    nodes = [
        node("Slice", "x from to axes", "part"),
        node("Reshape", "part one", "r"),
        node("Mul", "r zero", "z"),
        node("Add", "x z", "w"),
        node("Greater", "w half", "b"),
        node("Cast", "b", "y", to=1),
    ]
    ends = {"from": [0, 0, 99, 99], "to": [1, 1, 100, 100], "axes": [0, 1, 2, 3], "one": [1, 1, 1, 1]}
    constants = [
        *(constant(name, end, np.int64) for name, end in ends.items()),
        constant("zero", 0),
        constant("half", 0.5),
    ]
    save(Path(models["encoder"]), model(nodes, [value("x", PICTURE)], [value("y", PICTURE)], constants))
    scheme = build(models)
    assert scheme.transmit([picture(100, 120)], ["a"], [None], None)[0].channel_uses
    with pytest.raises(InputError, match=r"encoder: .* fails for .*image 'b', 64 x 64"):
        scheme.transmit([picture(64, 64)], ["b"], [None], None)


def test_adaptive_coding_chooses_for_bits(tmp_path):
    grid = [{"rate": 0.5, "bits_per_symbol": 2}, {"rate": 0.75, "bits_per_symbol": 6}]
    validation = {"dataset": "samples", "count": 1, "size": 32}
    mcs = {"kind": "adaptive", "grid": grid, "validation": validation}
    scheme = build(bits_pair(tmp_path), mcs=mcs, channel_uses=10**5)
    image = picture(32, 32)
    for snr, bits in ((3.0, 2), (30.0, 2)):  # both arrive at 30 dB, and of equals the first wins
        (sent,) = scheme.transmit([image], ["a"], [10**5], snr)
        assert sent.settings["bits_per_symbol"] == bits
    (sent,) = scheme.transmit([image], ["a"], [1000], 30.0)  # only the faster one fits
    assert sent.settings["sent_bits_per_symbol"] == 6
    (delivery,) = send(scheme, [sent], 30.0)
    np.testing.assert_array_equal(delivery.image, 255 * (image > 127.5))


def test_the_id_has_the_hashes_of_both_files(tmp_path):
    models = bits_pair(tmp_path)
    before = identity(config_of(models))
    assert set(before) == {"encoder", "decoder"}
    for key in ("encoder", "decoder"):
        file = Path(models[key])
        content = file.read_bytes()
        # A note in the model changes the file and nothing else: another file is another point all the same.
        import onnx

        proto = onnx.load_model_from_string(content)
        proto.doc_string = "changed"
        file.write_bytes(proto.SerializeToString())
        after = identity(config_of(models))
        assert {name for name in after if after[name] != before[name]} == {key}
        file.write_bytes(content)


def test_a_changed_file_is_read_anew(tmp_path):
    first = build(bits_pair(tmp_path))
    assert build(bits_pair(tmp_path)).pair is first.pair
    indices = indices_pair(tmp_path)
    assert build(indices).pair is not first.pair


def test_a_file_may_be_called_like_a_program(tmp_path, monkeypatch):
    from linksim.schemes.programs import check_programs

    models = bits_pair(tmp_path)
    Path(models["encoder"]).rename(tmp_path / "bpgenc")
    monkeypatch.chdir(tmp_path)
    config = config_of(models, encoder="bpgenc")
    check_programs([config])
    assert set(identity(config)) == {"encoder", "decoder"}
