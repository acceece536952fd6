"""Jobs on a Dask cluster: an existing scheduler, or one that asks SLURM for workers. Needs the extra `cluster`."""

import os
import platform
import queue
import shutil
import sys
import threading
import time
from collections.abc import Iterable, Iterator
from contextlib import suppress
from typing import Any, NoReturn

from linksim.common.errors import InputError, LinksimError
from linksim.runner.execution.pace import LEAST, LEAST_PER_WORKER, Pace
from linksim.runner.identity import all_versions, digest
from linksim.runner.plan import Job
from linksim.runner.simulation.start import start_simulator
from linksim.scenario import Scenario

_SLURM_KEYS = {
    "jobs": "workers asked for (default 1)",
    "least": "workers kept where fewer than jobs have work (default: as jobs)",
    "cores": "cores per worker (default 2)",
    "memory": "memory per worker (default 8GB)",
    "walltime": "HH:MM:SS (default 04:00:00)",
    "queue": "partition",
    "account": "account",
    "gpus": "GPUs per worker (default 0)",
}
_ATTEMPTS = 3
# So long nothing may happen before a run without workers says why.
_SILENT_SECONDS = 15.0
# So long the number of workers is taken for what it was.
_ASK_EVERY_SECONDS = 1.0
_LOST = "the Dask scheduler was lost; run again to go on, finished points are kept"


class ClusterError(LinksimError):
    """The cluster is gone or a task failed; finished points are kept."""


def _distributed() -> Any:
    try:
        import distributed
    except ImportError:
        raise InputError(
            "--scheduler and --slurm need Dask: pip install 'linksim[cluster]'; --workers N works without"
        ) from None
    return distributed


def _connection_ends() -> tuple[type[BaseException], ...]:
    """What Dask raises where the connection ends: any question to the scheduler may, and any result on its way."""
    distributed = _distributed()
    client = distributed.client
    return (
        distributed.comm.core.CommClosedError,
        client.ClosedClientError,
        client.FutureCancelledError,
        client.FuturesCancelledError,
    )


def parse_slurm(text: str) -> dict[str, str]:
    """`jobs=20,queue=cpu,walltime=02:00:00` as a dictionary. Raises `InputError`."""
    options = {}
    for part in text.split(","):
        key, equals, value = part.partition("=")
        if not equals or key not in _SLURM_KEYS or not value:
            known = ", ".join(f"{name} ({what})" for name, what in _SLURM_KEYS.items())
            raise InputError(f"--slurm {text}: {part!r} is not KEY=VALUE of: {known}")
        options[key] = value
    for key in ("jobs", "least", "cores", "gpus"):
        least = 0 if key in ("gpus", "least") else 1
        if key in options and not (options[key].isdecimal() and int(options[key]) >= least):
            raise InputError(f"--slurm {text}: {key} is {options[key]!r}; a whole number of at least {least} is needed")
    if int(options.get("least", "0")) > int(options.get("jobs", "1")):
        raise InputError(
            f"--slurm {text}: least is {options['least']}; no more than jobs ({options.get('jobs', '1')}) is possible"
        )
    return options


def simulate(scenario_json: str, metrics: tuple[str, ...], job: Job, versions: dict[str, str]) -> list[dict[str, Any]]:
    """The task that workers carry out: records of one job. Doing it twice gives the same records.

    Raises:
        InputError: the worker's `versions` are not those that the points' ids were made with.
    """
    check_versions(versions)
    with _one_at_a_time:
        return list(_simulator(scenario_json, metrics).run(job))


def check_versions(versions: dict[str, str]) -> None:
    """Refuse to compute points with other code or libraries than their ids say. Raises `InputError`."""
    here = all_versions()
    for name, wanted in versions.items():
        if here.get(name) != wanted:
            raise InputError(
                f"a worker on {platform.node()} has {name} {here.get(name, 'absent')[:16]}, where this run has {wanted[:16]}; "
                "install the same versions there"
            )


# A Dask worker may run tasks in several threads; a simulator keeps the batch in hand and serves one.
_one_at_a_time = threading.Lock()
_simulators: dict[tuple[str, tuple[str, ...]], Any] = {}


def _simulator(scenario_json: str, metrics: tuple[str, ...]) -> Any:
    """A worker's simulator, kept between tasks; a worker serves one scenario at a time."""
    key = (scenario_json, metrics)
    if key not in _simulators:
        _simulators.clear()
        _simulators[key] = start_simulator(Scenario.model_validate_json(scenario_json), metrics)
    return _simulators[key]


class DaskWorkers:
    """A client of a Dask scheduler; the one writer of results stays in this process.

    Args:
        scenario, metrics: as for `Simulator`.
        scheduler: address of a running scheduler, e.g. `tcp://host:8786`; or
        slurm: options as of `parse_slurm`, to start one here with workers from SLURM.

    Raises:
        InputError: no scheduler answers there.
        ClusterError: it was lost on the way, or a task failed.
    """

    def __init__(
        self, scenario: Scenario, metrics: tuple[str, ...], scheduler: str | None = None, slurm: str | None = None
    ) -> None:
        distributed = _distributed()
        self._scenario_json, self._metrics = scenario.model_dump_json(), metrics
        self._versions = all_versions()
        self._pace = Pace()
        self._asked_until, self._count, self._gpus_declared = 0.0, 0, False
        asked = parse_slurm(slurm) if slurm else {}
        self._cluster = _start_slurm(asked) if slurm else None
        self._asked_for_gpus = bool(int(asked.get("gpus", "0")))
        # Others may join a scheduler at any time: jobs are made for as many as the first ones in flight would keep busy.
        self._expected = int(asked.get("jobs", "1")) if slurm else LEAST // LEAST_PER_WORKER
        address = self._cluster if self._cluster is not None else scheduler
        self._no_workers = (
            "linksim: no SLURM job of this run has begun yet, or all have ended; new ones are asked for (squeue shows them)"
            if slurm
            else f"linksim: no worker is connected to {scheduler}; start some with `dask worker {scheduler}`"
        )
        try:
            self._client = distributed.Client(address, timeout="10s", set_as_default=False)
        except (OSError, TimeoutError, ValueError) as error:
            raise InputError(
                f"--scheduler {scheduler}: no Dask scheduler answers ({type(error).__name__}); start one with "
                "`dask scheduler` and give the tcp://HOST:PORT that it prints"
            ) from None

    def __enter__(self) -> "DaskWorkers":
        return self

    def __exit__(self, *_: object) -> None:
        with suppress(*_connection_ends()):  # a lost scheduler has been told of already
            self._client.close(timeout=2)
        if self._cluster is not None:
            self._cluster.close()

    def workers(self) -> int:
        """Workers to make jobs for: those connected, or those that may come where these are more."""
        return max(self._expected, self._worker_count())

    def run(self, jobs: Iterable[Job]) -> Iterator[dict[str, Any]]:
        """Records of all points of `jobs`, as jobs finish. A lost worker's jobs are done again by the others."""
        try:
            yield from self._run(jobs)
        except _connection_ends():
            raise ClusterError(_LOST) from None

    def _run(self, jobs: Iterable[Job]) -> Iterator[dict[str, Any]]:
        waiting = iter(jobs)
        finished: queue.SimpleQueue[Any] = queue.SimpleQueue()
        futures: dict[Any, int] = {}  # with the points of each
        ahead = 0  # points of all of them
        while True:
            workers = self.workers()
            while self._pace.wants(len(futures), ahead, workers):
                job = next(waiting, None)
                if job is None:
                    break
                future = self._submit(job)
                futures[future] = len(job.points)
                ahead += len(job.points)
                future.add_done_callback(finished.put)
            if not futures:
                return
            done = [self._next(finished)]
            while not finished.empty():
                done.append(finished.get_nowait())
            points = sum(futures.pop(future) for future in done)
            ahead -= points
            self._pace.finished(points)
            yield from self._records(done)

    def _next(self, finished: "queue.SimpleQueue[Any]") -> Any:
        """The next finished future; `ClusterError` once the scheduler does not answer any more.

        Says so where no worker is there.
        """
        idle_since: float | None = None
        while True:
            try:
                return finished.get(timeout=2)
            except queue.Empty:
                if self._client.status != "running":
                    raise ClusterError(_LOST) from None
                if self._workers():
                    idle_since = None
                    continue
                now = time.monotonic()
                idle_since = now if idle_since is None else idle_since
                if now - idle_since > _SILENT_SECONDS:
                    print(self._no_workers, file=sys.stderr, flush=True)
                    idle_since = now + 10 * _SILENT_SECONDS  # said again now and then

    def _worker_count(self) -> int:
        """Connected workers; asked for now and then, since a question to the scheduler takes time."""
        now = time.monotonic()
        if now > self._asked_until:
            workers = self._workers()
            self._count = len(workers)
            self._gpus_declared = any(worker.get("resources", {}).get("GPU") for worker in workers.values())
            self._asked_until = now + _ASK_EVERY_SECONDS
        return self._count

    def _workers(self) -> dict[str, Any]:
        """Connected workers by address."""
        workers: dict[str, Any] | None = self._client.scheduler_info(n_workers=-1).get("workers")
        if workers is None:  # what a client without its scheduler answers
            raise ClusterError(_LOST)
        return workers

    def _resources(self) -> dict[str, int] | None:
        """One GPU for a task, where this run asked for GPUs or a worker declares one."""
        return {"GPU": 1} if self._asked_for_gpus or self._gpus_declared else None

    def _submit(self, job: Job) -> Any:
        return self._client.submit(
            simulate,
            self._scenario_json,
            self._metrics,
            job,
            self._versions,
            key="linksim-" + digest([self._metrics, [point.id for point in job.points]]),
            retries=_ATTEMPTS - 1,
            resources=self._resources(),
            pure=True,
        )

    def _records(self, done: list[Any]) -> Iterator[dict[str, Any]]:
        """Records of finished futures, fetched together; those that failed come last.

        A worker that ends takes the results that it has with it, and others compute them again: such a future is none that
        failed, and is waited for.
        """
        there = [future for future in done if future.status == "finished"]
        for records in self._client.gather(there, errors="raise"):
            yield from records
        for future in done:
            if future in there:
                continue
            if future.cancelled() or future.exception() is not None:
                self._raise(future)
            yield from future.result()

    @staticmethod
    def _raise(future: Any) -> NoReturn:
        if future.cancelled():
            raise ClusterError(_LOST)
        error = future.exception()
        if isinstance(error, LinksimError):
            raise error
        if os.environ.get("LINKSIM_DEBUG"):
            raise error
        raise ClusterError(f"a task failed on the cluster: {type(error).__name__}: {error}; finished points are kept")


def slurm_cluster(options: dict[str, str]) -> Any:
    """A Dask cluster whose workers are SLURM jobs, none asked for yet; `options` as of `parse_slurm`."""
    try:
        from dask_jobqueue import SLURMCluster
    except ImportError:
        raise InputError("--slurm needs dask-jobqueue: pip install 'linksim[cluster]'") from None
    gpus = int(options.get("gpus", "0"))
    cores = int(options.get("cores", "2"))
    cluster = SLURMCluster(
        cores=cores,
        processes=1,
        memory=options.get("memory", "8GB"),
        walltime=options.get("walltime", "04:00:00"),
        queue=options.get("queue"),
        account=options.get("account"),
        job_extra_directives=[f"--gres=gpu:{gpus}"] if gpus else [],
        worker_extra_args=["--nthreads", "1", *(["--resources", f"GPU={gpus}"] if gpus else [])],
        job_script_prologue=[f"export OMP_NUM_THREADS={cores}", f"export TF_NUM_INTRAOP_THREADS={cores}"],
    )
    return cluster


def _start_slurm(options: dict[str, str]) -> Any:
    """Ask SLURM for the workers."""
    if shutil.which("sbatch") is None:
        raise InputError("--slurm: no sbatch on the PATH; run on a login node of a SLURM cluster, or use --workers N")
    cluster = slurm_cluster(options)
    jobs = int(options.get("jobs", "1"))
    # Not `scale`: jobs that end (walltime, preemption) are asked for again.
    cluster.adapt(minimum_jobs=int(options.get("least", jobs)), maximum_jobs=jobs)
    return cluster
