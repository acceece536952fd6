"""Symbols that a scheme sends itself, in every channel, waveform and antenna setting: closed forms, and the noise that they come with."""

import numpy as np
import pytest

from linksim.common.seeds import generator
from linksim.link import LinkConfig
from linksim.link.air.modulation import map_bits
from linksim.link.closed_forms import bit_error_rate
from linksim.link.parts import air_of
from linksim.link.symbols import send_symbols
from linksim.schemes.base import SymbolStream, Transmission
from linksim.schemes.sending import send

OFDM = {"kind": "ofdm", "subcarriers": 48}
TDL = {"kind": "tdl", "model": "A", "delay_spread_ns": 30.0, "speed_m_s": 10.0}
CDL = {"kind": "cdl", "model": "D", "delay_spread_ns": 30.0, "speed_m_s": 10.0}

# Keys of the link, and how far the mean squared error may be from the noise variance that is told. An estimate from
# pilots is counted with the error that it has on average; interpolation adds what the receiver does not know of.
SETTINGS = [
    ({"channel": {"kind": "awgn"}}, 0.05),
    ({"channel": {"kind": "rayleigh"}}, 0.05),
    ({"channel": {"kind": "rayleigh"}, "csi": {"error_variance": 0.05}}, 0.1),
    ({"channel": {"kind": "rician", "k_factor_db": 3.0, "coherence": 7}}, 0.05),
    ({"channel": {"kind": "rayleigh", "coherence": "block"}}, 0.05),
    ({"channel": {"kind": "rayleigh"}, "waveform": OFDM, "antennas": {"receive": 2}}, 0.05),
    ({"channel": {"kind": "rayleigh"}, "waveform": OFDM}, 0.05),
    ({"channel": TDL, "waveform": OFDM}, 0.05),
    ({"channel": TDL, "waveform": OFDM, "csi": {"kind": "lmmse"}, "antennas": {"receive": 2}}, 0.15),
    ({"channel": TDL, "waveform": OFDM, "csi": {"kind": "ls"}}, 0.3),
    ({"channel": CDL, "waveform": OFDM, "csi": {"kind": "lmmse"}, "antennas": {"receive": 4}}, 0.15),
]


def qpsk(n: int) -> np.ndarray:
    return map_bits(generator("qpsk of a scheme").integers(0, 2, (1, 2 * n), np.uint8), 2)[0]


@pytest.mark.parametrize(("settings", "tolerance"), SETTINGS, ids=lambda v: str(v) if isinstance(v, dict) else "")
def test_symbols_come_back_with_the_noise_that_they_have(settings: dict, tolerance: float) -> None:
    """`x_hat = x + e` with `E |e|^2 = v`: the error over its variance has the mean 1, wherever the channel was good."""
    config = LinkConfig(**settings)
    symbols = qpsk(20_000)
    received = send_symbols(config, symbols, 12.0, ("noise",))
    assert received.symbols.shape == received.noise_variance.shape == symbols.shape
    good = received.noise_variance < 1.0
    assert good.mean() > 0.8
    ratio = np.abs(received.symbols - symbols)[good] ** 2 / received.noise_variance[good]
    assert ratio.mean() == pytest.approx(1, abs=tolerance)


@pytest.mark.parametrize(("settings", "tolerance"), SETTINGS, ids=lambda v: str(v) if isinstance(v, dict) else "")
def test_symbols_meet_what_bits_meet(settings: dict, tolerance: float) -> None:
    """The signs of uncoded QPSK bits of a payload are those of its symbols, sent as such with the same key."""
    config = LinkConfig(code={"kind": "none", "block_bits": 480}, modulation={"bits_per_symbol": 2}, **settings)
    air, key = air_of(config), (7, "picture", 2)
    world = air.draw(-4.0, [(*key, 0), (*key, 1)])
    bits = generator("payload").integers(0, 2, world.scrambling.shape, np.uint8)
    sent = map_bits(bits ^ world.scrambling, 2).reshape(-1)
    received = send_symbols(config, sent, -4.0, key).symbols
    decided = np.stack([received.real < 0, received.imag < 0], -1).reshape(bits.shape) ^ world.scrambling.astype(bool)
    assert np.array_equal(decided, air.llrs(bits, world) > 0)
    assert (decided != bits).any()


@pytest.mark.parametrize(("waveform", "branches"), [("single-carrier", 1), ("ofdm", 1), ("ofdm", 2)])
def test_qpsk_of_a_scheme_has_the_closed_forms_symbol_error_rate(waveform: str, branches: int) -> None:
    """Each dimension errs with the bit-error rate of QPSK over a fade of its own, and both meet the same fade.

    Over one fade, `P = 2 q - q^2`; its mean follows from those of `q` and, by integration over the fades, of `q^2`.
    """
    from scipy.integrate import quad
    from scipy.special import erfc
    from scipy.stats import gamma

    link = LinkConfig(channel={"kind": "rayleigh"}, waveform={"kind": waveform}, antennas={"receive": branches})
    es_no_db, n = 5.0, 400_000
    stream = SymbolStream(qpsk(n), link)
    ((reception,),) = send([Transmission((stream,), (1, 1))], es_no_db, lambda i, number: ("ser", i, number))
    wrong = (reception.symbols.real * stream.symbols.real < 0) | (reception.symbols.imag * stream.symbols.imag < 0)
    snr = 10 ** (es_no_db / 10)
    squares = quad(lambda g: (0.5 * erfc(np.sqrt(snr * g / 2))) ** 2 * gamma.pdf(g, branches), 0, np.inf)[0]
    expected = 2 * bit_error_rate(2, es_no_db, rayleigh=True, branches=branches) - squares
    assert wrong.mean() == pytest.approx(expected, rel=0.02)
    assert reception.ledger.channel_uses == link.channel_uses(n)
    assert not reception.ok


@pytest.mark.parametrize(("waveform", "branches"), [("single-carrier", 1), ("ofdm", 1), ("ofdm", 2)])
def test_qpsk_of_a_scheme_over_awgn(waveform: str, branches: int) -> None:
    """`P = 2 q - q^2` with `q = Q(sqrt(L Es/N0))` for L antennas."""
    from scipy.special import erfc

    link = LinkConfig(channel={"kind": "awgn"}, waveform={"kind": waveform}, antennas={"receive": branches})
    es_no_db, n = 5.0 - 10 * np.log10(branches), 1_000_000
    stream = SymbolStream(qpsk(n), link)
    ((reception,),) = send([Transmission((stream,), (1, 1))], es_no_db, lambda i, number: ("awgn", i, number))
    wrong = (reception.symbols.real * stream.symbols.real < 0) | (reception.symbols.imag * stream.symbols.imag < 0)
    q = 0.5 * erfc(np.sqrt(branches * 10 ** (es_no_db / 10) / 2))
    assert wrong.mean() == pytest.approx(2 * q - q**2, rel=0.02)
