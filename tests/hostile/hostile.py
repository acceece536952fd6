"""What every fuzzer of hostile inputs does: an input ends in a result or in one line, in bounded time (of the processor)
and memory.
"""

import resource
import sys
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1] / "codecs"))
from mutate import mutate

from linksim.common.errors import LinksimError

__all__ = ["JSON_VALUES", "Tally", "changed", "from_command_line", "mutate", "pick"]

SLOWEST_S = 20.0
MOST_BYTES = 2 * 10**9

JSON_VALUES = (
    None, True, False, 0, -1, 1, 2.5, 1e308, 10**30, -(10**400), "", "a", "x" * 500, "\ud800", "\x00", "../..", "/etc/passwd",
    [], [[]], [1, "a"], {}, {"a": 1}, float("nan"), float("inf"), [None] * 50,
)  # fmt: skip


def pick(random: np.random.Generator, choices: Any) -> Any:
    return choices[int(random.integers(len(choices)))]


def changed(data: Any, random: np.random.Generator, values: Any = JSON_VALUES) -> Any:
    """A copy of JSON-like data with one part replaced, renamed, removed or added."""
    if isinstance(data, dict) and data and random.random() < 0.85:
        key = pick(random, list(data))
        match random.integers(8):
            case 0:
                return {k: v for k, v in data.items() if k != key}
            case 1:
                return {(f"{k}x" if k == key else k): v for k, v in data.items()}
            case _:
                return data | {key: changed(data[key], random, values)}
    if isinstance(data, list) and data and random.random() < 0.85:
        at = int(random.integers(len(data)))
        match random.integers(6):
            case 0:
                return data[:at] + data[at + 1 :]
            case 1:
                return [*data, data[at]]
            case _:
                return [changed(v, random, values) if i == at else v for i, v in enumerate(data)]
    return pick(random, values)


class Tally:
    """Counts of outcomes by kind of input, the slowest one, and memory."""

    def __init__(self) -> None:
        self.outcomes: Counter[str] = Counter()
        self.slowest = (0.0, "")
        self._before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        self._began = time.perf_counter()

    def check(self, kind: str, name: str, read: Callable[[], object]) -> str:
        """`read` or `refused`; every other outcome is raised, after the input was named."""
        begin = time.process_time()
        try:
            read()
            outcome = "read"
        except LinksimError as error:
            message = str(error)
            assert "\n" not in message, f"{name}: {message!r}"
            assert len(message) < 2000, f"{name}: {message!r}"
            message.encode()
            outcome = "refused"
        except BaseException:
            print(f"{kind}: {name}", flush=True)
            raise
        took = time.process_time() - begin
        self.slowest = max(self.slowest, (took, f"{kind} {name}"))
        assert took < SLOWEST_S, f"{kind} {name}: {took:.1f} s"
        self.outcomes[f"{kind} {outcome}"] += 1
        return outcome

    @property
    def bytes_taken(self) -> int:
        """The peak of this process above what it had before."""
        return 1024 * (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - self._before)

    def finish(self) -> "Tally":
        assert self.bytes_taken < MOST_BYTES, f"{self.bytes_taken / 1e9:.1f} GB"
        return self

    def show(self) -> None:
        for name in sorted(self.outcomes):
            print(f"{name:32} {self.outcomes[name]:7}")
        seconds, name = self.slowest
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
        took = time.perf_counter() - self._began
        print(f"{self.outcomes.total()} cases in {took:.0f} s, at most {peak:.2f} GB; slowest {seconds:.2f} s: {name}")


def from_command_line(fuzz: Callable[[int, int], Tally], cases: int) -> None:
    """`python FUZZER [CASES] [SEED]`."""
    found = fuzz(int(sys.argv[1]) if len(sys.argv) > 1 else cases, int(sys.argv[2]) if len(sys.argv) > 2 else 1)
    found.show()
