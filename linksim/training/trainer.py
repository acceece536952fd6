"""The training of a codebook: batches with all that is drawn for them, and care for the codebook between steps."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from linksim.codebook.stages import Stages
from linksim.semantic.card import card_markdown
from linksim.semantic.checkpoint import Checkpoint
from linksim.semantic.codec import KerasCodec, SemanticCodec
from linksim.training import care, export
from linksim.training.batches import crop_batch, draw_flips, draw_stages, draw_symbols
from linksim.training.config import TrainConfig
from linksim.training.fixed.drawing import draw_bits
from linksim.training.loop import TrainingRun
from linksim.training.masking.config import draw_masked
from linksim.training.masking.validation import validate_masked
from linksim.training.receptions import LlrPool, gather_llrs
from linksim.training.schedules import channel_aware_rate, learning_rate, quantization_begins, quantizes
from linksim.training.start import put_in, read_start
from linksim.training.validation import validate


class Trainer(TrainingRun):
    """The training of a codebook with its networks (see `TrainingRun`)."""

    def __init__(self, config: TrainConfig, folder: Path) -> None:
        import keras

        super().__init__(config, folder)
        config = self.config
        self.model = self._make_model()
        optimizer = config.optimizer
        start = read_start(config)
        self.llr_pool: LlrPool | None = None
        if config.reception is not None and start is not None:
            self.llr_pool = gather_llrs(config.reception, start.stages, config.model.downsampling, config.seed)
        self.model.compile(
            optimizer=keras.optimizers.Adam(optimizer.learning_rate, global_clipnorm=optimizer.clip_norm)
        )
        self.model(self._inputs(np.zeros((1, 32, 32, 3), np.float32), 0), training=False)
        self.model.optimizer.build(self.model.trainable_variables)
        if start is not None:
            put_in(start, self.model)
            if config.initialize_layers == "all":
                self._put_in_codebook(start)

    def _make_model(self) -> Any:
        from linksim.training.network.vqvae import VQVAE

        return VQVAE(self.config, self.config.precision)

    def _put_in_codebook(self, start: Checkpoint) -> None:
        if start.stages.codewords.shape == self.model.quantizer.codewords.shape:
            vectors = care.vectors_per_step(self.config)
            care.set_codebook(self.model.quantizer, start.stages.codewords, start.stages.usage, vectors)

    def _start_codebook(self) -> None:
        care.start_codebook(self.model.quantizer, self.config, self._some_features)

    def _revive(self, batch: np.ndarray) -> None:
        care.revive(self.model.quantizer, self.config, self._features(batch), self.step)

    def _networks(self) -> list[Any]:
        return [*super()._networks(), *([] if self.model.repair is None else [self.model.repair])]

    def _inputs(self, image: np.ndarray, step: int) -> dict[str, np.ndarray]:
        """`network.vqvae.Inputs` of a batch of images: with them, all that is drawn for a step."""
        config, model = self.config, self.config.model
        grid = (len(image), *(side // model.downsampling for side in image.shape[1:3]))
        indices = (*grid, model.stages, model.heads)
        inputs = {
            "image": image,
            "stages": draw_stages(config, len(image), step),
            "flips": draw_flips(config.flips, indices, model.bits_per_index, config.seed, step),
            "bit_error_rate": np.array([channel_aware_rate(config, step)], np.float32),
            "quantize": np.array([float(quantizes(config, step))], np.float32),
            "deceive": np.array([float(step >= config.losses.adversarial.from_step)], np.float32),
        }
        inputs |= draw_bits(config, grid, step) | draw_symbols(config, indices, step)
        if config.mask is not None:
            inputs["masked"] = draw_masked(config.mask, model.downsampling, grid, config.seed, step)
        errors = inputs["flips"].any(), inputs.get("fold", 0.0) > 0, inputs.get("chance", -1.0) >= 0
        damaged = any(np.any(error) for error in errors)
        if self.llr_pool is not None:
            inputs["relative_llr"], inputs["known"] = self.llr_pool.draw(grid, config.seed, step)
            damaged = not inputs["known"].all()
        return inputs | {"damaged": np.array([float(damaged)], np.float32)}

    def _some_features(self, batches: int) -> np.ndarray:
        """Features `[n, D]` of `batches` batches of training crops."""
        crops = [crop_batch(self.train_images, self.config.data, self.config.seed, -1 - i) for i in range(batches)]
        return np.concatenate([self._features(crop) for crop in crops])

    def _features(self, images: np.ndarray) -> np.ndarray:
        return np.asarray(self.model.features(images)).reshape(-1, self.config.model.latent_dim)

    def _one_step(self) -> dict[str, float]:
        """Train on one batch and take care of the codebook; moving averages of the loss terms."""
        config = self.config
        learns_codebook = not self.model.encoder_frozen and config.codebook.kind == "learned"
        if self.step == quantization_begins(config) and learns_codebook:
            self._start_codebook()
        batch = crop_batch(self.train_images, config.data, config.seed, self.step)
        self.model.optimizer.learning_rate.assign(learning_rate(config, self.step))
        self.model.train_on_batch(self._inputs(batch, self.step))
        begun = quantizes(config, self.step)
        self.step += 1
        report = self._checked_report()
        every, late = config.codebook.revive_every, self.step > 0.8 * config.steps
        if every and self.step % every == 0 and begun and not late and learns_codebook:
            self._revive(batch)
        return report

    def checkpoint(self) -> Checkpoint:
        """The present weights, with index usage measured on training crops and the card, whose figures are those of
        the file.
        """
        return self._checkpoint_of(self.model, self._card())

    def _checkpoint_of(self, model: Any, card: dict[str, Any]) -> Checkpoint:
        """That of a model as `export` takes it."""
        checkpoint = export.checkpoint(model, self._some_features(24), card)
        codec = SemanticCodec(Checkpoint.from_bytes(checkpoint.to_bytes()))
        return replace(checkpoint, card=card | {"validation": self._measured(codec, codec.stages)})

    def validate(self) -> dict[str, float]:
        """What `validation.validate` measures with the present networks; with a mask, `validate_masked`, too."""
        return self._validated(self.model)

    def _validated(self, model: Any) -> dict[str, float]:
        return self._measured(export.live_codec(model), export.stages(model))

    def _measured(self, codec: KerasCodec, stages: Stages) -> dict[str, float]:
        images, mask, seed = self.validation_images, self.config.mask, self.config.seed
        masked = {} if mask is None else validate_masked(codec, stages, images, mask, seed)
        return validate(codec, stages, images, seed) | masked

    def card_text(self, checkpoint: Checkpoint) -> str:
        """`semantic.card.card_markdown`."""
        return card_markdown(checkpoint)

    def read_card(self, data: bytes, name: str) -> dict[str, Any]:
        """The card in a codebook's checkpoint."""
        return Checkpoint.from_bytes(data, name).card
