"""The training of deep joint source-channel coding."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from linksim.jscc.checkpoint import JsccCheckpoint
from linksim.jscc.codec import LiveJscc, TrainedJscc
from linksim.semantic.autoencoder import get_weights
from linksim.training.batches import crop_batch
from linksim.training.jscc.card import card_markdown
from linksim.training.jscc.channel import draw_channel
from linksim.training.jscc.config import JsccRecipe
from linksim.training.jscc.start import put_in, read_start
from linksim.training.jscc.validation import validate
from linksim.training.loop import TrainingRun
from linksim.training.schedules import learning_rate


class JsccTrainer(TrainingRun):
    """The training of an encoder and a decoder with the channel between them (see `TrainingRun`)."""

    def __init__(self, config: JsccRecipe, folder: Path) -> None:
        import keras

        from linksim.training.jscc.transceiver import Transceiver

        super().__init__(config, folder)
        config = self.config
        start = read_start(config)
        self.model = Transceiver(config, config.precision)
        optimizer = config.optimizer
        self.model.compile(
            optimizer=keras.optimizers.Adam(optimizer.learning_rate, global_clipnorm=optimizer.clip_norm),
            jit_compile=False,
        )
        side = config.model.downsampling * 4
        self.model(self._inputs(np.zeros((1, side, side, 3), np.float32), 0), training=False)
        self.model.optimizer.build(self.model.trainable_variables)
        if start is not None:
            put_in(start, self.model)

    def _inputs(self, image: np.ndarray, step: int) -> dict[str, np.ndarray]:
        """`transceiver.Inputs` of a batch of images: with them, all that is drawn for a step."""
        from linksim.jscc.networks import scaled_snr

        batch, height, width = image.shape[:3]
        s = self.config.model.downsampling
        es_no_db, trust, noise = draw_channel(
            self.config, (batch, height // s, width // s, self.config.model.reals), step
        )
        return {
            "image": image,
            "snr": scaled_snr(es_no_db).astype(np.float32)[:, None],
            "reliability": trust,
            "noise": noise,
            "sharpness": np.array([self._sharpness(step)], np.float32),
        }

    def _sharpness(self, step: int) -> float:
        """Of the softened constellation: grows by equal factors from the first step to the last."""
        first, last = self.config.sharpness
        return float(first * (last / first) ** (step / max(1, self.config.steps - 1)))

    def _one_step(self) -> dict[str, float]:
        batch = crop_batch(self.train_images, self.config.data, self.config.seed, self.step)
        self.model.optimizer.learning_rate.assign(learning_rate(self.config, self.step))
        self.model.train_on_batch(self._inputs(batch, self.step))
        self.step += 1
        return self._checked_report()

    def validate(self) -> dict[str, float]:
        """What `validation.validate` measures with the present networks."""
        codec = LiveJscc(self.config.model, self.model.encoder, self.model.decoder)
        return validate(codec, self.config, self.validation_images)

    def checkpoint(self) -> JsccCheckpoint:
        """The present weights and the card, whose figures are those of the file."""
        config = self.config
        card = self._card()
        networks = get_weights(self.model.encoder), get_weights(self.model.decoder)
        made = JsccCheckpoint(config.model, *networks, card, config.weights)
        codec = TrainedJscc(JsccCheckpoint.from_bytes(made.to_bytes()))
        measured = validate(codec, config, self.validation_images)
        return replace(made, card=card | {"validation": measured})

    def card_text(self, checkpoint: JsccCheckpoint) -> str:
        """`card.card_markdown`."""
        return card_markdown(checkpoint)

    def read_card(self, data: bytes, name: str) -> dict[str, Any]:
        """The card in a checkpoint of joint source-channel coding."""
        return JsccCheckpoint.from_bytes(data, name).card
