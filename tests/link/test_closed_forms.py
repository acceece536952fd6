"""The closed forms against textbook values, limits, and an integral of their own."""

import math

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.special import erfc
from scipy.stats import gamma

from linksim.link.closed_forms import bit_error_rate, bit_error_rates, rayleigh_capacity


def test_bpsk_and_qpsk_are_the_textbook_s() -> None:
    for es_no_db in (-3.0, 0.0, 7.0):
        snr = 10 ** (es_no_db / 10)
        assert bit_error_rate(1, es_no_db) == pytest.approx(erfc(math.sqrt(snr)) / 2, rel=1e-9)
        assert bit_error_rate(2, es_no_db) == pytest.approx(erfc(math.sqrt(snr / 2)) / 2, rel=1e-6)
        assert bit_error_rate(1, es_no_db, rayleigh=True) == pytest.approx((1 - math.sqrt(snr / (1 + snr))) / 2)


def test_16_qam_is_the_sum_of_three_crossings() -> None:
    """`(3 Q(d) + 2 Q(3 d) - Q(5 d)) / 4` with `d = sqrt(Es / (5 N0))` (Cho and Yoon, 2002)."""
    snr = 10**1.2
    q = [erfc(k * math.sqrt(snr / 10)) / 2 for k in (1, 3, 5)]
    assert bit_error_rate(4, 12.0) == pytest.approx((3 * q[0] + 2 * q[1] - q[2]) / 4, rel=1e-6)


@pytest.mark.parametrize("branches", [1, 2, 4])
@pytest.mark.parametrize("bits_per_symbol", [1, 2, 4, 6, 8])
def test_rayleigh_is_the_constant_channel_averaged_over_the_power(bits_per_symbol: int, branches: int) -> None:
    """The power of L combined branches is gamma distributed."""

    def weighted(power: float) -> float:
        return bit_error_rate(bits_per_symbol, 10 + 10 * math.log10(power)) * gamma.pdf(power, branches)

    integral, _ = quad(weighted, 0, 60, epsrel=1e-9, limit=300)
    assert bit_error_rate(bits_per_symbol, 10.0, True, branches) == pytest.approx(integral, rel=1e-5)


def test_branches_of_a_constant_channel_add_their_energy() -> None:
    assert bit_error_rate(4, 10.0, branches=2) == pytest.approx(bit_error_rate(4, 10 + 10 * math.log10(2)))


@pytest.mark.parametrize("rayleigh", [False, True])
def test_first_bits_are_the_strongest_and_noise_alone_decides_half(rayleigh: bool) -> None:
    rates = bit_error_rates(8, 20.0, rayleigh)
    assert (np.diff(rates) > 0).all()
    assert bit_error_rate(8, -80.0, rayleigh) == pytest.approx(0.5, abs=1e-3)


def test_rayleigh_capacity_is_the_mean_of_shannon_s() -> None:
    for es_no_db in (-10.0, 0.0, 20.0):
        g = 10 ** (es_no_db / 10)
        integral, _ = quad(lambda x, g=g: math.log2(1 + g * x) * math.exp(-x), 0, 60)
        assert rayleigh_capacity(es_no_db) == pytest.approx(integral, rel=1e-6)
