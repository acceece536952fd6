"""Points in, records out: encode a batch once, send it at every SNR, receive, measure."""

import time
from collections import defaultdict
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, NamedTuple

import numpy as np

from linksim.data.images import open_images
from linksim.link import Link, LinkConfig
from linksim.metrics.registry import metric
from linksim.results.frame import Row
from linksim.results.row import empty_row, pack
from linksim.runner.examples import N_EXAMPLES
from linksim.runner.plan import Batch, Job, Point
from linksim.runner.simulation.measure import Measurements
from linksim.runner.simulation.rows import fill_ledger, fill_metrics
from linksim.scenario import Scenario
from linksim.schemes.base import Scheme, Transmission
from linksim.schemes.encodings import Encodings
from linksim.schemes.registry import build_schemes
from linksim.schemes.sending import send
from linksim.schemes.streams import AnyReception, Stream

Record = dict[str, Any]


class Shown(NamedTuple):
    """One image after the link: metrics, outage, picture.

    Attributes:
        values: by metric.
        outage: whether the receiver found the picture lost.
        picture: uint8 `[H, W, 3]`; None where nothing is shown, or where nobody will look at it.
    """

    values: dict[str, float]
    outage: bool
    picture: np.ndarray | None


class Simulator:
    """Simulates the points of a scenario, one batch of images in memory at a time.

    Args:
        scenario: the scenario.
        metrics: the metrics to compute.
        schemes: by name; built from the scenario if not given.
    """

    def __init__(self, scenario: Scenario, metrics: tuple[str, ...], schemes: dict[str, Any] | None = None) -> None:
        self.scenario = scenario
        self.metrics = metrics
        self.schemes = (
            build_schemes(scenario.link, scenario.schemes, scenario.seed, scenario.compute)
            if schemes is None
            else schemes
        )
        self._source = open_images(scenario.images, "images")
        self._saved = scenario.images.saved(self._source.ids)
        self._links: dict[LinkConfig, Link] = {}
        self._batch: Batch | None = None
        self._seconds: dict[str, float] = defaultdict(float)

    def run(self, job: Job) -> Iterator[Record]:
        """Simulate the points of `job`; each one's record is ready to be stored as soon as it is yielded."""
        if job.batch != self._batch:
            self._open(job.batch)
        for point in job.points:
            shown, rows = self._simulate(point)
            yield {
                "point": point.id,
                "scheme": point.scheme,
                "snr_db": point.snr_db,
                "repetition": point.repetition,
                "rows": pack(rows),
                "skipped": self._skipped,
                "pictures": [
                    (self._ids[i], self._images[i], shown[i].picture, rows[i]["psnr_db"], rows[i]["outage"])
                    for i in shown
                    if self._is_example(i) and point.repetition == 0
                ],
                "saved": [
                    (self._ids[i], picture)
                    for i in shown
                    if (picture := shown[i].picture) is not None and self._ids[i] in self._saved
                ],
                "seconds": {stage: round(seconds, 4) for stage, seconds in self._seconds.items()},
            }
            self._seconds.clear()

    def _open(self, batch: Batch) -> None:
        with self._timed("load"):
            loaded = list(self._source.readable(batch.indices))
        self._ids = [self._source.ids[i] for i, _ in loaded]
        self._numbers = [i for i, _ in loaded]
        self._images = [image for _, image in loaded]
        self._skipped = {
            self._source.ids[i]: self._source.skipped[self._source.ids[i]]
            for i in batch.indices
            if self._source.ids[i] in self._source.skipped
        }
        self._encodings = Encodings(self.schemes, self.scenario.link, self._images, self._ids)
        self._measurements = Measurements(self._images)
        self._clean: dict[tuple[str, float | None], dict[int, Shown]] = {}
        self._batch = batch

    def _is_example(self, i: int) -> bool:
        """Whether the pictures of image `i` of the batch are shown in figures: the first few of the source are."""
        return self._numbers[i] < N_EXAMPLES

    def _is_kept(self, i: int) -> bool:
        """Whether anybody will look at the pictures of image `i` of the batch."""
        return self._is_example(i) or self._ids[i] in self._saved

    def _simulate(self, point: Point) -> tuple[dict[int, Shown], list[Row]]:
        """The images that could be sent, by number in the batch, and the rows of all."""
        with self._timed("encode"):
            sent = self._encodings.of(point.scheme, point.snr_db)
        rows = [
            empty_row(point.scheme, point.snr_db, point.repetition, image_id, image.shape[:2])
            for image_id, image in zip(self._ids, self._images, strict=True)
        ]
        for row, transmission in zip(rows, sent, strict=True):
            row["reason"] = transmission.infeasible
        feasible = [i for i, transmission in enumerate(sent) if not transmission.infeasible]
        received = dict(zip(feasible, self._send(point, [sent[i] for i in feasible], feasible), strict=True))
        intact = {i for i in feasible if all(reception.ok for reception in received[i])}
        damaged = {i: received[i] for i in feasible if i not in intact}
        shown = {i: self._clean_pictures(point, sent)[i] for i in intact}
        shown |= self._receive(self.schemes[point.scheme], sent, damaged, point.snr_db)
        for i in feasible:
            fill_ledger(rows[i], sent[i], received[i], point.snr_db)
            fill_metrics(rows[i], shown[i].values, shown[i].outage)
        return shown, rows

    def _link(self, config: LinkConfig) -> Link:
        if config not in self._links:
            self._links[config] = Link(config)
        return self._links[config]

    def _send(
        self, point: Point, transmissions: list[Transmission], numbers: list[int]
    ) -> list[tuple[AnyReception, ...]]:
        """Receptions of transmissions of the images `numbers`."""
        with self._timed("encode"):
            budgets = self._encodings.budgets(self.schemes[point.scheme], point.snr_db)
        with self._timed("link"):
            return send(
                transmissions,
                point.snr_db,
                lambda position, stream: self._key(point, numbers[position], stream),
                self._link,
                [budgets[i] for i in numbers],
            )

    def _key(self, point: Point, i: int, number: int) -> tuple[int | float | str, ...]:
        """Randomness of a stream: shared by all schemes, so that they meet the same fades."""
        key = (self.scenario.seed, self._ids[i], point.repetition)
        return (*key, number) if number else key

    def _receive(
        self,
        scheme: Scheme,
        sent: list[Transmission],
        received: Mapping[int, tuple[AnyReception, ...]],
        snr_db: float,
    ) -> dict[int, Shown]:
        """Pictures and their metrics out of what was received, by number of the image."""
        if not received:
            return {}
        numbers = list(received)
        with self._timed("receive"):
            deliveries = scheme.receive([sent[i] for i in numbers], list(received.values()), snr_db)
        values = self._measurements.of(
            [metric(name) for name in self.metrics],
            numbers,
            [delivery.image for delivery in deliveries],
            # What runs a network is a stage of its own: it takes a good part of a sweep.
            lambda one: self._timed(one.name if one.data else "metrics"),
        )
        return {
            # Pictures that nobody will look at would fill the memory.
            i: Shown(value, delivery.outage, delivery.image if self._is_kept(i) else None)
            for i, value, delivery in zip(numbers, values, deliveries, strict=True)
        }

    def _clean_pictures(self, point: Point, sent: list[Transmission]) -> dict[int, Shown]:
        """Pictures of receptions without an error, computed once for all images of the batch.

        Which of them are needed first must not change how they are computed. The SNR is a part of the key where the
        scheme sends or receives differently at each.
        """
        scheme = self.schemes[point.scheme]
        name, encoding_snr_db = self._encodings.key(point.scheme, point.snr_db)
        key = name, point.snr_db if scheme.receive_depends_on_snr else encoding_snr_db
        if key not in self._clean:
            received = {
                i: tuple(s.intact() for s in transmission.streams if isinstance(s, Stream))
                for i, transmission in enumerate(sent)
                if transmission.streams and all(isinstance(stream, Stream) for stream in transmission.streams)
            }
            self._clean[key] = self._receive(scheme, sent, received, point.snr_db)
        return self._clean[key]

    @contextmanager
    def _timed(self, stage: str) -> Iterator[None]:
        start = time.perf_counter()
        yield
        self._seconds[stage] += time.perf_counter() - start
