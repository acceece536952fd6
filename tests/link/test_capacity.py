"""Capacity against published values, limits and a Monte-Carlo integral."""

import numpy as np
import pytest

from linksim.common.errors import InputError
from linksim.link.air import capacity
from linksim.link.air.config import ChannelConfig

AWGN, RAYLEIGH = ChannelConfig(kind="awgn"), ChannelConfig(kind="rayleigh")


# The published figures at 15 dB (4.69, 4.68, 4.01, 3.95) lie 0.002 to 0.012 above these. Entropies integrated on a grid with
# Gauss-Laguerre over the fading (the next test), the same with Gauss-Legendre over the logarithm of the power, and Monte Carlo
# over the complex constellation (3 million symbols, +- 0.002) agree on the values here.
@pytest.mark.parametrize(
    ("es_no_db", "channel", "coded", "interleaved"),
    [
        (10, AWGN, 3.2686, 3.1685),
        (10, RAYLEIGH, 2.7537, 2.6424),
        (15, AWGN, 4.6814, 4.6780),
        (15, RAYLEIGH, 3.9985, 3.9445),
    ],
)
def test_known_values_of_64_qam(es_no_db, channel, coded, interleaved):
    assert capacity.ergodic_capacity(es_no_db, 6, channel) == pytest.approx(coded, abs=1e-3)
    assert capacity.ergodic_capacity(es_no_db, 6, channel, interleaved=True) == pytest.approx(interleaved, abs=1e-3)


def entropies_of_8_pam(snr):
    """Coded and bit-interleaved capacity in bits per real use by `h(y) - h(y|x)` and `sum h(y) - h(y|bit)`, on a fine grid of y.

    `snr` is `E|x|^2 / sigma^2`. No quadrature over the noise, no logarithm of likelihood ratios: nothing is shared with the code.
    """
    levels = np.arange(-7.0, 8.0, 2.0) / np.sqrt(21) * np.sqrt(snr)
    gray = np.array([0b000, 0b001, 0b011, 0b010, 0b110, 0b111, 0b101, 0b100])
    y = np.linspace(levels[0] - 9, levels[-1] + 9, 2001)
    densities = np.exp(-0.5 * (y[:, None] - levels) ** 2) / np.sqrt(2 * np.pi)

    def entropy(points):
        density = densities[:, points].mean(1)
        return -np.sum(density * np.log2(np.maximum(density, 1e-300))) * (y[1] - y[0])

    received = entropy(slice(None))
    given_bit = [np.mean([entropy((gray >> bit) & 1 == value) for value in (0, 1)]) for bit in range(3)]
    return received - 0.5 * np.log2(2 * np.pi * np.e), float(np.sum(received - np.array(given_bit)))


@pytest.mark.parametrize("es_no_db", [10.0, 15.0])
def test_64_qam_by_the_entropy_of_what_is_received(es_no_db):
    snr = 10 ** (es_no_db / 10)
    powers, weights = np.polynomial.laguerre.laggauss(120)
    faded = 2 * weights @ [entropies_of_8_pam(snr * power) for power in powers]
    for interleaved, plain, fading in zip((False, True), 2 * np.array(entropies_of_8_pam(snr)), faded, strict=True):
        assert capacity.awgn_capacity(es_no_db, 6, interleaved) == pytest.approx(plain, abs=2e-4)
        assert capacity.ergodic_capacity(es_no_db, 6, RAYLEIGH, interleaved) == pytest.approx(fading, abs=3e-4)


@pytest.mark.parametrize("bits_per_symbol", [1, 2, 4, 6, 8])
@pytest.mark.parametrize("interleaved", [False, True])
def test_between_zero_shannon_and_the_constellation(bits_per_symbol, interleaved):
    snrs = np.arange(-20.0, 50.0, 1.0)
    values = capacity.awgn_capacity(snrs, bits_per_symbol, interleaved)
    shannon = np.log2(1 + 10 ** (snrs / 10))
    assert np.all(values <= np.minimum(shannon, bits_per_symbol) + 1e-4)
    assert np.all(np.diff(values) >= -1e-4)
    assert values[-1] == pytest.approx(bits_per_symbol, abs=1e-6)
    assert np.all(capacity.awgn_capacity(snrs, bits_per_symbol) >= values - 1e-6)


def test_qpsk_is_two_bpsk_of_half_the_energy():
    snrs = np.arange(-10.0, 15.0, 2.5)
    halved = capacity.awgn_capacity(snrs - 10 * np.log10(2), 1)
    np.testing.assert_allclose(capacity.awgn_capacity(snrs, 2), 2 * halved, atol=1e-3)


def test_monte_carlo_over_the_standard_s_16_qam():
    # 3GPP TS 38.211, 5.1.4, written out.
    bits = (np.arange(16)[:, None] >> np.arange(3, -1, -1)) & 1
    b0, b1, b2, b3 = 1 - 2 * bits.T
    points = (b0 * (2 - b2) + 1j * b1 * (2 - b3)) / np.sqrt(10)
    rng = np.random.default_rng(1)
    sent = rng.integers(0, 16, 40_000)
    no = 10**-0.8
    y = points[sent] + np.sqrt(no / 2) * (rng.standard_normal(40_000) + 1j * rng.standard_normal(40_000))
    likelihood = np.exp(-(np.abs(y[:, None] - points) ** 2) / no)
    total = likelihood.sum(1)
    coded = 4 - np.mean(np.log2(total / likelihood[np.arange(40_000), sent]))
    agree = bits[sent][:, None, :] == bits[None]
    interleaved = 4 - np.mean(np.log2(total[:, None] / (likelihood[..., None] * agree).sum(1)).sum(1))
    assert capacity.awgn_capacity(8.0, 4) == pytest.approx(coded, abs=0.03)
    assert capacity.awgn_capacity(8.0, 4, interleaved=True) == pytest.approx(interleaved, abs=0.03)


def test_rician_lies_between_rayleigh_and_awgn_and_meets_them():
    rician = [ChannelConfig(kind="rician", k_factor_db=k) for k in (-30.0, 3.0, 30.0)]
    values = [capacity.ergodic_capacity(12.0, 6, channel) for channel in (RAYLEIGH, *rician, AWGN)]
    assert values == sorted(values)
    assert values[0] == pytest.approx(values[1], abs=0.01)
    assert values[3] == pytest.approx(values[4], abs=0.02)


def test_outage_capacity_is_exceeded_by_all_but_that_share_of_fades():
    rate = capacity.outage_capacity(15.0, 6, RAYLEIGH, 0.1)
    power = np.random.default_rng(2).exponential(size=50_000)
    lost = np.mean(capacity.awgn_capacity(15.0 + 10 * np.log10(power), 6) < rate)
    assert lost == pytest.approx(0.1, abs=0.005)
    assert capacity.outage_capacity(15.0, 6, AWGN, 0.1) == pytest.approx(capacity.ergodic_capacity(15.0, 6, AWGN))


def test_an_unknown_constellation_is_refused():
    with pytest.raises(InputError, match="bits_per_symbol: 3; allowed are 1, 2, 4, 6, 8"):
        capacity.awgn_capacity(10.0, 3)
