"""The state of an unfinished training: every variable of model and optimizer, to go on from after an interruption."""

import hashlib
import json
from pathlib import Path
from typing import Any

import numpy as np

from linksim.common.errors import InputError
from linksim.common.writing import write_whole
from linksim.training.recipe import Recipe

STATE_FILE = "state.npz"


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
    try:
        with np.load(path, allow_pickle=False) as file:
            meta = json.loads(file["meta"].tobytes())
            step, given = int(meta["step"]), meta["run"]
            values = [file[f"{i:04d}"] for i in range(len(variables))] if given == run else []
        fits = all(value.shape == tuple(v.shape) for value, v in zip(values, variables, strict=False))
        if not fits or not all(np.isfinite(value).all() for value in values):
            raise ValueError("values of another shape, or not finite")
    except Exception as error:  # whatever zip, NumPy and JSON raise on bytes that are damaged
        raise InputError(
            f"{path}: a damaged state ({type(error).__name__}); delete it to train from the start, or give another --out"
        ) from error
    if given != run:
        raise InputError(
            f"{path.parent}: holds the state of a run with other settings; give another --out or delete {path.name} in it"
        )
    for variable, value in zip(variables, values, strict=True):
        variable.assign(value)
    return step
