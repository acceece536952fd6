"""Where codebooks start, how their labels begin, and how dead codewords come back."""

from pathlib import Path

import numpy as np
import pytest

from linksim.codebook.quantizer import ResidualQuantizer
from linksim.codebook.stages import Stages
from linksim.codebook.theory import channel_distortion
from linksim.training import care
from linksim.training.config import TrainConfig
from linksim.training.network.quantizer import Quantizer
from linksim.training.trainer import Trainer
from tests.training.tiny import MODEL, config

TWO = MODEL | {"stages": 2}


def _features(settings: TrainConfig, batches: int) -> np.ndarray:
    """As many clusters of vectors as there are codewords, each of them in as many again."""
    rng = np.random.default_rng(1)
    size = settings.model.codebook_size
    coarse, fine = 10 * rng.normal(size=(size, 4)), rng.normal(size=(size, 4))
    picked = rng.integers(0, size, (2, batches * care.vectors_per_step(settings)))
    return (coarse[picked[0]] + fine[picked[1]]).astype(np.float32)


def test_later_stages_start_from_what_earlier_ones_leave(folder: Path) -> None:
    settings = config(folder, model=TWO)
    quantizer = Quantizer(settings)
    z = _features(settings, 16)
    care.start_codebook(quantizer, settings, lambda batches: z)
    stages = Stages(np.array(quantizer.codewords), np.asarray(quantizer.counts))
    indices = ResidualQuantizer(stages).encode(z, 2)
    errors = [np.mean((z - stages.estimate(indices[:, :n])) ** 2) for n in (1, 2)]
    assert errors[0] < 0.1 * z.var()
    assert errors[1] < 0.25 * errors[0]
    counts = np.asarray(quantizer.counts)
    assert counts.sum(-1) == pytest.approx(np.full((2, 1), care.vectors_per_step(settings)), rel=1e-5)
    used = np.bincount(indices[:, 0, 0], minlength=16) / len(z)
    np.testing.assert_allclose(counts[0, 0] / counts[0, 0].sum(), used, atol=2e-3)


@pytest.mark.parametrize("initialization", ["kmeans", "keep"])
def test_matched_labels_lower_the_channel_distortion(folder: Path, initialization: str) -> None:
    """The words stay the same ones; their order becomes one that bit errors harm less, in every stage."""
    term = {"weight": 0.2, "bit_error_rate": 0.1, "initial_labels": "matched"}
    after = {}
    for labels in ("keep", "matched"):
        settings = config(
            folder,
            model=TWO,
            initialize_from="any",
            codebook={"initialization": initialization},
            losses={"channel_aware": term | {"initial_labels": labels}},
        )
        quantizer = Quantizer(settings)
        care.start_codebook(quantizer, settings, lambda batches, own=settings: _features(own, batches))
        after[labels] = np.array(quantizer.codewords), np.array(quantizer.counts)
    for s in range(2):
        (plain, plain_counts), (matched, matched_counts) = ((e[s, 0], n[s, 0]) for e, n in after.values())
        np.testing.assert_array_equal(np.sort(plain, 0), np.sort(matched, 0))
        before, now = (
            channel_distortion(e, n / n.sum(), 0.1) for e, n in ((plain, plain_counts), (matched, matched_counts))
        )
        assert now < 0.95 * before


def test_a_run_that_asks_for_matched_labels_gets_them(folder: Path, tmp_path: Path) -> None:
    """From the same seed and first step, so that nothing but the order of the codewords differs."""
    made = {}
    for labels in ("keep", "matched"):
        losses = {"channel_aware": {"weight": 1e-9, "initial_labels": labels}}
        trainer = Trainer(config(folder, losses=losses, codebook={"initialize_at": 0}, steps=1), tmp_path / labels)
        trainer.run()
        made[labels] = np.array(trainer.model.quantizer.codewords)[0, 0]
    assert not np.allclose(made["keep"], made["matched"], atol=1e-3)
    np.testing.assert_allclose(np.sort(made["keep"], 0), np.sort(made["matched"], 0), atol=1e-3)


@pytest.mark.parametrize("update", ["ema", "gradient"])
def test_dead_codewords_move_onto_what_comes_to_their_stage(folder: Path, update: str) -> None:
    settings = config(folder, model=TWO, codebook={"update": update})
    quantizer = Quantizer(settings)
    z = _features(settings, 4)
    care.start_codebook(quantizer, settings, lambda batches: _features(settings, batches))
    codewords, counts = np.array(quantizer.codewords), np.array(quantizer.counts)
    for s, dead in ((0, [3, 7]), (1, [5])):
        codewords[s, 0, dead], counts[s, 0, dead] = 1e4, 0.0
    quantizer.set_codewords(codewords, counts)
    residuals = np.asarray(quantizer(z).residuals)
    moved = care.revive(quantizer, settings, z, step=5)
    after, after_counts = np.array(quantizer.codewords), np.array(quantizer.counts)
    for s, dead in ((0, [3, 7]), (1, [5])):
        for k in dead:
            assert np.abs(residuals[:, s] - after[s, 0, k]).max(-1).min() < 1e-5
            assert after_counts[s, 0, k] > 0.1 * after_counts[s, 0].mean()
    assert moved >= 3
    alive = counts > 0.2 * counts.mean(-1, keepdims=True)
    if update == "ema":
        np.testing.assert_array_equal(after[alive], codewords[alive])
        assert care.revive(quantizer, settings, z, step=6) == 0


def test_a_run_revives_dead_codewords(folder: Path, tmp_path: Path) -> None:
    """A codeword far from all features never wins; with revival it comes back within `revive_every` steps."""
    for every, found in ((5, True), (0, False)):
        codebook = {"initialize_at": 0, "revive_every": every, "revive_below": 0.5}
        trainer = Trainer(config(folder, codebook=codebook), tmp_path / str(every))
        trainer._one_step()
        codewords = np.array(trainer.model.quantizer.codewords)
        codewords[0, 0, 2] = 1e3
        counts = np.array(trainer.model.quantizer.counts)
        counts[0, 0, 2] = 0.0
        trainer.model.quantizer.set_codewords(codewords, counts)
        for _ in range(4):
            trainer._one_step()
        assert bool(np.abs(trainer.model.quantizer.codewords[0, 0, 2]).max() < 100) is found
