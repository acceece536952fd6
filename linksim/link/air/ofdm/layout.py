"""Where code blocks lie: one behind the other through the data elements of consecutive slots."""

import numpy as np

from linksim.link.air.air import BlockKey

SlotKey = tuple[BlockKey, int]
"""The stream of blocks that a slot belongs to, and its number in it."""


def stream_of(key: BlockKey) -> tuple[BlockKey, int]:
    """The stream of a block, and its number there: the last element of its key.

    A block whose key does not end with a number is the only one of its stream.
    """
    last = key[-1]
    if isinstance(last, int | np.integer) and not isinstance(last, bool) and last >= 0:
        return key[:-1], int(last)
    return key, 0


def lay(keys: list[BlockKey], block: int, slot: int) -> tuple[list[SlotKey], np.ndarray]:
    """The slots of some blocks, and where in them the blocks' symbols lie.

    Args:
        keys: of the blocks.
        block: data symbols of a block.
        slot: data elements of a slot.

    Returns:
        The slots, each once; places int64 `[blocks, block]` in these slots' data elements laid end to end.
    """
    found: dict[SlotKey, int] = {}
    places = np.empty((len(keys), block), np.int64)
    for row, key in enumerate(keys):
        stream, number = stream_of(key)
        position = number * block + np.arange(block, dtype=np.int64)
        first, last = int(position[0] // slot), int(position[-1] // slot)
        index = [found.setdefault((stream, number), len(found)) for number in range(first, last + 1)]
        places[row] = np.array(index)[position // slot - first] * slot + position % slot
    return list(found), places
