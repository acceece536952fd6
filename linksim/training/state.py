"""The state of an unfinished training: every variable of model and optimizer, to go on from after an interruption."""

import hashlib
import json
from pathlib import Path
from typing import Any

import numpy as np

from linksim.common.errors import InputError
from linksim.common.files import read_bytes
from linksim.common.writing import write_whole
from linksim.semantic.archive import Archive, said
from linksim.training.recipe import Recipe

STATE_FILE = "state.npz"
_META_ROOM = 1 << 24
"""Bytes of a file beside its values, at most."""


def run_hash(config: Recipe) -> str:
    """SHA-256 of all that determines a run, to know its state from another's."""
    return hashlib.sha256(json.dumps(config.model_dump(mode="json"), sort_keys=True).encode()).hexdigest()


def save_state(path: Path, step: int, run: str, variables: list[Any]) -> None:
    """Write the values of Keras `variables` after `step` of the run with hash `run`, in one step: all or nothing.

    Raises:
        InputError: it cannot be written.
    """
    arrays: dict[str, Any] = {f"{i:04d}": np.asarray(v) for i, v in enumerate(variables)}
    meta = np.frombuffer(json.dumps({"step": step, "run": run}).encode(), np.uint8)
    write_whole(path, lambda file: np.savez(file, allow_pickle=False, meta=meta, **arrays))


def load_state(path: Path, run: str, variables: list[Any]) -> int:
    """Put the saved values into `variables`; the step that they are of.

    Raises:
        InputError: the file is damaged, or the state is of a run with other settings.
    """
    present = {f"{i:04d}": np.asarray(v) for i, v in enumerate(variables)}
    shapes = {name: value.shape for name, value in present.items()}
    dtypes: dict[str, tuple[type, ...]] = {
        name: (np.float32, np.float64) if value.dtype.kind == "f" else (value.dtype.type,)
        for name, value in present.items()
    }
    room = sum(8 * value.size for value in present.values())
    advice = "delete it to train from the start, or give another --out"
    archive, step, given = _opened(path, room, advice)
    if given == run:
        try:
            values = list(archive.arrays(shapes, dtypes, most_bytes=room + _META_ROOM).values())
        except Exception as error:  # whatever zip and NumPy raise on bytes that are damaged
            raise InputError(f"{path}: a damaged state ({said(error)}); {advice}") from error
    if given != run:
        raise InputError(
            f"{path.parent}: holds the state of a run with other settings; give another --out or delete {path.name} in it"
        )
    for variable, value in zip(variables, values, strict=True):
        variable.assign(value)
    return step


def _opened(path: Path, room: int, advice: str) -> tuple[Archive, int, str]:
    """The archive in a state of variables that take `room` bytes, the step and the run that it is of."""
    data = read_bytes(path, room + _META_ROOM, advice)
    try:
        archive = Archive(data)
        meta = archive.meta()
        step, given = meta["step"], meta["run"]
        if not isinstance(step, int) or isinstance(step, bool) or step < 0 or not isinstance(given, str):
            raise ValueError("its step or run is none")
    except Exception as error:
        raise InputError(f"{path}: a damaged state ({said(error)}); {advice}") from error
    return archive, step, given
