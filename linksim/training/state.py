"""The state of an unfinished training: every variable of model and optimizer, to go on from after an interruption."""

import hashlib
import json
import os
from pathlib import Path
from typing import Any

import numpy as np

from linksim.common.errors import InputError
from linksim.training.config import TrainConfig

STATE_FILE = "state.npz"


def run_hash(config: TrainConfig) -> str:
    """SHA-256 of all that determines a run, to know its state from another's."""
    return hashlib.sha256(json.dumps(config.model_dump(mode="json"), sort_keys=True).encode()).hexdigest()


def save_state(path: Path, step: int, run: str, variables: list[Any]) -> None:
    """Write the values of Keras `variables` after `step` of the run with hash `run`, in one step: all or nothing."""
    arrays = {f"{i:04d}": np.asarray(v) for i, v in enumerate(variables)}
    meta = np.frombuffer(json.dumps({"step": step, "run": run}).encode(), np.uint8)
    partial = path.with_name(f".{path.name}.{os.getpid()}")
    with partial.open("wb") as file:
        np.savez(file, allow_pickle=False, meta=meta, **arrays)
    partial.replace(path)


def load_state(path: Path, run: str, variables: list[Any]) -> int:
    """Put the saved values into `variables`; the step that they are of.

    Raises:
        InputError: the state is of a run with other settings.
    """
    with np.load(path, allow_pickle=False) as file:
        meta = json.loads(file["meta"].tobytes())
        if meta["run"] != run:
            raise InputError(
                f"{path.parent}: holds the state of a run with other settings; give another --out or delete {path.name} in it"
            )
        for i, variable in enumerate(variables):
            variable.assign(file[f"{i:04d}"])
    return int(meta["step"])
