"""Rate matching against Sionna's encoder and the letter of 3GPP TS 38.212, 5.4.2; repetition against its 3.01 dB."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from linksim.common.seeds import generator
from linksim.link import Link, LinkConfig
from linksim.link.coding.config import base_graph
from linksim.link.coding.ldpc import LdpcCode, ldpc_code
from linksim.link.coding.mother import mother_code
from linksim.link.coding.rate_matching import RateMatching

SIZES = [
    (64, 128, 2),
    (264, 288, 1),
    (264, 1320, 1),
    (1536, 3072, 6),
    (3824, 5000, 8),
    (3840, 15360, 1),
    (8448, 12672, 6),
]


@pytest.mark.parametrize(("k", "n", "m"), SIZES)
def test_the_first_version_is_sionnas_encoder_and_graph(k: int, n: int, m: int) -> None:
    import tensorflow as tf
    from sionna.phy.fec.ldpc import LDPC5GDecoder, LDPC5GEncoder

    code, sionna = LdpcCode(k, n, m), LDPC5GEncoder(k, n, num_bits_per_symbol=m if m > 1 else None)
    bits = generator("encoder", k).integers(0, 2, (3, k), np.uint8)
    assert np.array_equal(code.encode(bits), sionna(tf.constant(bits, tf.float32)).numpy())
    never_sent = sionna.n_ldpc - (sionna.k_ldpc - k) - n - 2 * sionna.z
    ours, theirs = code.graph().parity_checks, LDPC5GDecoder(sionna, prune_pcm=never_sent > 0).pcm
    assert ours.shape == theirs.shape
    assert abs(ours - theirs).nnz == 0


def read_buffer(word: np.ndarray, filler: slice, z: int, start: int, n: int) -> list[int]:
    """5.4.2.1 step by step: bit selection out of the circular buffer, NULL bits skipped."""
    buffer = [None if filler.start <= i < filler.stop else int(bit) for i, bit in enumerate(word)][2 * z :]
    out: list[int] = []
    j = 0
    while len(out) < n:
        bit = buffer[(start + j) % len(buffer)]
        if bit is not None:
            out.append(bit)
        j += 1
    return out


def interleaved(bits: list[int], m: int) -> list[int]:
    """5.4.2.2 step by step."""
    rows = len(bits) // m
    return [bits[i * rows + j] for j in range(rows) for i in range(m)]


@settings(deadline=None, max_examples=25)
@given(
    st.sampled_from([264, 500, 720, 1536]), st.sampled_from([1, 2, 4, 6, 8]), st.integers(0, 3), st.integers(20, 900)
)
def test_versions_read_the_circular_buffer_as_the_standard_says(k: int, m: int, version: int, hundredths: int) -> None:
    """Any rate, repetitions included; starts of Table 5.4.2.1-2: floor(A Ncb / (B Z)) Z."""
    mother = mother_code(k, base_graph(k, 3 * k))
    n = k * hundredths // 100 // m * m
    bits = generator("versions", k).integers(0, 2, (1, k), np.uint8)
    (word,) = mother.encode(bits)
    assert mother.graph(mother.variables).fulfilled(word[None]).all()
    ncb = mother.variables - 2 * mother.z
    factor, columns = {1: ((0, 17, 33, 56), 66), 2: ((0, 13, 25, 43), 50)}[mother.base_graph]
    start = factor[version] * ncb // (columns * mother.z) * mother.z
    expected = interleaved(read_buffer(word, mother.filler, mother.z, start, n), m)
    assert word[RateMatching(mother, n, m, version).sent_at].tolist() == expected


@settings(deadline=None, max_examples=10)
@given(st.integers(0, 3), st.integers(1, 20), st.sampled_from([1, 4]))
def test_llrs_of_one_bit_add_up(version: int, laps: int, m: int) -> None:
    mother = mother_code(264, 2)
    matching = RateMatching(mother, 700 * laps // m * m, m, version)
    llr = generator("laps", laps).standard_normal((2, matching.n)).astype(np.float32)
    expected = np.zeros((2, mother.variables))
    for b in range(2):
        np.add.at(expected[b], matching.sent_at, llr[b])
    assert np.allclose(matching.spread(llr), expected, atol=1e-4)


def test_versions_0_and_2_together_are_the_code_of_half_the_rate() -> None:
    """k = 720, Z = 72, no filler: at rate 2/5 version 0 sends the first half of the buffer's 50 Z bits, version 2 the
    other; one behind the other they are what Sionna sends at rate 1/5.
    """
    import tensorflow as tf
    from sionna.phy.fec.ldpc import LDPC5GEncoder

    bits = generator("union").integers(0, 2, (2, 720), np.uint8)
    code = ldpc_code(720, 1800, 1)
    both = np.concatenate([code.encode(bits, 0), code.encode(bits, 2)], axis=1)
    assert np.array_equal(both, LDPC5GEncoder(720, 3600)(tf.constant(bits, tf.float32)).numpy())


@pytest.mark.parametrize(
    ("k", "n", "graph"),
    [
        (292, 320, 2),
        (293, 320, 1),
        (3824, 5760, 2),
        (3824, 5600, 1),
        (3840, 15360, 2),
        (3840, 15000, 1),
        (8448, 32000, 1),
        (1536, 52430, 2),
    ],
)
def test_base_graphs(k: int, n: int, graph: int) -> None:
    """3GPP TS 38.212, 6.2.2 and 7.2.2: few bits, or a rate of at most 0.67, or 1/4, take base graph 2."""
    assert base_graph(k, n) == graph
    assert mother_code(k, base_graph(k, n)).base_graph == graph


@pytest.mark.parametrize(
    ("k", "z"), [(64, 11), (192, 32), (193, 26), (560, 72), (561, 64), (640, 72), (641, 72), (1536, 160), (3840, 384)]
)
def test_lifting_sizes_of_base_graph_2(k: int, z: int) -> None:
    """5.2.2: K_b is 6, 8, 9 or 10 by the block's length, and Z the least of Table 5.3.2-1 with K_b Z >= K'."""
    assert mother_code(k, 2).z == z


def test_a_long_block_of_a_low_rate_does_not_exist() -> None:
    with pytest.raises(
        ValueError, match=r"rate 0.2 with code.block_bits 8448 is not allowed: rates up to 1/4 .* 3840 bits"
    ):
        LinkConfig(code={"kind": "ldpc5g", "block_bits": 8448, "rate": 0.2})
    assert LinkConfig(code={"kind": "ldpc5g", "block_bits": 8448, "rate": 0.26}).coded_bits_per_block > 4 * 8000


def block_errors(rate: float, es_no_db: float, blocks: int, **link: object) -> float:
    code = {"kind": "ldpc5g", "decoder": "layered", "rate": rate, "block_bits": 720}
    config = LinkConfig(code=code, modulation={"bits_per_symbol": 1}, channel={"kind": "awgn"}, **link)
    payload = np.zeros(blocks * config.payload_bits_per_block, np.uint8)
    (reception,) = Link(config).transmit([payload], es_no_db, [("repetition", rate, str(link))])
    return 1 - float(reception.block_ok.mean())


@pytest.mark.parametrize("es_no_db", [-7.2, -6.9])
def test_repeating_a_code_of_rate_1_5_is_worth_3_01_db(es_no_db: float) -> None:
    """k = 720 has 3,600 coded bits and no filler: rate 1/10 sends each of them twice."""
    blocks = 600
    assert (ldpc_code(720, 7200, 1).spread(np.ones((1, 7200), np.float32))[0] == 2).sum() == 3600
    once, twice = block_errors(0.2, es_no_db, blocks), block_errors(0.1, es_no_db - 10 * np.log10(2), blocks)
    pooled = (once + twice) / 2
    assert 0.02 < pooled < 0.98
    assert abs(once - twice) <= 3 * np.sqrt(2 * pooled * (1 - pooled) / blocks)


@pytest.mark.parametrize("rate", [30 / 1024, 0.1, 0.5])
def test_low_rates_arrive(rate: float) -> None:
    config = LinkConfig(code={"kind": "ldpc5g", "rate": rate, "block_bits": 264}, modulation={"bits_per_symbol": 2})
    payload = generator("low").integers(0, 2, 1000, np.uint8)
    (reception,) = Link(config).transmit([payload], 10 * np.log10(rate) + 12, [("low", rate)])
    assert np.array_equal(reception.bits, payload)
    assert reception.ledger.coded_bits == reception.ledger.n_blocks * config.coded_bits_per_block
