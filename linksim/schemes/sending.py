"""Transmissions of many images over their links."""

from collections import defaultdict
from collections.abc import Callable, Sequence

from linksim.link import Link, LinkConfig, Reception
from linksim.link.blocks import BlockKey
from linksim.schemes.base import Transmission


def send(
    transmissions: Sequence[Transmission],
    es_no_db: float,
    key: Callable[[int, int], BlockKey],
    link: Callable[[LinkConfig], Link] = Link,
) -> list[tuple[Reception, ...]]:
    """Receptions of each transmission's streams. What has the same link goes together: a decoder is faster with many blocks.

    Args:
        transmissions: feasible ones.
        es_no_db: Es/N0 in dB averaged over the fading.
        key: randomness of a stream, by the number of its transmission and its own number in it.
        link: the link of a configuration.
    """
    groups: dict[LinkConfig, list[tuple[int, int]]] = defaultdict(list)
    for i, transmission in enumerate(transmissions):
        for number, stream in enumerate(transmission.streams):
            groups[stream.link].append((i, number))
    received: dict[tuple[int, int], Reception] = {}
    for config, members in groups.items():
        payloads = [transmissions[i].streams[number].bits for i, number in members]
        keys = [key(i, number) for i, number in members]
        receptions = link(config).transmit(payloads, es_no_db, keys)
        received.update(zip(members, receptions, strict=True))
    return [tuple(received[i, number] for number in range(len(t.streams))) for i, t in enumerate(transmissions)]
