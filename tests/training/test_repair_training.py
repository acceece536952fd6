"""The training of a repair block: its loss, what stays as it is, what it learns, and what is refused."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml

from linksim.cli.train import train_command
from linksim.codebook.stages import Stages
from linksim.common.errors import InputError
from linksim.common.reading.loading import load
from linksim.link.config import LinkConfig
from linksim.schemes import SchemeContext, parse_scheme
from linksim.schemes.semantic.scheme import SemanticScheme
from linksim.semantic.autoencoder import build_decoder, get_weights
from linksim.semantic.checkpoint import Checkpoint
from linksim.semantic.codec import load_checkpoint
from linksim.training.batches import crop_batch
from linksim.training.config import ReceptionConfig, RepairLossConfig, TrainConfig
from linksim.training.network.repairing import repair_terms
from linksim.training.receptions import axes_order, gather_llrs
from linksim.training.trainer import Trainer
from tests.training.tiny import MODEL, config

SEVERAL = MODEL | {"stages": 2, "heads": 2, "codebook_size": 4, "latent_dim": 4}
BLOCK = SEVERAL | {"repair_blocks": 1, "repair_channels": 16}
UNCODED = {"code": {"kind": "none", "block_bits": 64}, "modulation": {"bits_per_symbol": 6}}


@pytest.fixture(scope="module")
def start(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return Trainer(config(folder, model=SEVERAL, steps=20), tmp_path_factory.mktemp("start")).run()


def _recipe(folder: Path, start: Path, **changes: Any) -> TrainConfig:
    options: dict[str, Any] = {
        "name": "repair",
        "model": BLOCK,
        "initialize_from": str(start),
        "train_only": "repair",
        "codebook": {"initialization": "keep"},
        "reception": {"receiver": "hard", "link": UNCODED, "es_no_db": [8.0], "images": 2, "clean_share": 0.0},
        "optimizer": {"learning_rate": 5e-3, "warmup_steps": 2},
        "precision": "float32",
    }
    return config(folder, **(options | changes))


@pytest.fixture(scope="module")
def block(folder: Path, tmp_path_factory: pytest.TempPathFactory, start: Path) -> Path:
    """A block for a hard receiver."""
    return Trainer(_recipe(folder, start), tmp_path_factory.mktemp("block")).run()


def test_the_loss_is_its_formula() -> None:
    """Gram matrices and distances written out, place by place."""
    rng = np.random.default_rng(0)
    repaired, clean = (rng.normal(size=(2, 3, 5, 4)).astype(np.float32) for _ in range(2))
    gram, mse = 0.0, 0.0
    for image in range(2):
        difference = np.zeros((4, 4))
        for i, j in np.ndindex(3, 5):
            a, b = repaired[image, i, j], clean[image, i, j]
            difference += (np.outer(a, a) - np.outer(b, b)) / (3 * 5 * 4)
            mse += float(np.sum((a - b) ** 2)) / (2 * 3 * 5 * 4)
        gram += float(np.sum(difference**2)) / 2
    terms = {k: float(v) for k, v in repair_terms(RepairLossConfig(gram=2.0, mse=0.25), repaired, clean).items()}
    assert terms["repair_gram"] == pytest.approx(gram, rel=1e-4)
    assert terms["repair_mse"] == pytest.approx(mse, rel=1e-4)
    assert terms["loss"] == pytest.approx(2 * gram + 0.25 * mse, rel=1e-4)


@pytest.mark.parametrize("receiver", ["hard", "soft"])
def test_the_block_alone_is_trained(folder: Path, tmp_path: Path, start: Path, receiver: str) -> None:
    reception = {"receiver": receiver, "link": UNCODED, "es_no_db": [8.0], "images": 1}
    trainer = Trainer(_recipe(folder, start, reception=reception), tmp_path)
    untrained = get_weights(trainer.model.repair)
    begin, end = (Checkpoint.from_bytes(path.read_bytes()) for path in (start, trainer.run()))
    assert end.model == begin.model.model_copy(update={"repair_blocks": 1, "repair_channels": 16})
    np.testing.assert_array_equal(begin.stages.codewords, end.stages.codewords)
    np.testing.assert_array_equal(begin.norm_mean, end.norm_mean)
    assert begin.norm_variance == end.norm_variance
    for part in ("encoder", "decoder"):
        ours, theirs = getattr(begin, part), getattr(end, part)
        assert ours.keys() == theirs.keys()
        for name, weight in ours.items():
            np.testing.assert_array_equal(weight, theirs[name])
    assert not end.decoder_takes_variance
    assert all(not np.array_equal(weight, end.repair[name]) for name, weight in untrained.items())
    log = (tmp_path / "log.csv").read_text().splitlines()[0]
    assert log.startswith("step,seconds,loss,repair_gram,repair_mse,psnr_db")


def _errors(trainer: Trainer) -> tuple[float, float, float]:
    """On batches that were not trained on: the loss, and mean squared errors of repaired and of received features."""
    model, losses, after, before = trainer.model, [], [], []
    for step in range(1000, 1010):
        batch = crop_batch(trainer.validation_images, trainer.config.data, 3, step)
        inputs = trainer._inputs(batch, step) | {"stages": np.full(len(batch), 2, np.int32)}
        features = model.features(batch)
        quantized = model.quantizer(np.asarray(features).reshape(-1, 4))
        used = np.ones((len(quantized.indices), 2), np.float32)
        received = model._received(quantized, used, inputs, features)
        clean = np.asarray(quantized.words).sum(1).reshape(features.shape)
        repaired = model.repair(received)
        losses.append(float(repair_terms(trainer.config.losses.repair, repaired, clean)["loss"]))
        after.append(np.mean((np.asarray(repaired) - clean) ** 2))
        before.append(np.mean((np.asarray(received[0]) - clean) ** 2))
    return float(np.mean(losses)), float(np.mean(after)), float(np.mean(before))


def test_training_lowers_the_error_of_what_was_damaged(folder: Path, tmp_path: Path, start: Path) -> None:
    trainer = Trainer(_recipe(folder, start, steps=60, checkpoint_every=60, validate_every=60), tmp_path)
    loss, after, before = _errors(trainer)
    assert after == before > 0  # an identity at first
    trainer.run()
    trained_loss, trained, same = _errors(trainer)
    assert same == before  # what is received has not changed
    assert trained < 0.8 * before
    assert trained_loss < 0.95 * loss


def test_an_interrupted_run_goes_on_to_the_same_block(folder: Path, tmp_path: Path, start: Path, block: Path) -> None:
    def stop(step: int, report: dict[str, float]) -> None:
        if step == 10:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        Trainer(_recipe(folder, start), tmp_path / "cut").run(stop)
    resumed = Trainer(_recipe(folder, start), tmp_path / "cut").run()
    ours, theirs = (Checkpoint.from_bytes(path.read_bytes()).repair for path in (block, resumed))
    for name, weight in ours.items():
        np.testing.assert_allclose(weight, theirs[name], rtol=1e-3, atol=1e-4)


def test_the_command_trains_a_block(
    folder: Path, tmp_path: Path, start: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Whose report has no error of pictures to show."""
    path = tmp_path / "repair.yaml"
    path.write_text(yaml.safe_dump(_recipe(folder, start).model_dump(mode="json")))
    train_command(path, [], 2, tmp_path / "out")
    assert capsys.readouterr().out.strip().endswith(".npz")


def test_a_block_goes_on_from_a_block(folder: Path, tmp_path: Path, block: Path) -> None:
    second = Trainer(_recipe(folder, block), tmp_path)
    saved = Checkpoint.from_bytes(block.read_bytes()).repair
    for name, weight in get_weights(second.model.repair).items():
        np.testing.assert_array_equal(weight, saved[name])


def test_the_trained_pair_is_a_scheme(start: Path, block: Path) -> None:
    """Encoder, codebook and decoder are equal; the block is used where blocks fail, and made for its receiver."""
    context = SchemeContext(LinkConfig.model_validate(UNCODED))
    options = {"name": "s", "kind": "semantic", "checkpoint": str(start), "damaged_checkpoint": str(block)}
    scheme = SemanticScheme(parse_scheme(options), context)
    assert (scheme.codec.repairs, scheme.damaged_codec.repairs) == (False, True)
    features = np.random.default_rng(0).normal(size=(1, 4, 4, 4)).astype(np.float32)
    np.testing.assert_array_equal(
        load_checkpoint(str(start)).decode(features, (16, 16)), load_checkpoint(str(block)).decode(features, (16, 16))
    )
    with pytest.raises(InputError, match=r"was trained for the hard receiver, but receiver\.kind is soft"):
        SemanticScheme(parse_scheme(options | {"receiver": {"kind": "soft"}}), context)


def test_validation_repairs_as_the_scheme_does(folder: Path, tmp_path: Path, start: Path) -> None:
    """A block that gives features far from all words changes the pictures that had bit errors, and no others."""
    trainer = Trainer(_recipe(folder, start), tmp_path)
    plain = trainer.validate()
    correction = trainer.model.repair.get_layer("correction")
    correction.bias.assign(np.full(4, 50.0))
    changed = trainer.validate()
    assert changed["psnr_db"] == plain["psnr_db"]
    assert abs(changed["psnr_db_at_ber_0.16"] - plain["psnr_db_at_ber_0.16"]) > 0.1


def test_a_decoder_that_takes_the_variance_is_no_start(folder: Path, tmp_path: Path, start: Path) -> None:
    plain = Checkpoint.from_bytes(start.read_bytes())
    decoder = get_weights(build_decoder(plain.model, with_variance=True))
    robust = tmp_path / "robust.npz"
    replace(plain, decoder=decoder, decoder_takes_variance=True).save(robust)
    with pytest.raises(InputError, match="takes the variance of its features, which a repair block") as caught:
        Trainer(_recipe(folder, robust), tmp_path / "repair")
    assert "\n" not in str(caught.value)


def test_other_networks_than_the_starts_are_refused(folder: Path, tmp_path: Path, start: Path) -> None:
    with pytest.raises(InputError, match="train_only: repair a repair block"):
        Trainer(_recipe(folder, start, model=BLOCK | {"decoder_blocks": 2}), tmp_path)


def test_indices_on_the_axes_have_the_errors_of_their_places() -> None:
    """Each index has a strong, a middle and a weak bit; in their own order the first index of two has the strong ones."""
    link = {"code": {"kind": "none"}, "modulation": {"bits_per_symbol": 6}, "channel": {"kind": "awgn"}}
    stages = Stages(np.zeros((1, 2, 8, 1), np.float32), np.full((1, 2, 8), 1 / 8, np.float32))
    rates = {}
    for protection in ("none", "axes"):
        reception = ReceptionConfig(link=link, es_no_db=(10.0,), images=16, protection=protection)
        (grids,) = gather_llrs(reception, stages, 8, 1).grids
        rates[protection] = (grids < 0).mean((0, 1, 2, 3))  # [heads, bits]
    np.testing.assert_allclose(rates["axes"][0], rates["axes"][1], rtol=0.15)
    assert (np.diff(rates["axes"], axis=-1) > 0.02).all()
    assert rates["none"][0].mean() < 0.6 * rates["none"][1].mean()


def test_indices_that_are_no_axis_are_refused() -> None:
    stages = Stages(np.zeros((1, 2, 4, 1), np.float32), np.full((1, 2, 4), 1 / 4, np.float32))
    with pytest.raises(InputError, match="axes does not go with 2 heads of 2 bits") as caught:
        axes_order(24, stages, LinkConfig.model_validate(UNCODED))
    assert "\n" not in str(caught.value)


WHOLE = """
name: x
initialize_from: y
train_only: repair
model: {repair_blocks: 2}
codebook: {initialization: keep}
reception: {receiver: hard}
"""


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("{repair_blocks: 2}", "{}", "train_only: repair with model.repair_blocks: 0 is not allowed"),
        ("train_only: repair", "train_only: decoder", "train_only: decoder with model.repair_blocks: 2"),
        ("{repair_blocks: 2}", "{repair_blocks: 65}", "repair_blocks.*64"),
        ("reception: {receiver: hard}", "", "train_only: repair needs reception"),
        ("initialize_from: y", "", "train_only: repair needs initialize_from"),
        ("initialization: keep", "initialization: data", "initialization: data does not go with train_only: repair"),
        ("name: x", "name: x\nlosses: {lpips: {weight: 1}}", "leave gram, lpips and adversarial out"),
    ],
)
def test_bad_recipes_are_one_line(tmp_path: Path, old: str, new: str, message: str) -> None:
    path = tmp_path / "train.yaml"
    path.write_text(WHOLE)
    assert load(path, TrainConfig).model.repair_blocks == 2
    assert WHOLE.count(old) == 1
    path.write_text(WHOLE.replace(old, new))
    with pytest.raises(InputError, match=message) as caught:
        load(path, TrainConfig)
    assert "\n" not in str(caught.value)
