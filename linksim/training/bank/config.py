"""The states of a bank of codebooks as frozen, strict models. Light to import: no Keras here."""

from typing import Annotated, Any

from pydantic import Field, model_validator

from linksim.common.model import FILE_NAME, StrictModel
from linksim.training.recipe import NonNegative, Positive


class StateConfig(StrictModel):
    """One state: a codebook, and what it is trained with."""

    name: Annotated[str, Field(pattern=FILE_NAME, max_length=50)] = Field(
        description="ends the name of the state's checkpoint, NAME-STATE.npz"
    )
    bit_error_rate: Annotated[float, Field(ge=0, le=0.5)] = Field(
        0.0,
        description="of the index bits in its steps (`flips` says from which step, and how many batches stay clean), and of its "
        "channel-aware distortion; with `trainable` where it starts",
    )
    codebook_size: Annotated[int, Field(ge=2, le=65536)] | None = Field(
        None, description="K of this state, at most that of `model`; that one if null"
    )
    loss_weight: NonNegative = Field(1.0, description="factor on losses.codebook in its steps")
    rate_weight: NonNegative = Field(
        0.01, description="with `trainable`, weight of `-log(2 mu)`, which keeps the bit-error rate mu from going to 0"
    )


class BankConfig(StrictModel):
    """Several codebooks on one encoder and decoder (ESC-MVQ, uJSCC). Each step trains one state, drawn with equal
    chances; a checkpoint is written of each.
    """

    states: Annotated[tuple[StateConfig, ...], Field(min_length=1, max_length=16)] = Field(
        description="each with a name of its own"
    )
    affine: bool = Field(
        False,
        description="each state has a scale and a bias of its own after every convolution, and features normalized by its own "
        "moments",
    )
    trainable: bool = Field(
        False,
        description="each state's bit-error rate is trained: `mu = sigmoid(theta) / 2`, with relaxed (binary Concrete) flips",
    )
    temperature: Positive = Field(0.5, description="of the relaxed flips")

    @model_validator(mode="after")
    def _consistent(self) -> "BankConfig":
        names = [state.name for state in self.states]
        if twice := sorted({name for name in names if names.count(name) > 1}):
            raise ValueError(f"states: the name {twice[0]!r} is given twice; give each state a name of its own")
        if self.trainable:
            for state in self.states:
                if not 1e-4 <= state.bit_error_rate <= 0.4999:
                    raise ValueError(
                        f"trainable: state {state.name!r} starts at bit_error_rate {state.bit_error_rate:g}; allowed: 0.0001 to 0.4999"
                    )
            if len({state.codebook_size for state in self.states}) > 1:
                raise ValueError("trainable goes with codebooks of one size; leave codebook_size out of the states")
        return self

    def sizes(self, largest: int) -> tuple[int, ...]:
        """K of every state, where the model has `largest`."""
        return tuple(state.codebook_size or largest for state in self.states)

    def refuse_what_does_not_fit(self, recipe: Any) -> None:
        """Raise `ValueError` where the rest of a `TrainConfig` does not go with its bank."""
        largest = recipe.model.codebook_size
        for state, size in zip(self.states, self.sizes(largest), strict=True):
            if size > largest:
                raise ValueError(
                    f"bank: state {state.name!r} has codebook_size {size}, more than model.codebook_size: {largest}; make that larger"
                )
        if recipe.train_only != "all":
            raise ValueError(
                f"bank trains encoder, codebooks and decoder; leave train_only: {recipe.train_only} out, and fine-tune the "
                "checkpoint of one state"
            )
        if recipe.flips.bit_error_rate[1] > 0:
            raise ValueError("bank: its states bring their own bit_error_rate; leave flips.bit_error_rate out")
        term = recipe.losses.channel_aware
        others = {
            "codebook.kind": recipe.codebook.kind != "learned",
            "codebook.labels": recipe.codebook.labels != "keep",
            "losses.channel_aware.labelling: symbols": term.labelling == "symbols",
            "mask": recipe.mask is not None,
        }
        for key in (key for key, given in others.items() if given):
            raise ValueError(f"bank does not go with {key}; leave one of them out")
        if term.start_bit_error_rate is not None:
            raise ValueError("bank: its states bring their own bit_error_rate; leave start_bit_error_rate out")
        if recipe.codebook.initialization == "keep" and set(self.sizes(largest)) != {largest}:
            raise ValueError(
                f"codebook.initialization: keep gives every state the start's {largest} codewords; leave codebook_size out of the "
                "states, or use initialization: kmeans"
            )
