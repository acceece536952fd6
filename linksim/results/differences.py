"""Differences of two schemes on the same images, paired by image."""

import math
from collections import defaultdict
from collections.abc import Mapping
from typing import Any

from linksim.results.statistics import Estimate, ratio, totals

Values = Mapping[tuple[str, int], float]
"""A metric of one scheme at one SNR by image and repetition."""


PointValues = dict[tuple[str, float], dict[tuple[str, int], float]]
"""Such values by scheme and SNR in dB."""


def values_by_point(images: Any, column: str) -> PointValues:
    """The column of an `images.parquet` (a pandas frame) by scheme and SNR in dB; missing values are left out."""
    rows = images.loc[images[column].notna(), ["scheme", "snr_db", "image", "repetition", column]]
    found: PointValues = defaultdict(dict)
    for scheme, snr_db, image, repetition, value in rows.itertuples(index=False):
        found[scheme, float(snr_db)][image, int(repetition)] = float(value)
    return dict(found)


def by_member(a: Values, b: Values) -> dict[Any, float]:
    """`a - b` for each image that both have, its repetitions averaged.

    Where both have one image alone it is `a - b` for each repetition.
    """
    images = {image for image, _ in a} & {image for image, _ in b}
    position = 0 if len(images) > 1 else 1
    means = [_means({key: v for key, v in values.items() if key[0] in images}, position) for values in (a, b)]
    return {member: means[0][member] - means[1][member] for member in sorted(means[0].keys() & means[1].keys())}


def difference(a: Values, b: Values) -> Estimate:
    """Mean of `a - b` with its 95 % interval, paired by image: narrower than the intervals of the two means tell.

    The images are the sample, as in `linksim.results.statistics`. Only those that both have count; `count` is their
    number. With fewer than two members the ends are NaN.
    """
    return ratio(totals((member, value, 1.0) for member, value in by_member(a, b).items()))


def _means(values: Values, position: int) -> dict[Any, float]:
    parts: dict[Any, list[float]] = defaultdict(list)
    for key, value in values.items():
        parts[key[position]].append(value)
    return {member: math.fsum(part) / len(part) for member, part in parts.items()}
