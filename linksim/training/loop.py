"""The loop that every training runs in: its log, its resumable state, and the checkpoint that it leaves."""

import csv
import time
from abc import ABC, abstractmethod
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from linksim.common.errors import InputError
from linksim.common.files import read_bytes
from linksim.common.writing import naming, write_bytes
from linksim.semantic.archive import NotFiniteError, SavedAsArchive
from linksim.training.batches import load_images
from linksim.training.precision import with_precision
from linksim.training.state import STATE_FILE, load_state, run_hash, save_state

MOST_BYTES = 1 << 30
"""Of a finished checkpoint."""


class TrainingRun(ABC):
    """One training in its folder: `log.csv`, `state.npz` (to resume), and at the end `NAME.npz` with its card.

    Every batch is drawn from (seed, step), so a run that was interrupted and goes on sees what an uninterrupted one
    sees.

    Attributes:
        config: the recipe.
        folder: of the run.
        model: a compiled Keras model with the moving averages of its loss terms in `report`, named by `report_names`.
        step: how many steps are done.
        train_images, validation_images: uint8 `[H, W, 3]` each.
    """

    model: Any

    def __init__(self, config: Any, folder: Path) -> None:
        import keras

        keras.utils.set_random_seed(config.seed)
        self.config = with_precision(config)
        self.folder = folder
        self.step = 0
        self.train_images, self.validation_images = load_images(config.data, config.seed)

    @abstractmethod
    def _one_step(self) -> dict[str, float]:
        """Train on one batch; what `_checked_report` gives."""

    @abstractmethod
    def validate(self) -> dict[str, float]:
        """What the present networks do on held-out images."""

    @abstractmethod
    def checkpoint(self) -> SavedAsArchive:
        """The present weights with their card, whose figures are those of the file."""

    @abstractmethod
    def card_text(self, checkpoint: Any) -> str:
        """The card as Markdown."""

    @abstractmethod
    def read_card(self, data: bytes, name: str) -> dict[str, Any]:
        """The card in a finished checkpoint's bytes."""

    @property
    def paths(self) -> list[Path]:
        """Where the checkpoints of the run are written: one, unless it trains several at once."""
        return [self.folder / f"{self.config.name}.npz"]

    def checkpoints(self) -> list[SavedAsArchive]:
        """What is written to `paths`."""
        return [self.checkpoint()]

    def _networks(self) -> list[Any]:
        """Whose weights a checkpoint keeps in float16."""
        return [self.model.encoder, self.model.decoder]

    def _card(self) -> dict[str, Any]:
        """What a card says of the training."""
        config = self.config
        return {
            "name": config.name,
            "description": config.description,
            "training": config.model_dump(mode="json"),
            "training_images": len(self.train_images),
        }

    def run(self, on_step: Callable[[int, dict[str, float]], None] | None = None) -> Path:
        """Train to the end (or on from where the folder's state is) and write the checkpoints; the path of the first.

        Raises:
            InputError: the training diverged, or something cannot be written or is of another run.
        """
        config = self.config
        with naming(self.folder):
            self.folder.mkdir(parents=True, exist_ok=True)
        self._resume()
        for path in self.paths:
            self._refuse_other_settings(path)
        started = time.monotonic()
        while self.step < config.steps:
            report = self._one_step()
            if on_step:
                on_step(self.step, report)
            validates = self.step % config.validate_every == 0 or self.step == config.steps
            saves = self.step % config.checkpoint_every == 0
            if validates or saves:
                self._refuse_lost_weights()
            if validates:
                self._log(self.validate(), time.monotonic() - started)
            if saves:
                self._save_state()
        try:
            finished = [(checkpoint, checkpoint.to_bytes()) for checkpoint in self.checkpoints()]
        except NotFiniteError as error:
            raise self._diverged(error.what) from None
        for path, (checkpoint, data) in zip(self.paths, finished, strict=True):
            write_bytes(path, data)
            write_bytes(path.with_suffix(".md"), self.card_text(checkpoint).encode())
        return self.paths[0]

    def _checked_report(self) -> dict[str, float]:
        """Moving averages of the loss terms. Raises `InputError` where one is not finite."""
        report = dict(zip(self.model.report_names, np.asarray(self.model.report).tolist(), strict=True))
        bad = [name for name, value in report.items() if not np.isfinite(value)]
        if bad:
            raise self._diverged(f"the term {next((name for name in bad if name != 'loss'), 'loss')} is not finite")
        return report

    def _refuse_lost_weights(self) -> None:
        """Stop if a weight is not finite in float16, the type of a checkpoint.

        The loss was taken before the last update, so it does not show that.

        Raises `InputError`.
        """
        for variable in [w for network in self._networks() for w in network.weights]:
            if not np.abs(np.asarray(variable)).max() <= np.finfo(np.float16).max:
                raise self._diverged(f"the weight {variable.path} is not finite in float16")

    def _diverged(self, what: str) -> InputError:
        return InputError(
            f"the training diverged at step {self.step}: {what}, and no checkpoint is written; "
            f"lower optimizer.learning_rate ({self.config.optimizer.learning_rate:g}) or the weights in losses"
        )

    def _refuse_other_settings(self, path: Path) -> None:
        """A finished checkpoint of other settings is not overwritten. Raises `InputError`."""
        if path.exists():
            trained = self.read_card(read_bytes(path, MOST_BYTES, "delete it"), str(path)).get("training")
            if trained != self.config.model_dump(mode="json"):
                raise InputError(f"{path} was trained with other settings; give another --out, or delete it")

    def _log(self, validation: dict[str, float], seconds: float) -> None:
        row = {"step": self.step, "seconds": round(seconds, 1), **self._checked_report(), **validation}
        path = self.folder / "log.csv"
        with naming(path):
            fresh = not path.exists()
            with path.open("a", newline="") as file:
                writer = csv.DictWriter(file, list(row))
                if fresh:
                    writer.writeheader()
                writer.writerow({k: f"{v:.6g}" if isinstance(v, float) else v for k, v in row.items()})

    def _variables(self) -> list[Any]:
        return [*self.model.variables, *self.model.optimizer.variables]

    def _save_state(self) -> None:
        save_state(self.folder / STATE_FILE, self.step, run_hash(self.config), self._variables())

    def _resume(self) -> None:
        path = self.folder / STATE_FILE
        if path.exists():
            self.step = load_state(path, run_hash(self.config), self._variables())
