"""`link.engine: sionna` and `compiled` are the same link: equal random numbers, LLRs within 1e-3, the same decisions."""

import numpy as np
import pytest

from linksim.common.seeds import generator
from linksim.link import Link, LinkConfig
from linksim.link.parts import air_of

CHANNELS = [
    {"kind": "awgn"},
    {"kind": "rayleigh"},
    {"kind": "rayleigh", "coherence": "block"},
    {"kind": "rician", "k_factor_db": 3.0, "coherence": 7},
]


def _config(engine: str, **keys: object) -> LinkConfig:
    return LinkConfig(engine=engine, code={"kind": "none", "block_bits": 960}, **keys)


@pytest.mark.parametrize("channel", CHANNELS, ids=lambda c: "-".join(map(str, c.values())))
@pytest.mark.parametrize("demapping", ["app", "maxlog"])
@pytest.mark.parametrize("bits_per_symbol", [1, 2, 4, 6, 8])
def test_llrs_are_equal(bits_per_symbol: int, demapping: str, channel: dict) -> None:
    keys = {"modulation": {"bits_per_symbol": bits_per_symbol}, "demapping": demapping, "channel": channel}
    if channel["kind"] != "awgn":
        keys["csi"] = {"error_variance": 0.05}
    compiled, sionna = air_of(_config("compiled", **keys)), air_of(_config("sionna", **keys))
    world = compiled.draw(8.0, [("a", 0), ("a", 1)])
    again = sionna.draw(8.0, [("a", 0), ("a", 1)])
    assert np.array_equal(world.noise, again.noise)
    assert np.array_equal(world.fading, again.fading)
    bits = generator("bits").integers(0, 2, world.scrambling.shape, np.uint8)
    ours, theirs = compiled.llrs(bits, world), sionna.llrs(bits, again)
    # An LLR in the hundreds has no more than 1e-6 of itself in float32.
    assert ours == pytest.approx(theirs, abs=1e-3, rel=1e-5)
    assert np.array_equal(ours > 0, theirs > 0)


@pytest.mark.parametrize("share", [True, False])
def test_the_same_blocks_arrive(share: bool) -> None:
    """Around 12 dB some blocks of 64-QAM at rate 1/2 arrive and some do not."""
    payload = generator("payload").integers(0, 2, 30_000, np.uint8)
    received = [
        Link(LinkConfig(engine=engine, share_blocks=share)).transmit([payload], 12.2, [("engine",)])[0]
        for engine in ("compiled", "sionna")
    ]
    assert np.array_equal(received[0].block_ok, received[1].block_ok)
    assert np.array_equal(received[0].bits, received[1].bits)
    assert 0 < received[0].block_ok.mean() < 1


def test_symbols_arrive_equal() -> None:
    rng = generator("symbols")
    symbols = (rng.standard_normal(700) + 1j * rng.standard_normal(700)) / np.sqrt(2)
    symbols /= np.sqrt(np.mean(np.abs(symbols) ** 2))
    ours, theirs = (
        Link(_config(engine)).transmit([symbols], 7.0, [("symbols",)])[0] for engine in ("compiled", "sionna")
    )
    assert ours.symbols == pytest.approx(theirs.symbols, rel=1e-5, abs=1e-5)
    assert np.array_equal(ours.noise_variance, theirs.noise_variance)


def test_a_block_is_the_same_whatever_goes_with_it() -> None:
    air = air_of(_config("sionna"))
    keys = [("k", number) for number in range(5)]
    together, alone = air.draw(9.0, keys), air.draw(9.0, keys[3:4])
    bits = generator("alone").integers(0, 2, together.scrambling.shape, np.uint8)
    assert np.array_equal(air.llrs(bits, together)[3], air.llrs(bits[3:4], alone)[0])
