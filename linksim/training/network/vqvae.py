"""The trainable VQ-VAE: encoder, normalization, quantizer, channel in the loop, decoder, and their loss."""

from dataclasses import replace
from typing import Any, TypedDict

import numpy as np
from keras import ops

from linksim.semantic.autoencoder import build_decoder, build_encoder
from linksim.semantic.repair import build_repair
from linksim.training.config import TrainConfig
from linksim.training.masking.token import MaskToken, hidden, weight_of_visible, without_variance
from linksim.training.network import receivers, transitions
from linksim.training.network.adversary import Adversary
from linksim.training.network.bits import draw
from linksim.training.network.fixed import FixedQuantizer, on_sphere
from linksim.training.network.normalization import FeatureNorm
from linksim.training.network.objective import Objective
from linksim.training.network.quantizer import Quantized, Quantizer
from linksim.training.network.repairing import TERMS, repair_terms
from linksim.training.network.reported import Reported


class Inputs(TypedDict, total=False):
    """A batch of B images with everything that was drawn for it; h x w features of an image, S stages of H heads, m
    bits an index.

    Attributes:
        image: float32 `[B, H, W, 3]` in [0, 1].
        stages: int32 `[B]`, how many stages each image is sent with.
        flips: int32 `[B, h, w, S, H]`, error pattern (XOR) of each index, zero where the channel is not in the loop.
        bit_error_rate: float32 `[1]`, of eq. 22.
        quantize: float32 `[1]`, 0 before quantization begins, then 1.
        damaged: float32 `[1]`, 1 for a batch that has errors.
        deceive: float32 `[1]`, 0 before the decoder tries to deceive the discriminator, then 1.
        state: with `bank`, int32 `[1]`, the state that the step is for.
        relative_llr: with `reception`, float32 `[B, h, w, S, H, m]`, LLRs of the index bits, positive where they
            point to the sent bit.
        known: with `reception`, bool in the same shape, bits that the receiver knows because their block's CRC holds.
        uniform: where `codebook.bits` are drawn, float32 `[B, h, w, D]` in [0, 1), a number for each; where a
            bank's bit-error rates are trained, `[B, h, w, S, H, m]`, of which it makes the flips.
        fold: with it, float32 `[1]`, error rate of the channel that is folded into their probability.
        transition, chance: with labelling: symbols, as of `batches.draw_symbols`.
        masked: with `mask`, bool `[B, h, w]`, features that are masked.
    """

    image: np.ndarray
    stages: np.ndarray
    flips: np.ndarray
    bit_error_rate: np.ndarray
    quantize: np.ndarray
    damaged: np.ndarray
    deceive: np.ndarray
    state: np.ndarray
    relative_llr: np.ndarray
    known: np.ndarray
    uniform: np.ndarray
    fold: np.ndarray
    transition: np.ndarray
    chance: np.ndarray
    masked: np.ndarray


class VQVAE(Reported):
    """`Inputs` to reconstructed images; the loss of the configuration, eq. 24, is added on the way."""

    def __init__(self, config: TrainConfig, dtype: Any = "float32") -> None:
        super().__init__(dtype="float32")
        self.config = config
        self._make_parts(config, dtype)
        self.mask_token = None if config.mask is None else MaskToken(config.model.latent_dim)
        self.repair = build_repair(config.model, dtype) if config.model.repair_blocks else None
        if self.repair is not None:
            self.decoder.trainable = False
        if self.encoder_frozen:
            self.encoder.trainable = False
            self.quantizer.trainable = False
        adversarial = config.losses.adversarial
        self.adversary = Adversary(adversarial.channels, dtype) if adversarial.weight else None
        self.objective = self._make_objective()
        self.start_report(self.objective.terms if self.repair is None else TERMS)

    def _make_parts(self, config: TrainConfig, dtype: Any) -> None:
        self.encoder = build_encoder(config.model, dtype)
        self.norm = FeatureNorm(config.model.latent_dim)
        self.quantizer = Quantizer(config) if config.codebook.kind == "learned" else FixedQuantizer(config)
        self.decoder = build_decoder(config.model, dtype, with_variance=config.decoder_takes_variance)

    def _make_objective(self) -> Objective:
        return Objective(self.config, self.quantizer, self.adversary)

    @property
    def encoder_frozen(self) -> bool:
        """Whether encoder and codebook stay as they are (`train_only: decoder` or `repair`)."""
        return self.config.train_only != "all"

    def features(self, image: Any, training: bool = False, masked: Any = None) -> Any:
        """Normalized features `[B, h, w, D]` of images `[B, H, W, 3]`, without the pixels of those that are `masked`
        (`[B, h, w]`).
        """
        training = training and not self.encoder_frozen
        if masked is None:
            return self.norm(self.encoder(image), training=training)
        z = self.encoder(hidden(image, masked, int(self.config.model.downsampling)))
        return self.norm(z, training=training, weight=weight_of_visible(masked))

    def call(self, inputs: Any, training: bool = False) -> Any:
        masked = inputs["masked"] if self.mask_token is not None else None
        features = self.features(inputs["image"], training, masked)
        z = ops.reshape(features, (-1, self.config.model.latent_dim))
        if self.config.codebook.projection == "sphere":
            z = on_sphere(z)
        optimized = self.config.losses.channel_aware.assignment == "channel-optimized"
        quantized = self.quantizer(z, *([self.objective.transition(inputs)] if optimized else []))
        if masked is not None:
            quantized = replace(quantized, weight=ops.reshape(weight_of_visible(masked), (-1,)))
        used = self._used(inputs["stages"], features)
        if self.config.reception is not None:
            decoder_inputs = self._received(quantized, used, inputs, features)
            if self.repair is not None:
                return self._repaired(decoder_inputs, quantized, used, training)
        else:
            decoder_inputs = self._arrived(z, quantized, used, inputs, features)
        if self.mask_token is not None:
            decoder_inputs = self._masked(decoder_inputs, masked)
        x_hat = self.decoder(decoder_inputs)
        codebook_terms = (
            {} if self.encoder_frozen else self.objective.codebook_terms(z, quantized, used, inputs, training)
        )
        terms = self.objective.total(inputs, x_hat, codebook_terms)
        if training:
            self.follow_report(terms)
        self.add_loss(terms["loss"])
        return x_hat

    def _masked(self, decoder_inputs: Any, masked: Any) -> Any:
        """What the decoder takes, with the token in place of masked features."""
        assert self.mask_token is not None
        if not isinstance(decoder_inputs, list):
            return self.mask_token(decoder_inputs, masked)
        features, variance = decoder_inputs
        return [self.mask_token(features, masked), without_variance(variance, masked)]

    def _used(self, stages: Any, features: Any) -> Any:
        """1 for the stages that the image of a feature is sent with, else 0: `[n, S]`."""
        sent = ops.cast(ops.arange(self.quantizer.stages)[None, :] < stages[:, None], "float32")
        return ops.reshape(ops.zeros_like(features[..., :1]) + sent[:, None, None, :], (-1, self.quantizer.stages))

    def _arrived(self, z: Any, quantized: Quantized, used: Any, inputs: Any, features: Any) -> Any:
        """Features for the decoder with `flips` or `chance`, `[B, h, w, D]`.

        Straight-through: the gradient at what arrived goes to the feature (of bits that are drawn, to their expected
        codewords) as if nothing had happened to it. Before quantization begins (`quantize` = 0) the decoder sees that
        itself.
        """
        shape = (-1, *quantized.indices.shape[1:])
        sent, through = quantized.indices, z
        if isinstance(self.quantizer, FixedQuantizer) and self.config.codebook.bits != "decided":
            uniform, fold = ops.reshape(inputs["uniform"], ops.shape(z)), inputs["fold"][0]
            bits, through = draw(self.config.codebook.bits, self.quantizer.logits(z), uniform, fold)
            sent = bits[:, None]
        if self.config.flips.errors == "symbols":
            chance = ops.reshape(inputs["chance"], shape)
            received = transitions.arrived(sent, chance, inputs["transition"])
        else:
            received = self._flipped(sent, ops.reshape(inputs["flips"], shape))
        words = self.quantizer.words(received)
        arrived = ops.sum(used[..., None] * words, axis=1)
        to_decoder = through + inputs["quantize"][0] * ops.stop_gradient(arrived - through)
        return ops.reshape(to_decoder, ops.shape(features))

    def _flipped(self, sent: Any, flips: Any) -> Any:
        """Indices that arrive of sent ones with error patterns (XOR), in one shape."""
        return receivers.arrived(sent, flips, self.quantizer.size)

    def _received(self, quantized: Quantized, used: Any, inputs: Any, features: Any) -> list[Any]:
        """Features for the decoder from a receiver: estimates `[B, h, w, D]` and their variance per dimension
        `[B, h, w, 1]`.

        Estimates, variances and biases of the stages and heads add as in `codebook.quantizer.ResidualQuantizer.decode`.
        """
        reception, quantizer = self.config.reception, self.quantizer
        assert reception is not None
        receive, prior = receivers.KINDS[reception.receiver], receivers.floored_prior(quantizer.usage())
        shape = (-1, quantizer.stages, quantizer.heads, self.config.model.bits_per_index)
        llr, known = ops.reshape(inputs["relative_llr"], shape), ops.reshape(inputs["known"], shape)
        estimate: Any = 0.0
        bias: Any = 0.0
        error: Any = 0.0
        for s in range(quantizer.stages):
            parts = [
                receive(
                    quantized.indices[:, s, h], llr[:, s, h], known[:, s, h], quantizer.codewords[s, h], prior[s, h]
                )
                for h in range(quantizer.heads)
            ]
            words, biases = (ops.concatenate([part[i] for part in parts], -1) for i in (0, 2))
            sent = used[:, s : s + 1]
            estimate, bias = estimate + sent * words, bias + sent * biases
            error = error + used[:, s] * (sum(part[1] for part in parts) - ops.sum(ops.square(biases), -1))
        variance = ops.maximum(error + ops.sum(ops.square(bias), -1), 0.0) / self.config.model.latent_dim
        grid = ops.shape(features)[:-1]
        return [ops.reshape(estimate, ops.shape(features)), ops.reshape(variance, (*grid, 1))]

    def _repaired(self, received: list[Any], quantized: Quantized, used: Any, training: bool) -> Any:
        """What the repair block makes of received features and their variance, its loss added; in training as features
        `[B, h, w, D]`, since the decoder stays as it is, else requantized and decoded.
        """
        assert self.repair is not None
        repaired = self.repair(received)
        shape = ops.shape(repaired)
        clean = ops.reshape(ops.sum(used[..., None] * quantized.words, axis=1), shape)
        terms = repair_terms(self.config.losses.repair, repaired, clean)
        self.add_loss(terms["loss"])
        if training:
            self.follow_report(terms)
            return repaired
        words = self.quantizer(ops.reshape(repaired, (-1, self.config.model.latent_dim))).words
        return self.decoder(ops.reshape(ops.sum(used[..., None] * words, axis=1), shape))
