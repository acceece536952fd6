"""Checked models run by ONNX Runtime on the CPU: on one thread, so that numbers repeat, within bounds of memory and time.

`serve` does so for another process: what brings ONNX Runtime down (integers divided by zero) ends that process alone.
"""

import contextlib
import ctypes
import math
import os
import pickle
import re
import signal
import sys
import threading
from functools import cache
from typing import Any

import numpy as np

from linksim.common.errors import InputError
from linksim.onnx.files import ModelFile
from linksim.onnx.words import quoted, said

MOST_GIB = 2.0
"""Memory that the models of a process may take together, unless the environment variable `MEMORY` says otherwise."""

MEMORY = "LINKSIM_ONNX_GIB"


class ModelFailure(InputError):
    """A model fails for the inputs that it got, for another reason than memory or time."""


class Loaded:
    """A model ready to run in this process.

    Raises:
        InputError: ONNX Runtime does not take it; one line that begins with the path.
    """

    def __init__(self, file: ModelFile) -> None:
        runtime = _runtime()
        self.file = file
        options = runtime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        options.use_deterministic_compute = True
        options.log_severity_level = 4
        options.add_session_config_entry("session.use_env_allocators", "1")
        options.add_session_config_entry("session.load_model_format", "ONNX")
        try:
            self._session = runtime.InferenceSession(file.data, options, providers=["CPUExecutionProvider"])
        except Exception as error:  # ONNX Runtime's exceptions have no common base
            raise InputError(f"{file.path}: {_refusal(error, file)}") from None

    def run(self, inputs: tuple[np.ndarray, ...], most_seconds: float) -> list[Any]:
        """The outputs for inputs in the model's order.

        Raises:
            InputError: the model fails, or takes too much memory or time; one line that begins with the path.
        """
        options = _runtime().RunOptions()
        options.log_severity_level = 4
        watch = threading.Timer(most_seconds, lambda: setattr(options, "terminate", True))
        watch.daemon = True
        feeds = dict(zip((port.name for port in self.file.inputs), inputs, strict=True))
        watch.start()
        try:
            outputs: list[Any] = self._session.run([port.name for port in self.file.outputs], feeds, options)
        except Exception as error:
            raise _failure(error, f"{self.file.path}: fails for {fed(self.file, inputs)}: ", most_seconds) from None
        finally:
            watch.cancel()
        return outputs


def fed(file: ModelFile, inputs: tuple[np.ndarray, ...]) -> str:
    """Names and shapes of the inputs that a model got."""
    pairs = zip(file.inputs, inputs, strict=True)
    return ", ".join(f"{quoted(port.name)} {list(value.shape)}" for port, value in pairs)


_LIBRARIES_GIB = 2.0
"""Of addresses that Python and ONNX Runtime take themselves, at most."""


def _bound_process() -> None:
    """Bound what reading a model takes, which the allocator of sessions does not see, and end with the process that asks."""
    with contextlib.suppress(ImportError, ValueError, OSError):
        import resource

        most = int((_LIBRARIES_GIB + 1.5 * most_gib()) * 2**30)
        resource.setrlimit(resource.RLIMIT_AS, (most, most))
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


_PR_SET_PDEATHSIG = 1


def serve() -> None:
    """Answer requests on standard input until it ends: `(number, file)` loads a model, `(number, inputs, seconds)` runs it.

    An answer is `(outputs, None)` or `(None, error)`.
    """
    requests, answers = sys.stdin.buffer, os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # nothing that a library prints is taken for an answer
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the process that asks
    _bound_process()
    models: dict[int, Loaded] = {}
    while True:
        try:
            number, *what = pickle.load(requests)
        except EOFError:
            return
        answer: tuple[Any, Exception | None]
        try:
            if len(what) == 1:
                models[number] = Loaded(what[0])
                answer = (None, None)
            else:
                answer = (models[number].run(*what), None)
        except Exception as error:
            answer = (None, error)
        pickle.dump(answer, answers, protocol=pickle.HIGHEST_PROTOCOL)
        answers.flush()


@cache
def _runtime() -> Any:
    """ONNX Runtime, quiet, with a bound on the memory of all its sessions."""
    import onnxruntime

    onnxruntime.set_default_logger_severity(4)
    kind = onnxruntime.OrtAllocatorType.ORT_ARENA_ALLOCATOR
    place = onnxruntime.OrtMemoryInfo("Cpu", kind, 0, onnxruntime.OrtMemType.DEFAULT)
    as_requested = 1
    onnxruntime.create_and_register_allocator(
        place, onnxruntime.OrtArenaCfg(int(most_gib() * 2**30), as_requested, -1, -1)
    )
    return onnxruntime


def _refusal(error: BaseException, file: ModelFile) -> str:
    text = str(error)
    version = _runtime().__version__
    if newest := re.search(r"till opset (\d+)", text):
        return (
            f"has opset {file.opset}; ONNX Runtime {version} knows those up to {newest[1]}: export it with "
            f"opset_version={newest[1]} or lower"
        )
    if newest := re.search(r"max supported IR version: (\d+)", text):
        return f"is of a newer format (IR version) than ONNX Runtime {version} knows, {newest[1]}; export it with a lower one"
    if _lacks_memory(text):
        return _too_large()
    return f"ONNX Runtime {version} does not take it: {said(error)}"


def _failure(error: BaseException, where: str, most_seconds: float) -> InputError:
    text = str(error)
    if _lacks_memory(text):
        return InputError(where + _too_large())
    if "terminate flag" in text:
        return InputError(f"{where}it took more than {most_seconds:g} s, which is the most for one picture")
    return ModelFailure(where + said(error))


def most_gib() -> float:
    """GiB that models may take. Raises `InputError` where the environment says nothing sensible."""
    given = os.environ.get(MEMORY) or str(MOST_GIB)
    try:
        gib = float(given)
    except ValueError:
        gib = math.nan
    if not 0.0625 <= gib <= 1024:
        raise InputError(f"{MEMORY}={given[:40]!r}: a number of GiB from 0.0625 to 1024 is needed, such as 4")
    return gib


def _too_large() -> str:
    return (
        f"it takes more than {most_gib():g} GiB of memory, which is the most; use smaller pictures or a smaller model, or "
        f"set {MEMORY} to more"
    )


def _lacks_memory(text: str) -> bool:
    signs = ("Available memory of", "Failed to allocate memory", "bad_alloc", "would require more than")
    return any(sign in text for sign in signs)
