"""How busy a cluster's workers are kept: `python -m benchmarks.cluster [--workers N] [--seconds S] [--jobs N] [--points N]`.

Workers that sleep take the place of those that simulate; scheduler, client and store are the real ones. The workers and their scheduler are a
process of their own, so that what 64 of them do beside sleeping does not take the time of the process that writes. Printed are the part of the
time that workers worked from the first to the last task, and points stored per second.
"""

import argparse
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from linksim.common.reading.loading import validate
from linksim.results import PointStore
from linksim.results.row import empty_row, pack
from linksim.runner.execution import cluster
from linksim.runner.plan import Batch, Job, Point
from linksim.scenario import Scenario

SCENARIO = {"name": "idle", "sweep": {"snr_db": [10]}, "schemes": [{"name": "J", "kind": "jpeg", "quality": 5}]}
IMAGES = 4
TOO_MANY = 0.5, 1280, 64
"""Seconds, jobs and points per job that bring 64 workers' writer more than it can store: 8,192 points a second."""


def sleep(seconds: float, job: Job) -> list[dict[str, Any]]:
    """The task: records that look like those of a simulation."""
    started = time.time()
    time.sleep(seconds)
    worked = started, time.time()
    rows = pack([empty_row("J", 10.0, 0, f"image-{i}", (256, 256)) for i in range(IMAGES)])
    common = {"scheme": "J", "snr_db": 10.0, "repetition": 0, "rows": rows, "skipped": {}, "pictures": []}
    return [{**common, "point": point.id, "seconds": {"link": 0.1}, "worked": worked} for point in job.points]


def jobs(count: int, points: int) -> Iterator[Job]:
    for number in range(count):
        batch = Batch((number,), ((f"image-{number}", "0"),))
        yield Job(batch, tuple(Point(f"{number}-{i}", "J", 10.0, i) for i in range(points)))


def serve(workers: int) -> None:
    """Scheduler and workers, until standard input ends."""
    import distributed

    with distributed.LocalCluster(
        n_workers=workers, threads_per_worker=1, processes=False, dashboard_address=None, memory_limit=0, protocol="tcp"
    ) as local:
        print(local.scheduler_address, flush=True)
        sys.stdin.read()


def measure(workers: int, seconds: float, count: int, points: int) -> tuple[float, float]:
    """Part of the time that workers worked, and points per second."""
    scenario = validate(SCENARIO, Scenario, "benchmark")
    command = [sys.executable, "-m", "benchmarks.cluster", "--workers", str(workers), "--serve"]
    with (
        tempfile.TemporaryDirectory() as folder,
        subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env=os.environ | {"PYTHONPATH": os.getcwd()},
        ) as served,
    ):
        assert served.stdin is not None
        assert served.stdout is not None
        address = served.stdout.readline().strip()
        with cluster.DaskWorkers(scenario, ("psnr",), address) as dask:
            submit = dask._client.submit
            dask._client.submit = lambda _, *arguments, **options: submit(
                sleep, seconds, next(a for a in arguments if isinstance(a, Job)), key=options["key"]
            )
            store = PointStore(Path(folder), write=True)
            spans = []
            for record in dask.run(jobs(count, points)):
                spans.append(record.pop("worked"))
                store.add(record)
            finished = time.time()
        served.stdin.close()
        worked = sum(ended - begun for begun, ended in set(spans))
        begun = min(span[0] for span in spans)
        busy = worked / (workers * (max(span[1] for span in spans) - begun))
        return busy, len(store) / (finished - begun)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--workers", type=int, default=64)
    parser.add_argument("--seconds", type=float, default=5.0, help="that a task sleeps")
    parser.add_argument("--jobs", type=int, default=640)
    parser.add_argument("--points", type=int, default=160, help="per job")
    parser.add_argument("--serve", action="store_true", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.serve:
        serve(arguments.workers)
        return
    busy, _ = measure(arguments.workers, arguments.seconds, arguments.jobs, arguments.points)
    print(
        f"{arguments.workers} workers busy {100 * busy:.1f} % of the time, {arguments.jobs} jobs of {arguments.seconds:g} s"
    )
    _, rate = measure(arguments.workers, *TOO_MANY)
    print(f"{rate:,.0f} points a second stored, while jobs bring more than that")


if __name__ == "__main__":
    main()
