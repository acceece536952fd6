"""Jobs in spawned worker processes on this machine; a worker that dies has its points done again by another."""

import multiprocessing as mp
import os
import signal
import threading
from collections import deque
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from multiprocessing.connection import Connection, wait
from typing import Any

from linksim.common.errors import LinksimError
from linksim.common.system import usable_cores
from linksim.runner.plan import Job
from linksim.runner.simulation.start import start_simulator
from linksim.scenario import Scenario

ATTEMPTS = 3
_PATIENCE_SECONDS = 5.0
_THREAD_VARIABLES = (
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "MKL_NUM_THREADS",
    "NUMBA_NUM_THREADS",
    "TF_NUM_INTRAOP_THREADS",
    "TF_NUM_INTEROP_THREADS",
)


class WorkerError(LinksimError):
    """A worker process failed in a way that trying again does not mend."""


@contextmanager
def thread_caps(workers: int) -> Iterator[None]:
    """Environment in which each of `workers` processes takes its share of the cores and no more."""
    threads = str(max(1, usable_cores() // workers))
    before = {name: os.environ.get(name) for name in _THREAD_VARIABLES}
    os.environ.update(dict.fromkeys(_THREAD_VARIABLES, threads))
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


def _serve(connection: Connection, scenario: Scenario, metrics: tuple[str, ...]) -> None:
    """A worker's life: jobs in, records out, until the other end closes."""
    for name in ("SIGINT", "SIGHUP"):  # of the terminal, for the parent to handle
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, daemon=True).start()
    try:
        simulator = start_simulator(scenario, metrics)
        while True:
            job = connection.recv()
            for record in simulator.run(job):
                connection.send(("record", record))
            connection.send(("done", None))
    except (EOFError, BrokenPipeError, ConnectionResetError):
        return
    except LinksimError as error:
        connection.send(("error", error))
    except Exception:
        import traceback

        connection.send(("crash", traceback.format_exc()))


def _end_with_parent() -> None:
    """End this process as soon as its parent has, however that went: nobody is left to take what it computes."""
    parent = mp.parent_process()
    if parent is not None:
        wait([parent.sentinel])
        os._exit(1)


class _Worker:
    def __init__(self, context: Any, scenario: Scenario, metrics: tuple[str, ...]) -> None:
        self.connection, theirs = context.Pipe()
        self.process = context.Process(target=_serve, args=(theirs, scenario, metrics), daemon=True)
        self.process.start()
        theirs.close()
        self.job: Job | None = None
        self.finished: set[str] = set()

    def take(self, job: Job) -> None:
        self.job, self.finished = job, set()
        self.connection.send(job)

    def rest(self) -> Job | None:
        """What is left of the job in hand."""
        if self.job is None:
            return None
        points = tuple(point for point in self.job.points if point.id not in self.finished)
        return Job(self.job.batch, points) if points else None

    def stop(self) -> None:
        self.connection.close()
        self.process.terminate()
        self.process.join(_PATIENCE_SECONDS)
        if self.process.is_alive():
            self.process.kill()
            self.process.join()


class LocalWorkers:
    """`count` spawned processes that simulate jobs.

    Raises:
        WorkerError: the work itself failed, or one job has lost its worker `ATTEMPTS` times.
    """

    def __init__(self, scenario: Scenario, metrics: tuple[str, ...], count: int) -> None:
        self._scenario, self._metrics, self._count = scenario, metrics, count
        self._context = mp.get_context("spawn")
        self._workers: list[_Worker] = []

    def __enter__(self) -> "LocalWorkers":
        return self

    def __exit__(self, *_: object) -> None:
        for worker in self._workers:
            worker.stop()
        self._workers.clear()

    def _start(self) -> None:
        with thread_caps(self._count):
            self._workers.append(_Worker(self._context, self._scenario, self._metrics))

    def run(self, jobs: Iterable[Job]) -> Iterator[dict[str, Any]]:
        """Records of all points of `jobs`, in the order in which they become ready. Jobs are drawn as needed."""
        waiting = iter(jobs)
        returned: deque[Job] = deque()
        losses: dict[str, int] = {}
        while True:
            self._hand_out(waiting, returned)
            busy = {worker.connection: worker for worker in self._workers if worker.job is not None}
            if not busy:
                return
            for connection in wait(list(busy)):
                worker = busy[connection]  # type: ignore[index]
                try:
                    kind, content = worker.connection.recv()
                except (EOFError, ConnectionResetError):
                    self._bury(worker, returned, losses)
                    continue
                if kind == "record":
                    worker.finished.add(content["point"])
                    yield content
                elif kind == "done":
                    worker.job = None
                else:
                    self._raise(kind, content)

    def _hand_out(self, waiting: Iterator[Job], returned: deque[Job]) -> None:
        while True:
            idle = next((worker for worker in self._workers if worker.job is None), None)
            if idle is None and len(self._workers) >= self._count:
                return
            job = returned.popleft() if returned else next(waiting, None)
            if job is None:
                return
            if idle is None:
                self._start()
                idle = self._workers[-1]
            try:
                idle.take(job)
            except (BrokenPipeError, ConnectionResetError):
                # It died between two jobs; this one goes to another.
                self._workers.remove(idle)
                idle.stop()
                returned.appendleft(job)

    def _bury(self, worker: _Worker, returned: deque[Job], losses: dict[str, int]) -> None:
        rest = worker.rest()
        worker.process.join()
        code = worker.process.exitcode
        worker.stop()
        self._workers.remove(worker)
        if rest is None:
            return
        first = rest.points[0]
        losses[first.id] = losses.get(first.id, 0) + 1
        if losses[first.id] >= ATTEMPTS:
            raise WorkerError(
                f"{ATTEMPTS} worker processes died at {first.scheme}, {first.snr_db:g} dB (exit code {code}; -9 is often "
                "too little memory: give fewer --workers or a smaller sweep.batch); finished points are kept"
            )
        returned.append(rest)

    @staticmethod
    def _raise(kind: str, content: Any) -> None:
        if kind == "error":
            raise content
        last = content.strip().splitlines()[-1]
        if os.environ.get("LINKSIM_DEBUG"):
            raise WorkerError(content)
        raise WorkerError(f"a worker failed: {last} (LINKSIM_DEBUG=1 shows where); finished points are kept")
