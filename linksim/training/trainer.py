"""`linksim train`: the training loop, its log, its resumable state, and the checkpoint that it leaves."""

import csv
import time
from pathlib import Path
from typing import Any

import numpy as np

from linksim.codebook.kmeans import kmeans
from linksim.codebook.receiver import hard_variance
from linksim.common.errors import InputError
from linksim.common.seeds import generator
from linksim.semantic.card import card_markdown
from linksim.semantic.checkpoint import Checkpoint, SemanticCodec, find_checkpoint
from linksim.training.batches import centre_crop, crop_batch, draw_flips, load_images
from linksim.training.config import TrainConfig
from linksim.training.precision import with_precision
from linksim.training.receptions import LlrPool, gather_llrs
from linksim.training.schedules import channel_aware_rate, learning_rate
from linksim.training.state import STATE_FILE, load_state, run_hash, save_state


class Trainer:
    """One training run in its folder: `log.csv`, `state.npz` (to resume), and at the end `NAME.npz`.

    Every batch is drawn from (seed, step), so a run that was interrupted and goes on sees what an uninterrupted one sees.
    """

    def __init__(self, config: TrainConfig, folder: Path) -> None:
        import keras

        from linksim.training.vqvae import VQVAE

        keras.utils.set_random_seed(config.seed)
        self.config = config = with_precision(config)
        self.folder = folder
        self.train_images, self.validation_images = load_images(config.data, config.seed)
        self.model = VQVAE(config, config.precision)
        optimizer = config.optimizer
        start = _start(config)
        self.llr_pool: LlrPool | None = None
        if config.reception is not None and start is not None:
            self.llr_pool = gather_llrs(config.reception, start.codebook, start.usage, config.seed)
        self.model.compile(
            optimizer=keras.optimizers.Adam(optimizer.learning_rate, global_clipnorm=optimizer.clip_norm)
        )
        self.step = 0
        # A smoke test of few steps quantizes, too.
        self._begin = min(config.codebook.initialize_at, config.steps // 3)
        self.model(self._inputs(np.zeros((1, 32, 32, 3), np.float32), 0), training=False)
        self.model.optimizer.build(self.model.trainable_variables)
        if start is not None:
            self._start_from(start)

    def _inputs(self, image: np.ndarray, step: int) -> dict[str, np.ndarray]:
        config = self.config
        grid = (image.shape[0], image.shape[1] // 4, image.shape[2] // 4)
        begun = step >= self._begin or config.codebook.initialization == "keep"
        inputs = {
            "image": image,
            "flips": draw_flips(config.flips, grid, config.model.bits_per_index, config.seed, step),
            "bit_error_rate": np.array([channel_aware_rate(config, step)], np.float32),
            "quantize": np.array([1.0 if begun else 0.0], np.float32),
        }
        damaged = bool(inputs["flips"].any())
        if self.llr_pool is not None:
            inputs["relative_llr"], inputs["known"] = self.llr_pool.draw(grid, config.seed, step)
            damaged = not inputs["known"].all()
        return inputs | {"damaged": np.array([float(damaged)], np.float32)}

    def _start_from(self, start: Checkpoint) -> None:
        self.model.encoder.set_weights(start.encoder)
        self.model.decoder.set_weights(self._decoder_weights(start))
        self.model.norm.mean.assign(start.norm_mean)
        self.model.norm.variance.assign(start.norm_variance)
        self._set_codebook(start.codebook, start.usage)

    def _decoder_weights(self, start: Checkpoint) -> list[np.ndarray]:
        """The start's decoder. Further residual blocks begin as (nearly) the identity, the variance as an input without weight."""
        first, blocks = 2, start.model.decoder_blocks  # a convolution's kernel and bias, then two convolutions a block
        old, new = first + 4 * blocks, first + 4 * self.config.model.decoder_blocks
        weights = [*start.decoder[:old], *self.model.decoder.get_weights()[old:new], *start.decoder[old:]]
        if self.config.reception is not None and not start.decoder_takes_variance:
            kernel = weights[0]
            weights[0] = np.concatenate([kernel, np.zeros_like(kernel[:, :, :1])], axis=2)
        return weights

    def _set_codebook(self, codebook: np.ndarray, usage: np.ndarray) -> None:
        """Codewords with the weight that the moving averages of a long run would have."""
        grid = (self.config.data.crop // 4) ** 2 * self.config.data.batch
        self.model.quantizer.set_codebook(codebook.astype(np.float32), (usage / usage.sum() * grid).astype(np.float32))

    def _some_features(self, batches: int) -> np.ndarray:
        """Features `[n, D]` of `batches` batches of training crops."""
        crops = [crop_batch(self.train_images, self.config.data, self.config.seed, -1 - i) for i in range(batches)]
        return np.concatenate(
            [np.asarray(self.model.features(c)).reshape(-1, self.config.model.latent_dim) for c in crops]
        )

    def _initialize_codebook(self) -> None:
        config = self.config
        size = config.model.codebook_size
        if config.codebook.initialization == "kmeans":
            centres, counts = kmeans(self._some_features(16), size, iterations=15, seed=config.seed)
            self._set_codebook(centres, counts + 1.0)
        elif config.codebook.initialization == "data":
            features = self._some_features(max(4, -(-size // 1024)))
            picked = generator(config.seed, "data codebook").choice(len(features), size, replace=len(features) < size)
            self._set_codebook(features[picked], np.ones(size))
        self._match_labels()

    def _match_labels(self) -> None:
        """Permute the codewords so that likely label errors lead to near codewords, where the run asks for it."""
        term = self.config.losses.channel_aware
        if term.weight and term.initial_labels == "matched":
            from linksim.codebook.assignment.search import binary_switching

            codebook, counts = (
                np.asarray(self.model.quantizer.codebook),
                np.asarray(self.model.quantizer.counts),
            )
            order = binary_switching(codebook, counts / counts.sum(), term.bit_error_rate, seed=self.config.seed)
            self._set_codebook(codebook[order], counts[order])

    def _revive(self, batch: np.ndarray) -> int:
        """Move codewords that are (nearly) never used onto random features of a batch; how many were moved."""
        config, quantizer = self.config, self.model.quantizer
        z = np.asarray(self.model.features(batch)).reshape(-1, config.model.latent_dim)
        counts = np.array(quantizer.counts)
        if not quantizer.ema:
            counts = np.bincount(np.asarray(quantizer(z)[0]), minlength=len(counts)).astype(np.float32)
        dead = np.flatnonzero(counts < config.codebook.revive_below * counts.sum() / len(counts))
        if len(dead):
            codebook, sums = np.array(quantizer.codebook), np.array(quantizer.sums)
            codebook[dead] = z[
                generator(config.seed, self.step, "revive").choice(len(z), len(dead), replace=len(dead) > len(z))
            ]
            counts[dead] = 0.5 * counts.mean()
            sums[dead] = codebook[dead] * counts[dead, None]
            quantizer.codebook.assign(codebook)
            quantizer.counts.assign(counts)
            quantizer.sums.assign(sums)
        return len(dead)

    def run(self, on_step: Any = None) -> Path:
        """Train to the end (or on from where the folder's state is) and write the checkpoint; its path."""
        config = self.config
        self.folder.mkdir(parents=True, exist_ok=True)
        path = self.folder / f"{config.name}.npz"
        self._resume()
        self._refuse_other_settings(path)
        started = time.monotonic()
        keeps_codebook = config.codebook.initialization == "keep"
        if self.step == 0 and keeps_codebook and not self.model.encoder_frozen:
            self._match_labels()
        while self.step < config.steps:
            if self.step == self._begin and not keeps_codebook and not self.model.encoder_frozen:
                self._initialize_codebook()
            batch = crop_batch(self.train_images, config.data, config.seed, self.step)
            self.model.optimizer.learning_rate.assign(learning_rate(config, self.step))
            self.model.train_on_batch(self._inputs(batch, self.step))
            self.step += 1
            begun = self.step > self._begin or keeps_codebook
            every, late = config.codebook.revive_every, self.step > 0.8 * config.steps
            if every and self.step % every == 0 and begun and not late and not self.model.encoder_frozen:
                self._revive(batch)
            if on_step:
                on_step(self.step, self._report())
            if self.step % config.validate_every == 0 or self.step == config.steps:
                self._log(self.validate(), time.monotonic() - started)
            if self.step % config.checkpoint_every == 0:
                self._save_state()
        checkpoint = self.checkpoint()
        checkpoint.save(path)
        path.with_suffix(".md").write_text(card_markdown(checkpoint))
        return path

    def _refuse_other_settings(self, path: Path) -> None:
        """A finished checkpoint of other settings is not overwritten. Raises `InputError`."""
        if path.exists():
            trained = Checkpoint.from_bytes(path.read_bytes(), str(path)).card.get("training")
            if trained != self.config.model_dump(mode="json"):
                raise InputError(f"{path} was trained with other settings; give another --out, or delete it")

    def _report(self) -> dict[str, float]:
        return dict(zip(self.model.report_names, np.asarray(self.model.report).tolist(), strict=True))

    def checkpoint(self) -> Checkpoint:
        """The present weights, with index usage measured on training crops and the card."""
        model, config = self.model, self.config
        indices = SemanticCodec.indices_of(self._some_features(24), np.asarray(model.quantizer.codebook))
        counts = np.bincount(indices, minlength=config.model.codebook_size) + 0.5
        card = {
            "name": config.name,
            "description": config.description,
            "training": config.model_dump(mode="json"),
            "training_images": len(self.train_images),
            "validation": self.validate(),
        }
        return Checkpoint(
            model=config.model,
            codebook=np.asarray(model.quantizer.codebook),
            usage=(counts / counts.sum()).astype(np.float32),
            encoder=[np.asarray(w) for w in model.encoder.get_weights()],
            decoder=[np.asarray(w) for w in model.decoder.get_weights()],
            norm_mean=np.asarray(model.norm.mean),
            norm_variance=np.asarray(model.norm.variance),
            decoder_takes_variance=config.reception is not None,
            card=card,
        )

    def validate(self) -> dict[str, float]:
        """PSNR in dB without errors and over a BSC at 0.16, and codebook perplexity, on the held-out images."""
        size = self.config.model.codebook_size
        counts = np.zeros(size)
        errors: dict[float, list[float]] = {0.0: [], 0.16: []}
        groups: dict[tuple[int, int], list[np.ndarray]] = {}
        for image in self.validation_images:
            patch = centre_crop(image, 160)
            groups.setdefault(patch.shape[:2], []).append(patch)
        bits = self.config.model.bits_per_index
        codebook = np.asarray(self.model.quantizer.codebook)
        for (height, width), patches in sorted(groups.items()):
            x = np.stack(patches).astype(np.float32) / 255.0
            z = np.asarray(self.model.features(x))
            indices = SemanticCodec.indices_of(z, codebook)
            counts += np.bincount(indices.ravel(), minlength=size)
            for rate, psnrs in errors.items():
                rng = np.random.default_rng([self.config.seed, height, width])
                masks = ((rng.random((*indices.shape, bits)) < rate) << np.arange(bits)).sum(-1)
                received = self.model.valid_label[indices ^ masks]
                arrived: Any = codebook[received]
                if self.config.reception is not None:
                    table = hard_variance(codebook, np.asarray(self.model.quantizer.counts), rate)
                    arrived = [arrived, table[received][..., None]]
                y = np.clip(np.asarray(self.model.decoder(arrived)), 0.0, 1.0)
                psnrs += (-10 * np.log10(np.mean((x - y) ** 2, axis=(1, 2, 3)))).tolist()
        p = counts / counts.sum()
        perplexity = float(np.exp(-np.sum(p[p > 0] * np.log(p[p > 0]))))
        return {
            "psnr_db": float(np.mean(errors[0.0])),
            "psnr_db_at_ber_0.16": float(np.mean(errors[0.16])),
            "perplexity": perplexity,
        }

    def _log(self, validation: dict[str, float], seconds: float) -> None:
        row = {"step": self.step, "seconds": round(seconds, 1), **self._report(), **validation}
        path = self.folder / "log.csv"
        fresh = not path.exists()
        with path.open("a", newline="") as file:
            writer = csv.DictWriter(file, list(row))
            if fresh:
                writer.writeheader()
            writer.writerow({key: f"{value:.6g}" if isinstance(value, float) else value for key, value in row.items()})

    def _variables(self) -> list[Any]:
        return [*self.model.variables, *self.model.optimizer.variables]

    def _save_state(self) -> None:
        save_state(self.folder / STATE_FILE, self.step, run_hash(self.config), self._variables())

    def _resume(self) -> None:
        path = self.folder / STATE_FILE
        if path.exists():
            self.step = load_state(path, run_hash(self.config), self._variables())


def _start(config: TrainConfig) -> Checkpoint | None:
    """The checkpoint that a run starts from. Raises `InputError` where its networks have other sizes."""
    if config.initialize_from is None:
        return None
    where, data = find_checkpoint(config.initialize_from)
    start = Checkpoint.from_bytes(data, where)
    model, blocks = config.model, start.model.decoder_blocks
    if config.train_only == "decoder" and model.decoder_blocks > blocks:
        model = model.model_copy(update={"decoder_blocks": blocks})
    if start.model != model:
        raise InputError(
            f"initialize_from: {config.initialize_from!r} has the model {start.model}, this run {config.model}; they must be the same, "
            "except that train_only: decoder may have more decoder_blocks"
        )
    return start
