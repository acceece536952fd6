"""The metrics of many pictures: images of one size together, and what was measured once not again."""

import hashlib
import math
from collections import defaultdict
from collections.abc import Callable
from contextlib import AbstractContextManager

import numpy as np

from linksim.metrics.metric import Metric


class Measurements:
    """Metrics of pictures of a batch of images.

    Schemes show equal pictures at many SNRs: the flat one of a lost file, the same decoding of a transmission that
    arrived. What an image and a picture have was computed once and is remembered as long as the batch is in hand.

    Args:
        originals: uint8 `[H, W, 3]`, of any sizes.
    """

    def __init__(self, originals: list[np.ndarray]) -> None:
        self._originals = originals
        self._known: dict[tuple[str, int, bytes], float] = {}

    def of(
        self,
        metrics: list[Metric],
        numbers: list[int],
        pictures: list[np.ndarray | None],
        timed: Callable[[Metric], AbstractContextManager[None]],
    ) -> list[dict[str, float]]:
        """The metrics by name of each picture against the original with this number.

        Args:
            metrics: what is measured.
            numbers: of the originals.
            pictures: of their sizes; None for a picture that the scheme leaves out (it gets NaN).
            timed: called for each metric, to time what is inside.

        Raises:
            InputError: as `Metric.values`.
        """
        digests = [b"" if p is None else hashlib.blake2b(p.tobytes(), digest_size=16).digest() for p in pictures]
        values: list[dict[str, float]] = [{} for _ in numbers]
        for metric in metrics:
            keys = [(metric.name, number, digest) for number, digest in zip(numbers, digests, strict=True)]
            new = list({key: i for i, key in enumerate(keys) if key not in self._known}.values())
            with timed(metric):
                found = measure(metric, [self._originals[numbers[i]] for i in new], [pictures[i] for i in new])
            self._known.update(zip((keys[i] for i in new), found, strict=True))
            for value, key in zip(values, keys, strict=True):
                value[metric.name] = self._known[key]
        return values


def measure(metric: Metric, originals: list[np.ndarray], pictures: list[np.ndarray | None]) -> list[float]:
    """The metric of each picture against its original.

    Args:
        metric: what is measured.
        originals: uint8 `[H, W, 3]`, of any sizes.
        pictures: the same sizes; None for a picture that the scheme leaves out (it gets NaN).

    Raises:
        InputError: as `Metric.values`.
    """
    results = [math.nan] * len(originals)
    by_size: dict[tuple[int, ...], list[int]] = defaultdict(list)
    for i, picture in enumerate(pictures):
        if picture is not None:
            by_size[picture.shape].append(i)
    for members in by_size.values():
        before = np.stack([originals[i] for i in members])
        after = np.stack([picture for i in members if (picture := pictures[i]) is not None])
        for i, value in zip(members, metric.values(before, after), strict=True):
            results[i] = float(value)
    return results
