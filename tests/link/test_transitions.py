"""Symbol transitions against the link's own decisions, the closed form of bit errors, and what scrambling undoes."""

import numpy as np
import pytest

from linksim.common.seeds import generator
from linksim.link import Link, LinkConfig
from linksim.link.air.modulation import bit_levels, gray_pam
from linksim.link.closed_forms import bit_error_rate, bit_error_rates
from linksim.link.transitions import axis_labels, axis_transitions, symbol_transitions


def unscrambled(bits_per_symbol: int, channel: str = "rayleigh", **settings) -> LinkConfig:
    return LinkConfig(
        code={"kind": "none", "block_bits": 12_024},
        modulation={"bits_per_symbol": bits_per_symbol},
        channel={"kind": channel},
        scrambling=False,
        share_blocks=False,
        **settings,
    )


def numbers(bits: np.ndarray, bits_per_symbol: int) -> np.ndarray:
    return bits.reshape(-1, bits_per_symbol).astype(int) @ (1 << np.arange(bits_per_symbol - 1, -1, -1))


def sent_and_decided(config: LinkConfig, es_no_db: float, symbols: int) -> tuple[np.ndarray, np.ndarray]:
    m = config.modulation.bits_per_symbol
    payload = generator("transitions").integers(0, 2, m * symbols, np.uint8)
    (reception,) = Link(config).transmit([payload], es_no_db, [("transitions", m)])
    return numbers(payload, m), numbers(reception.bits, m)


@pytest.mark.parametrize("channel", ["awgn", "rayleigh"])
@pytest.mark.parametrize(
    ("bits_per_symbol", "es_no_db", "demapping"),
    [(1, 0.0, "app"), (4, 3.0, "app"), (6, 8.0, "app"), (6, 8.0, "maxlog")],
)
def test_transitions_are_those_of_the_link(channel: str, bits_per_symbol: int, es_no_db: float, demapping: str) -> None:
    """Pearson's statistic of each sent symbol's counts, summed; cells that hardly ever occur are taken together."""
    config = unscrambled(bits_per_symbol, channel, demapping=demapping)
    sent, decided = sent_and_decided(config, es_no_db, 400_000)
    size = 2**bits_per_symbol
    p = symbol_transitions(bits_per_symbol, es_no_db, channel == "rayleigh", demapping == "app")
    np.testing.assert_allclose(p.sum(-1), 1)
    counts = np.bincount(sent * size + decided, minlength=size**2).reshape(size, size)
    expected = counts.sum(-1, keepdims=True) * p
    statistic, freedom = 0.0, 0
    for seen, mean in zip(counts, expected, strict=True):
        often = mean > 8
        seen, mean = (np.append(x[often], x[~often].sum()) for x in (seen, mean))
        seen, mean = seen[mean > 1], mean[mean > 1]
        statistic += ((seen - mean) ** 2 / mean).sum()
        freedom += len(mean) - 1
    assert freedom > size / 2
    assert abs(statistic - freedom) < 5 * np.sqrt(2 * freedom)


@pytest.mark.parametrize("rayleigh", [False, True])
@pytest.mark.parametrize("bits_per_symbol", [2, 4, 6, 8])
@pytest.mark.parametrize("es_no_db", [-10.0, 5.0, 15.0, 60.0])
def test_bit_errors_of_the_transitions_are_the_closed_form(
    rayleigh: bool, bits_per_symbol: int, es_no_db: float
) -> None:
    """Of the nearest point; exact LLRs decide bits at least as well, and by some per cent at most better."""
    rates = []
    for exact in (False, True):
        p = symbol_transitions(bits_per_symbol, es_no_db, rayleigh, exact)
        places = np.arange(2**bits_per_symbol)
        differs = (places[:, None, None] ^ places[None, :, None]) >> np.arange(bits_per_symbol - 1, -1, -1) & 1
        rates.append(np.einsum("ij,ijb->b", p, differs) / len(p))
    closed = bit_error_rates(bits_per_symbol, es_no_db, rayleigh)[bit_levels(bits_per_symbol)]
    np.testing.assert_allclose(rates[0], closed, rtol=2e-5, atol=1e-9)
    assert rates[0].mean() == pytest.approx(bit_error_rate(bits_per_symbol, es_no_db, rayleigh), rel=2e-5, abs=1e-9)
    assert 0.95 * rates[0].mean() - 1e-9 <= rates[1].mean() <= rates[0].mean() * (1 + 1e-6) + 1e-9


def test_fades_are_common_to_both_axes_and_neighbours_are_likeliest() -> None:
    """The product of the axes' averages is another matrix: a deep fade takes both axes at once."""
    axis, p = axis_transitions(6, 10.0, True), symbol_transitions(6, 10.0, True)
    real, imaginary = axis_labels(6)
    apart = axis[real[:, None], real] * axis[imaginary[:, None], imaginary]
    assert np.abs(p - apart).max() > 0.02
    np.testing.assert_allclose(p.reshape(64, 64) @ (real[:, None] == np.arange(8)), axis[real], atol=1e-12)
    amplitude = gray_pam(6)
    for label in range(8):
        steps = np.abs(amplitude - amplitude[label])
        others = np.argsort(steps)[1:]
        nearest = others[np.isclose(steps[others], steps[others].min())]
        assert axis[label, nearest].min() > np.delete(axis[label], [label, *nearest]).max()


def test_without_scrambling_errors_go_to_neighbours_and_with_it_to_any_flip() -> None:
    """Scrambling moves an index all over the constellation, so that how an index errs no longer depends on it."""
    amplitude = gray_pam(6)
    real, _ = axis_labels(6)
    steps = {}
    for scrambling in (False, True):
        config = unscrambled(6, "awgn").model_copy(update={"scrambling": scrambling})
        sent, decided = sent_and_decided(config, 16.0, 60_000)
        off = np.abs(amplitude[real[sent]] - amplitude[real[decided]]) * np.sqrt(42) / 2
        steps[scrambling] = off[off > 0]
    assert len(steps[False]) == pytest.approx(len(steps[True]), rel=0.1)
    assert np.mean(steps[False] > 1.5) < 0.01
    assert np.mean(steps[True] > 1.5) > 0.2


def test_unscrambled_blocks_meet_the_fades_and_noise_of_scrambled_ones() -> None:
    plain, scrambled = unscrambled(2), unscrambled(2).model_copy(update={"scrambling": True})
    payload = generator("same air").integers(0, 2, 12_000, np.uint8)
    ours, theirs = (Link(c).transmit([payload], 4.0, [("same",)])[0] for c in (plain, scrambled))
    np.testing.assert_allclose(np.sort(np.abs(ours.llr))[::500], np.sort(np.abs(theirs.llr))[::500], rtol=0.15)
    clean = Link(plain).transmit([payload], 60.0, [("same",)])[0]
    assert clean.block_ok.all()
    assert np.array_equal(clean.bits, payload)
    assert Link(plain).expected_bit_error_rate(4.0) == Link(scrambled).expected_bit_error_rate(4.0)


def test_shared_blocks_are_scrambled() -> None:
    with pytest.raises(ValueError, match="with scrambling: false give share_blocks: false"):
        LinkConfig(scrambling=False)
