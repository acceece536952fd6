"""Checkpoints of one bank as alternatives of a scheme: constant symbols, and the order chosen by SNR (uJSCC)."""

import numpy as np
import pytest
from PIL import Image
from small_link import StageCodec, link_config, picture, send

from linksim.codebook.stages import Stages
from linksim.schemes import SchemeContext, build_scheme, parse_scheme
from linksim.schemes.semantic.scheme import SemanticScheme
from linksim.semantic.checkpoint import Checkpoint
from linksim.semantic.layout import decoder_shapes, encoder_shapes
from linksim.semantic.model import ModelConfig

ORDERS = (2, 4, 6, 8)
BLOCK_BITS = 1560
"""1536 payload bits and a CRC: the 3 symbols of 16 x 16 cells fill 1, 2, 3 or 4 of them."""

LINK = link_config(code={"kind": "ldpc5g", "rate": 0.5, "block_bits": BLOCK_BITS, "decoder": "layered"})


class Colours(StageCodec):
    """Mean colours of 4 x 4 cells; three heads, each of 2^m levels: an index is a point of a constellation."""

    def __init__(self, bits):
        levels = (np.arange(2**bits, dtype=np.float32) + 0.5) / 2**bits
        usage = np.full((1, 3, 2**bits), 2.0**-bits, np.float32)
        super().__init__(Stages(np.broadcast_to(levels[:, None], (1, 3, 2**bits, 1)), usage))


def tiny_checkpoint(path, bits):
    """A file with random networks whose codebooks have 2^m words."""
    model = ModelConfig(channels=8, encoder_blocks=0, decoder_blocks=0, latent_dim=3, heads=3, codebook_size=2**bits)
    rng = np.random.default_rng(bits)
    encoder, decoder = (
        {name: (0.2 * rng.normal(size=shape)).astype(np.float32) for name, shape in shapes.items()}
        for shapes in (encoder_shapes(model), decoder_shapes(model, False))
    )
    words = rng.normal(size=(1, 3, 2**bits, 1)).astype(np.float32)
    stages = Stages(words, np.full(words.shape[:3], 2.0**-bits, np.float32))
    Checkpoint(model, stages, encoder, decoder, np.zeros(3, np.float32), np.float32(1)).save(path)
    return str(path)


@pytest.fixture
def validation(tmp_path):
    for i in range(2):
        Image.fromarray(picture(64, 64, seed=i, noise=4)).save(tmp_path / f"{i}.png")
    return {"dataset": "folder", "path": str(tmp_path)}


def adaptive(validation, checkpoints, uses, orders=ORDERS):
    config = parse_scheme(
        {
            "name": "uJSCC",
            "kind": "semantic",
            "checkpoint": checkpoints[0],
            "alternatives": [{"checkpoint": checkpoint} for checkpoint in checkpoints[1:]],
            "channel_uses": uses,
            "mcs": {
                "kind": "adaptive",
                "grid": [{"rate": 1, "bits_per_symbol": bits} for bits in orders],
                "validation": validation,
            },
        }
    )
    return build_scheme(config, SchemeContext(LINK, (config,)))


def test_every_order_takes_the_same_channel_uses():
    """Exactly, where the payload fills its blocks; else up to the filling of the last one."""
    image = picture(64, 64)
    for block_bits, exact in ((BLOCK_BITS, True), (504, False)):
        uses = []
        for bits in ORDERS:
            config = parse_scheme({"name": "s", "kind": "semantic", "checkpoint": "tiny"})
            code = {"kind": "none", "block_bits": block_bits}
            link = link_config(code=code, modulation={"bits_per_symbol": bits})
            (sent,) = SemanticScheme(config, SchemeContext(link), Colours(bits)).transmit([image], ["a"], [None], None)
            blocks = -(-768 * bits // (block_bits - 24))
            assert sent.channel_uses == blocks * block_bits // bits
            uses.append(sent.channel_uses)
        if exact:
            assert uses == [768 + 24 // 2] * 4
        else:
            assert all(
                768 < each < 768 / (1 - 24 / block_bits) + block_bits / bits
                for each, bits in zip(uses, ORDERS, strict=True)
            )


def test_the_order_is_chosen_by_snr_and_never_one_that_does_not_fit(validation, monkeypatch):
    codecs = {str(bits): Colours(bits) for bits in ORDERS}
    monkeypatch.setattr(
        "linksim.schemes.semantic.scheme._load", lambda config, key, dtype: codecs[getattr(config, key)]
    )
    s = adaptive(validation, list(codecs), uses=780)
    image = picture(64, 64, seed=1, noise=4)
    assert len(s.choices) == 16
    for choice in s.choices:
        (sent,) = s.fixed(*choice).transmit([image], ["1.png"], [780], 30.0)
        assert bool(sent.infeasible) == (ORDERS[choice.variant] > choice.mcs.bits_per_symbol)
    chosen = {}
    for es_no_db in (6.0, 18.0, 45.0):
        choice = chosen[es_no_db] = s.choose(es_no_db)
        assert choice.mcs.bits_per_symbol >= ORDERS[choice.variant]
        (sent,) = s.transmit([image], ["1.png"], [780], es_no_db)
        assert sent.channel_uses <= 780
        assert not sent.infeasible
    assert [ORDERS[chosen[snr].variant] for snr in (6.0, 45.0)] == [2, 8]
    assert chosen[6.0].mcs.bits_per_symbol == 2
    (delivery,) = send(s, s.transmit([image], ["1.png"], [780], 45.0), 45.0)
    coarse = s.fixed(chosen[6.0].mcs, 0)
    (worse,) = send(coarse, coarse.transmit([image], ["1.png"], [780], 45.0), 45.0)
    errors = [np.square(d.image - image.astype(float)).mean() for d in (delivery, worse)]
    assert errors[0] < 0.8 * errors[1]


def test_checkpoint_files_of_other_sizes_are_alternatives(validation, tmp_path):
    files = [tiny_checkpoint(tmp_path / f"{bits}.npz", bits) for bits in (2, 6)]
    s = adaptive(validation, files, uses=780, orders=(2, 6))
    image = picture(64, 64)
    (fits,) = s.transmit([image], ["a"], [780], 30.0)
    assert not fits.infeasible
    (delivery,) = send(s, [fits], 30.0)
    assert delivery.image.shape == image.shape
    for choice in s.choices:
        (sent,) = s.fixed(*choice).transmit([image], ["a"], [None], 30.0)
        bits = (2, 6)[choice.variant]
        assert sum(len(stream.bits) for stream in sent.streams) == 256 * 3 * bits
