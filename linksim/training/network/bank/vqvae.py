"""The trainable VQ-VAE of a bank: one encoder and decoder, a codebook of every state, one state a step."""

from types import SimpleNamespace
from typing import Any

from keras import ops

from linksim.semantic.autoencoder import build_decoder, build_encoder
from linksim.training.config import TrainConfig
from linksim.training.network.bank.affine import AffineConvs
from linksim.training.network.bank.drawn import Drawn
from linksim.training.network.bank.normalization import BankNorm
from linksim.training.network.bank.objective import BankObjective
from linksim.training.network.bank.quantizer import BankQuantizer, OneCodebook
from linksim.training.network.bank.rates import Rates, error_patterns, relaxed_words
from linksim.training.network.normalization import FeatureNorm
from linksim.training.network.quantizer import Quantized
from linksim.training.network.vqvae import VQVAE


class BankVQVAE(VQVAE):
    """A `VQVAE` that is that of the state looked at: with the inputs `state` int32 `[1]`, and where bit-error rates are
    trained `uniform` float32 `[B, h, w, S, H, m]`, of which the flips are made.
    """

    def _make_parts(self, config: TrainConfig, dtype: Any) -> None:
        assert config.bank is not None
        bank = self._bank = config.bank
        self.drawn = Drawn(len(bank.states))
        self._seen = self.drawn.variable  # so that Keras knows it for one of the model's
        build: dict[str, Any] = {"conv": AffineConvs(self.drawn)} if bank.affine else {}
        self.encoder = build_encoder(config.model, dtype, **build)
        dim = config.model.latent_dim
        self.norm = BankNorm(dim, self.drawn) if bank.affine else FeatureNorm(dim)
        self.quantizer = BankQuantizer(config, self.drawn)
        self.decoder = build_decoder(config.model, dtype, **build)
        starts = tuple(state.bit_error_rate for state in bank.states)
        self.rates = Rates(starts, bank.temperature, self.drawn) if bank.trainable else None

    def _make_objective(self) -> BankObjective:
        return BankObjective(self.config, self.quantizer, self.drawn, self.rates, self.adversary)

    def see(self, state: int) -> Any:
        """Look at a state from here on: encoder, normalization and decoder are its own.

        Returns what `export` takes for a model, with the state's `quantizer`, and `config` with its `codebook_size`.
        """
        self.drawn.see(state)
        own = OneCodebook(self.quantizer, state)
        model = self.config.model.model_copy(update={"codebook_size": own.size})
        return SimpleNamespace(
            config=self.config.model_copy(update={"model": model}),
            encoder=self.encoder,
            decoder=self.decoder,
            norm=self.norm,
            quantizer=own,
            encoder_frozen=self.encoder_frozen,
            mask_token=None,
            repair=None,
        )

    def bit_error_rate(self, state: int) -> float:
        """Of a state: what the recipe says, or what was trained."""
        if self.rates is None:
            return self._bank.states[state].bit_error_rate
        self.drawn.see(state)
        return float(ops.convert_to_numpy(self.rates.rate()))

    def call(self, inputs: Any, training: bool = False) -> Any:
        self.drawn.see(inputs["state"][0])
        if self.rates is not None:
            # Eq. 22 takes the rate as it is: of its own accord it would only ever go to 0.
            inputs = {**inputs, "bit_error_rate": ops.stop_gradient(ops.reshape(self.rates.rate(), (1,)))}
        return super().call(inputs, training=training)

    def _arrived(self, z: Any, quantized: Quantized, used: Any, inputs: Any, features: Any) -> Any:
        """As of `VQVAE`. With trained rates the decoder sees words of bits that are flipped or not, and the rate has
        the gradient of the relaxed ones (straight-through).
        """
        if self.rates is None:
            return super()._arrived(z, quantized, used, inputs, features)
        flips, relaxed = self.rates.flips(inputs["uniform"])
        seen = super()._arrived(z, quantized, used, {**inputs, "flips": error_patterns(flips)}, features)
        relaxed = ops.reshape(relaxed, (-1, *relaxed.shape[3:]))
        words = [
            [
                relaxed_words(quantized.indices[:, s, h], relaxed[:, s, h], ops.stop_gradient(codewords))
                for h, codewords in enumerate(self._of_heads(s))
            ]
            for s in range(self.quantizer.stages)
        ]
        arrived = ops.stack([ops.concatenate(heads, -1) for heads in words], axis=1)
        soft = ops.reshape(ops.sum(used[..., None] * arrived, axis=1), ops.shape(features))
        return seen + inputs["quantize"][0] * (soft - ops.stop_gradient(soft))

    def _flipped(self, sent: Any, flips: Any) -> Any:
        return self.quantizer.arrived(sent, flips)

    def _of_heads(self, stage: int) -> list[Any]:
        """Codewords `[K, D / H]` of the heads of a stage, those that are there."""
        size = self.quantizer.sizes[0]  # one for all states, where rates are trained
        return [self.quantizer.codewords[stage, h][:size] for h in range(self.quantizer.heads)]
