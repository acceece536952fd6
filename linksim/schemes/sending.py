"""Transmissions of many images over their links."""

from collections import defaultdict
from collections.abc import Callable, Sequence

import numpy as np

from linksim.link import Link, LinkConfig
from linksim.link.blocks import BlockKey
from linksim.schemes.base import Transmission
from linksim.schemes.streams import AnyReception, IdealReception, IdealStream, Stream, SymbolStream


def send(
    transmissions: Sequence[Transmission],
    es_no_db: float,
    key: Callable[[int, int], BlockKey],
    link: Callable[[LinkConfig], Link] = Link,
) -> list[tuple[AnyReception, ...]]:
    """Receptions of each transmission's streams.

    Streams of one link go together, because a decoder is faster with many blocks.

    Args:
        transmissions: feasible ones.
        es_no_db: Es/N0 in dB averaged over the fading.
        key: randomness of a stream, by the number of its transmission and its own number in it.
        link: the link of a configuration.
    """
    groups: dict[LinkConfig, list[tuple[int, int]]] = defaultdict(list)
    received: dict[tuple[int, int], AnyReception] = {}
    for i, transmission in enumerate(transmissions):
        for number, stream in enumerate(transmission.streams):
            if isinstance(stream, IdealStream):
                received[i, number] = IdealReception(stream.delivered, stream.ledger())
            else:
                groups[stream.link].append((i, number))
    for config, members in groups.items():
        payloads = [_payload(transmissions[i].streams[number]) for i, number in members]
        keys = [key(i, number) for i, number in members]
        received.update(zip(members, link(config).transmit(payloads, es_no_db, keys), strict=True))
    return [tuple(received[i, number] for number in range(len(t.streams))) for i, t in enumerate(transmissions)]


def _payload(stream: Stream | SymbolStream | IdealStream) -> np.ndarray:
    assert not isinstance(stream, IdealStream)
    return stream.bits if isinstance(stream, Stream) else stream.symbols
