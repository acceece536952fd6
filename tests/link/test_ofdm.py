"""OFDM: the same as Sionna's blocks, closed forms, and slots that depend on their keys alone."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from linksim.common.seeds import generator
from linksim.link import Link, LinkConfig
from linksim.link.air.config import CsiConfig
from linksim.link.air.ofdm.estimation import Estimator, estimator_of
from linksim.link.air.ofdm.grid import pilots_of
from linksim.link.air.ofdm.layout import lay
from linksim.link.air.ofdm.receiving import estimate
from linksim.link.air.ofdm.slots import slot_source
from linksim.link.air.waveform import OfdmConfig
from linksim.link.closed_forms import bit_error_rate
from linksim.link.parts import air_of

TDL_A = {"kind": "tdl", "model": "A", "delay_spread_ns": 30.0, "speed_m_s": 120 / 3.6}
TDL_C = {"kind": "tdl", "model": "C", "delay_spread_ns": 300.0, "speed_m_s": 3 / 3.6}
CDL_D = {"kind": "cdl", "model": "D", "delay_spread_ns": 30.0, "speed_m_s": 10.0}
SMALL = {"kind": "ofdm", "subcarriers": 24, "cyclic_prefix": 4}


def link_config(waveform: dict, channel: dict, csi: dict, antennas: int, **keys: object) -> LinkConfig:
    keys = {"code": {"kind": "none", "block_bits": 960}, "modulation": {"bits_per_symbol": 4}} | keys
    return LinkConfig(waveform=waveform, channel=channel, csi=csi, antennas={"receive": antennas}, **keys)


CASES = [
    (SMALL, TDL_A, {"kind": "ls"}, 2, "app"),
    (SMALL | {"guards": [3, 4], "dc_null": True}, TDL_C | {"delay_spread_ns": 100.0}, {"kind": "perfect"}, 1, "maxlog"),
    (SMALL | {"guards": [0, 2], "dc_null": True}, TDL_A, {"kind": "lmmse"}, 2, "app"),
    (SMALL | {"pilot_symbols": [11, 2]}, TDL_A, {"kind": "ls", "interpolation": "nearest"}, 4, "maxlog"),
    (SMALL | {"subcarriers": 12, "cyclic_prefix": 2}, CDL_D, {"kind": "lmmse"}, 2, "app"),
    (SMALL, {"kind": "rician", "k_factor_db": 3.0, "coherence": 3}, {"error_variance": 0.1}, 2, "app"),
    (SMALL, {"kind": "rayleigh", "coherence": "block"}, {"kind": "lmmse"}, 1, "app"),
]


@pytest.mark.parametrize(("waveform", "channel", "csi", "antennas", "demapping"), CASES)
def test_the_compiled_receiver_is_sionnas(
    waveform: dict, channel: dict, csi: dict, antennas: int, demapping: str
) -> None:
    """Grid mapper, channel, LS and LMMSE estimator, LMMSE equalizer and demapper of Sionna give the same LLRs."""
    ours, theirs = (
        air_of(link_config(waveform, channel, csi, antennas, engine=engine, demapping=demapping))
        for engine in ("compiled", "sionna")
    )
    keys = [("equal", number) for number in (0, 1, 3)]
    world, again = ours.draw(10.0, keys), theirs.draw(10.0, keys)
    bits = generator("ofdm bits").integers(0, 2, world.scrambling.shape, np.uint8)
    mine, sionnas = ours.llrs(bits, world), theirs.llrs(bits, again)
    assert mine == pytest.approx(sionnas, abs=1e-3, rel=1e-5)
    assert np.array_equal(mine > 0, sionnas > 0)
    wrong = np.mean((mine > 0) != bits)
    assert wrong < 0.3  # bits that meet the right symbols


CHANNELS = [TDL_C, {"kind": "cdl", "model": "B", "delay_spread_ns": 100.0, "speed_m_s": 10.0}, {"kind": "rayleigh"}]


@pytest.mark.parametrize("channel", CHANNELS, ids=lambda c: c["kind"])
def test_a_block_is_the_same_whatever_goes_with_it(channel: dict) -> None:
    """To the last bit: workers, order and resuming must change nothing."""
    csi = {} if channel["kind"] == "rayleigh" else {"kind": "ls"}
    air = air_of(link_config({"kind": "ofdm"}, channel, csi, 2))
    keys = [("stream", number) for number in range(9)]
    together = air.draw(9.0, keys)
    alone = air.draw(9.0, [("other", 5), ("stream", 7), ("stream", 2)])
    for values, others in (
        (getattr(together, name), getattr(alone, name)) for name in ("scrambling", "gain", "noise", "noise_variance")
    ):
        assert np.array_equal(values[[7, 2]], others[1:])
        assert not np.array_equal(values[5], others[0])


def test_other_noise_at_another_snr() -> None:
    air = air_of(link_config({"kind": "ofdm"}, TDL_A, {"kind": "ls"}, 1))
    a, b = air.draw(9.0, [("s", 0)]), air.draw(10.0, [("s", 0)])
    assert not np.allclose(a.gain, b.gain)


@given(
    st.integers(1, 60),
    st.integers(1, 60),
    st.lists(st.tuples(st.sampled_from("ab"), st.integers(0, 30)), min_size=1, max_size=9, unique=True),
)
def test_blocks_lie_behind_each_other(block: int, slot: int, keys: list[tuple]) -> None:
    slots, places = lay(keys, block, slot)
    assert len(set(slots)) == len(slots)
    assert len(np.unique(places)) == places.size  # no element carries two symbols
    for (stream, number), row in zip(keys, places, strict=True):
        for symbol, place in enumerate(row):
            (name,), at = slots[place // slot]
            assert (name, at * slot + place % slot) == (stream, number * block + symbol)


@pytest.mark.parametrize(
    ("bits_per_symbol", "es_no_db", "antennas"), [(2, 5.0, 1), (6, 15.0, 1), (2, 3.0, 2), (6, 12.0, 2), (6, 8.0, 4)]
)
def test_uncoded_errors_over_tdl_are_those_of_flat_rayleigh(
    bits_per_symbol: int, es_no_db: float, antennas: int
) -> None:
    """A subcarrier of TDL-C fades like Rayleigh, and the equalizer combines antennas for the largest SNR.

    Subcarriers far apart fade nearly independently, so that a slot has many fades.
    """
    waveform = {"kind": "ofdm", "subcarriers": 48, "cyclic_prefix": 48, "subcarrier_spacing_khz": 380.0}
    waveform |= {"symbols_per_slot": 1, "pilot_symbols": []}
    config = link_config(
        waveform,
        TDL_C,
        {},
        antennas,
        modulation={"bits_per_symbol": bits_per_symbol},
        code={"kind": "none", "block_bits": 48 * bits_per_symbol * 250},
    )
    air = air_of(config)
    world = air.draw(es_no_db, [("closed form", number) for number in range(24)])
    wrong = air.llrs(np.zeros_like(world.scrambling), world) > 0
    assert wrong.mean() == pytest.approx(bit_error_rate(bits_per_symbol, es_no_db, True, antennas), rel=0.02)


def estimation_errors(kind: str, es_no_db: float, slots: int) -> tuple[Estimator, np.ndarray]:
    """An estimator over TDL-A, and `|h_hat - h|^2` of its estimates `[slots, antennas, symbols, subcarriers]`."""
    waveform, csi = OfdmConfig(subcarriers=24, cyclic_prefix=4), CsiConfig(kind=kind)
    channel = link_config(SMALL, TDL_A, {"kind": kind}, 2).channel
    estimator = estimator_of(csi, channel, waveform, 10 ** (-es_no_db / 10))
    frequency = np.zeros((0, 0), np.complex64) if estimator.frequency is None else estimator.frequency
    errors = []
    for _, drawn in slot_source(channel, waveform, 2, csi).draw([((kind,), n) for n in range(slots)], es_no_db):
        pilots, at = pilots_of(waveform), np.array([2, 11])
        found = estimate(drawn.response, drawn.noise, pilots, at, frequency, estimator.time)
        errors.append(np.abs(found - drawn.response) ** 2)
    return estimator, np.concatenate(errors)


def test_the_error_of_least_squares_at_pilots_is_the_noise() -> None:
    """N0 over the pilots' energy, which is 1."""
    estimator, errors = estimation_errors("ls", 7.0, 320)
    assert errors[:, :, [2, 11]].mean() == pytest.approx(10**-0.7, rel=0.02)
    assert estimator.error == pytest.approx(10**-0.7)


def test_lmmse_estimates_have_the_error_that_they_claim() -> None:
    estimator, errors = estimation_errors("lmmse", 3.0, 640)
    claimed = estimator.error.mean(axis=1)
    assert errors.mean(axis=(0, 1, 3)) == pytest.approx(claimed, rel=0.1)
    assert claimed.max() < 0.25 * 10**-0.3


@pytest.mark.parametrize(("kind", "model"), [*(("tdl", model) for model in "ABCDE"), ("cdl", "B"), ("cdl", "D")])
def test_channels_have_unit_mean_power(kind: str, model: str) -> None:
    waveform = OfdmConfig(
        subcarriers=4, cyclic_prefix=4, symbols_per_slot=1, pilot_symbols=(), subcarrier_spacing_khz=1e3
    )
    channel = LinkConfig(
        waveform=waveform.model_dump(), channel={"kind": kind, "model": model, "delay_spread_ns": 30.0}
    ).channel
    source = slot_source(channel, waveform, 2, CsiConfig())
    power = [np.mean(np.abs(s.response) ** 2) for _, s in source.draw([(("p",), n) for n in range(1600)], 0.0)]
    assert np.mean(power) == pytest.approx(1, abs=0.06)


def test_longest_delays_are_sionnas() -> None:
    import json
    from importlib.resources import files

    from sionna.phy.channel.tr38901 import models

    from linksim.link.air.delays import LONGEST_DELAY

    for kind, by_model in LONGEST_DELAY.items():
        for model, longest in by_model.items():
            table = json.loads(files(models).joinpath(f"{kind.upper()}-{model}.json").read_text())
            assert longest == max(table["delays"])


@pytest.mark.parametrize("keys", [{}, {"guards": [5, 6], "dc_null": True}, {"pilot_symbols": []}, {"subcarriers": 73}])
def test_elements_are_counted_as_sionna_counts_them(keys: dict) -> None:
    from linksim.link.air.ofdm.grid import resource_grid

    waveform = OfdmConfig(**keys)
    grid = resource_grid(waveform)
    assert waveform.elements == grid.num_resource_elements
    assert waveform.data_elements == int(grid.num_data_symbols)
    assert waveform.used_subcarriers == grid.num_effective_subcarriers
    assert waveform.prefix_samples == grid.num_time_samples - grid.num_resource_elements


def test_the_ledger_counts_whole_slots() -> None:
    config = LinkConfig(waveform={"kind": "ofdm", "guards": [4, 4]}, channel=TDL_C)
    link = Link(config)
    blocks = 3
    ledger = link.ledger(blocks * config.payload_bits_per_block)
    # 3 x 512 symbols on 12 x 64 data elements a slot: 2 slots of 14 x 72 elements and 14 x 6 samples of prefix.
    assert (ledger.channel_uses, ledger.prefix_samples) == (2 * 14 * 72, 2 * 14 * 6)
    assert link.capacity_bits(ledger.channel_uses) == blocks * config.payload_bits_per_block
    assert link.capacity_bits(ledger.channel_uses - 1) == config.payload_bits_per_block
    assert link.capacity_bits(14 * 72 - 1) == 0


def test_symbols_meet_the_channel_of_the_bits_with_the_same_key() -> None:
    config = LinkConfig(waveform={"kind": "ofdm"}, channel=TDL_A, csi={"kind": "ls"}, antennas={"receive": 2})
    air, key = air_of(config), (1, "image", 0)
    n = air.symbols_per_block + 100
    world = air.draw(10.0, [(*key, 0), (*key, 1)])
    symbols = np.exp(1j * generator("phases").random(n)).astype(np.complex64)
    (received,) = Link(config).transmit([symbols], 10.0, [key])
    expected = world.gain.ravel()[:n] * symbols + world.noise.ravel()[:n]
    assert received.symbols == pytest.approx(expected, rel=1e-4, abs=1e-4)
    assert received.noise_variance == pytest.approx(world.noise_variance.ravel()[:n])
    assert received.ledger.channel_uses == 14 * 72


def test_blocks_are_shared() -> None:
    """Payloads with equal keys meet the same errors, block by block, however long they are."""
    config = LinkConfig(
        waveform={"kind": "ofdm"}, channel=TDL_C, csi={"kind": "ls"}, code={"kind": "none", "block_bits": 1536}
    )
    link = Link(config)
    n = 3 * config.payload_bits_per_block
    a, b = np.zeros(n, np.uint8), generator("other").integers(0, 2, n + 200, np.uint8)
    first, second = link.transmit([a, b], 14.0, [(1, "x", 0), (1, "x", 0)])
    assert np.array_equal(first.bits != a, (second.bits != b)[:n])
    assert first.bits.any()


@pytest.mark.parametrize("payload", ["zeros", "random"])
def test_sharing_changes_no_distribution(payload: str) -> None:
    blocks = 60
    shared, own = (
        link_config(SMALL, TDL_A, {"kind": "ls"}, 1, share_blocks=share, modulation={"bits_per_symbol": 6})
        for share in (True, False)
    )
    bits = np.zeros(blocks * shared.payload_bits_per_block, np.uint8)
    if payload == "random":
        bits = generator("sharing").integers(0, 2, bits.size, np.uint8)
    rates = []
    for config in (shared, own):
        keys = [("ofdm sharing", config.share_blocks, repetition) for repetition in range(6)]
        received = Link(config).transmit([bits] * 6, 12.0, keys)
        rates.append([np.mean(r.bits != bits) for r in received])
    spread = np.sqrt(sum(np.var(part, ddof=1) / 6 for part in rates))
    assert abs(np.mean(rates[0]) - np.mean(rates[1])) < 4 * spread


def test_blocks_sent_again_take_slots_of_their_own() -> None:
    keys = {"waveform": {"kind": "ofdm"}, "channel": TDL_C, "csi": {"kind": "ls"}, "antennas": {"receive": 2}}
    once, again = LinkConfig(**keys), LinkConfig(**keys, harq={"kind": "chase", "max_transmissions": 3})
    payload = generator("again").integers(0, 2, 8 * once.payload_bits_per_block, np.uint8)
    (first,), (second,) = (Link(config).transmit([payload], 10.0, [("again",)]) for config in (once, again))
    assert 0 < first.block_ok.sum() < 8
    assert second.block_ok.sum() > first.block_ok.sum()
    assert np.array_equal(second.transmissions == 1, first.block_ok)
    rounds = [int((second.transmissions > sent).sum()) for sent in range(3)]
    # 512 symbols a block, 864 data elements a slot.
    slots = sum(-(-512 * blocks // 864) for blocks in rounds)
    assert (second.ledger.channel_uses, second.ledger.prefix_samples) == (slots * 14 * 72, slots * 14 * 6)
