"""TensorFlow without its start-up notes, which would bury the bar and the one line of an error, and with what its compiler
made kept from run to run.
"""

import atexit
import contextlib
import functools
import gc
import hashlib
import os
import platform
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path
from typing import Any

from linksim.common.system import cache_folder


@contextmanager
def _silent_stderr() -> Iterator[None]:
    """File descriptor 2 goes nowhere: the notes come from C++ before any logging can be set up."""
    sys.stderr.flush()
    kept = os.dup(2)
    nowhere = os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(nowhere, 2)
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
        os.close(nowhere)


@functools.cache
def import_tensorflow() -> None:
    """Import TensorFlow quietly, unless it is already there or the user asked for its log, and have the CPU's results on GPUs."""
    fresh = "tensorflow" not in sys.modules
    if fresh:
        _keep_compiled()
    loud = os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3") == "0"
    with contextlib.nullcontext() if loud else _silent_stderr():
        with _uncollected() if fresh else contextlib.nullcontext():
            import tensorflow as tf
        _prepare_gpus(tf.config)
    if fresh and not loud:
        tf.get_logger().setLevel("ERROR")  # its hints at slow tracing are for programmers


@contextmanager
def _uncollected() -> Iterator[None]:
    """What is made here is not searched for garbage, neither now nor later, nor is anything when the process ends.

    TensorFlow is hundreds of thousands of objects that stay: searching them takes a third of its import and, once more, seconds at the end.
    """
    collecting = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        atexit.register(gc.freeze)
        if collecting:
            gc.enable()


def _prepare_gpus(config: Any) -> None:
    """Have GPUs compute float32 in float32, and take memory as it is needed.

    By default TensorFlow rounds the factors of convolutions and products to TF32, with 10 bits of mantissa, on GPUs that have it, and takes
    a whole GPU's memory at the start, so that a second process (`--workers`) finds none. `TF_FORCE_GPU_ALLOW_GROWTH=false` keeps that.
    """
    config.experimental.enable_tensor_float_32_execution(False)
    if "TF_FORCE_GPU_ALLOW_GROWTH" not in os.environ:
        for gpu in config.list_physical_devices("GPU"):
            with contextlib.suppress(RuntimeError, ValueError):  # in use already, or shared by logical devices
                config.experimental.set_memory_growth(gpu, True)


def _keep_compiled() -> None:
    """Have XLA keep what it compiles in the folder `compiled` of the cache, unless the user has flags of their own there.

    Machine code is for one kind of processor and one version of TensorFlow, so each has a folder of its own. Where the
    folder cannot be made nothing is kept.
    """
    flags = os.environ.get("TF_XLA_FLAGS", "")
    if "persistent_cache" in flags:
        return
    folder = cache_folder() / "compiled" / _processor()
    with contextlib.suppress(OSError):
        folder.mkdir(parents=True, exist_ok=True)
        if os.access(folder, os.W_OK) and " " not in str(folder):
            kept = f"--tf_xla_persistent_cache_directory={folder} --tf_xla_persistent_cache_prefix=linksim"
            os.environ["TF_XLA_FLAGS"] = f"{flags} {kept}".strip()


def _processor() -> str:
    """A name for this processor's instruction set and the compiler."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        lines = [f"flags {platform.processor()}"]
    said = sorted({line for line in lines if line.startswith(("flags", "Features", "model name", "CPU part"))})
    text = "\n".join([platform.machine(), version("tensorflow"), *said])
    return hashlib.sha256(text.encode()).hexdigest()[:16]
