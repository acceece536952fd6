"""The work of a run: batches of images, points (scheme x SNR x repetition x batch) and the jobs made of them."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

from linksim.common.errors import InputError
from linksim.data.images import ImageSource
from linksim.metrics.registry import facts
from linksim.runner.identity import channel_identity, digest, library_versions, simulation_version
from linksim.scenario import Scenario
from linksim.schemes.budget import budget_chain

CHUNK = 4096
"""Points of a batch that are planned at a time, however many repetitions there are."""


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
    _digests: dict[int, str] = field(default_factory=dict)
    _schemes: dict[str, str] = field(default_factory=dict)

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
        return Point(self.id(batch, scheme, snr_db, repetition), scheme, snr_db, repetition)

    def id(self, batch: Batch, scheme: str, snr_db: float, repetition: int) -> str:
        """The id of a point: a hash over the hashes of the scheme and of the batch, the SNR and the repetition."""
        if scheme not in self._schemes:
            self._schemes[scheme] = self._scheme_digest(scheme)
        if batch.indices[0] not in self._digests:
            self._digests[batch.indices[0]] = digest(batch.images)
        said = f"{self._schemes[scheme]} {self._digests[batch.indices[0]]} {float(snr_db)!r} {repetition}"
        return hashlib.sha256(said.encode()).hexdigest()

    def digests(self) -> list[str]:
        """What the ids of all points are made of, beside SNR and repetition: hashes of schemes and of opened batches."""
        batches = self.opened
        for scheme in self.scenario.schemes:
            for batch in batches:
                self.id(batch, scheme.name, 0.0, 0)
        return [*self._schemes.values(), *(self._digests[batch.indices[0]] for batch in batches)]

    def _scheme_digest(self, name: str) -> str:
        """Of all that the points of a scheme have in common."""
        chain = self._chain(name)
        identity = {
            "code": simulation_version(),
            "libraries": library_versions(),
            "seed": self.scenario.seed,
            "size": self.scenario.images.size,
            "link": self.scenario.link.model_dump(mode="json"),
            "channel": channel_identity(self.scenario.link.channel),
            "schemes": [[config.model_dump(mode="json"), self.identities[config.name]] for config in chain],
            "metrics": self.metrics,
            "compute": self.scenario.compute.model_dump(mode="json"),
            "metric_facts": facts((*self.metrics, *_deciding_metrics(chain))),
        }
        return digest(identity)

    def _chain(self, name: str) -> list[Any]:
        """The scheme and those that its budget comes from."""
        by_name = {scheme.name: scheme for scheme in self.scenario.schemes}
        return [by_name[member] for member in budget_chain(name, by_name)]

    def points(self, batch: Batch, wanted: "Wanted") -> Iterator[Point]:
        """The wanted points of a batch, in the order in which a worker shares most: SNR, repetition, scheme."""
        for snr_db in self.scenario.sweep.snrs:
            for repetition in range(max((wanted.get((s.name, snr_db), 0) for s in self.scenario.schemes), default=0)):
                for scheme in self.scenario.schemes:
                    if repetition < wanted.get((scheme.name, snr_db), 0):
                        yield self.point(batch, scheme.name, snr_db, repetition)

    def chunks(self, batch: Batch, wanted: "Wanted") -> Iterator[list[Point]]:
        """`points`, at most `CHUNK` in hand at a time."""
        points = self.points(batch, wanted)
        while chunk := list(islice(points, CHUNK)):
            yield chunk

    def ids(self, scheme: str, snr_db: float, repetitions: int) -> Iterator[str]:
        """Ids of the points of a scheme and SNR, repetition by repetition, of the batches whose turn has come."""
        opened = self.opened
        return (self.id(batch, scheme, snr_db, repetition) for repetition in range(repetitions) for batch in opened)


def _deciding_metrics(configs: list[Any]) -> list[str]:
    """Metrics by which schemes choose what they send."""
    return [name for config in configs if (name := getattr(getattr(config, "mcs", None), "metric", None))]


# Number of repetitions wanted by (scheme, SNR).
Wanted = dict[tuple[str, float], int]
