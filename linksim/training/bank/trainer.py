"""The training of a bank of codebooks: a state drawn for each step, care for each codebook, a checkpoint of each state."""

from pathlib import Path
from typing import Any

import numpy as np

from linksim.common.seeds import generator
from linksim.semantic.archive import SavedAsArchive
from linksim.semantic.checkpoint import Checkpoint
from linksim.training import care
from linksim.training.batches import draw_flips, is_clean
from linksim.training.config import FlipsConfig, TrainConfig
from linksim.training.trainer import Trainer

LEAST_RATE = 0.01
"""Bit-error rate that labels are matched for at least: without errors every order of them is as good."""


class BankTrainer(Trainer):
    """The training of a recipe with `bank`; writes NAME-STATE.npz for each of its states."""

    def _make_model(self) -> Any:
        from linksim.training.network.bank.vqvae import BankVQVAE

        return BankVQVAE(self.config, self.config.precision)

    @property
    def _states(self) -> range:
        return range(len(self.config.bank.states))

    def _config_of(self, state: int) -> TrainConfig:
        """The recipe as it were for one state alone, with a seed of its own for the start of its codebook."""
        config, own = self.config, self.config.bank.states[state]
        size = config.bank.sizes(config.model.codebook_size)[state]
        term = config.losses.channel_aware.model_copy(update={"bit_error_rate": max(own.bit_error_rate, LEAST_RATE)})
        return config.model_copy(
            update={
                "seed": config.seed + state,
                "model": config.model.model_copy(update={"codebook_size": size}),
                "losses": config.losses.model_copy(update={"channel_aware": term}),
            }
        )

    def _put_in_codebook(self, start: Checkpoint) -> None:
        """Every state that has as many codewords as the start begins with them."""
        for state in self._states:
            quantizer = self.model.see(state).quantizer
            if start.stages.codewords.shape == quantizer.codewords.shape:
                vectors = care.vectors_per_step(self.config)
                care.set_codebook(quantizer, start.stages.codewords, start.stages.usage, vectors)

    def _start_codebook(self) -> None:
        for state in self._states:
            care.start_codebook(self.model.see(state).quantizer, self._config_of(state), self._some_features)

    def _revive(self, batch: np.ndarray) -> None:
        for state in self._states:
            quantizer = self.model.see(state).quantizer
            care.revive(quantizer, self._config_of(state), self._features(batch), self.step)

    def _inputs(self, image: np.ndarray, step: int) -> dict[str, np.ndarray]:
        """`network.vqvae.Inputs` of a batch, with its state and the bit errors of that."""
        inputs = super()._inputs(image, step)
        config = self.config
        state = draw_state(config, step)
        model, rate = self._config_of(state).model, config.bank.states[state].bit_error_rate
        shape = inputs["flips"].shape
        if config.bank.trainable:
            inputs["uniform"] = draw_uniform(config.flips, (*shape, model.bits_per_index), config.seed, step)
            damaged = inputs["uniform"].any()
        else:
            flips = config.flips.model_copy(update={"bit_error_rate": (rate, rate)})
            inputs["flips"] = draw_flips(flips, shape, model.bits_per_index, config.seed, step)
            damaged = inputs["flips"].any()
        return inputs | {
            "state": np.array([state], np.int32),
            "bit_error_rate": np.array([rate], np.float32),
            "damaged": np.array([float(damaged)], np.float32),
        }

    def validate(self) -> dict[str, float]:
        """What `validation.validate` measures in each state, and the rates where they are trained."""
        found: dict[str, float] = {}
        for state in self._states:
            name, seen = self.config.bank.states[state].name, self.model.see(state)
            found |= {f"{name}.{key}": value for key, value in self._validated(seen).items()}
            if self.config.bank.trainable:
                found[f"{name}.bit_error_rate"] = self.model.bit_error_rate(state)
        return found

    def _name(self, state: int) -> str:
        return f"{self.config.name}-{self.config.bank.states[state].name}"

    @property
    def paths(self) -> list[Path]:
        """One of each state."""
        return [self.folder / f"{self._name(state)}.npz" for state in self._states]

    def checkpoints(self) -> list[SavedAsArchive]:
        """One of each state."""
        return [self.checkpoint(state) for state in self._states]

    def checkpoint(self, state: int = 0) -> Checkpoint:
        """The present weights of a state, an ordinary checkpoint; its card tells the state."""
        seen = self.model.see(state)
        own = {
            "name": self.config.bank.states[state].name,
            "bit_error_rate": self.model.bit_error_rate(state),
            "codebook_size": seen.quantizer.size,
        }
        return self._checkpoint_of(seen, self._card() | {"name": self._name(state), "state": own})


def draw_state(config: TrainConfig, step: int) -> int:
    """The state of a step: each has equal chances."""
    assert config.bank is not None
    return int(generator(config.seed, step, "state").integers(len(config.bank.states)))


def draw_uniform(config: FlipsConfig, shape: tuple[int, ...], seed: int, step: int) -> np.ndarray:
    """Numbers float32 from (0, 1) of which flips are made, or zeros for a batch without any."""
    rng = generator(seed, step, "flips")
    if is_clean(config, step, rng):
        return np.zeros(shape, np.float32)
    return rng.uniform(1e-6, 1 - 1e-6, shape).astype(np.float32)
