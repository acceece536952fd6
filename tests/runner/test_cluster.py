"""A Dask cluster of real processes on loopback: same bytes as one process, whoever is killed."""

import os
import re
import signal
import subprocess
import sys
import time

import pytest
import yaml
from small_runs import POINTS, TEXT, assert_same_tables, command, points_in, run, wait_for_points

from linksim.common.errors import InputError
from linksim.runner.execution.cluster import ClusterError, DaskWorkers, parse_slurm

pytest.importorskip("distributed", reason="needs the extra `cluster`")


class Cluster:
    """A scheduler and two worker processes."""

    def __init__(self, folder):
        self.folder = folder
        self.environment = {
            **os.environ,
            "TF_NUM_INTRAOP_THREADS": "1",
            "OMP_NUM_THREADS": "1",
            "DASK_DISTRIBUTED__WORKER__DAEMON": "False",
        }
        log = folder / "scheduler.log"
        self.scheduler = self._start("scheduler", "--host", "127.0.0.1", "--port", "0", "--no-dashboard", log=log)
        self.address = self._address(log)
        self.workers = [self.add_worker(i) for i in range(2)]

    def add_worker(self, number, *options):
        log = self.folder / f"worker{number}.log"
        return self._start(
            "worker", self.address, "--nthreads", "1", "--no-nanny", "--no-dashboard",
            "--local-directory", str(self.folder), *options, log=log,
        )  # fmt: skip

    def _start(self, role, *options, log):
        with log.open("wb") as file:
            return subprocess.Popen(
                [sys.executable, "-m", "distributed.cli.dask_" + role, *options],
                stdout=file, stderr=file, env=self.environment,
            )  # fmt: skip

    def _address(self, log):
        for _ in range(600):
            found = re.search(r"Scheduler at:\s+(tcp://127\.0\.0\.1:\d+)", log.read_text())
            if found:
                return found[1]
            time.sleep(0.05)
        raise AssertionError(log.read_text())

    def stop(self):
        for process in (*self.workers, self.scheduler):
            process.kill()
            process.wait()


@pytest.fixture
def cluster(tmp_path):
    cluster = Cluster(tmp_path)
    yield cluster
    cluster.stop()


@pytest.fixture(scope="module")
def file(tmp_path_factory):
    path = tmp_path_factory.mktemp("scenario") / "small.yaml"
    path.write_text(TEXT.replace("batch: 2", "batch: 1"))
    return path


@pytest.fixture(scope="module")
def reference(file, tmp_path_factory):
    out = tmp_path_factory.mktemp("reference") / "out"
    assert run(file, out).returncode == 0
    return out


def start(file, out, cluster, *options):
    return subprocess.Popen(
        command(file, out, "--scheduler", cluster.address, *options),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


POINTS_OF_ONE = 3 * POINTS // 2


def test_a_killed_worker_loses_nothing(file, reference, cluster, tmp_path):
    out = tmp_path / "out"
    process = start(file, out, cluster)
    wait_for_points(out, process, 1)
    cluster.workers[0].kill()
    _, errors = process.communicate(timeout=300)
    assert process.returncode == 0, errors
    assert_same_tables(out, reference)
    assert points_in(out) == POINTS_OF_ONE


def test_a_killed_client_and_scheduler_lose_only_what_is_in_flight(file, reference, cluster, tmp_path):
    out = tmp_path / "out"
    process = start(file, out, cluster)
    wait_for_points(out, process, 1)
    process.send_signal(signal.SIGKILL)
    process.communicate()
    after_client = points_in(out)
    assert 1 <= after_client <= POINTS_OF_ONE
    process = start(file, out, cluster)
    wait_for_points(out, process, after_client + 1)
    cluster.scheduler.kill()
    _, errors = process.communicate(timeout=120)
    if points_in(out) < POINTS_OF_ONE:
        assert process.returncode == 1
        assert "scheduler was lost" in errors.splitlines()[-1]
    assert points_in(out) >= after_client
    assert run(file, out).returncode == 0
    assert_same_tables(out, reference)
    assert points_in(out) == POINTS_OF_ONE


@pytest.mark.parametrize("question", ["scheduler_info", "submit", "gather"])
def test_wherever_the_connection_ends_the_scheduler_is_said_to_be_lost(file, cluster, monkeypatch, question):
    import distributed

    from linksim.data.images import open_images
    from linksim.runner.jobs import cut
    from linksim.runner.plan import Plan
    from linksim.scenario import load_scenario

    def ends(*_, **__):
        raise distributed.comm.core.CommClosedError("ConnectionPool closing.")

    scenario = load_scenario(file)
    plan = Plan(scenario, open_images(scenario.images), {s.name: "" for s in scenario.schemes}, ("psnr",))
    batch = plan.batch(0)
    jobs = cut(batch, list(plan.points(batch, {(scenario.schemes[0].name, 10.0): 1})), 1, 1)
    workers = DaskWorkers(scenario, ("psnr",), scheduler=cluster.address)
    monkeypatch.setattr(workers._client, question, ends)
    monkeypatch.setattr(workers._client, "close", ends)
    with pytest.raises(ClusterError, match="the Dask scheduler was lost"), workers:
        list(workers.run(jobs))


def test_tasks_go_to_the_worker_that_declares_a_gpu(file, reference, cluster, tmp_path):
    from distributed import Client

    cluster.workers.append(cluster.add_worker(2, "--resources", "GPU=1", "--name", "gpu"))
    with Client(cluster.address, set_as_default=False) as client:
        client.wait_for_workers(3, timeout=60)
        out = tmp_path / "out"
        process = start(file, out, cluster)
        _, errors = process.communicate(timeout=300)
        assert process.returncode == 0, errors
        assert_same_tables(out, reference)
        imported = client.run(lambda: "linksim.runner.simulation.simulator" in sys.modules)
        names = {address: worker["name"] for address, worker in client.scheduler_info()["workers"].items()}
    assert [names[address] for address, busy in imported.items() if busy] == ["gpu"]


def test_two_runs_on_one_scheduler_do_not_take_each_others_points(file, cluster, tmp_path):
    sweeps = [("--set", f"sweep.snr_db={snrs}") for snrs in ("[0, 4, 8]", "[0, 5, 9]")]
    outs = [tmp_path / name for name in "ab"]
    processes = [start(file, out, cluster, *sweep) for out, sweep in zip(outs, sweeps, strict=True)]
    for number, (process, out, sweep) in enumerate(zip(processes, outs, sweeps, strict=True)):
        _, errors = process.communicate(timeout=300)
        assert process.returncode == 0, errors
        alone = tmp_path / f"alone{number}"
        assert run(file, alone, *sweep).returncode == 0
        assert_same_tables(out, alone)


def test_points_that_do_not_come_back_are_missed(tmp_path, monkeypatch):
    import linksim
    from linksim.common.errors import LinksimError
    from linksim.runner.simulation.simulator import Simulator

    whole = Simulator.run
    monkeypatch.setattr(Simulator, "run", lambda self, job: list(whole(self, job))[:-1])
    with pytest.raises(LinksimError, match="2 points did not come back"):
        linksim.run(yaml.safe_load(TEXT), tmp_path / "out")


def test_no_scheduler_there(file, tmp_path):
    done = run(file, tmp_path / "out", "--scheduler", "tcp://127.0.0.1:9")
    assert done.returncode == 2
    assert "no Dask scheduler answers" in done.stderr.splitlines()[-1]


def test_slurm_options():
    assert parse_slurm("jobs=20,queue=cpu") == {"jobs": "20", "queue": "cpu"}
    for bad, said in (
        ("jobs", "is not KEY=VALUE"),
        ("job=2", "jobs (workers asked for"),
        ("jobs=x", "whole number"),
        ("jobs=0", "at least 1"),
        ("least=x", "whole number of at least 0"),
        ("jobs=4,least=5", "no more than jobs (4)"),
    ):
        with pytest.raises(InputError, match=re.escape(said)):
            parse_slurm(bad)


@pytest.mark.parametrize(("text", "least"), [("jobs=8", 8), ("jobs=8,least=0", 0), ("jobs=8,least=2", 2)])
def test_slurm_workers_may_be_fewer_while_the_queue_is_short(monkeypatch, text, least):
    from linksim.runner.execution import cluster

    asked = []

    class Jobs:
        def adapt(self, minimum_jobs, maximum_jobs):
            asked.append((minimum_jobs, maximum_jobs))

    monkeypatch.setattr(cluster.shutil, "which", lambda _: "sbatch")
    monkeypatch.setattr(cluster, "slurm_cluster", lambda _: Jobs())
    cluster._start_slurm(parse_slurm(text))
    assert asked == [(least, 8)]


def name_of_worker(_scenario, _metrics, job, _versions):
    """A task in place of `simulate` that tells who did it."""
    from distributed import get_worker

    time.sleep(0.05)
    return [{"point": point.id, "worker": get_worker().address} for point in job.points]


def test_workers_join_and_leave_in_mid_run(file, monkeypatch):
    import distributed

    from linksim.runner.execution import cluster
    from linksim.runner.plan import Batch, Job, Point
    from linksim.scenario import load_scenario

    monkeypatch.setattr(cluster, "simulate", name_of_worker)
    jobs = [Job(Batch((n,), ((f"{n}", "0"),)), (Point(f"{n}", "A", 0.0, 0),)) for n in range(400)]
    done: list[tuple[str, str]] = []
    with (
        distributed.LocalCluster(
            n_workers=1, threads_per_worker=1, processes=False, dashboard_address=None, protocol="tcp", memory_limit=0
        ) as local,
        DaskWorkers(load_scenario(file), ("psnr",), local.scheduler_address) as workers,
    ):
        first = local.workers[0].address
        for record in workers.run(jobs):
            done.append((record["point"], record["worker"]))
            if len(done) == 10:
                local.scale(4)
            if len({worker for _, worker in done}) == 4 and first in {
                worker.address for worker in local.workers.values()
            }:
                left = len(done)
                local.sync(local.workers[0].close, reason="leaves")
                local.workers.pop(0)
    assert sorted(point for point, _ in done) == sorted(f"{n}" for n in range(400))
    assert left < 300  # those who joined took part long before the end
    # What it had finished may still have been on its way.
    assert sum(worker == first for _, worker in done[left:]) < 20


def test_slurm_script_asks_for_what_was_given():
    pytest.importorskip("dask_jobqueue")
    from linksim.runner.execution.cluster import slurm_cluster

    cluster = slurm_cluster({"cores": "4", "memory": "16GB", "queue": "cpu", "gpus": "1", "walltime": "01:00:00"})
    try:
        script = cluster.job_script()
    finally:
        cluster.close()
    for line in ("-p cpu", "--cpus-per-task=4", "-t 01:00:00", "--gres=gpu:1", "GPU=1", "TF_NUM_INTRAOP_THREADS=4"):
        assert line in script


def test_results_that_were_lost_with_their_worker_are_waited_for():
    class Future:
        def __init__(self, status, records=(), error=None, cancelled=False):
            self.status, self._records, self._error, self._cancelled = status, list(records), error, cancelled

        def cancelled(self):
            return self._cancelled

        def exception(self):  # waits until the task is done again
            return self._error

        def result(self):
            return self._records

    class Client:
        def gather(self, futures, errors):
            assert all(future.status == "finished" for future in futures)
            return [future.result() for future in futures]

    workers = DaskWorkers.__new__(DaskWorkers)
    workers._client = Client()
    lost, there = Future("lost", [{"a": 1}]), Future("finished", [{"b": 2}, {"c": 3}])
    assert list(workers._records([lost, there])) == [{"b": 2}, {"c": 3}, {"a": 1}]
    broken = workers._records([Future("error", error=ValueError("x")), there])
    assert [next(broken), next(broken)] == [{"b": 2}, {"c": 3}]
    with pytest.raises(ClusterError, match=r"a task failed on the cluster: ValueError: x; finished points are kept"):
        next(broken)
    with pytest.raises(ClusterError, match="scheduler was lost"):
        list(workers._records([Future("cancelled", cancelled=True)]))
