"""The trainable VQ-VAE: encoder, feature normalization, quantizer, channel in the loop, decoder, and their losses."""

from typing import Any

import keras
import numpy as np
from keras import layers, ops

from linksim.codebook.labels import label_bits, transition_matrix
from linksim.codebook.receiver import KNOWN_LLR, PRIOR_FLOOR
from linksim.semantic.autoencoder import build_decoder, build_encoder
from linksim.training import losses
from linksim.training.config import TrainConfig


class FeatureNorm(layers.Layer):
    """Zero mean per dimension and unit mean variance over all dimensions, without learned scale.

    It fixes the scale of the features, so that neither commitment nor channel-aware distortion can be made small by shrinking
    the codebook. Training uses the statistics of the batch, inference their moving averages.
    """

    def __init__(self, dim: int, momentum: float = 0.99) -> None:
        super().__init__(dtype="float32")
        self.momentum = momentum
        self.mean = self.add_weight(shape=(dim,), initializer="zeros", trainable=False, name="mean")
        self.variance = self.add_weight(shape=(), initializer="ones", trainable=False, name="variance")

    def call(self, z: Any, training: bool = False) -> Any:
        if not training:
            return (z - self.mean) / ops.sqrt(self.variance + 1e-6)
        mean = ops.mean(z, axis=(0, 1, 2))
        variance = ops.mean(ops.square(z - mean))
        m = self.momentum
        self.mean.assign(m * self.mean + (1 - m) * ops.stop_gradient(mean))
        self.variance.assign(m * self.variance + (1 - m) * ops.stop_gradient(variance))
        return (z - mean) / ops.sqrt(variance + 1e-6)


class Quantizer(layers.Layer):
    """Nearest-neighbour quantizer (eq. 1) whose codebook follows by moving averages or by gradient.

    With moving averages (EMA) the codebook is the minimizer of eq. 23 for the present partition: with counts `n_i` and feature
    sums `S_i`, codeword `e_j = sum_i W_ij S_i / sum_i W_ij n_i`, `W = I + gamma P`. For gamma = 0 these are the centroids; else the
    generalized centroids of channel-optimized vector quantization (Farvardin 1990).
    """

    def __init__(self, config: TrainConfig) -> None:
        super().__init__(dtype="float32")
        size, dim = config.model.codebook_size, config.model.latent_dim
        self.config = config
        self.ema = config.codebook.update == "ema"
        self.codebook = self.add_weight(
            shape=(size, dim),
            initializer=keras.initializers.RandomNormal(0.0, 1.0, seed=config.seed),
            trainable=not self.ema,
            name="codebook",
        )
        self.counts = self.add_weight(shape=(size,), initializer="ones", trainable=False, name="counts")
        self.sums = self.add_weight(shape=(size, dim), initializer="zeros", trainable=False, name="sums")

    def call(self, z: Any) -> tuple[Any, Any]:
        """Features `[n, D]` -> indices `[n]` and distances `[n, K]` (per dimension)."""
        distances = losses.squared_distances(z, self.codebook)
        return ops.argmin(distances, axis=-1), distances

    def follow(self, z: Any, indices: Any, transition: Any, gamma: float) -> None:
        """One step of the moving averages: update counts and sums with a batch, then the codebook."""
        decay = self.config.codebook.decay
        one_hot = ops.one_hot(indices, self.counts.shape[0], dtype="float32")
        counts = decay * self.counts + (1 - decay) * ops.sum(one_hot, 0)
        sums = decay * self.sums + (1 - decay) * ops.matmul(ops.transpose(one_hot), z)
        self.counts.assign(counts)
        self.sums.assign(sums)
        if gamma:
            sums = sums + gamma * ops.matmul(ops.transpose(transition), sums)
            counts = counts + gamma * ops.matmul(ops.transpose(transition), counts[:, None])[:, 0]
        used = counts > 1e-3
        self.codebook.assign(ops.where(used[:, None], sums / ops.maximum(counts, 1e-3)[:, None], self.codebook))

    def set_codebook(self, codebook: np.ndarray, counts: np.ndarray) -> None:
        """Put in codewords `[K, D]` with the counts `[K]` that the moving averages go on from."""
        self.codebook.assign(codebook)
        self.counts.assign(counts)
        self.sums.assign(codebook * counts[:, None])


class VQVAE(keras.Model):
    """Images and drawn bit flips in, reconstructed images out; every loss of the configuration is added on the way.

    Inputs: `image` float32 `[B, H, W, 3]` in [0, 1]; `flips` int32 `[B, H/4, W/4]`, the error pattern (XOR) of each index, zero where the
    channel is not in the loop; `bit_error_rate` float32 `[1]` for eq. 22; `quantize` float32 `[1]`, 0 before quantization begins, then 1.
    `damaged` float32 `[1]`, 1 for a batch that has errors. With `reception`, `relative_llr` float32 `[B, H/4, W/4, m]`: LLRs of the index bits, positive where they point to the bit that was sent;
    and `known` bool, in the same shape: bits that the receiver knows because their block's CRC holds.
    """

    def __init__(self, config: TrainConfig, dtype: Any = "float32") -> None:
        super().__init__(dtype="float32")
        model = config.model
        self.config = config
        self.encoder = build_encoder(model.channels, model.encoder_blocks, model.latent_dim, dtype)
        self.norm = FeatureNorm(model.latent_dim)
        self.quantizer = Quantizer(config)
        self.decoder = build_decoder(
            model.channels, model.decoder_blocks, model.latent_dim, dtype, with_variance=config.reception is not None
        )
        if config.train_only == "decoder":
            self.encoder.trainable = False
            self.quantizer.trainable = False
        self.perceptual: list[tuple[str, float, Any]] = []
        compute = "bfloat16" if config.precision == "mixed_bfloat16" else "float32"
        if config.losses.gram.weight:
            from linksim.training.perceptual import GramLoss

            self.perceptual.append(
                ("gram", config.losses.gram.weight, GramLoss(config.losses.gram.layers, dtype=compute))
            )
        if config.losses.lpips.weight:
            from linksim.training.perceptual import LpipsLoss

            self.perceptual.append(
                ("lpips", config.losses.lpips.weight, LpipsLoss(config.losses.lpips.net, dtype=compute))
            )
        self.report_names = ["loss", "mse", "quantization", "entropy", "channel_aware"]
        self.report_names += [name for name, _, _ in self.perceptual]
        # Moving averages of the loss terms, as a weight: the one kind of state that every Keras backend carries along.
        self.report = self.add_weight(
            shape=(len(self.report_names),), initializer="zeros", trainable=False, name="report"
        )
        # Labels that are no codeword (K no power of two) become their valid neighbour without the highest bit.
        labels = np.arange(2**model.bits_per_index)
        self.valid_label = np.where(
            labels < model.codebook_size, labels, labels - 2 ** (model.bits_per_index - 1)
        ).astype("int32")

    def features(self, image: Any, training: bool = False) -> Any:
        """Normalized features `[B, H/4, W/4, D]` of images `[B, H, W, 3]`."""
        return self.norm(self.encoder(image), training=training and not self.encoder_frozen)

    @property
    def encoder_frozen(self) -> bool:
        """Whether encoder and codebook stay as they are (`train_only: decoder`)."""
        return self.config.train_only == "decoder"

    def call(self, inputs: dict[str, Any], training: bool = False) -> Any:
        weights = self.config.losses
        image = inputs["image"]
        features = self.features(image, training)
        z = ops.reshape(features, (-1, self.config.model.latent_dim))
        indices, distances = self.quantizer(z)
        codeword = ops.take(self.quantizer.codebook, indices, axis=0)

        if self.config.reception is not None:
            receive = self._soft_features if self.config.reception.receiver == "soft" else self._hard_features
            to_decoder, variance = receive(indices, inputs["relative_llr"], inputs["known"])
            grid = ops.shape(features)[:-1]
            decoder_inputs = [ops.reshape(to_decoder, ops.shape(features)), ops.reshape(variance, (*grid, 1))]
        else:
            received = ops.bitwise_xor(ops.cast(indices, "int32"), ops.reshape(inputs["flips"], (-1,)))
            arrived = ops.take(self.quantizer.codebook, ops.take(self.valid_label, received), axis=0)
            # Straight-through: the gradient at what arrived goes to the feature as if nothing had happened to it. Before
            # quantization begins (`quantize` = 0) the decoder sees the feature itself.
            to_decoder = z + inputs["quantize"][0] * ops.stop_gradient(arrived - z)
            decoder_inputs = ops.reshape(to_decoder, ops.shape(features))
        reconstruction = self.decoder(decoder_inputs)

        terms = {"mse": ops.mean(ops.square(image - reconstruction))}
        total = weights.mse * terms["mse"]
        for name, weight, loss in self.perceptual:
            terms[name] = loss(image, reconstruction)
            share = inputs["damaged"][0] if name == "lpips" and weights.lpips.batches == "damaged" else 1.0
            total = total + share * weight * terms[name]
        if not self.encoder_frozen:
            codebook_loss, codebook_terms = self._codebook_loss(z, indices, codeword, distances, inputs, training)
            total = total + weights.codebook * inputs["quantize"][0] * codebook_loss
            terms |= codebook_terms
        terms["loss"] = total
        if training:
            values = ops.stack([ops.cast(terms.get(name, 0.0), "float32") for name in self.report_names])
            self.report.assign(0.98 * self.report + 0.02 * ops.stop_gradient(values))
        self.add_loss(total)
        return reconstruction

    def _soft_features(self, indices: Any, relative_llr: Any, known: Any) -> tuple[Any, Any]:
        """Posterior mean `[n, D]` and variance per dimension `[n, 1]` of the codewords, given LLRs relative to the sent bits.

        The same posterior as `receiver.Soft`: prior usage times the likelihood of every label.
        """
        codebook = self.quantizer.codebook
        size, dim = codebook.shape
        bits = self.config.model.bits_per_index
        labels = label_bits(size).astype("float32")  # [K, m]
        sent = ops.take(labels, indices, axis=0)
        llr = ops.reshape(ops.where(known, KNOWN_LLR, relative_llr), (-1, bits)) * (2.0 * sent - 1.0)
        prior = self._prior()
        posterior = ops.softmax(ops.matmul(llr, labels.T) + ops.log(prior), axis=-1)
        mean = ops.matmul(posterior, codebook)
        energy = ops.matmul(posterior, ops.sum(ops.square(codebook), -1, keepdims=True))
        variance = ops.maximum(energy - ops.sum(ops.square(mean), -1, keepdims=True), 0.0) / dim
        return mean, variance

    def _hard_features(self, indices: Any, relative_llr: Any, known: Any) -> tuple[Any, Any]:
        """Decided codewords `[n, D]` and their variance per dimension `[n, 1]`, given LLRs relative to the sent bits.

        The same as `receiver.Hard`: error rates of the m bits for the whole batch, which is sent at one SNR.
        """
        codebook, bits = self.quantizer.codebook, self.config.model.bits_per_index
        size, dim = codebook.shape
        llr = ops.reshape(relative_llr, (-1, bits))
        weights = ops.cast(2 ** np.arange(bits - 1, -1, -1), "int32")
        doubtful = 1.0 - ops.cast(ops.reshape(known, (-1, bits)), "float32")
        flips = ops.sum(ops.cast(doubtful * llr < 0, "int32") * weights, -1)
        received = ops.take(self.valid_label, ops.bitwise_xor(ops.cast(indices, "int32"), flips), axis=0)
        rates = ops.sum(doubtful * ops.sigmoid(-ops.abs(llr)), 0) / ops.maximum(ops.sum(doubtful, 0), 1.0)
        transition = transition_matrix(size, rates, ops)  # [sent, decided]
        posterior = ops.transpose(transition * self._prior()[:, None])
        posterior = posterior / ops.sum(posterior, -1, keepdims=True)
        norms = ops.sum(ops.square(codebook), -1, keepdims=True)
        mean, energy = ops.matmul(posterior, codebook), ops.matmul(posterior, norms)
        spread = energy - 2.0 * ops.sum(codebook * mean, -1, keepdims=True) + norms
        variance = ops.take(ops.maximum(spread, 0.0) / dim, received, axis=0) * ops.max(doubtful, -1, keepdims=True)
        return ops.take(codebook, received, axis=0), variance

    def _prior(self) -> Any:
        """Usage of the codewords `[K]` with the receivers' floor."""
        prior = ops.maximum(
            self.quantizer.counts / ops.sum(self.quantizer.counts), PRIOR_FLOOR / self.quantizer.counts.shape[0]
        )
        return prior / ops.sum(prior)

    def _codebook_loss(
        self, z: Any, indices: Any, codeword: Any, distances: Any, inputs: dict[str, Any], training: bool
    ) -> tuple[Any, dict[str, Any]]:
        """Eq. 23, `L_vq - lambda H_hat + gamma L_ca`, and its terms by name."""
        weights, gradient = self.config.losses, self.config.codebook.update == "gradient"
        codebook = self.quantizer.codebook
        terms = {"quantization": ops.mean(ops.square(z - codeword))}
        loss = losses.vq_loss(z, codeword, weights.commitment, codebook_term=gradient)
        if weights.entropy.weight:
            counts = self.quantizer.counts
            running = counts / ops.sum(counts) if weights.entropy.estimate == "running" else None
            terms["entropy"] = losses.index_entropy(distances, indices, weights.entropy.temperature, running)
            loss = loss - weights.entropy.weight * terms["entropy"]
        gamma, transition = weights.channel_aware.weight, None
        if gamma:
            eps = inputs["bit_error_rate"][0]
            transition = losses.transition_matrix(codebook.shape[0], eps, weights.channel_aware.labelling)
            # With moving averages the codebook's own step is the closed form in `Quantizer.follow`.
            fixed = codebook if gradient else ops.stop_gradient(codebook)
            terms["channel_aware"] = losses.channel_aware_distortion(z, indices, fixed, transition)
            loss = loss + gamma * terms["channel_aware"]
        if training and not gradient:
            self.quantizer.follow(ops.stop_gradient(z), indices, transition, gamma)
        return loss, terms
