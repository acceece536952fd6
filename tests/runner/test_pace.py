"""How many jobs a cluster is given: none waits while results are written, and an empty cluster sees what to grow for."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from linksim.runner.execution.pace import LEAST, MOST_PER_WORKER, SECONDS_AHEAD, Pace


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def jobs_wanted(pace: Pace, workers: int, points: int) -> int:
    """How many jobs of so many points it takes until no more are wanted."""
    jobs = 0
    while pace.wants(jobs, jobs * points, workers):
        jobs += 1
    return jobs


def test_long_jobs_two_for_each_worker() -> None:
    clock = Clock()
    pace = Pace(clock)
    pace.finished(1)
    clock.now = 1000.0
    pace.finished(200 * 88)  # of 100 workers, a job takes minutes
    assert jobs_wanted(pace, 100, 88) == 200


@pytest.mark.parametrize("points", [1, 5, 10])
def test_short_jobs_fill_the_seconds_ahead_however_long_workers_were_waited_for(points: int) -> None:
    """Also where they are shorter than those before."""
    clock = Clock()
    pace = Pace(clock)
    clock.now = 5000.0
    assert jobs_wanted(pace, 64, points) == 128
    pace.finished(1)
    clock.now += 10.0
    pace.finished(3200)  # 64 workers, 0.2 s each
    assert jobs_wanted(pace, 64, points) == max(320 * SECONDS_AHEAD // points, 128)


def test_jobs_that_end_together_are_no_rate() -> None:
    clock = Clock()
    pace = Pace(clock)
    pace.finished(1)
    clock.now = 0.001
    pace.finished(99)
    assert jobs_wanted(pace, 100, 1) == 200


@given(st.integers(0, 100), st.integers(0, 10**6), st.floats(0, 1e5), st.integers(1, 1000))
def test_within_bounds(workers: int, finished: int, seconds: float, points: int) -> None:
    clock = Clock()
    pace = Pace(clock)
    pace.finished(1)
    clock.now = seconds
    pace.finished(finished)
    wanted = jobs_wanted(pace, workers, points)
    assert max(LEAST, 2 * workers) <= wanted <= max(LEAST, MOST_PER_WORKER * workers)
