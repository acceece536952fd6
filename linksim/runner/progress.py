"""Progress of a run on stderr: a bar with the time left."""

import sys
from typing import Any


class Progress:
    """Silent progress: the base for anything that wants to know how far a run is."""

    def start(self, total: int) -> None:
        """`total` points lie ahead."""

    def extend(self, more: int) -> None:
        """`more` points were added, or with a negative number are known to be finished already."""

    def message(self, text: str) -> None:
        """What is being done at the moment."""

    def advance(self, record: dict[str, Any]) -> None:
        """A point is finished and stored."""

    def stop(self) -> None:
        """The run is over, one way or the other."""


class Bar(Progress):
    """Rich bar on stderr; without a terminal, a line now and then."""

    def __init__(self) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeElapsedColumn, TimeRemainingColumn
        from rich.progress import Progress as Rich

        console = Console(stderr=True)
        self._rich = Rich(
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            TextColumn("left:"),
            TimeRemainingColumn(),
            console=console,
            disable=not console.is_terminal,
        )
        self._plain = not console.is_terminal
        self._task = self._rich.add_task("starting", total=None)
        self._total = self._done = self._printed = 0

    def start(self, total: int) -> None:
        self._total = total
        self._rich.update(self._task, total=total)
        self._rich.start()

    def extend(self, more: int) -> None:
        self._total += more
        self._rich.update(self._task, total=self._total)

    def message(self, text: str) -> None:
        self._rich.update(self._task, description=text)

    def advance(self, record: dict[str, Any]) -> None:
        self._done += 1
        text = f"{record['scheme']}, {record['snr_db']:g} dB"
        self._rich.update(self._task, completed=self._done, description=f"{text:<28.28}")
        tenth = 10 * self._done // max(self._total, 1)
        if self._plain and tenth > self._printed:
            self._printed = tenth
            print(f"{self._done} of {self._total} points", file=sys.stderr, flush=True)

    def stop(self) -> None:
        self._rich.stop()
