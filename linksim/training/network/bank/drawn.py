"""Variables that every state has one of, side by side, and the state that a step is for."""

from typing import Any

import keras
from keras import ops


class Drawn:
    """The number of the state that is looked at, of `count`: an int32 variable that no file keeps but a run's own state.

    Layers ask for it where they compute, so a network looks as if it were of that state alone.
    """

    def __init__(self, count: int) -> None:
        self.count = count
        self.variable = keras.Variable(0, dtype="int32", trainable=False, name="state")

    def see(self, state: Any) -> None:
        """Look at a state from here on."""
        self.variable.assign(ops.cast(state, "int32"))

    def of(self, stacked: Any) -> Any:
        """The part `[...]` of values `[V, ...]` that is the state's.

        A sum with zeros, not a look-up: exact in every arithmetic, and its gradient is an array like any other.
        """
        values = ops.convert_to_tensor(stacked)
        return ops.sum(self._share(values) * values, axis=0)

    def put(self, stacked: Any, value: Any) -> None:
        """Give a variable `[V, ...]` the value `[...]` where it is the state's; the other states' stay bit for bit."""
        values = ops.convert_to_tensor(stacked)
        stacked.assign(ops.where(self._share(values) > 0, ops.convert_to_tensor(value, values.dtype)[None], values))

    def _share(self, values: Any) -> Any:
        one_hot = ops.one_hot(ops.convert_to_tensor(self.variable), self.count, dtype=values.dtype)
        return ops.reshape(one_hot, (self.count, *[1] * (len(values.shape) - 1)))
