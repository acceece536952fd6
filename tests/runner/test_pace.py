"""How many jobs a cluster is given: none waits while results are written, and an empty cluster sees what to grow for."""

from hypothesis import given
from hypothesis import strategies as st

from linksim.runner.execution.pace import LEAST, MOST_PER_WORKER, SECONDS_AHEAD, Pace


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def test_long_jobs_two_for_each_worker() -> None:
    clock = Clock()
    pace = Pace(clock)
    pace.finished(1)
    clock.now = 1000.0
    pace.finished(200)  # of 100 workers, a job takes minutes
    assert pace.wanted(100) == 200


def test_short_jobs_fill_the_seconds_ahead_however_long_workers_were_waited_for() -> None:
    clock = Clock()
    pace = Pace(clock)
    clock.now = 5000.0
    assert pace.wanted(64) == 128
    pace.finished(1)
    clock.now += 10.0
    pace.finished(3200)  # 64 workers, 0.2 s each
    assert pace.wanted(64) == 320 * SECONDS_AHEAD


def test_jobs_that_end_together_are_no_rate() -> None:
    clock = Clock()
    pace = Pace(clock)
    pace.finished(1)
    clock.now = 0.001
    pace.finished(99)
    assert pace.wanted(100) == 200


@given(st.integers(0, 500), st.integers(0, 10**6), st.floats(0, 1e5))
def test_within_bounds(workers: int, finished: int, seconds: float) -> None:
    clock = Clock()
    pace = Pace(clock)
    pace.finished(1)
    clock.now = seconds
    pace.finished(finished)
    assert max(LEAST, 2 * workers) <= pace.wanted(workers) <= max(LEAST, MOST_PER_WORKER * workers)
