"""Checked models run in a process of their own, so that one that brings ONNX Runtime down is one line here."""

import atexit
import itertools
import os
import pickle
import signal
import subprocess
import threading
from typing import Any

import numpy as np

from linksim.common.system import python
from linksim.onnx.files import ModelFile
from linksim.onnx.runtime import ModelFailure, fed, most_gib

MOST_SECONDS = 300.0
"""For one picture, and for a model to be read."""

_GRACE_SECONDS = 60.0
"""After which a picture that was told to stop is stopped."""

_WHY = {
    "SIGFPE": "integers divided by zero or beyond their range",
    "SIGKILL": "killed from outside, as systems do that run out of memory",
}


class Session:
    """A model ready to run.

    Raises:
        InputError: ONNX Runtime does not take it; one line that begins with the path.
    """

    _numbers = itertools.count()

    def __init__(self, file: ModelFile) -> None:
        self.file = file
        self._number = next(self._numbers)
        self._loaded_by: _Process | None = None
        with _lock:
            self._load()

    def run(self, *inputs: np.ndarray) -> list[Any]:
        """The outputs for inputs in the model's order.

        Raises:
            InputError: the model fails, brings ONNX Runtime down, or takes too much memory or time; one line that begins
                with the path.
        """
        with _lock:
            process = self._load()
            most = MOST_SECONDS + _GRACE_SECONDS
            outputs: list[Any] = self._ask(process, most, f"for {fed(self.file, inputs)}", inputs, MOST_SECONDS)
        return outputs

    def _load(self) -> "_Process":
        """The process that has the model: another one, where the former has ended since."""
        process = _process()
        if self._loaded_by is not process:
            self._ask(process, MOST_SECONDS, "when it is read", self.file)
            self._loaded_by = process
        return process

    def _ask(self, process: "_Process", most_seconds: float, when: str, *what: Any) -> Any:
        try:
            return process.ask(most_seconds, self._number, *what)
        except _EndedError as ended:
            raise ModelFailure(f"{self.file.path}: ends ONNX Runtime {when} ({ended})") from None


class _EndedError(Exception):
    """Why the process ended."""


class _Process:
    """The process that ONNX Runtime runs in; one for all models, whose memory is bounded together."""

    def __init__(self) -> None:
        self.owner, self.bound = os.getpid(), most_gib()  # a bound that is none is told before anything starts
        self._child = subprocess.Popen(
            python("from linksim.onnx.runtime import serve; serve()"),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )
        atexit.register(self.end)

    def ask(self, most_seconds: float, *request: Any) -> Any:
        """What `serve` answers. Raises its error, and `_EndedError` where there is no answer, or none in time."""
        assert self._child.stdin is not None
        assert self._child.stdout is not None
        late = threading.Event()

        def stop() -> None:
            late.set()
            self._child.kill()

        watch = threading.Timer(most_seconds, stop)
        watch.daemon = True
        watch.start()
        try:
            pickle.dump(request, self._child.stdin, protocol=pickle.HIGHEST_PROTOCOL)
            self._child.stdin.flush()
            answer, error = pickle.load(self._child.stdout)
        except (EOFError, OSError, pickle.UnpicklingError):
            reason = f"it took more than {most_seconds:g} s, which is the most" if late.is_set() else self._reason()
            raise _EndedError(reason) from None
        except BaseException:  # interrupted between question and answer: the next answer would be to this question
            self.end()
            raise
        finally:
            watch.cancel()
        if error is not None:
            raise error
        return answer

    @property
    def runs(self) -> bool:
        """Whether it can be asked by this process, with the bound of memory that holds now."""
        return self.owner == os.getpid() and self._child.poll() is None and self.bound == most_gib()

    def end(self) -> None:
        """Stop it, whatever it does. A fork leaves that to its parent."""
        if self.owner == os.getpid():
            self._child.kill()
            self._child.communicate()

    def _reason(self) -> str:
        try:
            status = self._child.wait(timeout=10)
        except subprocess.TimeoutExpired:
            self.end()
            return "it answers no more"
        if status >= 0:
            return f"exit status {status}"
        name = signal.Signals(-status).name
        return f"{name}: {_WHY[name]}" if name in _WHY else name


_lock = threading.RLock()
_running: _Process | None = None


def _process() -> _Process:
    global _running
    if _running is None or not _running.runs:
        if _running is not None and _running.owner == os.getpid():
            _running.end()
            atexit.unregister(_running.end)
        _running = _Process()
    return _running
