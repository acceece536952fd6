"""Transmissions of many images over their links."""

from collections import defaultdict
from collections.abc import Callable, Sequence

import numpy as np

from linksim.link import Link, LinkConfig
from linksim.link.blocks import BlockKey
from linksim.schemes.base import Transmission
from linksim.schemes.streams import AnyReception, IdealStream, Stream, SymbolStream


def send(
    transmissions: Sequence[Transmission],
    es_no_db: float,
    key: Callable[[int, int], BlockKey],
    link: Callable[[LinkConfig], Link] = Link,
    budgets: Sequence[int | None] | None = None,
) -> list[tuple[AnyReception, ...]]:
    """Receptions of each transmission's streams.

    Streams of one link at one Es/N0 go together, because a decoder is faster with many blocks. What a budget leaves beyond the first
    transmissions serves the streams in their order: what is left behind one is the next one's.

    Args:
        transmissions: feasible ones.
        es_no_db: Es/N0 in dB averaged over the fading.
        key: randomness of a stream, by the number of its transmission and its own number in it.
        link: the link of a configuration.
        budgets: most channel uses of each transmission, within which failed blocks are sent again; None for no limit.
    """
    received: dict[tuple[int, int], AnyReception] = {}
    spare: list[int | None] = [
        None if budget is None else max(budget - transmission.channel_uses, 0)
        for budget, transmission in zip(budgets or [None] * len(transmissions), transmissions, strict=True)
    ]
    for number in range(max((len(transmission.streams) for transmission in transmissions), default=0)):
        groups: dict[tuple[LinkConfig, float], list[int]] = defaultdict(list)
        for i, transmission in enumerate(transmissions):
            if number < len(transmission.streams):
                stream = transmission.streams[number]
                if isinstance(stream, IdealStream):
                    received[i, number] = stream.intact()
                else:
                    groups[stream.link, stream.es_no_db(es_no_db)].append(i)
        for (config, scaled_db), members in groups.items():
            streams = [transmissions[i].streams[number] for i in members]
            once = [stream.ledger().channel_uses for stream in streams]
            limits = [
                None if (left := spare[i]) is None else uses + left for i, uses in zip(members, once, strict=True)
            ]
            keys = [key(i, number) for i in members]
            arrived = link(config).transmit([_payload(stream) for stream in streams], scaled_db, keys, limits)
            for i, uses, reception in zip(members, once, arrived, strict=True):
                received[i, number] = reception
                if (left := spare[i]) is not None:
                    spare[i] = left - (reception.ledger.channel_uses - uses)
    return [tuple(received[i, number] for number in range(len(t.streams))) for i, t in enumerate(transmissions)]


def _payload(stream: Stream | SymbolStream | IdealStream) -> np.ndarray:
    assert not isinstance(stream, IdealStream)
    return stream.bits if isinstance(stream, Stream) else stream.symbols
