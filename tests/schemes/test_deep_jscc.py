"""Schemes that send a network's symbols: what they send and show, their budget, and what is refused."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from small_link import link_config, picture, receptions_of, send

from linksim.common.errors import InputError
from linksim.common.tensorflow import import_tensorflow
from linksim.jscc.checkpoint import JsccCheckpoint
from linksim.jscc.codec import TrainedJscc
from linksim.jscc.model import JsccModel
from linksim.schemes.base import SchemeContext, SymbolStream
from linksim.schemes.config import DeepJsccConfig, DeepJsccQConfig
from linksim.schemes.deep_jscc import DeepJsccScheme
from linksim.schemes.registry import build_scheme, parse_scheme


@pytest.fixture(scope="module")
def checkpoint() -> JsccCheckpoint:
    import_tensorflow()
    import keras

    from linksim.jscc.networks import build_decoder, build_encoder
    from linksim.semantic.autoencoder import get_weights

    keras.utils.set_random_seed(5)
    model = JsccModel(reals=4, channels=(16, 8), encoder_blocks=(1, 1), decoder_blocks=(1, 1))
    return JsccCheckpoint(model, get_weights(build_encoder(model)), get_weights(build_decoder(model)), {"name": "x"})


@pytest.fixture
def scheme(checkpoint: JsccCheckpoint) -> DeepJsccScheme:
    config = DeepJsccConfig(name="d", checkpoint="x")
    return DeepJsccScheme(config, SchemeContext(link_config()), TrainedJscc(checkpoint))


def test_one_stream_of_unit_power_that_is_counted(scheme: DeepJsccScheme) -> None:
    images = [picture(48, 64), picture(41, 50, seed=1)]
    sent = scheme.transmit(images, ["a", "b"], [None, None], 10.0)
    for image, transmission in zip(images, sent, strict=True):
        (stream,) = transmission.streams
        assert isinstance(stream, SymbolStream)
        rows, columns = -(-image.shape[0] // 8), -(-image.shape[1] // 8)
        assert transmission.channel_uses == len(stream.symbols) == 2 * rows * columns
        assert np.mean(np.abs(stream.symbols) ** 2) == pytest.approx(1)
        assert transmission.size == image.shape[:2]


def test_the_receiver_gets_symbols_noise_and_snr_and_nothing_else(scheme: DeepJsccScheme) -> None:
    images = [picture(48, 64), picture(40, 48, seed=1)]
    sent = scheme.transmit(images, ["a", "b"], [None, None], 7.0)
    receptions = receptions_of(sent, 7.0)
    shown = scheme.receive([replace(one, streams=()) for one in sent], receptions, 7.0)
    for image, delivery, (reception,) in zip(images, shown, receptions, strict=True):
        assert not delivery.outage
        assert delivery.image is not None
        assert delivery.image.shape == image.shape
        again = scheme.codec.decode(reception.symbols[None], reception.noise_variance[None], image.shape[:2], 7.0)
        np.testing.assert_array_equal(delivery.image, again[0])


def test_a_picture_does_not_depend_on_those_beside_it(scheme: DeepJsccScheme) -> None:
    images = [picture(48, 64, seed=i) for i in range(3)]
    sent = scheme.transmit(images, ["a", "b", "c"], [None] * 3, 5.0)
    alone = scheme.transmit(images[1:2], ["b"], [None], 5.0)
    np.testing.assert_array_equal(sent[1].streams[0].symbols, alone[0].streams[0].symbols)
    together = send(scheme, sent, 5.0)
    (single,) = scheme.receive(sent[1:2], receptions_of(sent, 5.0)[1:2], 5.0)
    np.testing.assert_array_equal(together[1].image, single.image)


def test_a_smaller_budget_is_infeasible(scheme: DeepJsccScheme) -> None:
    image, uses = picture(48, 64), 2 * 6 * 8
    fits, small = scheme.transmit([image] * 2, ["a", "b"], [uses, uses - 1], 10.0)
    assert fits.streams
    assert small.infeasible == "d takes 96 channel uses for 64 x 48 pixels, the budget is 95"


@pytest.mark.parametrize("kind", ["fixed", "adaptive", "capacity"])
def test_symbols_have_no_code_to_choose(kind: str) -> None:
    mcs = {"kind": kind}
    if kind == "fixed":
        mcs |= {"rate": 0.5, "bits_per_symbol": 2}
    if kind == "adaptive":
        mcs |= {"validation": {"dataset": "samples"}}
    with pytest.raises(InputError, match=f"scheme 'd': .*mcs.kind {kind}.*leave mcs out"):
        parse_scheme({"name": "d", "kind": "deepjscc", "checkpoint": "x", "rho": 0.1, "mcs": mcs})


def test_the_wrong_checkpoint_is_one_line(checkpoint: JsccCheckpoint, tmp_path: Path) -> None:
    context = SchemeContext(link_config())
    quantized = replace(checkpoint, model=checkpoint.model.model_copy(update={"constellation_bits": 4}))
    checkpoint.save(tmp_path / "plain.npz")
    quantized.save(tmp_path / "points.npz")
    cases = [
        (DeepJsccQConfig(name="d", checkpoint=str(tmp_path / "plain.npz")), "which is kind: deepjscc, not deepjscc-q"),
        (DeepJsccConfig(name="d", checkpoint=str(tmp_path / "points.npz")), "which is kind: deepjscc-q, not deepjscc"),
        (DeepJsccConfig(name="d", checkpoint="vqvae"), "not a linksim checkpoint of joint source-channel coding"),
        (DeepJsccConfig(name="d", checkpoint="nothing"), "unknown name 'nothing'"),
        (DeepJsccConfig(name="d", checkpoint="no/file.npz"), "no file 'no/file.npz'"),
    ]
    for config, message in cases:
        with pytest.raises(InputError, match=message) as caught:
            build_scheme(config, context)
        assert str(caught.value).startswith("schemes.d.checkpoint: ")
        assert "\n" not in str(caught.value)
    build_scheme(DeepJsccConfig(name="d", checkpoint=str(tmp_path / "plain.npz")), context)
    build_scheme(DeepJsccQConfig(name="d", checkpoint=str(tmp_path / "points.npz")), context)
    with pytest.raises(InputError, match=r"its kinds are .*jscc"):
        build_scheme(
            parse_scheme({"name": "d", "kind": "semantic", "checkpoint": str(tmp_path / "plain.npz")}), context
        )
