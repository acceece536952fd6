"""Uncoded transmission against closed forms: error rates, LLR calibration, reliability of bit positions."""

import itertools

import numpy as np
import pytest

from linksim.common.seeds import generator
from linksim.link import Link, LinkConfig
from linksim.link.closed_forms import bit_error_rates

BLOCK = 120_000


def uncoded(bits_per_symbol: int = 6, block_bits: int = BLOCK + 24, **settings) -> LinkConfig:
    return LinkConfig(
        code={"kind": "none", "block_bits": block_bits}, modulation={"bits_per_symbol": bits_per_symbol}, **settings
    )


def send(
    config: LinkConfig, es_no_db: float, bits: int, key: str = "test"
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Sent bits, decided bits, LLRs."""
    payload = generator(key, "payload").integers(0, 2, bits, np.uint8)
    reception = Link(config).transmit([payload], es_no_db, [(1, key, 0)])[0]
    return payload, reception.bits, reception.llr


def needed_bits(rate: float) -> int:
    """Enough for a standard error of 0.5 % (errors of one symbol's bits are nearly independent)."""
    return int(np.ceil(30_000 / rate / BLOCK)) * BLOCK


@pytest.mark.parametrize("channel", ["awgn", "rayleigh"])
@pytest.mark.parametrize("bits_per_symbol", [1, 2, 4, 6, 8])
@pytest.mark.parametrize("es_no_db", [0.0, 10.0, 20.0, 30.0])
def test_bit_error_rate_is_the_closed_form(channel: str, bits_per_symbol: int, es_no_db: float) -> None:
    expected = bit_error_rates(bits_per_symbol, es_no_db, channel == "rayleigh").mean()
    # The closed form is that of the nearest point, which is the sign of the max-log LLR.
    config = uncoded(bits_per_symbol, channel={"kind": channel}, demapping="maxlog")
    if expected < 1e-9:
        sent, decided, _ = send(config, es_no_db, 2 * BLOCK)
        assert np.array_equal(sent, decided)
        return
    if expected < 2e-3:
        # Too few errors for 2 %: 5 standard deviations of their Poisson count instead.
        bits = 20 * BLOCK
        sent, decided, _ = send(config, es_no_db, bits)
        assert abs(np.sum(sent != decided) - bits * expected) < 5 * np.sqrt(bits * expected) + 1
        return
    sent, decided, _ = send(config, es_no_db, needed_bits(expected))
    assert np.mean(sent != decided) == pytest.approx(expected, rel=0.02)


@pytest.mark.parametrize("channel", ["awgn", "rayleigh"])
@pytest.mark.parametrize("bits_per_symbol", [2, 4, 6])
@pytest.mark.parametrize("es_no_db", [0.0, 10.0])
def test_exact_llrs_decide_bits_at_least_as_well(channel: str, bits_per_symbol: int, es_no_db: float) -> None:
    """The sign of the exact LLR is the most probable bit; it gains up to 2 % of the errors at low SNR, never loses."""
    expected = bit_error_rates(bits_per_symbol, es_no_db, channel == "rayleigh").mean()
    if expected < 2e-3:
        return
    sent, decided, _ = send(uncoded(bits_per_symbol, channel={"kind": channel}), es_no_db, 2 * needed_bits(expected))
    assert 0.975 * expected < np.mean(sent != decided) < 1.01 * expected


def test_error_rate_of_bpsk_over_awgn_is_the_textbook_value() -> None:
    """Guards the closed form itself: Q(sqrt(2 * 1)) = 0.0786 for BPSK at 0 dB, 0.1587 for QPSK."""
    assert bit_error_rates(1, 0.0, False).mean() == pytest.approx(0.0786496, rel=1e-5)
    assert bit_error_rates(2, 0.0, False).mean() == pytest.approx(0.1586553, rel=1e-5)


@pytest.mark.parametrize(
    "settings",
    [
        {"channel": {"kind": "awgn"}},
        {"channel": {"kind": "rayleigh"}},
        {"channel": {"kind": "rayleigh", "coherence": 7}},
        {"channel": {"kind": "rician", "k_factor_db": 5}},
        {"channel": {"kind": "rayleigh"}, "share_blocks": False},
    ],
)
@pytest.mark.parametrize(("bits_per_symbol", "es_no_db"), [(6, 12.0), (2, 3.0)])
def test_llrs_are_calibrated(settings: dict, bits_per_symbol: int, es_no_db: float) -> None:
    """Of the bits with LLR near L, the share of ones is sigmoid(L)."""
    sent, _, llr = send(uncoded(bits_per_symbol, **settings), es_no_db, 8 * BLOCK)
    assert_calibrated(sent, llr)


def assert_calibrated(sent: np.ndarray, llr: np.ndarray, sigmas: float = 5.0) -> None:
    edges = np.linspace(-6, 6, 25)
    for low, high in itertools.pairwise(edges):
        chosen = (llr >= low) & (llr < high)
        if chosen.sum() < 1000:
            continue
        p = 1 / (1 + np.exp(-llr[chosen].astype(float)))
        deviation = (sent[chosen] - p).sum() / np.sqrt((p * (1 - p)).sum())
        assert abs(deviation) < sigmas, f"LLR {low:.1f} to {high:.1f}: {deviation:.1f} standard deviations off"


def test_llrs_use_the_noise_after_equalization() -> None:
    """With the noise before equalization the LLRs would ignore the fade; then they are not calibrated."""
    config = uncoded(2, channel={"kind": "rayleigh"})
    sent, _, llr = send(config, 5.0, 4 * BLOCK)
    # QPSK: LLR = 4 Re(x_hat) |h|^2 / N0 / sqrt(2). Without |h|^2 the mean of |LLR| conditioned on errors grows.
    wrong = (sent == 1) != (llr > 0)
    assert np.mean(np.abs(llr[wrong])) < 0.25 * np.mean(np.abs(llr[~wrong]))


def test_imperfect_csi_costs_and_its_llrs_stay_calibrated() -> None:
    """QPSK: |x|^2 is constant, so the residual error of the estimate is Gaussian noise exactly as the receiver counts it."""
    errors = []
    for variance in (0.0, 0.05, 0.3):
        sent, decided, llr = send(uncoded(2, csi={"error_variance": variance}), 10.0, 8 * BLOCK)
        assert_calibrated(sent, llr)
        errors.append(np.mean(sent != decided))
    assert errors[0] < errors[1] < errors[2]


def test_csi_error_without_fading_is_refused() -> None:
    with pytest.raises(ValueError, match=r"channel\.kind awgn has none, so leave it out"):
        uncoded(4, channel={"kind": "awgn"}, csi={"error_variance": 0.5})


@pytest.mark.parametrize("bits_per_symbol", [4, 6, 8])
def test_bit_levels_predict_the_errors(bits_per_symbol: int) -> None:
    config = uncoded(bits_per_symbol, block_bits=1536)
    n = 300 * config.payload_bits_per_block + 11
    sent, decided, _ = send(config, 15.0, n)
    levels = Link(config).bit_levels(n)
    measured = [np.mean((sent != decided)[levels == level]) for level in range(bits_per_symbol // 2)]
    assert measured == sorted(measured)
    assert measured == pytest.approx(bit_error_rates(bits_per_symbol, 15.0, True), rel=0.08)


def test_block_fading_gives_one_fade_per_block() -> None:
    """Under block fading the number of errors per block scatters far more than independent errors would."""
    for coherence, spread in (("symbol", False), ("block", True)):
        config = uncoded(2, block_bits=1024, channel={"kind": "rayleigh", "coherence": coherence})
        sent, decided, _ = send(config, 5.0, 300 * 1000)
        counts = (sent != decided).reshape(300, 1000).sum(1)
        assert (counts.var() > 5 * counts.mean()) == spread


@pytest.mark.parametrize("demapping", ["app", "maxlog"])
@pytest.mark.parametrize("bits_per_symbol", [1, 2, 4, 6, 8])
def test_mapping_and_llrs_are_those_of_sionna(bits_per_symbol: int, demapping: str) -> None:
    import tensorflow as tf
    from sionna.phy.mapping import Constellation, Demapper, Mapper

    from linksim.link.air.demapping import channel_llrs
    from linksim.link.air.modulation import gray_pam

    rng = generator("demapping")
    bits = rng.integers(0, 2, (2, bits_per_symbol * 500), np.uint8)
    scrambling = rng.integers(0, 2, bits.shape, np.uint8)
    shape = (2, 500)
    h = (rng.standard_normal(shape) + 1j * rng.standard_normal(shape)).astype(np.complex64)
    noise = (0.1 * (rng.standard_normal(shape) + 1j * rng.standard_normal(shape))).astype(np.complex64)
    ours = channel_llrs(
        bits, scrambling, gray_pam(bits_per_symbol), h, h, noise, 0.02, bits_per_symbol, demapping == "app"
    )
    constellation = Constellation("pam" if bits_per_symbol == 1 else "qam", bits_per_symbol)
    x = Mapper(constellation=constellation)(tf.constant(bits ^ scrambling, tf.float32)).numpy()
    y, no = x + noise / h, 0.02 / np.abs(h) ** 2
    demapper = Demapper(demapping, constellation=constellation)
    theirs = demapper(tf.constant(y.astype(np.complex64)), tf.constant(no.astype(np.float32))).numpy()
    theirs *= 1 - 2.0 * scrambling
    assert ours == pytest.approx(theirs, rel=2e-3, abs=2e-3)


def test_llrs_are_finite_at_extreme_snr() -> None:
    for es_no_db in (-60.0, 90.0):
        _, _, llr = send(uncoded(6), es_no_db, BLOCK)
        assert np.isfinite(llr).all()
