"""The coded link: block error rates, early termination, the layered decoder against Sionna's, CRC, determinism."""

from functools import partial
from itertools import pairwise
from typing import Any

import numpy as np
import pytest

from linksim.common.errors import InputError
from linksim.common.seeds import generator
from linksim.link import Link, LinkConfig
from linksim.link.coding import crc
from linksim.link.coding.code import Decoded
from linksim.link.coding.flooding import LLR_MAX
from linksim.link.coding.layered import decode_layered
from linksim.link.coding.ldpc import LdpcCode, ldpc_code
from linksim.link.coding.ldpc5g import flooding_decoder


def coded(decoder: str = "sionna", **settings) -> LinkConfig:
    code = {"kind": "ldpc5g", "decoder": decoder, **settings.pop("code", {})}
    return LinkConfig(code=code, **settings)


def payloads(config: LinkConfig, n: int, blocks: int) -> list[np.ndarray]:
    bits = blocks * config.payload_bits_per_block
    return [generator("payload", i).integers(0, 2, bits, np.uint8) for i in range(n)]


def block_errors(config: LinkConfig, es_no_db: float, blocks: int) -> int:
    sent = payloads(config, 1, blocks)
    reception = Link(config).transmit(sent, es_no_db, [("bler", 0, 0)])[0]
    wrong = np.any((reception.bits != sent[0]).reshape(blocks, -1), axis=1)
    # The CRC finds every failed block (24 bits miss one in 17 million).
    assert not np.any(wrong & reception.block_ok)
    return int(blocks - reception.block_ok.sum())


@pytest.mark.parametrize(
    ("es_no_db", "low", "high"), [(11.0, 0.99, 1.0), (12.0, 0.82, 0.98), (13.0, 0.03, 0.17), (14.0, 0.0, 0.01)]
)
def test_block_error_rate_of_sionnas_decoder(es_no_db: float, low: float, high: float) -> None:
    """64-QAM, rate 1/2, Rayleigh: 1 at 11 dB, about 0.9 at 12, about 0.09 at 13, none seen at 14."""
    assert low <= block_errors(coded(), es_no_db, 128) / 128 <= high


@pytest.mark.parametrize("share", [True, False])
def test_undecided_bits_are_not_taken_for_the_sent_ones(share: bool) -> None:
    """Short blocks of a high rate have punctured bits that a few iterations leave at 0, which are no zeros of the reference codeword."""
    config = coded(code={"block_bits": 64, "rate": 0.9}, share_blocks=share)
    assert block_errors(config, 40.0, 500) / 500 < 0.04


def test_layered_decoder_fails_no_more_blocks() -> None:
    for es_no_db, blocks in ((12.0, 512), (12.5, 512), (13.0, 1024)):
        rate = block_errors(coded(), es_no_db, 256) / 256
        layered = block_errors(coded("layered"), es_no_db, blocks) / blocks
        assert layered <= rate + 3 * np.sqrt(rate * (1 - rate) * (1 / 256 + 1 / blocks))


def test_errors_before_and_after_failed_decoding() -> None:
    """Information bits after failed decoding: 0.20 at 8 dB, 0.16 at 10."""
    link = Link(coded())
    assert link.expected_bit_error_rate(8.0) == pytest.approx(0.20, abs=0.015)
    assert link.expected_bit_error_rate(10.0) == pytest.approx(0.16, abs=0.015)


@pytest.mark.parametrize(
    ("bits_per_symbol", "rate", "es_no_db"), [(6, 0.5, 10.0), (4, 0.5, 6.0), (1, 0.5, -1.0), (6, 0.75, 14.0)]
)
def test_bit_levels_predict_the_errors_of_failed_blocks(bits_per_symbol: int, rate: float, es_no_db: float) -> None:
    config = coded(modulation={"bits_per_symbol": bits_per_symbol}, code={"rate": rate})
    (sent,) = payloads(config, 1, 128)
    (reception,) = Link(config).transmit([sent], es_no_db, [("levels",)])
    assert not reception.block_ok.any()
    levels = Link(config).bit_levels(len(sent))
    wrong = reception.bits != sent
    measured = [wrong[levels == level].mean() for level in np.unique(levels)]
    assert len(measured) > 1
    assert all(strong < 0.8 * weak for strong, weak in pairwise(measured)), measured


def flooding(code: LdpcCode, llr: np.ndarray, *args: Any, **settings: Any) -> Decoded:
    return flooding_decoder(code.graph()).decode(code.spread(llr), *args, **settings)


def layered(code: LdpcCode, llr: np.ndarray, *args: Any, **settings: Any) -> Decoded:
    return decode_layered(code.graph(), code.spread(llr), *args, **settings)


def channel_llrs(
    k: int, n: int, m: int, ebno_like_sigma: float, blocks: int, key: str
) -> tuple[np.ndarray, np.ndarray]:
    """Random codewords over a binary-input Gaussian channel: bits `[blocks, k]`, LLRs `[blocks, n]`."""
    rng = generator(key, k, n, ebno_like_sigma)
    bits = rng.integers(0, 2, (blocks, k), np.uint8)
    x = 2.0 * ldpc_code(k, n, m).encode(bits) - 1
    y = x + ebno_like_sigma * rng.standard_normal(x.shape)
    return bits, (2 * y / ebno_like_sigma**2).astype(np.float32)


@pytest.mark.parametrize("sigma", [0.85, 0.93, 0.97, 1.0])
@pytest.mark.parametrize("decoder", ["sionna", "layered"])
def test_early_termination_decides_what_running_through_decides(sigma: float, decoder: str) -> None:
    """sigma from easy to just failing; the bits must be those of 20 iterations, block by block."""
    code = ldpc_code(1536, 3072, 6)
    _, llr = channel_llrs(1536, 3072, 6, sigma, 96, "stages")
    decode = partial(flooding if decoder == "sionna" else layered, code)
    early, through = (decode(llr, 20, early_termination=early) for early in (True, False))
    assert np.array_equal(early.llr > 0, through.llr > 0)
    assert np.array_equal(early.iterations, through.iterations)
    failed = early.iterations == 20
    assert np.array_equal(early.llr[failed], through.llr[failed])
    if not failed.all():
        assert np.abs(through.llr[~failed]).mean() > np.abs(early.llr[~failed]).mean()  # it did go on


def test_stages_are_one_run() -> None:
    """Going on from the state of Sionna's decoder gives, bit for bit, the LLRs of 20 iterations at a stretch."""
    code = ldpc_code(1536, 3072, 6)
    _, llr = channel_llrs(1536, 3072, 6, 0.95, 64, "state")
    decoder = flooding_decoder(code.graph())
    graph = np.clip(code.spread(llr)[:, : code.graph().variables], -LLR_MAX, LLR_MAX)
    graph[:, code.graph().filler] = -LLR_MAX
    through, _ = decoder._stage(graph, np.int32(20), graph.T[decoder._edges])
    assert np.array_equal(flooding(code, llr, 20, early_termination=False).llr, np.asarray(through)[:, :1536])


def test_decoding_is_that_of_sionnas_own_5g_decoder() -> None:
    """Bit for bit with the same check node rule; with the default one but for bits whose LLR is zero within rounding."""
    import tensorflow as tf
    from sionna.phy.fec.ldpc import LDPC5GDecoder, LDPC5GEncoder

    code = ldpc_code(1536, 3072, 6)
    encoder = LDPC5GEncoder(1536, 3072, num_bits_per_symbol=6)
    for sigma in (0.95, 1.3, 3.0):  # few blocks fail, all, and by far
        _, llr = channel_llrs(1536, 3072, 6, sigma, 32, "sionna")
        decided = flooding(code, llr, 20).llr > 0
        same, default = (
            LDPC5GDecoder(encoder, cn_update=rule, num_iter=20, hard_out=False)(tf.constant(llr)).numpy()
            for rule in ("boxplus", "boxplus-phi")
        )
        assert np.array_equal(decided, same > 0)
        assert np.abs(default[decided != (default > 0)]).max(initial=0.0) < 1e-4


def test_a_block_does_not_depend_on_the_batch_beside_it() -> None:
    code = ldpc_code(1536, 3072, 6)
    _, llr = channel_llrs(1536, 3072, 6, 0.95, 70, "batch")
    for decode in (lambda x: flooding(code, x, 20), lambda x: layered(code, x, 20)):
        whole, part = decode(llr), decode(llr[60:65])
        assert np.array_equal(whole.llr[60:65], part.llr)
        assert np.array_equal(whole.iterations[60:65], part.iterations)


@pytest.mark.parametrize(
    ("k", "n", "m"), [(64, 128, 2), (64, 320, 1), (640, 3200, 4), (1000, 1500, 6), (3824, 5000, 8), (8448, 12672, 6)]
)
def test_layered_decoder_corrects_what_the_code_can(k: int, n: int, m: int) -> None:
    """Both base graphs, shortened and punctured, rates 1/5 to 3/4: at a comfortable SNR every block is recovered."""
    rate = k / n
    sigma = 0.62 / np.sqrt(2 ** (2 * rate) - 1) if k > 500 else 0.5 / np.sqrt(2 ** (2 * rate) - 1)
    bits, llr = channel_llrs(k, n, m, float(sigma), 8, "shapes")
    decoded = layered(ldpc_code(k, n, m), llr, 30)
    assert np.array_equal(decoded.llr > 0, bits)
    assert decoded.iterations.max() < 30


def test_layered_decoder_stops_at_once_without_noise() -> None:
    code = ldpc_code(1536, 3072, 6)
    bits = generator("clean").integers(0, 2, (3, 1536), np.uint8)
    llr = 15 * (2.0 * code.encode(bits) - 1)
    decoded = layered(code, llr.astype(np.float32), 20)
    assert np.array_equal(decoded.llr > 0, bits)
    assert decoded.iterations.max() <= 2


def test_hard_decisions_in_place_of_llrs_cost_blocks() -> None:
    """A link that fed +-1 to the decoder would fail where this one does not lose a block."""
    code = ldpc_code(1536, 3072, 6)
    bits, llr = channel_llrs(1536, 3072, 6, 0.85, 32, "hard")
    assert np.array_equal(flooding(code, llr, 20).llr > 0, bits)
    hard = np.sign(llr).astype(np.float32)
    assert np.any((flooding(code, hard, 20).llr > 0) != bits, axis=1).mean() > 0.9


def test_crc_is_sionnas_crc24a() -> None:
    import tensorflow as tf
    from sionna.phy.fec.crc import CRCEncoder

    bits = generator("crc").integers(0, 2, (20, 333), np.uint8)
    assert np.array_equal(crc.attach(bits), CRCEncoder("CRC24A")(tf.constant(bits, tf.float32)).numpy())
    assert crc.check(crc.attach(bits)).all()


@pytest.mark.parametrize("share", [True, False])
@pytest.mark.parametrize("decoder", ["sionna", "layered"])
def test_payloads_arrive_whatever_their_length(decoder: str, share: bool) -> None:
    config = coded(decoder, share_blocks=share)
    link = Link(config)
    sent = [generator("length", n).integers(0, 2, n, np.uint8) for n in (0, 1, 1511, 1512, 1513, 5000)]
    receptions = link.transmit(sent, 25.0, [(1, i, 0) for i in range(len(sent))])
    for payload, reception in zip(sent, receptions, strict=True):
        assert np.array_equal(reception.bits, payload)
        assert reception.ok
        assert reception.ledger == link.ledger(len(payload))
        assert len(reception.iterations) == len(reception.block_ok) == reception.ledger.n_blocks
        assert np.array_equal(reception.llr > 0, payload == 1)


@pytest.mark.parametrize("share", [True, False])
@pytest.mark.parametrize("decoder", ["sionna", "layered"])
def test_same_key_same_channel_alone_or_together(decoder: str, share: bool) -> None:
    config = coded(decoder, share_blocks=share)
    sent = payloads(config, 3, 4)
    keys = [(7, f"image{i}", 0) for i in range(3)]
    together = Link(config).transmit(sent, 12.5, keys)
    alone = Link(config).transmit(sent[1:2], 12.5, keys[1:2])[0]
    again = Link(config).transmit(sent[::-1], 12.5, keys[::-1])[1]
    for other in (alone, again):
        assert np.array_equal(together[1].llr, other.llr)
        assert np.array_equal(together[1].block_ok, other.block_ok)
    assert not np.array_equal(together[0].bits != sent[0], together[1].bits != sent[1])
    repetition = Link(config).transmit(sent[1:2], 12.5, [(7, "image1", 1)])[0]
    assert not np.array_equal(repetition.llr, alone.llr)


def test_bad_payloads_are_named() -> None:
    link = Link(coded())
    with pytest.raises(InputError, match="one row of bits"):
        link.transmit([np.full(10, 2, np.uint8)], 10.0, [(1,)])
    with pytest.raises(InputError, match="finite"):
        link.transmit([np.zeros(10, np.uint8)], float("nan"), [(1,)])
