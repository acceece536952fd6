"""The loss of a training, eq. 24, and its terms by name."""

from typing import Any

from keras import ops

from linksim.training.config import TrainConfig
from linksim.training.network import losses, transitions
from linksim.training.network.adversary import Adversary
from linksim.training.network.bits import bit_entropy
from linksim.training.network.fixed import FixedQuantizer
from linksim.training.network.quantizer import Quantized, Quantizer


class Objective:
    """Losses of a configuration, with its weights.

    Attributes:
        perceptual: weight and function of images `(x, x_hat)` of each perceptual loss, by name.
        terms: names of all terms that a step may report.
    """

    def __init__(
        self, config: TrainConfig, quantizer: Quantizer | FixedQuantizer, adversary: Adversary | None = None
    ) -> None:
        self.config, self.weights, self.quantizer, self.adversary = config, config.losses, quantizer, adversary
        self.perceptual = _perceptual_losses(config)
        against = ["adversarial", "discriminator"] if adversary else []
        of_bits = ["bit_entropy"] if self.weights.bit_entropy.weight else []
        self.terms = ["loss", "mse", "quantization", "entropy", "channel_aware", *of_bits, *self.perceptual, *against]

    def total(self, inputs: Any, x_hat: Any, codebook_terms: dict[str, Any]) -> dict[str, Any]:
        """Eq. 24 as `loss`, with its terms: `L = alpha_1 ||x - x_hat||^2 + alpha_2 L_gram + L_cb`. LPIPS and an adversarial
        term may be added.

        Args:
            inputs: of the model, `vqvae.Inputs`.
            x_hat: reconstructed images.
            codebook_terms: what `codebook_terms` gives; empty where the codebook is not trained.
        """
        weights, x = self.weights, inputs["image"]
        terms = {"mse": ops.mean(ops.square(x - x_hat))}
        loss = weights.mse * terms["mse"]
        for name, (alpha, perceptual) in self.perceptual.items():
            terms[name] = perceptual(x, x_hat)
            share = inputs["damaged"][0] if name == "lpips" and weights.lpips.batches == "damaged" else 1.0
            loss = loss + share * alpha * terms[name]
        if self.adversary is not None:
            terms["adversarial"] = self.adversary.deceived(x_hat)
            terms["discriminator"] = self.adversary.own_loss(x, x_hat)
            loss = loss + weights.adversarial.weight * inputs["deceive"][0] * terms["adversarial"]
            loss = loss + terms["discriminator"]
        if codebook_terms:
            loss = loss + weights.codebook * inputs["quantize"][0] * codebook_terms["codebook"]
        return terms | codebook_terms | {"loss": loss}

    def codebook_terms(self, z: Any, quantized: Quantized, used: Any, inputs: Any, training: bool) -> dict[str, Any]:
        """Eq. 23 as `codebook`, with its terms: `L_cb = L_q + gamma L_ca`, where `L_q = L_vq - lambda H_hat` (eq. 13).
        That of `bits.bit_entropy` may be added.

        Args:
            z: features `[n, D]`.
            quantized: what the quantizer made of them.
            used: 1 for the stages that a feature is sent with, else 0, `[n, S]`.
            inputs: of the model, `vqvae.Inputs`.
            training: whether the moving averages of the codebook follow.
        """
        weights, quantizer = self.weights, self.quantizer
        beta, lam, gamma = weights.commitment, weights.entropy.weight, weights.channel_aware.weight
        e = ops.sum(used[..., None] * quantized.words, axis=1)
        terms = {"quantization": ops.mean(losses.weighted(ops.square(z - e), quantized.weight))}
        h_hat, l_ca, transition = 0.0, 0.0, None
        if lam:
            h_hat = terms["entropy"] = self._entropy(quantized)
        if gamma:
            transition = self.transition(inputs)
            # With moving averages the codebook's own step is the closed form in `Quantizer.follow`.
            codewords = ops.stop_gradient(quantizer.codewords) if quantizer.ema else quantizer.codewords
            l_ca = losses.channel_aware_distortion(z, quantized.indices, codewords, transition, used, quantized.weight)
            terms["channel_aware"] = l_ca
        l_vq = losses.vq_loss(z, e, beta, codebook_term=not quantizer.ema, weight=quantized.weight)
        l_q = l_vq - lam * h_hat
        l_cb = l_q + gamma * l_ca
        if weights.bit_entropy.weight:
            of_bits = weights.bit_entropy
            terms["bit_entropy"] = bit_entropy(z, of_bits.temperature, of_bits.diversity, quantized.weight)
            l_cb = l_cb + of_bits.weight * terms["bit_entropy"]
        if training and quantizer.ema:
            quantizer.follow(quantized, transition, gamma)
        return terms | {"codebook": l_cb}

    def transition(self, inputs: Any) -> Any:
        """`P(j | i)` of a step, `[K, K]`; None without a weight of eq. 22."""
        return transitions.transition(self.config, inputs)

    def _entropy(self, quantized: Quantized) -> Any:
        """`H_hat` in nats: the sum of the entropies of all stages and heads (of the indices together, were they
        independent).
        """
        entropy, quantizer = self.weights.entropy, self.quantizer
        usage = quantizer.usage() if entropy.estimate == "running" else None
        return sum(
            losses.index_entropy(
                quantized.distances[s][h],
                quantized.indices[:, s, h],
                entropy.temperature,
                None if usage is None else usage[s, h],
                quantized.weight,
            )
            for s in range(quantizer.stages)
            for h in range(quantizer.heads)
        )


def _perceptual_losses(config: TrainConfig) -> dict[str, tuple[float, Any]]:
    """Weight and function of the perceptual losses that a recipe asks for."""
    compute = "bfloat16" if config.precision == "mixed_bfloat16" else "float32"
    weights = config.losses
    found: dict[str, tuple[float, Any]] = {}
    if weights.gram.weight:
        from linksim.training.network.perceptual import GramLoss

        found["gram"] = (weights.gram.weight, GramLoss(weights.gram.layers, dtype=compute))
    if weights.lpips.weight:
        from linksim.training.network.perceptual import LpipsLoss

        found["lpips"] = (weights.lpips.weight, LpipsLoss(weights.lpips.net, dtype=compute))
    return found
