"""The loss of a bank: that of the state drawn, with its own weight, and what keeps a trained bit-error rate up."""

from typing import Any

import numpy as np

from linksim.training.config import TrainConfig
from linksim.training.network import losses
from linksim.training.network.adversary import Adversary
from linksim.training.network.bank.drawn import Drawn
from linksim.training.network.bank.quantizer import BankQuantizer
from linksim.training.network.bank.rates import Rates
from linksim.training.network.objective import Objective


class BankObjective(Objective):
    """An `Objective` whose codebook loss counts `loss_weight` times in a state's steps.

    With trained rates `rate_weight` times `-log(2 mu)` is added, `flip_rate` among the terms. Without it the rate would
    go to 0, where the picture is best. What the sources add here could not be read; this is the simplest of that kind.
    """

    def __init__(
        self,
        config: TrainConfig,
        quantizer: BankQuantizer,
        drawn: Drawn,
        rates: Rates | None,
        adversary: Adversary | None,
    ) -> None:
        super().__init__(config, quantizer, adversary)
        assert config.bank is not None
        self._bank, self._drawn, self._rates = quantizer, drawn, rates
        self._weights = np.array([[s.loss_weight, s.rate_weight] for s in config.bank.states], np.float32)
        if rates is not None:
            self.terms = [*self.terms, "flip_rate"]

    def transition(self, inputs: Any) -> Any:
        """That of the state's codebook."""
        term = self.weights.channel_aware
        if not term.weight:
            return None
        labelling: losses.Labelling = "random" if term.labelling == "random" else "exact"
        return self._bank.transition(inputs["bit_error_rate"][0], labelling)

    def total(self, inputs: Any, x_hat: Any, codebook_terms: dict[str, Any]) -> dict[str, Any]:
        loss_weight, rate_weight = (self._drawn.of(self._weights[:, i]) for i in range(2))
        weighted = {"codebook": loss_weight * codebook_terms["codebook"]} if codebook_terms else {}
        terms = super().total(inputs, x_hat, codebook_terms | weighted)
        if self._rates is not None:
            terms["flip_rate"] = self._rates.rate()
            terms["loss"] = terms["loss"] + rate_weight * self._rates.reward()
        return terms
