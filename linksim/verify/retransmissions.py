"""HARQ against the same code at the SNR that its transmissions add up to."""

from collections.abc import Iterator
from typing import Any

import numpy as np

from linksim.verify.card import Card, Check, between, within
from linksim.verify.links import sent_and_received

_BITS = 512 - 24


def _harq(short: bool) -> Iterator[Check]:
    blocks = 1000 if short else 4000
    lost_once, _ = _outcome({"kind": "none"}, 1.2, blocks)
    yield between("block error rate of one transmission at 1.2 dB", lost_once, 0.02, 0.98)
    for most, gain in ((2, 10 * np.log10(2)), (4, 10 * np.log10(4))):
        lost, _ = _outcome({"kind": "chase", "max_transmissions": most}, 1.2 - gain, blocks)
        # Two shares of as many blocks: four standard errors of their difference.
        tolerance = 4 * np.sqrt(2 * lost_once * (1 - lost_once) / blocks)
        what = f"block error rate of {most} transmissions at {1.2 - gain:.2f} dB"
        yield within(what, lost, lost_once, float(tolerance))
    _, transmissions = _outcome({"kind": "chase", "max_transmissions": 2}, 1.2, blocks)
    yield within("mean transmissions at 1.2 dB, of at most 2", transmissions, 1 + lost_once, 1e-9)


def _outcome(harq: dict[str, Any], es_no_db: float, blocks: int) -> tuple[float, float]:
    """Share of lost blocks and mean number of transmissions, QPSK of rate 1/2 over AWGN."""
    settings = {
        "code": {"kind": "ldpc5g", "rate": 0.5, "block_bits": _BITS + 24, "decoder": "layered"},
        "modulation": {"bits_per_symbol": 2},
        "channel": {"kind": "awgn"},
        "harq": harq,
    }
    _, received = sent_and_received(settings, es_no_db, blocks * _BITS)
    return 1 - float(received.block_ok.mean()), float(received.transmissions.mean())


HARQ = Card(
    "harq",
    "Chase combining over AWGN: L transmissions against one of L times the energy",
    "theory: LLRs of equal bits over AWGN add up to those of their summed energy (Chase, IEEE Trans. Commun. 33 (5), 1985); a block is "
    "sent again where it was lost",
    "four standard errors of the difference of two shares; the mean number of transmissions exactly",
    _harq,
)
