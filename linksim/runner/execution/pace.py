"""Which jobs a cluster is given ahead: enough that no worker waits while the writer is busy, and no more."""

import time
from collections.abc import Callable

LEAST_PER_WORKER = 2
MOST_PER_WORKER = 64
# A cluster that grows with its queue starts from this one.
LEAST = 64
SECONDS_AHEAD = 5.0


class Pace:
    """Counts finished points and says whether another job should be in flight.

    Two jobs per worker, so that none waits for the next; more where these are short, so that the queue lasts for
    `SECONDS_AHEAD` while results are written or tables are made. It is counted in points, since jobs get smaller towards the end of a
    run. The rate counts from the first job that finished: how long workers were waited for says nothing about it.

    Args:
        clock: seconds, from anywhere.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._started: float | None = None
        self._finished = 0

    def finished(self, points: int) -> None:
        """So many more points are done."""
        if self._started is None:
            self._started = self._clock()
        else:
            self._finished += points

    def wants(self, jobs: int, points: int, workers: int) -> bool:
        """Whether a number of workers should have more than these jobs and their points before them.

        With no worker there, there are as many jobs as a cluster needs to see to grow.
        """
        if jobs < max(LEAST, LEAST_PER_WORKER * workers):
            return True
        now = self._clock()
        # Jobs that were begun together end together: a wave within the first seconds is no rate.
        rate = self._finished / max(now - (now if self._started is None else self._started), SECONDS_AHEAD)
        return jobs < MOST_PER_WORKER * workers and points < rate * SECONDS_AHEAD
