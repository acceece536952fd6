"""Jobs: every wanted point is in one of them, there are enough for all workers to the end, and a big plan is no list."""

import itertools
import math
import tracemalloc
from collections import Counter
from pathlib import Path

import pytest
from PIL import Image

from linksim.common.reading.loading import validate
from linksim.data.images import open_images
from linksim.runner import session
from linksim.runner.execution.workers import LocalWorkers
from linksim.runner.jobs import cut, fewest
from linksim.runner.plan import CHUNK, Batch, Job, Plan, Point
from linksim.runner.repetitions import first_round
from linksim.runner.session import Execution
from linksim.scenario import Scenario

SNRS, SCHEMES = 11, 8


def scenario(folder: Path, images: int = 100, batch: int = 4, repetitions: int = 1) -> Scenario:
    """As many images, SNRs and schemes as the paper's, and nothing that has to be there."""
    (folder / "images").mkdir()
    for i in range(images):
        Image.new("RGB", (16, 16), (i, 0, 0)).save(folder / "images" / f"{i:03}.png")
    description = {
        "name": "jobs",
        "images": {"dataset": "folder", "path": str(folder / "images")},
        "link": {"code": {"kind": "none", "block_bits": 256}},
        "sweep": {"snr_db": list(range(SNRS)), "repetitions": repetitions, "batch": batch},
        "metrics": ["psnr"],
        "schemes": [{"name": f"JPEG {i}", "kind": "jpeg", "quality": 5 + i} for i in range(SCHEMES)],
    }
    return validate(description, Scenario, "test")


def plan_of(given: Scenario) -> Plan:
    return Plan(given, open_images(given.images), {s.name: {} for s in given.schemes}, given.metrics)


def jobs_of(given: Scenario, folder: Path, workers: int, monkeypatch: pytest.MonkeyPatch) -> list[Job]:
    """The jobs that a run hands out to so many workers, which do them without simulating."""
    handed: list[Job] = []

    def run(self, jobs):
        for job in jobs:
            handed.append(job)
            for point in job.points:
                yield {"point": point.id, "scheme": point.scheme, "snr_db": point.snr_db, "repetition": point.repetition,
                       "rows": {"columns": [], "values": []}, "skipped": {}, "pictures": [], "saved": [], "seconds": {}}  # fmt: skip

    monkeypatch.setattr(LocalWorkers, "run", run)
    monkeypatch.setattr(session._Session, "_derive", lambda *_, **__: session.Outcome(folder, [{"scheme": "JPEG 0"}]))
    session.run_scenario(given, folder / "out", Execution(workers=workers), figures=False)
    return handed


def idle_share(sizes: list[int], workers: int) -> float:
    """Of the time from the first job to the last, where each job goes to the first free worker and lasts as its points."""
    free = [0] * workers
    for size in sizes:
        free.sort()
        free[0] += size
    return 1 - sum(sizes) / (workers * max(free))


def test_a_plan_of_few_batches_keeps_64_workers_busy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    given = scenario(tmp_path)
    jobs = jobs_of(given, tmp_path, 64, monkeypatch)
    plan = plan_of(given)
    wanted = first_round(given)
    every = [point.id for number in range(plan.n_batches) for point in plan.points(plan.batch(number), wanted)]
    assert len(every) == 25 * SNRS * SCHEMES
    assert Counter(point.id for job in jobs for point in job.points) == Counter(every)
    assert len(jobs) >= 64
    assert idle_share([len(job.points) for job in jobs], 64) < 0.05
    # Each job opens its batch anew, so before the end there are not many of one.
    assert sorted(Counter(job.batch.indices for job in jobs).values())[12] <= 10


def test_what_is_stored_is_no_work_that_is_left(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One more SNR of a finished run is a small run: it is cut as one."""
    given = scenario(tmp_path)
    jobs_of(given, tmp_path, 2, monkeypatch)
    snrs = list(range(SNRS + 1))
    more = given.model_copy(update={"sweep": given.sweep.model_copy(update={"snr_db": tuple(float(s) for s in snrs)})})
    jobs = jobs_of(more, tmp_path, 64, monkeypatch)
    assert {point.snr_db for job in jobs for point in job.points} == {float(SNRS)}
    assert max(len(job.points) for job in jobs) <= 2  # of 8 that each batch has


def points(snrs: int, repetitions: int, schemes: int) -> list[Point]:
    keys = itertools.product(range(snrs), range(repetitions), range(schemes))
    return [Point(f"{key}", f"S{key[2]}", float(key[0]), key[1]) for key in keys]


BATCH = Batch((0,), (("a", "0"),))


def kinds(job: Job) -> tuple[set[float], set[int], set[str]]:
    return {p.snr_db for p in job.points}, {p.repetition for p in job.points}, {p.scheme for p in job.points}


@pytest.mark.parametrize("left", [0, 48, 480, 4800, 48_000])
@pytest.mark.parametrize("workers", [1, 2, 5, 24, 1000])
def test_each_point_is_in_one_job_in_order(left: int, workers: int) -> None:
    given = points(4, 3, 4)
    jobs = cut(BATCH, given, left, workers)
    assert sorted(point.id for job in jobs for point in job.points) == sorted(point.id for point in given)
    order = {point: number for number, point in enumerate(given)}
    for job in jobs:
        assert list(job.points) == sorted(job.points, key=order.__getitem__)
        assert job.points
    expected = 1 if workers == 1 else math.ceil(48 / math.ceil(max(left, 48) / (2 * workers)))
    assert len(jobs) == expected


def test_schemes_share_a_job_as_long_as_there_are_snrs_and_repetitions() -> None:
    given = points(4, 3, 4)
    by_snr = cut(BATCH, given, 48, 2)
    assert [kinds(job)[0] for job in by_snr] == [{0.0}, {1.0}, {2.0}, {3.0}]
    by_repetition = cut(BATCH, given, 48, 6)
    assert [(len(a), len(b), len(c)) for a, b, c in map(kinds, by_repetition)] == [(1, 1, 4)] * 12
    assert [len(job.points) for job in cut(BATCH, given, 48, 1000)] == [1] * 48
    assert [len(job.points) for job in cut(BATCH, given, 48, 1000, 12)] == [12] * 4
    assert [len(job.points) for job in cut(BATCH, given, 48, 1000, 100)] == [48]
    low_and_high = cut(BATCH, given, 96, 2)
    assert [kinds(job)[0] for job in low_and_high] == [{0.0, 2.0}, {1.0, 3.0}]
    assert cut(BATCH, [], 48, 2) == []


def test_a_job_takes_half_a_second_where_that_is_known() -> None:
    assert fewest(0, 0.0) == fewest(10, 0.0) == 1
    assert fewest(1000, 31.25) == 16
    assert fewest(10, 44.0) == 1
    assert fewest(10**9, 1.0) == CHUNK


def test_ten_million_points_are_no_list(tmp_path: Path) -> None:
    repetitions = 10_000
    given = scenario(tmp_path, images=46, batch=4, repetitions=repetitions)
    plan, wanted = plan_of(given), first_round(given)
    assert plan.n_batches * sum(wanted.values()) > 10_000_000
    batches = [plan.batch(number) for number in range(plan.n_batches)]
    batch = batches[0]
    tracemalloc.start()
    try:
        seen = 0
        for chunk in itertools.islice(plan.chunks(batch, wanted), 25):
            seen += len(chunk)
        jobs = cut(batch, chunk, 10_000_000, 64)
        assert len(jobs) == 1
        assert sum(1 for _ in plan.ids("JPEG 1", 3.0, repetitions)) == repetitions * len(batches)
        _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert seen >= 100_000
    # Two chunks of points, some 250 bytes each, where 100,000 would be 25 MB.
    assert most < 1000 * CHUNK
