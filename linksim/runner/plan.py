"""The work of a run: batches of images, points (scheme x SNR x repetition x batch) and the jobs made of them."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from linksim.common.errors import InputError
from linksim.data.images import ImageSource
from linksim.metrics.registry import facts
from linksim.runner.identity import channel_identity, digest, library_versions, simulation_version
from linksim.scenario import Scenario
from linksim.schemes.budget import budget_chain


@dataclass(frozen=True)
class Batch:
    """Images that are sent together, always the same ones: no result depends on how many workers there are.

    Attributes:
        indices: their numbers in the image source.
        images: id and SHA-256 of the file of each.
    """

    indices: tuple[int, ...]
    images: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Point:
    """One scheme at one SNR, sent once over a batch; `id` is the hash of all that determines the result."""

    id: str
    scheme: str
    snr_db: float
    repetition: int


@dataclass(frozen=True)
class Job:
    """Points of one batch: what a worker gets at a time."""

    batch: Batch
    points: tuple[Point, ...]


@dataclass
class Plan:
    """The batches and points of a scenario.

    Attributes:
        scenario: the scenario.
        source: its images.
        identities: by scheme, the hashes of what it depends on besides its configuration (`runner.identity`).
        metrics: the metrics that are asked for and can be computed here.
    """

    scenario: Scenario
    source: ImageSource
    identities: dict[str, dict[str, str]]
    metrics: tuple[str, ...]
    _batches: dict[int, Batch] = field(default_factory=dict)

    @property
    def n_batches(self) -> int:
        """Number of batches; nothing is read to know it."""
        return -(-len(self.source) // self.scenario.sweep.batch)

    def batch(self, number: int) -> Batch:
        """Batch `number`; its files are hashed at the first call."""
        if number not in self._batches:
            size = self.scenario.sweep.batch
            indices = tuple(range(number * size, min((number + 1) * size, len(self.source))))
            self._batches[number] = Batch(indices, tuple((self.source.ids[i], self._hash(i)) for i in indices))
        return self._batches[number]

    @property
    def opened(self) -> list[Batch]:
        """The batches whose turn has come, in order; in the end all of them."""
        return [self._batches[number] for number in sorted(self._batches)]

    def _hash(self, i: int) -> str:
        try:
            return self.source.content_hash(i)
        except InputError:
            if not self.source.skip_errors:
                raise
            return "unreadable"

    def point(self, batch: Batch, scheme: str, snr_db: float, repetition: int) -> Point:
        """The point, with its id."""
        chain = self._chain(scheme)
        identity = {
            "code": simulation_version(),
            "libraries": library_versions(),
            "seed": self.scenario.seed,
            "images": batch.images,
            "size": self.scenario.images.size,
            "link": self.scenario.link.model_dump(mode="json"),
            "channel": channel_identity(self.scenario.link.channel),
            "schemes": [[config.model_dump(mode="json"), self.identities[config.name]] for config in chain],
            "metrics": self.metrics,
            "metric_facts": facts((*self.metrics, *_deciding_metrics(chain))),
            "snr_db": snr_db,
            "repetition": repetition,
        }
        return Point(digest(identity), scheme, snr_db, repetition)

    def _chain(self, name: str) -> list[Any]:
        """The scheme and those that its budget comes from."""
        by_name = {scheme.name: scheme for scheme in self.scenario.schemes}
        return [by_name[member] for member in budget_chain(name, by_name)]

    def points(self, batch: Batch, wanted: "Wanted") -> Iterator[Point]:
        """The wanted points of a batch, in the order in which a worker shares most: SNR, repetition, scheme."""
        for snr_db in self.scenario.sweep.snrs:
            for repetition in range(max(wanted.values(), default=0)):
                for scheme in self.scenario.schemes:
                    if repetition < wanted.get((scheme.name, snr_db), 0):
                        yield self.point(batch, scheme.name, snr_db, repetition)


def _deciding_metrics(configs: list[Any]) -> list[str]:
    """Metrics by which schemes choose what they send."""
    return [name for config in configs if (name := getattr(getattr(config, "mcs", None), "metric", None))]


# Number of repetitions wanted by (scheme, SNR).
Wanted = dict[tuple[str, float], int]


def split_job(batch: Batch, points: list[Point], parts: int) -> list[Job]:
    """Jobs for the points of a batch, cut by SNR into at most `parts`, so that few batches can feed many workers."""
    snrs = list(dict.fromkeys(point.snr_db for point in points))
    parts = max(1, min(parts, len(snrs)))
    groups = [set(snrs[i::parts]) for i in range(parts)]
    return [Job(batch, tuple(p for p in points if p.snr_db in group)) for group in groups if points]
