"""Signals that ask a program to end: they become an exception, so that workers are stopped and files closed."""

import contextlib
import os
import signal
import threading
from collections.abc import Iterator
from typing import Any

_PATIENCE_SECONDS = 20.0


class Stopped(BaseException):
    """A signal asked for the end; not an `Exception`, so that nothing on the way takes it for a failure of its own."""

    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.number = number

    @property
    def name(self) -> str:
        """E.g. `SIGTERM`."""
        return signal.Signals(self.number).name


@contextlib.contextmanager
def stoppable() -> Iterator[None]:
    """Inside, SIGTERM and SIGHUP raise `Stopped`, unless they are ignored already, as `nohup` has it.

    A second signal ends the program at once; so does the first where the way out takes long, or the exception came up
    where Python drops it (in a destructor).
    """
    before: dict[int, Any] = {}
    timers: list[threading.Timer] = []

    def stop(number: int, _: Any) -> None:
        signal.signal(number, signal.SIG_DFL)
        timers.append(threading.Timer(_PATIENCE_SECONDS, os.kill, (os.getpid(), number)))
        timers[-1].daemon = True
        timers[-1].start()
        raise Stopped(number)

    for name in ("SIGTERM", "SIGHUP"):  # Windows has no SIGHUP
        number = getattr(signal, name, None)
        # Outside of the main thread nobody may set handlers: there the host program has them.
        with contextlib.suppress(ValueError):
            if number is not None and signal.getsignal(number) == signal.SIG_DFL:
                before[number] = signal.signal(number, stop)
    try:
        yield
    finally:
        for timer in timers:
            timer.cancel()
        for number, handler in before.items():
            signal.signal(number, handler)
