"""How busy a cluster's workers are kept: `python -m benchmarks.cluster [--workers N] [--seconds S] [--jobs N] [--points N]`.

Workers that sleep take the place of those that simulate: for a job of a part of a batch, that part of the batch's seconds. Everything else is
the real thing: the plan of a scenario, its jobs, scheduler, client, ids, store, tables. The workers and their scheduler are a process of their own, so that what
64 of them do beside sleeping does not take the time of the process that writes. Printed are the part of the time that workers worked from the
first job to the last, and points stored per second, of three runs: as many batches and points as the paper's scenario has, which are fewer
batches than workers; many batches (the options); and jobs that bring more than can be stored. On a machine that does other things, too, points per
CPU second of the process that writes say what it could do.
"""

import argparse
import logging
import math
import os
import subprocess
import sys
import tempfile
import time
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

from linksim.common.reading.loading import validate
from linksim.results.row import empty_row, pack
from linksim.results.storage.store import FILE_NAME, scan
from linksim.runner import Execution, run_scenario
from linksim.runner.execution import cluster
from linksim.runner.plan import Job, Point
from linksim.scenario import Scenario

IMAGES = 4
"""Per batch."""


class Load(NamedTuple):
    """Batches of a run, points of each, and for how long a worker sleeps for a whole one."""

    batches: int
    points: int
    seconds: float


PAPER = Load(25, 88, 44.0)
TOO_MUCH = Load(1280, 64, 0.5)
"""Brings 64 workers' writer more than it can store: 8,192 points a second."""


def scenario(load: Load, images: Path) -> dict[str, Any]:
    schemes = math.gcd(load.points, 8)
    return {
        "name": "sleep",
        "images": {"dataset": "folder", "path": str(images)},
        "sweep": {"snr_db": [snr / 100 for snr in range(load.points // schemes)], "batch": IMAGES},
        "metrics": ["psnr"],
        "schemes": [{"name": f"JPEG {i}", "kind": "jpeg", "quality": 5 + i} for i in range(schemes)],
    }


def sleep(seconds: float, _scenario: str, _metrics: Any, job: Job, _versions: Any) -> list[dict[str, Any]]:
    """The task, in place of `cluster.simulate`: records that look like those of a simulation, `seconds` for each.

    They are made before it sleeps: in a simulation, too, it is the worker that makes them.
    """
    started = time.time()
    rows = pack([empty_row("", 0.0, 0, image, (16, 16)) for image, _ in job.batch.images])
    records = [
        {
            "point": point.id, "scheme": point.scheme, "snr_db": point.snr_db, "repetition": point.repetition,
            "rows": sent_as(point, rows),
            "skipped": {}, "pictures": [], "saved": [], "seconds": {"link": seconds},
        }
        for point in job.points
    ]  # fmt: skip
    time.sleep(max(0.0, started + seconds * len(records) - time.time()))
    worked = started, time.time()
    return [record | {"worked": worked} for record in records]


def sent_as(point: Point, packed: dict[str, Any]) -> dict[str, Any]:
    """Packed rows with a point's scheme, SNR and repetition."""
    own = {"scheme": point.scheme, "snr_db": point.snr_db, "repetition": point.repetition}
    places = [(packed["columns"].index(name), value) for name, value in own.items()]
    values = [list(row) for row in packed["values"]]
    for row in values:
        for place, value in places:
            row[place] = value
    return {"columns": packed["columns"], "values": values}


def serve(workers: int) -> None:
    """Scheduler and workers, until standard input ends."""
    import dask
    import distributed

    # What each worker does to watch itself is nothing on a machine of its own, and most of a core with 64 in a process.
    dask.config.set({"distributed.worker.profile.enabled": False, "distributed.admin.system-monitor.interval": "10s"})

    logging.getLogger("distributed").setLevel(logging.CRITICAL)  # how its connections end
    with distributed.LocalCluster(
        n_workers=workers, threads_per_worker=1, processes=False, dashboard_address=None, memory_limit=0, protocol="tcp"
    ) as local:
        print(local.scheduler_address, flush=True)
        sys.stdin.read()


class Measured(NamedTuple):
    """Part of the time that workers worked, points per second and per CPU second of the writing process, and jobs."""

    busy: float
    per_second: float
    per_cpu_second: float
    jobs: int


def measure(workers: int, load: Load) -> Measured:
    """Run it."""
    from PIL import Image

    command = [sys.executable, "-m", "benchmarks.cluster", "--workers", str(workers), "--serve"]
    with (
        tempfile.TemporaryDirectory() as temporary,
        subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env=os.environ | {"PYTHONPATH": str(Path(__file__).resolve().parents[1])},
        ) as served,
    ):
        assert served.stdin is not None
        assert served.stdout is not None
        folder = Path(temporary)
        (folder / "images").mkdir()
        for i in range(IMAGES * load.batches):
            Image.new("RGB", (16, 16)).save(folder / "images" / f"picture-{i:06}.png")
        address = served.stdout.readline().strip()
        simulate = cluster.simulate
        cluster.simulate = partial(sleep, load.seconds / load.points)  # type: ignore[assignment]
        try:
            description = validate(scenario(load, folder / "images"), Scenario, "benchmark")
            before = time.process_time()
            run_scenario(description, folder / "out", Execution(scheduler=address), figures=False)
            spent = time.process_time() - before
        finally:
            cluster.simulate = simulate
            served.stdin.close()
        records = [record for *_, record in scan(folder / "out" / FILE_NAME)]
        ended = (folder / "out" / FILE_NAME).stat().st_mtime
        spans = {tuple(record["worked"]) for record in records}
    begun = min(start for start, _ in spans)
    busy = sum(stop - start for start, stop in spans) / (workers * (max(stop for _, stop in spans) - begun))
    return Measured(busy, len(records) / (ended - begun), len(records) / spent, len(spans))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--workers", type=int, default=64)
    parser.add_argument("--seconds", type=float, default=5.0, help="that a worker sleeps for a whole batch")
    parser.add_argument("--jobs", type=int, default=640, help="batches, each of which is a job or several")
    parser.add_argument("--points", type=int, default=160, help="per batch")
    parser.add_argument("--only", action="store_true", help="the run of these options and no other")
    parser.add_argument("--serve", action="store_true", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.serve:
        serve(arguments.workers)
        return
    asked = Load(arguments.jobs, arguments.points, arguments.seconds)
    for load in [asked] if arguments.only else [PAPER, asked, TOO_MUCH]:
        found = measure(arguments.workers, load)
        print(
            f"{load.batches} batches of {load.points} points and {load.seconds:g} s in {found.jobs} jobs: {arguments.workers} workers busy "
            f"{100 * found.busy:.1f} % of the time, {found.per_second:,.0f} points a second stored, {found.per_cpu_second:,.0f} per CPU second",
            flush=True,
        )


if __name__ == "__main__":
    main()
