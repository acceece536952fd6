"""Signals that ask a program to end: they become an exception, so that workers are stopped and files closed."""

import contextlib
import signal
from typing import Any


class Stopped(BaseException):
    """A signal asked for the end; not an `Exception`, so that nothing on the way takes it for a failure of its own."""

    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.number = number

    @property
    def name(self) -> str:
        """E.g. `SIGTERM`."""
        return signal.Signals(self.number).name


def raise_on_signals() -> None:
    """Let SIGTERM and SIGHUP raise `Stopped`, unless they are ignored already, as `nohup` has it.

    A second signal ends the program at once.
    """
    for name in ("SIGTERM", "SIGHUP"):  # Windows has no SIGHUP
        number = getattr(signal, name, None)
        # Outside of the main thread nobody may set handlers: there the host program has them.
        with contextlib.suppress(ValueError):
            if number is not None and signal.getsignal(number) == signal.SIG_DFL:
                signal.signal(number, _stop)


def _stop(number: int, _: Any) -> None:
    signal.signal(number, signal.SIG_DFL)
    raise Stopped(number)
