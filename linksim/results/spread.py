"""What an interval's width is made of: how much images differ, and how much the fades of one image do."""

import math
from collections import defaultdict
from collections.abc import Hashable, Sequence
from dataclasses import dataclass

from linksim.results.statistics import normal_quantile, t_quantile


@dataclass(frozen=True)
class Spread:
    """The two variances behind a mean over images, each sent equally often (one-way random effects, moment estimates).

    Attributes:
        images: number of images.
        between: variance of what is an image's own; 0 for a lone image, whose interval says nothing of others.
        within: variance of what a fade adds; NaN where no image was sent twice.
    """

    images: int
    between: float
    within: float

    @property
    def limit(self) -> float:
        """Half the 95 % interval that no number of repetitions can go below."""
        return t_quantile(self.images - 1) * math.sqrt(self.between / self.images) if self.images > 1 else 0.0

    def repetitions_for(self, half_width: float) -> float:
        """Repetitions after which the interval is this narrow; infinity where none are enough."""
        if self.images == 1:
            return self.within * (normal_quantile() / half_width) ** 2
        room = self.images * (half_width / t_quantile(self.images - 1)) ** 2 - self.between
        return self.within / room if room > 0 else math.inf


def spread(values: Sequence[tuple[Hashable, float]]) -> Spread:
    """The spread of `values`, each with its image; images with fewer values than others weigh as much."""
    by_image: dict[Hashable, list[float]] = defaultdict(list)
    for image, value in values:
        by_image[image].append(value)
    means = [math.fsum(part) / len(part) for part in by_image.values()]
    n, count = len(means), len(values)
    inner = math.fsum((v - m) ** 2 for m, part in zip(means, by_image.values(), strict=True) for v in part)
    within = inner / (count - n) if count > n else math.nan
    if n == 1:
        return Spread(1, 0.0, within)
    middle = math.fsum(means) / n
    of_means = math.fsum((mean - middle) ** 2 for mean in means) / (n - 1)
    # The images' means scatter by what a fade adds, too; with one fade each the two cannot be told apart.
    between = max(0.0, of_means - within * n / count) if count > n else of_means
    return Spread(n, between, within)
