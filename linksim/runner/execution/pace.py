"""How many jobs a cluster is given at a time: enough that no worker waits while the writer is busy, and no more."""

import time
from collections.abc import Callable

LEAST_PER_WORKER = 2
MOST_PER_WORKER = 64
# A cluster that grows with its queue starts from this one.
LEAST = 64
SECONDS_AHEAD = 5.0


class Pace:
    """Counts finished jobs and says how many should be in flight.

    Two per worker, so that none waits for the next; more where jobs are short, so that the queue lasts for
    `SECONDS_AHEAD` while results are written or tables are made. The rate counts from the first job that finished: how long
    workers were waited for says nothing about it.

    Args:
        clock: seconds, from anywhere.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._started: float | None = None
        self._finished = 0

    def finished(self, count: int) -> None:
        """So many more jobs are done."""
        if self._started is None:
            self._started = self._clock()
        else:
            self._finished += count

    def wanted(self, workers: int) -> int:
        """Jobs in flight for a number of workers; with none there as many as a cluster needs to see to grow."""
        now = self._clock()
        # Jobs that were begun together end together: a wave within the first seconds is no rate.
        rate = self._finished / max(now - (now if self._started is None else self._started), SECONDS_AHEAD)
        ahead = max(LEAST_PER_WORKER * workers, round(rate * SECONDS_AHEAD))
        return max(LEAST, min(ahead, MOST_PER_WORKER * workers))
