"""A run from start to end: folder, points, store, tables, figures."""

import contextlib
import time
import warnings
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from linksim.common.errors import InputError, LinksimError
from linksim.data.images import open_images
from linksim.metrics.registry import available, metric
from linksim.results import PointStore, write_tables
from linksim.results.examples import save_example
from linksim.results.frame import Frame, Row
from linksim.results.lines import read_lines
from linksim.results.storage.store import StorageError
from linksim.runner import folder as results_folder
from linksim.runner.derived import state_of, stored_run
from linksim.runner.examples import N_EXAMPLES, Examples
from linksim.runner.execution.address import check_address
from linksim.runner.identity import scheme_identities
from linksim.runner.jobs import cut, fewest
from linksim.runner.plan import Batch, Job, Plan, Point, Wanted
from linksim.runner.progress import Progress
from linksim.runner.repetitions import as_records, check_interval, first_round, in_words, next_round, shortfalls
from linksim.runner.saved import SavedPictures
from linksim.runner.simulation.start import start_simulator
from linksim.runner.summary import Totals, describe_run
from linksim.scenario import Scenario
from linksim.schemes.programs import check_programs


@dataclass(frozen=True)
class Execution:
    """Where points are simulated: here, in local processes, or on a Dask cluster."""

    workers: int = 1
    scheduler: str | None = None
    slurm: str | None = None

    def __post_init__(self) -> None:
        if self.workers < 1:
            raise InputError(f"--workers {self.workers}: at least 1 is needed")
        if (self.scheduler is not None) + (self.slurm is not None) + (self.workers > 1) > 1:
            raise InputError("--workers, --scheduler and --slurm exclude each other; give one of them")
        if self.scheduler is not None:
            check_address(self.scheduler)


@dataclass
class Outcome:
    """The folder and the tables that a run left.

    Attributes:
        folder: the results folder.
        lines: the lines of `results.csv`.
        unavailable: reason by metric that could not be computed.
        skipped: reason by id of images that were left out.
        note: a line on intervals that stayed wider than `sweep.precision` asks for; "" where none did.
        failed: a line for each figure that could not be drawn.
    """

    folder: Path
    lines: list[Row]
    unavailable: dict[str, str] = field(default_factory=dict)
    skipped: dict[str, str] = field(default_factory=dict)
    note: str = ""
    failed: list[str] = field(default_factory=list)


def run_scenario(
    scenario: Scenario,
    out: Path,
    execution: Execution | None = None,
    progress: Progress | None = None,
    figures: bool = True,
) -> Outcome:
    """Simulate what is missing of `scenario` in the folder `out`, and derive its tables and figures.

    Raises:
        InputError: bad input, or a folder that is another scenario's or cannot be written.
        LinksimError: a failure on the way; finished points are kept and the tables show them.
    """
    return _Session(scenario, out, execution or Execution(), progress or Progress()).run(figures)


# So often the tables of what is there are written in mid-run, so that they can be read whatever happens.
_TABLES_EVERY_SECONDS = 60.0


Execute = Callable[[Iterable[Job]], Iterator[dict[str, Any]]]
"""Jobs in, records of their points out, in any order."""


class _Session:
    def __init__(self, scenario: Scenario, out: Path, execution: Execution, progress: Progress) -> None:
        self.scenario, self.out, self.execution, self.progress = scenario, out, execution, progress
        if not (execution.scheduler or execution.slurm):  # a cluster's workers have programs of their own
            check_programs(scenario.schemes)
        source = open_images(scenario.images, "images")
        sizes = source.examine(scenario.sweep.batch)
        for name in scenario.metrics:
            metric(name).require_side(sizes, "images")
        identities = scheme_identities(scenario)
        metrics, self.unavailable = available(scenario.metrics)
        self.plan = Plan(scenario, source, identities, metrics)
        self.saved = SavedPictures(out, source, scenario.images.saved(source.ids), metrics)
        check_interval(scenario, len(source))
        self.wanted = first_round(scenario)
        self._looked: Wanted = {}  # repetitions whose pictures were looked for, or made, in an earlier round
        self._kept, self._seconds = 0, 0.0  # points that this run brought, and what they took
        self._awaited: set[str] = set()  # ids of points that a job was made for and that did not come back yet
        self.started = time.perf_counter()
        # The first tables come with the first point: a disk that fills later leaves something to read.
        self._next_tables = self.started

    def run(self, figures: bool) -> Outcome:
        results_folder.prepare(self.out, self.scenario)
        self.store = PointStore(self.out, write=True)
        if not len(self.store) and self.store.path.stat().st_size:
            warnings.warn(f"{self.store.path}: no point in it is whole, so all of them are simulated", stacklevel=1)
        self.examples = Examples(self.out, self.plan.source.ids[:N_EXAMPLES])
        try:
            self._simulate()
        except BaseException as error:
            # The points are safe in the store; the tables of what there is are worth an attempt.
            with contextlib.suppress(StorageError, OSError):
                self._derive(finished=False)
            raise error
        finally:
            self.progress.stop()
            self.store.close()
        self.saved.finish()
        outcome = self._as_stored() or self._derive(finished=True)
        if not outcome.lines:
            raise InputError(f"images: none of {len(self.plan.source)} could be read; {self.out}/run.json says why")
        if figures:
            from linksim.reports.run_figures import draw

            outcome.failed = draw(self.out, self.scenario)
        return outcome

    def _simulate(self) -> None:
        self.progress.start(self._count(self.wanted))
        with self._executor() as (execute, workers):
            while True:
                for record in execute(self._jobs(workers)):
                    self._keep(record)
                    self.progress.advance(record)
                if self._awaited:
                    raise LinksimError(
                        f"{len(self._awaited)} points did not come back from the workers; run again to go on"
                    )
                more = next_round(self.scenario, self.wanted, self._rows)
                if more == self.wanted:
                    return
                self.progress.extend(self._count(more) - self._count(self.wanted))
                self._looked, self.wanted = self.wanted, more

    def _keep(self, record: dict[str, Any]) -> None:
        """Store a point, its pictures first: what is stored is complete. Now and then the tables follow."""
        for image_id, original, picture, psnr_db, outage in record.pop("pictures"):
            save_example(self.out, image_id, record["scheme"], record["snr_db"], original, picture, psnr_db, outage)
        self.saved.keep(record, record.pop("saved"))
        self.store.add(record)
        self._kept += 1
        self._seconds += sum(record["seconds"].values())
        self._awaited.discard(record["point"])
        now = time.perf_counter()
        if now > self._next_tables:
            self._derive(finished=False)
            after = time.perf_counter()
            self._next_tables = after + max(_TABLES_EVERY_SECONDS, 20 * (after - now))

    def _count(self, wanted: Wanted) -> int:
        return self.plan.n_batches * sum(wanted.values())

    def _jobs(self, workers: Callable[[], int]) -> Iterator[Job]:
        """Jobs of the points that are not stored yet; a batch's files are read when its turn comes.

        Args:
            workers: how many there are by now, asked batch by batch, since those of a cluster come and go.
        """
        left = self._count(self.wanted) - len(self.store)
        for number in range(self.plan.n_batches):
            batch = self.plan.batch(number)
            saved = self.saved.among(image for image, _ in batch.images)
            for points in self.plan.chunks(batch, self.wanted):
                known = self.store.known([point.id for point in points])
                missing = [
                    point
                    for point, there in zip(points, known, strict=True)
                    if not there or self._lost_pictures(batch, point, saved)
                ]
                self.progress.extend(len(missing) - sum(not self._is_of_before(point) for point in points))
                self._awaited.update(point.id for point in missing)
                jobs = cut(batch, missing, left, workers(), fewest(self._kept, self._seconds))
                left -= len(missing)
                yield from jobs

    def _is_of_before(self, point: Point) -> bool:
        """Whether the point was looked at, or made, in an earlier round."""
        return point.repetition < self._looked.get((point.scheme, point.snr_db), 0)

    def _lost_pictures(self, batch: Batch, point: Point, saved: bool) -> bool:
        """Whether a stored point is simulated once more for the sake of its pictures.

        Args:
            batch: the point's.
            point: stored; it is read only where there may be pictures of it.
            saved: whether received pictures of the batch are kept.
        """
        example = point.repetition == 0 and batch.indices[0] < N_EXAMPLES
        if not (example or saved) or self._is_of_before(point):
            return False
        record = self.store[point.id]
        lost = self.saved.lost(record)  # always asked: it learns the places of the index by it
        return (example and self.examples.lost(record)) or lost

    @contextlib.contextmanager
    def _executor(self) -> Iterator[tuple[Execute, Callable[[], int]]]:
        """What makes records of jobs, and how many workers it has by now."""
        metrics = self.plan.metrics
        if self.execution.scheduler or self.execution.slurm:
            from linksim.runner.execution.cluster import DaskWorkers

            with DaskWorkers(self.scenario, metrics, self.execution.scheduler, self.execution.slurm) as cluster:
                yield cluster.run, cluster.workers
        elif self.execution.workers > 1:
            from linksim.runner.execution.workers import LocalWorkers

            with LocalWorkers(self.scenario, metrics, self.execution.workers) as workers:
                yield workers.run, lambda: self.execution.workers
        else:
            yield self._here, lambda: 1

    def _here(self, jobs: Iterable[Job]) -> Iterator[dict[str, Any]]:
        simulator = None
        for job in jobs:
            simulator = simulator or start_simulator(self.scenario, self.plan.metrics)
            yield from simulator.run(job)

    def _rows(self, scheme: str, snr_db: float) -> Frame:
        """All stored rows of a scheme and SNR, by repetition and image."""
        return self._points(scheme, snr_db)[0]

    def _points(self, scheme: str, snr_db: float) -> tuple[Frame, list[dict[str, Any]]]:
        return self.store.points(scheme, snr_db, self.plan.ids(scheme, snr_db, self.wanted[scheme, snr_db]))

    def _groups(self, totals: Totals) -> Iterator[Frame]:
        for scheme, snr_db in self.wanted:
            rows, infos = self._points(scheme, snr_db)
            totals.add(scheme, snr_db, rows, infos)
            if len(rows):
                yield rows

    def _as_stored(self) -> Outcome | None:
        """The tables as they are in the folder, where they are those of what is stored now; else None."""
        if self._kept or self.scenario.sweep.precision:
            return None
        before = stored_run(self.out)
        state = state_of(self.out, self.plan, self.wanted, self.store)
        if not state or before.get("tables") != state:
            return None
        return Outcome(self.out, read_lines(self.out), self.unavailable, before["images"]["skipped"])

    def _derive(self, finished: bool) -> Outcome:
        totals = Totals()
        lines = write_tables(self.out, self._groups(totals), self.scenario.metrics)
        judged = finished and self.scenario.sweep.precision is not None
        missed = shortfalls(self.scenario, self.wanted, self._rows) if judged else []
        outcome = Outcome(self.out, lines, self.unavailable, totals.skipped, in_words(missed, len(self.wanted)))
        wall = time.perf_counter() - self.started
        content = describe_run(self.plan, totals, self.unavailable, wall, finished)
        if missed:
            content["precision_not_reached"] = as_records(missed)
        content["tables"] = state_of(self.out, self.plan, self.wanted, self.store)
        results_folder.write_run_json(self.out, content)
        return outcome
