"""Codebooks of several states on one encoder and decoder: what each has of its own, what they share, what is written."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from keras import ops

from linksim.codebook.labels import through_bsc
from linksim.codebook.theory import distortion
from linksim.common.errors import InputError
from linksim.common.reading.loading import validate
from linksim.semantic.autoencoder import build_decoder, build_encoder, get_weights, set_weights
from linksim.semantic.checkpoint import Checkpoint
from linksim.semantic.codec import load_checkpoint
from linksim.training.bank.trainer import BankTrainer, draw_state
from linksim.training.config import TrainConfig
from linksim.training.kinds import load_recipe, make_run
from linksim.training.network import losses, receivers
from linksim.training.network.bank.drawn import Drawn
from linksim.training.network.bank.quantizer import BankQuantizer, OneCodebook
from linksim.training.network.quantizer import Quantized, Quantizer
from linksim.training.trainer import Trainer
from tests.training.tiny import MODEL, config

SIZES = (4, 16, 6)
STATES = [{"name": name, "codebook_size": size} for name, size in zip("abc", SIZES, strict=True)]
AFFINE = {"states": STATES, "affine": True}
RECIPES = Path(__file__).parents[2] / "scenarios" / "train" / "cited"


def bank(folder: Path, states: Any = None, **changes: Any) -> TrainConfig:
    states = STATES if states is None else states
    return config(folder, **({"bank": {"states": states}, "flips": {"clean_share": 0.0}} | changes))


def quantizers(folder: Path, **changes: Any) -> tuple[BankQuantizer, Drawn]:
    settings = bank(folder, **changes)
    assert settings.bank is not None
    drawn = Drawn(len(settings.bank.states))
    return BankQuantizer(settings, drawn), drawn


def codewords_of(trainer: BankTrainer) -> list[np.ndarray]:
    return [np.array(trainer.model.see(v).quantizer.codewords) for v in range(len(SIZES))]


def test_seen_through_a_state_a_bank_is_the_quantizer_of_that_state(folder: Path) -> None:
    """Indices, words, what arrives, and a step of the moving averages with gamma, for sizes that differ."""
    term = {"channel_aware": {"weight": 0.5}}
    both = quantizers(folder, model=MODEL | {"stages": 2, "heads": 2}, losses=term)
    seen, drawn = both
    rng = np.random.default_rng(1)
    z = rng.normal(size=(300, 4)).astype(np.float32)
    for state, size in enumerate(SIZES):
        drawn.see(state)
        own = OneCodebook(seen, state)
        alone = Quantizer(config(folder, model=MODEL | {"stages": 2, "heads": 2, "codebook_size": size}, losses=term))
        words = rng.normal(size=(2, 2, size, 2)).astype(np.float32)
        counts = rng.random((2, 2, size)).astype(np.float32)
        for quantizer in (own, alone):
            quantizer.set_codewords(words, counts)
        found, expected = seen(z), alone(z)
        np.testing.assert_array_equal(found.indices, expected.indices)
        np.testing.assert_allclose(found.words, expected.words, atol=1e-6)
        flips = rng.integers(0, 2 ** (size - 1).bit_length(), found.indices.shape).astype(np.int32)
        arrived = receivers.arrived(expected.indices, flips, size)
        np.testing.assert_array_equal(seen.arrived(found.indices, flips), arrived)
        assert np.asarray(arrived).max() < size
        for labelling in ("exact", "random"):
            transition = np.asarray(seen.transition(0.1, labelling))
            np.testing.assert_allclose(transition[:size, :size], losses.transition_matrix(size, 0.1, labelling))
            np.testing.assert_allclose(transition.sum(-1), 1, rtol=1e-5)
            assert not transition[:size, size:].any()
        for quantizer, quantized in ((seen, found), (alone, expected)):
            padded = seen.transition(0.1, "exact")
            quantizer.follow(quantized, padded[: quantizer.size, : quantizer.size], 0.5)
        for name in ("codewords", "counts", "sums"):
            np.testing.assert_allclose(getattr(own, name), getattr(alone, name), rtol=1e-4, atol=1e-5)
        assert not np.asarray(seen.counts)[..., size:].any()


def test_words_that_are_not_there_are_never_chosen(folder: Path) -> None:
    """Not even where a feature lies on one."""
    quantizer, drawn = quantizers(folder)
    for state, size in enumerate(SIZES):
        drawn.see(state)
        indices = np.asarray(quantizer(np.asarray(quantizer.codewords)[0, 0]).indices)
        assert indices.max() < size
        assert (indices[:size, 0, 0] == np.arange(size)).all()


def test_a_step_changes_the_codebook_of_its_state_alone(folder: Path, tmp_path: Path) -> None:
    trainer = BankTrainer(bank(folder, codebook={"initialize_at": 0, "revive_every": 0}), tmp_path)
    trainer._one_step()
    seen = set()
    for step in range(1, 9):
        before = codewords_of(trainer)
        trainer._one_step()
        state = draw_state(trainer.config, step)
        seen.add(state)
        for v, (old, new) in enumerate(zip(before, codewords_of(trainer), strict=True)):
            assert np.array_equal(old, new) == (v != state)
    assert seen == {0, 1, 2}


def test_states_are_drawn_with_equal_chances_and_always_the_same(folder: Path) -> None:
    settings = bank(folder)
    drawn = [draw_state(settings, step) for step in range(3000)]
    assert np.bincount(drawn) / 3000 == pytest.approx([1 / 3] * 3, abs=0.03)
    assert drawn[7] == draw_state(settings, 7)


def test_bits_are_flipped_at_the_rate_of_the_state_and_within_its_labels(folder: Path, tmp_path: Path) -> None:
    rates = (0.0, 0.05, 0.3)
    states = [s | {"bit_error_rate": rate} for s, rate in zip(STATES, rates, strict=True)]
    trainer = BankTrainer(bank(folder, states), tmp_path)
    image = np.zeros((16, 64, 64, 3), np.float32)
    bits: dict[int, list[float]] = {0: [], 1: [], 2: []}
    for step in range(24):
        inputs = trainer._inputs(image, step)
        (state,) = inputs["state"]
        m = (SIZES[state] - 1).bit_length()
        assert inputs["flips"].max() < 2**m
        bits[state].append(np.mean([inputs["flips"] >> b & 1 for b in range(m)]))
        assert inputs["bit_error_rate"] == pytest.approx([rates[state]])
        assert inputs["damaged"] == [float(rates[state] > 0)]
    assert [np.mean(bits[v]) for v in range(3)] == pytest.approx(rates, abs=0.01)


def test_each_codebook_has_the_least_distortion_at_the_rate_it_was_trained_for(folder: Path, tmp_path: Path) -> None:
    """D_q + D_c (with the cross term) of `codebook.theory`, at each state's rate, over the codebooks of all states; with
    codewords chosen for the rate, in training and after it.
    """
    rates = (0.0, 0.02, 0.05, 0.12)
    states = [{"name": f"s{i}", "bit_error_rate": rate} for i, rate in enumerate(rates)]
    settings = bank(
        folder,
        bank={"states": states},
        losses={"channel_aware": {"weight": 1.0, "initial_labels": "matched", "assignment": "channel-optimized"}},
        codebook={"decay": 0.7},
    )
    trainer = BankTrainer(settings, tmp_path)
    z = np.random.default_rng(2).normal(size=(3000, 4)).astype(np.float32) * np.array([1.5, 1, 0.7, 0.5], np.float32)
    trainer._some_features = lambda batches: z  # type: ignore[method-assign]
    trainer._start_codebook()
    found = np.zeros((len(rates), len(rates)))
    for state, rate in enumerate(rates):
        codebook, seen = trainer.model.see(state).quantizer, trainer.model.quantizer
        for _ in range(25):
            transition = seen.transition(rate, "exact")
            seen.follow(seen(z, transition), transition, 1.0)
        for at, other in enumerate(rates):
            indices = channel_optimized(z, codebook.codewords[0, 0], other)
            if at == state:
                np.testing.assert_array_equal(indices, np.asarray(seen(z, transition).indices)[:, 0, 0])
            found[state, at] = distortion(z, indices, codebook.codewords[0, 0], other).total
    assert found.argmin(0).tolist() == [0, 1, 2, 3]


def test_loss_weight_counts_the_codebook_loss_of_its_state(folder: Path, tmp_path: Path) -> None:
    states = [{"name": "a", "loss_weight": 0.0}, {"name": "b", "loss_weight": 3.0}]
    settings = bank(folder, states, losses={"mse": 2.0, "commitment": 0.5, "codebook": 0.7})
    trainer = BankTrainer(settings, tmp_path)
    image = np.random.default_rng(3).random((2, 16, 16, 3)).astype(np.float32)
    inputs = trainer._inputs(image, 100)
    for state, weight in ((0, 0.0), (1, 3.0)):
        inputs["state"] = np.array([state], np.int32)
        picture = np.asarray(trainer.model(inputs))
        z = np.asarray(trainer.model.features(image)).reshape(-1, 4)
        words = np.asarray(trainer.model.quantizer(z).words)[:, 0]
        expected = 2.0 * np.mean((image - picture) ** 2) + 0.7 * weight * 0.5 * np.mean((z - words) ** 2)
        assert float(trainer.model.losses[0]) == pytest.approx(expected, rel=1e-4)


def channel_optimized(z: np.ndarray, codebook: np.ndarray, bit_error_rate: float) -> np.ndarray:
    """The codeword of least expected distance, by brute force."""
    expected = through_bsc(((z[None] - codebook[:, None]) ** 2).sum(-1), bit_error_rate)
    return expected.argmin(0)


def perturbed(trainer: BankTrainer) -> None:
    """Other scales, biases and moments in every state."""
    rng = np.random.default_rng(4)
    for network in (trainer.model.encoder, trainer.model.decoder):
        for layer in network.layers:
            if hasattr(layer, "scales"):
                layer.scales.assign(rng.uniform(0.5, 1.5, layer.scales.shape))
                layer.biases.assign(rng.normal(0, 0.2, layer.biases.shape))
    for v in range(len(SIZES)):
        trainer.model.see(v).norm.put(rng.normal(0, 0.1, 4).astype(np.float32), np.float32(rng.uniform(0.5, 2)))


def test_a_state_folded_into_plain_networks_gives_what_the_trained_ones_give(folder: Path, tmp_path: Path) -> None:
    trainer = BankTrainer(bank(folder, bank=AFFINE, precision="float32"), tmp_path)
    perturbed(trainer)
    model = trainer.config.model
    image = np.random.default_rng(5).random((2, 16, 16, 3)).astype(np.float32)
    z = np.random.default_rng(6).normal(size=(2, 4, 4, 4)).astype(np.float32)
    seen = []
    for v in range(len(SIZES)):
        state = trainer.model.see(v)
        encoder, decoder = build_encoder(model), build_decoder(model)
        set_weights(encoder, get_weights(state.encoder))
        set_weights(decoder, get_weights(state.decoder))
        seen.append(np.asarray(state.encoder(image)))
        np.testing.assert_allclose(encoder(image), seen[-1], rtol=1e-4, atol=1e-5)
        np.testing.assert_allclose(decoder(z), state.decoder(z), rtol=1e-4, atol=1e-5)
    assert min(np.abs(seen[0] - seen[1]).max(), np.abs(seen[1] - seen[2]).max()) > 0.05


def test_every_convolution_has_a_scale_and_a_bias_of_each_state(folder: Path, tmp_path: Path) -> None:
    """None is left out, and all of them are trained."""
    trainer = BankTrainer(bank(folder, bank=AFFINE), tmp_path)
    plain = config(folder).model
    for network, build in ((trainer.model.encoder, build_encoder), (trainer.model.decoder, build_decoder)):
        kernels = {layer.name for layer in build(plain).layers if layer.weights}
        assert {layer.name for layer in network.layers if hasattr(layer, "scales")} == kernels
    trainable = {variable.path for variable in trainer.model.trainable_variables}
    assert sum(path.endswith("/scales") for path in trainable) == sum(path.endswith("/kernel") for path in trainable)


@pytest.mark.parametrize("affine", [False, True])
def test_every_state_becomes_an_ordinary_checkpoint(folder: Path, tmp_path: Path, affine: bool) -> None:
    settings = bank(folder, bank=AFFINE | {"affine": affine}, codebook={"initialize_at": 2, "revive_every": 3})
    trainer = make_run(settings, tmp_path)
    assert trainer.run() == tmp_path / "tiny-a.npz"
    assert sorted(p.name for p in tmp_path.glob("tiny-*")) == [f"tiny-{s}.{t}" for s in "abc" for t in ("md", "npz")]
    image = trainer.validation_images[0][None, :48, :48]
    for v, (name, size) in enumerate(zip("abc", SIZES, strict=True)):
        codec = load_checkpoint(str(tmp_path / f"tiny-{name}.npz"))
        assert codec.stages.codewords.shape == (1, 1, size, 4)
        assert codec.model.codebook_size == size
        assert codec.card["name"] == f"tiny-{name}"
        assert codec.card["state"] == {"name": name, "bit_error_rate": 0.0, "codebook_size": size}
        state = trainer.model.see(v)
        np.testing.assert_allclose(codec.stages.codewords, state.quantizer.codewords, rtol=1e-3, atol=1e-3)
        np.testing.assert_allclose(codec.encode(image), trainer.model.features(image / np.float32(255)), atol=0.02)
        text = (tmp_path / f"tiny-{name}.md").read_text()
        assert f"state {name} of a, b, c" in text
        assert f"K = {size} codewords" in text
    header = (tmp_path / "log.csv").read_text().splitlines()[0]
    assert "a.psnr_db" in header
    assert "c.perplexity" in header


def test_interrupted_run_goes_on_to_what_an_uninterrupted_one_gives(folder: Path, tmp_path: Path) -> None:
    settings = bank(folder, bank=AFFINE)
    BankTrainer(settings, tmp_path / "whole").run()

    def stop(step: int, report: dict[str, float]) -> None:
        if step == 10:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        BankTrainer(settings, tmp_path / "cut").run(stop)
    assert not list((tmp_path / "cut").glob("tiny*"))
    BankTrainer(settings, tmp_path / "cut").run()
    for name in "abc":
        whole, cut = (Checkpoint.from_bytes((tmp_path / f / f"tiny-{name}.npz").read_bytes()) for f in ("whole", "cut"))
        np.testing.assert_allclose(whole.stages.codewords, cut.stages.codewords, rtol=1e-3, atol=1e-3)
        for key, weight in (whole.encoder | whole.decoder).items():
            np.testing.assert_allclose(weight, (cut.encoder | cut.decoder)[key], rtol=1e-3, atol=1e-3)
    with pytest.raises(InputError, match="trained with other settings"):
        BankTrainer(settings.model_copy(update={"steps": 9}), _only_last(tmp_path / "whole")).run()


def _only_last(folder: Path) -> Path:
    """Without the state and the first checkpoints: the last state's alone is in the way."""
    for name in ("state.npz", "tiny-a.npz", "tiny-b.npz"):
        (folder / name).unlink()
    return folder


def test_a_bank_goes_on_from_a_plain_checkpoint(folder: Path, tmp_path: Path) -> None:
    """In every state its networks are the start's, and its codebook is where that is kept."""
    start = Checkpoint.from_bytes(Trainer(config(folder), tmp_path / "start").run().read_bytes())
    same = [{"name": name} for name in "ab"]
    settings = bank(
        folder,
        bank={"states": same, "affine": True},
        initialize_from=str(tmp_path / "start" / "tiny.npz"),
        codebook={"initialization": "keep"},
    )
    trainer = BankTrainer(settings, tmp_path / "bank")
    for v in range(2):
        state = trainer.model.see(v)
        for name, weight in start.encoder.items():
            np.testing.assert_array_equal(get_weights(state.encoder)[name], weight)
        np.testing.assert_array_equal(state.quantizer.codewords, start.stages.codewords)
        np.testing.assert_allclose(state.norm.mean, start.norm_mean)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"bank": {"states": [{"name": "a"}, {"name": "a"}]}}, "the name 'a' is given twice"),
        ({"bank": {"states": [{"name": "a", "codebook_size": 99}]}}, "codebook_size 99, more than"),
        ({"bank": {"states": STATES, "trainable": True}}, "starts at bit_error_rate 0; allowed"),
        ({"bank": {"states": [{"name": "a/b"}]}}, "name"),
        ({"bank": {"states": []}}, "states"),
        ({"mask": {}}, "bank does not go with mask"),
        ({"flips": {"bit_error_rate": [0.0, 0.1]}}, "leave flips.bit_error_rate out"),
        ({"train_only": "decoder", "initialize_from": "x"}, "leave train_only: decoder out"),
        ({"initialize_from": "x", "codebook": {"initialization": "keep"}}, "leave codebook_size out"),
        ({"losses": {"channel_aware": {"start_bit_error_rate": 0.1}}}, "leave start_bit_error_rate out"),
    ],
)
def test_banks_that_mean_nothing_are_refused_in_one_line(folder: Path, changes: dict, message: str) -> None:
    content = bank(folder).model_dump(mode="json", exclude_unset=True) | changes
    with pytest.raises(InputError, match=message) as caught:
        validate(content, TrainConfig, "recipe.yaml")
    assert "\n" not in str(caught.value)


def test_sizes_of_trained_rates_are_equal(folder: Path) -> None:
    states = [s | {"bit_error_rate": 0.1} for s in STATES]
    with pytest.raises(ValueError, match="codebooks of one size"):
        bank(folder, bank={"states": states, "trainable": True})


@pytest.mark.parametrize("name", ["esc-mvq", "ujscc"])
def test_recipes_are_what_the_sources_say(name: str) -> None:
    recipe = load_recipe(RECIPES / f"{name}.yaml")
    sizes = recipe.bank.sizes(recipe.model.codebook_size)
    if name == "ujscc":  # one index is one constellation point, three of them for a cell
        assert recipe.model.heads == 3
        assert recipe.bank.affine
        assert [size.bit_length() - 1 for size in sizes] == [2, 4, 6, 8]
    else:
        assert [state.bit_error_rate for state in recipe.bank.states] == [0.0, 0.02, 0.05, 0.12]
        assert set(sizes) == {512}


def test_the_state_is_among_the_variables_of_a_run(folder: Path, tmp_path: Path) -> None:
    """Once: a run that goes on has it, and the networks' own weights are theirs alone."""
    trainer = BankTrainer(bank(folder, bank=AFFINE), tmp_path)
    state = trainer.model.drawn.variable
    assert sum(variable is state for variable in trainer.model.variables) == 1
    assert not any(variable is state for variable in trainer.model.encoder.weights)
    trainer.model.see(2)
    assert int(ops.convert_to_numpy(state)) == 2


def test_a_step_of_the_averages_leaves_other_states_bit_for_bit(folder: Path) -> None:
    quantizer, drawn = quantizers(folder)
    before = [np.array(x) for x in (quantizer._codewords, quantizer._counts, quantizer._sums)]
    drawn.see(1)
    z = np.random.default_rng(7).normal(size=(64, 4)).astype(np.float32)
    found: Quantized = quantizer(z)
    quantizer.follow(found, None, 0.0)
    after = [np.array(x) for x in (quantizer._codewords, quantizer._counts, quantizer._sums)]
    for old, new in zip(before, after, strict=True):
        np.testing.assert_array_equal(old[[0, 2]], new[[0, 2]])
        assert not np.array_equal(old[1], new[1])
