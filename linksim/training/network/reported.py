"""Moving averages of the loss terms of a model, which training shows and watches."""

from collections.abc import Sequence
from typing import Any

import keras
from keras import ops


class Reported(keras.Model):
    """A model that keeps them as a weight: the one kind of state that every Keras backend carries along.

    Attributes:
        report_names: what the averages are of.
        report: the averages, float32 `[len(report_names)]`.
    """

    def start_report(self, names: Sequence[str]) -> None:
        """Begin with zeros; called once, where the model is made."""
        self.report_names = list(names)
        self.report = self.add_weight(shape=(len(names),), initializer="zeros", trainable=False, name="report")

    def follow_report(self, terms: dict[str, Any]) -> None:
        """One step of the averages; a term that is not there counts as zero."""
        values = ops.stack([ops.cast(terms.get(name, 0.0), "float32") for name in self.report_names])
        self.report.assign(0.98 * self.report + 0.02 * ops.stop_gradient(values))
