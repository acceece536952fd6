"""Training for indices that are points: the matrix of a step, the assignment, the centroids, what arrives, and labels."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from linksim.codebook.assignment.chain import chain
from linksim.codebook.quantizer import ResidualQuantizer
from linksim.codebook.stages import Stages
from linksim.common.reading.loading import load
from linksim.link.transitions import symbol_transitions
from linksim.semantic.checkpoint import Checkpoint
from linksim.training.batches import draw_symbols
from linksim.training.config import TrainConfig
from linksim.training.network import transitions
from linksim.training.network.quantizer import Quantized
from linksim.training.network.vqvae import VQVAE
from linksim.training.trainer import Trainer
from tests.training.tiny import MODEL, config, inputs

TERM = {"weight": 0.5, "labelling": "symbols", "es_no_db": 6.0, "assignment": "channel-optimized"}
P = symbol_transitions(4, 6.0, True)  # 16 codewords, 16-QAM


def symbols(folder: Path, **changes: Any) -> TrainConfig:
    return config(folder, losses={"channel_aware": TERM | changes.pop("term", {})}, **changes)


def test_the_assignment_is_the_index_of_least_expected_distortion(folder: Path) -> None:
    """Against brute force, and as a scheme's transmitter does it over stages and heads."""
    model = VQVAE(symbols(folder, model=MODEL | {"stages": 2, "heads": 2}))
    z = np.random.default_rng(1).normal(size=(200, 4)).astype(np.float32)
    quantized = model.quantizer(z, P.astype(np.float32))
    indices = np.asarray(quantized.indices)
    for h in range(2):
        e = np.array(model.quantizer.codewords)[0, h]
        distances = ((z[:, None, 2 * h : 2 * h + 2] - e) ** 2).sum(-1)
        np.testing.assert_array_equal(indices[:, 0, h], (distances @ P.T).argmin(-1))
        assert (indices[:, 0, h] != distances.argmin(-1)).any()
    stages = Stages(np.array(model.quantizer.codewords), np.full((2, 2, 16), 1 / 16))
    np.testing.assert_array_equal(indices, ResidualQuantizer(stages).encode(z, 2, P))
    np.testing.assert_array_equal(np.asarray(model.quantizer(z).indices), ResidualQuantizer(stages).encode(z, 2))


def test_equation_22_takes_the_matrix_of_the_step(folder: Path) -> None:
    """The loss is the expected distance to what arrives of the index that was chosen for it."""
    model = VQVAE(symbols(folder))
    z = np.random.default_rng(2).normal(size=(60, 4)).astype(np.float32)
    e, matrix = np.array(model.quantizer.codewords)[0, 0], P.astype(np.float32)
    distances = ((z[:, None] - e) ** 2).mean(-1)
    chosen = (distances @ P.T).argmin(-1)
    one = np.ones((60, 1), np.float32)
    terms = model.objective.codebook_terms(z, model.quantizer(z, matrix), one, {"transition": matrix}, False)
    assert float(terms["channel_aware"]) == pytest.approx((distances * P[chosen]).sum(-1).mean(), rel=1e-4)


def test_the_model_assigns_by_the_matrix_of_the_step(folder: Path) -> None:
    """Where every index surely arrives as another one, that other one is sent, so that the right word arrives."""
    settings = symbols(folder, flips={"errors": "symbols"})
    model = VQVAE(settings)
    image = np.random.default_rng(2).random((2, 16, 16, 3)).astype(np.float32)
    chance = np.full((2, 4, 4, 1, 1), 0.5, np.float32)
    right, swapped = np.eye(16, dtype=np.float32), np.eye(16, dtype=np.float32)[::-1]
    plain, other = (np.asarray(model(inputs(image, settings, transition=p, chance=chance))) for p in (right, swapped))
    np.testing.assert_array_equal(plain, other)


def test_words_are_the_centroids_of_what_arrives_as_them(folder: Path) -> None:
    """`e_j = sum_i P(j|i) S_i / sum_i P(j|i) n_i` (Farvardin 1990), whatever the weight; these minimize the distortion."""
    quantizer = VQVAE(symbols(folder)).quantizer
    rng = np.random.default_rng(2)
    z = rng.normal(size=(400, 1, 4)).astype(np.float32)
    indices = (np.arange(400) % 16)[:, None, None]
    quantizer.counts.assign(np.zeros((1, 1, 16)))
    quantizer.sums.assign(np.zeros((1, 1, 16, 4)))
    quantizer.follow(Quantized(indices, z, z, []), P.astype(np.float32), 0.5)
    sums = np.stack([z[indices[:, 0, 0] == i, 0].sum(0) for i in range(16)])
    expected = (P.T @ sums) / (P.T @ np.full(16, 25.0))[:, None]
    np.testing.assert_allclose(quantizer.codewords[0, 0], expected, rtol=1e-3, atol=1e-4)

    def distortion(e: np.ndarray) -> float:
        return float((P[indices[:, 0, 0]] * ((z - e) ** 2).sum(-1)).sum(-1).mean())

    best = distortion(expected)
    assert all(distortion(expected + 0.05 * rng.normal(size=expected.shape)) > best for _ in range(20))


def test_indices_arrive_by_their_rows(folder: Path) -> None:
    """Frequencies of what arrives against the matrix, five standard deviations; negative numbers leave an index as it is."""
    rng = np.random.default_rng(4)
    sent = rng.integers(0, 16, (160_000, 1, 1)).astype(np.int32)
    got = np.asarray(transitions.arrived(sent, rng.random(sent.shape, np.float32), P.astype(np.float32)))
    counts = np.bincount((16 * sent + got).reshape(-1), minlength=256).reshape(16, 16)
    total = counts.sum(-1, keepdims=True)
    assert (np.abs(counts - total * P) < 5 * np.sqrt(total * P * (1 - P)) + 1).all()
    np.testing.assert_array_equal(transitions.arrived(sent, np.full(sent.shape, -1.0, np.float32), P), sent)


def test_a_step_draws_one_of_the_ratios_and_clean_batches(folder: Path) -> None:
    settings = symbols(folder, term={"es_no_db": (0.0, 12.0)}, flips={"errors": "symbols", "clean_share": 0.5})
    shape = (2, 3, 3, 1, 1)
    known = {snr: symbol_transitions(4, snr, True).astype(np.float32) for snr in (0.0, 12.0)}
    drawn = [draw_symbols(settings, shape, step) for step in range(40)]
    which = [snr for d in drawn for snr, matrix in known.items() if np.array_equal(matrix, d["transition"])]
    assert len(which) == 40
    assert 8 < which.count(0.0) < 32
    clean = [bool((d["chance"] == -1).all()) for d in drawn]
    assert all(c or (d["chance"] >= 0).all() for c, d in zip(clean, drawn, strict=True))
    assert 8 < sum(clean) < 32
    np.testing.assert_array_equal(draw_symbols(settings, shape, 7)["chance"], drawn[7]["chance"])
    assert draw_symbols(config(folder), shape, 0) == {}


def test_a_run_trains_on_symbols(folder: Path, tmp_path: Path) -> None:
    """Over the compiled step; and the words that it ends with are those of the file."""
    settings = symbols(folder, term={"es_no_db": (0.0, 12.0)}, flips={"errors": "symbols"}, steps=6)
    trainer = Trainer(settings, tmp_path)
    reports: list[dict[str, float]] = []
    made = Checkpoint.from_bytes(trainer.run(lambda step, report: reports.append(report)).read_bytes())
    assert len(reports) == 6
    assert all(report["channel_aware"] > 0 for report in reports)
    np.testing.assert_allclose(made.stages.codewords, trainer.model.quantizer.codewords, atol=2e-3)


def test_the_decoder_sees_what_arrives(folder: Path) -> None:
    """With the same image, an index that surely arrives as another one gives another picture."""
    settings = symbols(folder, term={"assignment": "nearest"}, flips={"errors": "symbols"})
    model = VQVAE(settings)
    image = np.random.default_rng(5).random((1, 16, 16, 3)).astype(np.float32)
    chance = np.full((1, 4, 4, 1, 1), 0.5, np.float32)
    right, swapped = np.eye(16, dtype=np.float32), np.eye(16, dtype=np.float32)[::-1]
    as_sent, other = (np.asarray(model(inputs(image, settings, transition=p, chance=chance))) for p in (right, swapped))
    clean = np.asarray(model(inputs(image, settings, transition=swapped, chance=-chance)))
    np.testing.assert_array_equal(as_sent, clean)
    assert np.abs(as_sent - other).max() > 1e-4


def test_a_chain_labels_the_words_of_the_checkpoint(folder: Path, tmp_path: Path) -> None:
    """The same words in another order, so the same pictures where nothing goes wrong."""
    settings = config(
        folder, codebook={"initialize_at": 1, "labels": "chain"}, model=MODEL | {"stages": 2, "heads": 2}, steps=3
    )
    trainer = Trainer(settings, tmp_path)
    made = Checkpoint.from_bytes(trainer.run().read_bytes())
    for s, h in np.ndindex(2, 2):
        words, trained = made.stages.codewords[s, h], np.array(trainer.model.quantizer.codewords)[s, h]
        np.testing.assert_allclose(np.sort(words, 0), np.sort(trained, 0), atol=2e-3)
        np.testing.assert_array_equal(words[chain(words, made.stages.usage[s, h])], words)
        assert not np.allclose(words, trained, atol=2e-3)
    own = made.card["validation"]["psnr_db"]
    assert own == pytest.approx(trainer.validate()["psnr_db"], abs=0.05)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"losses": {"channel_aware": TERM}, "model": MODEL | {"codebook_size": 32}}, "32 words are no constellation"),
        ({"losses": {"channel_aware": TERM | {"weight": 0}}}, "give its weight"),
        ({"losses": {"channel_aware": TERM}, "codebook": {"update": "gradient"}}, "give codebook.update: ema"),
        ({"flips": {"errors": "symbols"}}, "takes its probabilities from losses.channel_aware"),
        ({"flips": {"errors": "symbols", "bit_error_rate": (0, 0.1)}}, "with errors: symbols leave it out"),
        (
            {"codebook": {"labels": "chain"}, "model": MODEL | {"codebook_size": 12}},
            "12 words leave places of an axis empty",
        ),
        ({"codebook": {"labels": "chain"}, "losses": {"channel_aware": {"weight": 1}}}, "leave one of them out"),
        (
            {"codebook": {"labels": "chain"}, "train_only": "decoder", "initialize_from": "vqvae"},
            "the start's labels stay",
        ),
    ],
)
def test_keys_that_do_not_go_together_are_refused(folder: Path, changes: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        config(folder, **changes)


@pytest.mark.parametrize("name", ["cavq", "moc-rvq"])
def test_the_recipes_are_what_they_say(name: str) -> None:
    recipe = load(Path(__file__).parents[2] / "scenarios" / "train" / "cited" / f"{name}.yaml", TrainConfig)
    model = recipe.model
    bits = model.heads * model.bits_per_index
    assert (bits, model.downsampling, model.stages) == {"cavq": (18, 4, 1), "moc-rvq": (12, 8, 4)}[name]
