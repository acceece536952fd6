"""The seam between mapper and demapper, and symbols that schemes send themselves."""

import numpy as np
import pytest
from scipy.special import erfc

from linksim.common.errors import InputError
from linksim.common.seeds import generator
from linksim.link import Link, LinkConfig
from linksim.link.air.air import Air
from linksim.link.parts import air_of

CHANNELS = [
    {"kind": "awgn"},
    {"kind": "rayleigh"},
    {"kind": "rician", "k_factor_db": 3.0, "coherence": 5},
]


@pytest.mark.parametrize("channel", CHANNELS, ids=lambda c: c["kind"])
@pytest.mark.parametrize("demapping", ["app", "maxlog"])
@pytest.mark.parametrize("bits_per_symbol", [1, 2, 4, 6, 8])
def test_the_compiled_pass_is_map_send_and_demap(bits_per_symbol: int, demapping: str, channel: dict) -> None:
    csi = {} if channel["kind"] == "awgn" else {"error_variance": 0.05}
    config = LinkConfig(
        code={"kind": "none", "block_bits": 960},
        modulation={"bits_per_symbol": bits_per_symbol},
        channel=channel,
        csi=csi,
        demapping=demapping,
    )
    air = air_of(config)
    world = air.draw(8.0, [("a",), ("b",)])
    bits = generator("bits").integers(0, 2, world.scrambling.shape, np.uint8)
    fused, apart = air.llrs(bits, world), Air.llrs(air, bits, world)
    assert fused == pytest.approx(apart, rel=1e-3, abs=1e-3)
    assert np.array_equal(fused > 0, apart > 0)


@pytest.mark.parametrize(
    "channel",
    [*CHANNELS, {"kind": "rayleigh", "coherence": "block"}, {"kind": "rician", "k_factor_db": -2.0}],
    ids=lambda c: "-".join(map(str, c.values())),
)
@pytest.mark.parametrize("demapping", ["app", "maxlog"])
@pytest.mark.parametrize("bits_per_symbol", [1, 2, 4, 6, 8])
@pytest.mark.parametrize("error_variance", [0.0, 0.05])
def test_one_pass_from_key_to_llrs_is_draw_and_send_bit_by_bit(
    bits_per_symbol: int, demapping: str, channel: dict, error_variance: float
) -> None:
    if channel["kind"] == "awgn" and error_variance:
        pytest.skip("AWGN has nothing to estimate")
    config = LinkConfig(
        code={"kind": "none", "block_bits": 960},
        modulation={"bits_per_symbol": bits_per_symbol},
        channel=channel,
        csi={"error_variance": error_variance},
        demapping=demapping,
    )
    air = air_of(config)
    keys = [("a", 1), ("b", 2.5), (3, np.int64(4))]
    world = air.draw(6.5, keys)
    bits = generator("bits").integers(0, 2, world.scrambling.shape, np.uint8)
    for coded in (bits, None):
        llr, scrambling = air.block_llrs(6.5, keys, coded)
        assert np.array_equal(scrambling, world.scrambling)
        assert np.array_equal(llr, air.llrs(np.zeros_like(bits) if coded is None else coded, world))


def _qpsk(n: int) -> np.ndarray:
    signs = 1 - 2.0 * generator("qpsk").integers(0, 2, (2, n))
    return ((signs[0] + 1j * signs[1]) / np.sqrt(2)).astype(np.complex64)


def _symbol_error_rate(channel: str, es_no_db: float, n: int) -> float:
    symbols = _qpsk(n)
    link = Link(LinkConfig(channel={"kind": channel}))
    (received,) = link.transmit([symbols], es_no_db, [("symbols", channel)])
    wrong = (np.sign(received.symbols.real) != np.sign(symbols.real)) | (
        np.sign(received.symbols.imag) != np.sign(symbols.imag)
    )
    return float(wrong.mean())


@pytest.mark.parametrize("es_no_db", [4.0, 7.0])
def test_symbol_error_rate_of_qpsk_over_awgn(es_no_db: float) -> None:
    """Each dimension errs with Q(sqrt(Es/N0)): Proakis, Digital Communications, 4.3."""
    q = 0.5 * erfc(np.sqrt(10 ** (es_no_db / 10) / 2))
    assert _symbol_error_rate("awgn", es_no_db, 600_000) == pytest.approx(1 - (1 - q) ** 2, rel=0.02)


@pytest.mark.parametrize("es_no_db", [5.0, 15.0])
def test_symbol_error_rate_of_qpsk_over_rayleigh(es_no_db: float) -> None:
    """Mean of `1 - (1 - Q(sqrt(g)))^2` over g exponential of mean Es/N0 (Simon and Alouini 2005, 8.2.1)."""
    g = -np.log1p(-(np.arange(200_000) + 0.5) / 200_000) * 10 ** (es_no_db / 10)
    q = 0.5 * erfc(np.sqrt(g / 2))
    assert _symbol_error_rate("rayleigh", es_no_db, 600_000) == pytest.approx(np.mean(2 * q - q**2), rel=0.02)


def test_symbols_meet_the_fades_and_the_noise_of_bits_with_the_same_key() -> None:
    config = LinkConfig(modulation={"bits_per_symbol": 4})
    air, key = air_of(config), (1, "image", 0)
    world = air.draw(10.0, [(*key, 0), (*key, 1)])
    n = air.symbols_per_block + 100
    symbols = _qpsk(n)
    (received,) = Link(config).transmit([symbols], 10.0, [key])
    fading, noise = world.fading.ravel()[:n], world.noise.ravel()[:n]
    assert received.symbols == pytest.approx(symbols + noise / fading, rel=1e-4, abs=1e-4)
    assert received.noise_variance == pytest.approx(0.1 / np.abs(fading) ** 2, rel=1e-4)


def test_the_ledger_of_symbols_counts_them_alone() -> None:
    symbols = _qpsk(777)
    (received,) = Link(LinkConfig()).transmit([symbols], 10.0, [("k",)])
    assert received.ledger.channel_uses == 777
    assert received.ledger.coded_bits == received.ledger.n_blocks == received.ledger.source_bits == 0
    assert not received.ok


def test_bits_and_symbols_go_side_by_side() -> None:
    bits = generator("b").integers(0, 2, 3000, np.uint8)
    link = Link(LinkConfig())
    together = link.transmit([bits, _qpsk(50), bits], 14.0, [("a",), ("a",), ("b",)])
    alone = link.transmit([bits, bits], 14.0, [("a",), ("b",)])
    assert np.array_equal(together[0].llr, alone[0].llr)
    assert np.array_equal(together[2].llr, alone[1].llr)
    assert len(together[1].symbols) == 50


@pytest.mark.parametrize(
    ("symbols", "problem"),
    [
        (2 * _qpsk(10), "mean power 4"),
        (1.01 * _qpsk(10), "mean power 1.02"),
        (_qpsk(10).reshape(2, 5), "one row"),
        (np.full(4, np.nan + 0j), "finite"),
    ],
)
def test_symbols_that_cannot_be_sent(symbols: np.ndarray, problem: str) -> None:
    with pytest.raises(InputError, match=problem):
        Link(LinkConfig()).transmit([symbols], 10.0, [("k",)])


def test_no_symbols_take_nothing() -> None:
    (received,) = Link(LinkConfig()).transmit([np.zeros(0, np.complex64)], 10.0, [("k",)])
    assert received.ledger.channel_uses == 0
