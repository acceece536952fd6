"""Candidates from the best to the worst, each tried no further than it takes to know its place."""

from collections.abc import Callable, Iterator, Sequence
from heapq import heapify, heappop, heappush
from typing import Generic, TypeVar

T = TypeVar("T")


class Ranking(Generic[T]):
    """Candidates in order of their scores, the largest first; of equals the first given.

    A trial yields what the candidate can still reach: numbers that never grow, the last of which is its score. The
    trial that promises most is always the next to go on, so a candidate is known to be the best as soon as no other
    can reach it (best-first search; no other order that proves the same needs fewer steps with these bounds).

    Args:
        candidates: what is ranked.
        trial: the trial of a candidate.
    """

    def __init__(self, candidates: Sequence[T], trial: Callable[[T], Iterator[float]]) -> None:
        self._ranked: list[T] = []
        self._rest = self._search(candidates, trial)

    def __iter__(self) -> Iterator[T]:
        """From the best on; nothing is tried for those that are not asked for."""
        number = 0
        while number < len(self._ranked) or self._find_next():
            yield self._ranked[number]
            number += 1

    def _find_next(self) -> bool:
        found = next(self._rest, None)
        if found is not None:
            self._ranked.extend(found)
        return found is not None

    @staticmethod
    def _search(candidates: Sequence[T], trial: Callable[[T], Iterator[float]]) -> Iterator[tuple[T]]:
        trials = [trial(candidate) for candidate in candidates]
        waiting = [(-next(each), number) for number, each in enumerate(trials)]
        heapify(waiting)
        while waiting:
            _, number = heappop(waiting)
            promise = next(trials[number], None)
            if promise is None:
                yield (candidates[number],)
            else:
                heappush(waiting, (-promise, number))
