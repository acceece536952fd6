"""All validation cards, and the choice of some."""

import difflib
from collections.abc import Sequence

from linksim.common.errors import InputError
from linksim.verify.capacities import CAPACITIES
from linksim.verify.card import Card
from linksim.verify.codebooks import CODEBOOK
from linksim.verify.links import CLIFF, LLRS, UNCODED_AWGN, UNCODED_RAYLEIGH
from linksim.verify.pictures import BPG, JPEG, LPIPS, WEBP
from linksim.verify.retransmissions import HARQ
from linksim.verify.waveforms import OFDM

CARDS: tuple[Card, ...] = (
    UNCODED_AWGN,
    UNCODED_RAYLEIGH,
    OFDM,
    LLRS,
    CAPACITIES,
    CLIFF,
    HARQ,
    CODEBOOK,
    LPIPS,
    JPEG,
    WEBP,
    BPG,
)


def chosen(names: Sequence[str]) -> tuple[Card, ...]:
    """The cards of these names, in the order given and once each; all of them where none is named.

    Raises:
        InputError: an unknown name.
    """
    by_name = {card.name: card for card in CARDS}
    for name in names:
        if name not in by_name:
            near = difflib.get_close_matches(name, by_name, 1)
            hint = f"did you mean {near[0]}? " if near else ""
            raise InputError(f"card {name!r}: unknown; {hint}allowed: {', '.join(by_name)}")
    return tuple(by_name[name] for name in dict.fromkeys(names or by_name))
