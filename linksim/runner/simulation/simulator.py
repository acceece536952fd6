"""Carries out jobs: encode a batch once, send it at every SNR, receive, measure. Knows schemes and links only."""

import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

from linksim.data.images import open_images
from linksim.link import Link, LinkConfig
from linksim.metrics.registry import metric
from linksim.results.aggregates import Row
from linksim.results.row import empty_row, pack
from linksim.runner.plan import Batch, Job, Point
from linksim.runner.simulation.clean import CleanPictures, intact_reception
from linksim.runner.simulation.measure import measure
from linksim.runner.simulation.rows import fill_ledger, fill_metrics
from linksim.scenario import Scenario
from linksim.schemes.sending import send

Record = dict[str, Any]
Pictures = dict[int, np.ndarray | None]

# Images whose received pictures are kept for figures and reports.
N_EXAMPLES = 3


class Simulator:
    """Simulates the points of a scenario, one batch of images in memory at a time.

    Args:
        scenario: the scenario.
        metrics: the metrics to compute.
        schemes: by name; built from the scenario if not given.
    """

    def __init__(self, scenario: Scenario, metrics: tuple[str, ...], schemes: dict[str, Any] | None = None) -> None:
        from linksim.runner.schemes import build_schemes

        self.scenario = scenario
        self.metrics = metrics
        self.schemes = build_schemes(scenario) if schemes is None else schemes
        self._source = open_images(scenario.images)
        self._links: dict[LinkConfig, Link] = {}
        self._batch: Batch | None = None
        self._seconds: dict[str, float] = defaultdict(float)

    def run(self, job: Job) -> Iterator[Record]:
        """Simulate the points of `job`; each one's record is ready to be stored as soon as it is yielded."""
        if job.batch != self._batch:
            self._open(job.batch)
        for point in job.points:
            pictures: Pictures = {}
            rows = self._simulate(point, pictures)
            yield {
                "point": point.id,
                "scheme": point.scheme,
                "snr_db": point.snr_db,
                "repetition": point.repetition,
                "rows": pack(rows),
                "skipped": self._skipped,
                "pictures": [
                    (self._ids[i], self._images[i], picture, rows[i]["psnr_db"], rows[i]["outage"])
                    for i, picture in pictures.items()
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
        self._sent: dict[tuple[str, float | None], list[Any]] = {}
        self._clean: dict[tuple[str, float | None], CleanPictures] = {}
        self._batch = batch

    def _is_example(self, i: int) -> bool:
        """Whether the pictures of image `i` of the batch are shown in figures: the first few of the source are."""
        return self._numbers[i] < N_EXAMPLES

    def _simulate(self, point: Point, pictures: Pictures) -> list[Row]:
        """Rows of the batch's images; pictures to show go into `pictures`, by number in the batch."""
        scheme = self.schemes[point.scheme]
        key = (point.scheme, self._encoding_snr(point.scheme, point.snr_db))
        transmissions = self._transmissions(*key)
        rows = [
            empty_row(point.scheme, point.snr_db, point.repetition, image_id, image.shape[:2])
            for image_id, image in zip(self._ids, self._images, strict=True)
        ]
        for row, transmission in zip(rows, transmissions, strict=True):
            row["reason"] = transmission.infeasible
        feasible = [i for i, transmission in enumerate(transmissions) if not transmission.infeasible]
        receptions = dict(zip(feasible, self._send(point, feasible, transmissions), strict=True))
        for i in feasible:
            fill_ledger(rows[i], transmissions[i], receptions[i], point.snr_db)
        intact = [i for i in feasible if receptions[i] and all(reception.ok for reception in receptions[i])]
        damaged = [i for i in feasible if i not in intact]
        if intact:
            if key not in self._clean:
                self._clean[key] = self._clean_pictures(scheme, transmissions, feasible, point.snr_db)
            for i in intact:
                values, outage, pictures[i] = self._clean[key][i]
                fill_metrics(rows[i], values, outage)
        for i, values, outage, picture in self._receive(scheme, transmissions, receptions, damaged, point.snr_db):
            fill_metrics(rows[i], values, outage)
            pictures[i] = picture
        if point.repetition > 0:
            pictures.clear()
        for i in [i for i in pictures if not self._is_example(i)]:
            del pictures[i]
        return rows

    def _encoding_snr(self, name: str, snr_db: float) -> float | None:
        """The SNR that the transmitter of `name`, or of a scheme that sets its budget, depends on; None if on none."""
        current: str | None = name
        while current is not None:
            if self.schemes[current].transmit_depends_on_snr:
                return snr_db
            current = self.schemes[current].rate_match
        return None

    def _transmissions(self, name: str, snr_db: float | None) -> list[Any]:
        if (name, snr_db) not in self._sent:
            scheme = self.schemes[name]
            budgets: list[int | None] = [None] * len(self._images)
            if scheme.rate_match is not None:
                reference = self._transmissions(
                    scheme.rate_match, None if snr_db is None else self._encoding_snr(scheme.rate_match, snr_db)
                )
                budgets = [transmission.channel_uses for transmission in reference]
            with self._timed("encode"):
                self._sent[name, snr_db] = scheme.transmit(self._images, self._ids, budgets, snr_db)
        return self._sent[name, snr_db]

    def _link(self, config: LinkConfig) -> Link:
        if config not in self._links:
            self._links[config] = Link(config)
        return self._links[config]

    def _send(self, point: Point, indices: list[int], transmissions: list[Any]) -> list[tuple[Any, ...]]:
        """Receptions of the images `indices`."""
        with self._timed("link"):
            return send(
                [transmissions[i] for i in indices],
                point.snr_db,
                lambda position, stream: self._key(point, indices[position], stream),
                self._link,
            )

    def _key(self, point: Point, i: int, number: int) -> tuple[int | float | str, ...]:
        """Randomness of a stream: shared by all schemes, so that they meet the same fades."""
        key = (self.scenario.seed, self._ids[i], point.repetition)
        return (*key, number) if number else key

    def _receive(
        self, scheme: Any, transmissions: list[Any], receptions: dict[int, Any], indices: list[int], snr_db: float
    ) -> list[tuple[int, dict[str, float], bool, np.ndarray | None]]:
        """Number, metrics, outage and picture of each of the images `indices`."""
        if not indices:
            return []
        with self._timed("receive"):
            deliveries = scheme.receive([transmissions[i] for i in indices], [receptions[i] for i in indices], snr_db)
        originals, pictures = [self._images[i] for i in indices], [delivery.image for delivery in deliveries]
        values: list[dict[str, float]] = [{} for _ in indices]
        for name in self.metrics:
            # What runs a network is a stage of its own: it takes a good part of a sweep.
            with self._timed(name if metric(name).data else "metrics"):
                for value, measured in zip(values, measure(metric(name), originals, pictures), strict=True):
                    value[name] = measured
        return [(i, value, d.outage, d.image) for i, value, d in zip(indices, values, deliveries, strict=True)]

    def _clean_pictures(
        self, scheme: Any, transmissions: list[Any], feasible: list[int], snr_db: float
    ) -> CleanPictures:
        """Error-free pictures of the whole batch: which of them are needed first must not change how they are computed."""
        receptions = {
            i: tuple(intact_reception(self._link(s.link), s.bits) for s in transmissions[i].streams) for i in feasible
        }
        measured = self._receive(scheme, transmissions, receptions, feasible, snr_db)
        # Pictures that nobody will look at would fill the memory.
        return {i: (values, outage, image if self._is_example(i) else None) for i, values, outage, image in measured}

    @contextmanager
    def _timed(self, stage: str) -> Iterator[None]:
        start = time.perf_counter()
        yield
        self._seconds[stage] += time.perf_counter() - start
