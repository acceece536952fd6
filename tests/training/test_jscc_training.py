"""The training of symbol networks: the channel between them is the link's, and runs are what recipes say."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from linksim.cli.train import train_command
from linksim.common.errors import InputError
from linksim.jscc.checkpoint import KIND, JsccCheckpoint
from linksim.jscc.codec import TrainedJscc, load_jscc
from linksim.jscc.symbols import reals_of, reliability, symbols_of, unit_power
from linksim.link.config import LinkConfig
from linksim.link.symbols import send_symbols
from linksim.semantic.finding import pretrained_names
from linksim.training.config import TrainConfig
from linksim.training.jscc.channel import draw_channel
from linksim.training.jscc.config import JsccRecipe
from linksim.training.jscc.trainer import JsccTrainer
from linksim.training.jscc.validation import validate
from linksim.training.kinds import load_recipe

MODEL = {"reals": 8, "channels": [16, 8], "encoder_blocks": [1, 0], "decoder_blocks": [1, 0]}
RECIPES = [
    path
    for path in sorted((Path(__file__).parents[2] / "scenarios" / "train").glob("*.yaml"))
    if isinstance(load_recipe(path), JsccRecipe)
]


def recipe(folder: Path, **changes: Any) -> JsccRecipe:
    settings: dict[str, Any] = {
        "kind": "deepjscc",
        "name": "tiny",
        "data": {"datasets": ["folder"], "path": str(folder), "crop": 32, "batch": 4, "validation": 2},
        "model": MODEL,
        "steps": 6,
        "validate_every": 3,
        "checkpoint_every": 2,
        "precision": "float32",
    }
    return JsccRecipe(**(settings | changes))


@pytest.mark.parametrize("kind", ["awgn", "rayleigh"])
def test_the_decoder_is_given_what_the_link_would_give(folder: Path, kind: str) -> None:
    """`reliability * x + noise` of the training is the scaled symbol of a link with the same fades and noise."""
    config = recipe(folder, channel={"kind": kind}, es_no_db=[6.0, 6.0])
    es_no_db, trust, noise = draw_channel(config, (1, 16, 16, 8), step=3)
    assert es_no_db == pytest.approx([6.0])
    reals = np.random.default_rng(0).normal(0, 1, (1, 16, 16, 8)).astype(np.float32)
    (symbols,) = symbols_of(reals)
    # One slot of the same length, so that the same numbers are drawn.
    link = LinkConfig(
        code={"kind": "none", "block_bits": 2 * len(symbols)}, modulation={"bits_per_symbol": 2}, channel={"kind": kind}
    )
    assert link.symbols_per_block == len(symbols)
    sent = trust * np.asarray(unit_power(reals)) + noise
    variance = reals_of(np.full((1, len(symbols)), 10**-0.6), (16, 16, 8))
    if kind == "awgn":
        np.testing.assert_allclose(trust, reliability(variance), rtol=1e-5)
    # The link's own slots have other keys: compare laws, not draws.
    received = send_symbols(link, symbols, 6.0, ("test",))
    other = reals_of((reliability(received.noise_variance) * received.symbols)[None], (16, 16, 8))
    error, expected = sent - np.asarray(unit_power(reals)), other - np.asarray(unit_power(reals))
    assert np.mean(error**2) == pytest.approx(np.mean(expected**2), rel=0.1)
    # The linear estimate of least error has the error v / (1 + v) per symbol, half of it in each part.
    assert np.mean(error**2) == pytest.approx(np.mean((1 - trust) / 2), rel=0.1)
    assert np.quantile(trust, [0.1, 0.5, 0.9]) == pytest.approx(
        np.quantile(reliability(received.noise_variance), [0.1, 0.5, 0.9]), abs=0.03
    )


def test_snrs_are_drawn_for_each_image_from_the_range(folder: Path) -> None:
    config = recipe(folder, es_no_db=[-3.0, 12.0])
    drawn = np.concatenate([draw_channel(config, (8, 2, 2, 4), step)[0] for step in range(50)])
    assert drawn.min() >= -3
    assert drawn.max() <= 12
    assert np.mean(drawn) == pytest.approx(4.5, abs=0.8)
    assert len(np.unique(drawn)) == 400


def test_it_learns(folder: Path, tmp_path: Path) -> None:
    trainer = JsccTrainer(recipe(folder, steps=60, optimizer={"learning_rate": 5e-3, "warmup_steps": 5}), tmp_path)
    before = trainer.validate()["psnr_db_at_10_db"]
    path = trainer.run()
    after = JsccCheckpoint.from_bytes(path.read_bytes()).card["validation"]
    assert after["psnr_db_at_10_db"] > before + 1.5
    assert after["psnr_db_at_20_db"] > after["psnr_db_at_0_db"]


def test_a_run_that_is_interrupted_ends_as_one_that_is_not(folder: Path, tmp_path: Path) -> None:
    whole = JsccTrainer(recipe(folder), tmp_path / "whole").run()

    class Stop(Exception): ...

    def stop(step: int, report: dict[str, float]) -> None:
        if step == 5:
            raise Stop

    with pytest.raises(Stop):
        JsccTrainer(recipe(folder), tmp_path / "parts").run(stop)
    again = JsccTrainer(recipe(folder), tmp_path / "parts").run()
    a, b = (JsccCheckpoint.from_bytes(path.read_bytes()) for path in (whole, again))
    for part in ("encoder", "decoder"):
        for name, weight in getattr(a, part).items():
            np.testing.assert_allclose(weight, getattr(b, part)[name], atol=1e-3)
    assert "tiny" in whole.with_suffix(".md").read_text()


def test_a_narrower_quantized_run_starts_from_a_wider_one(folder: Path, tmp_path: Path) -> None:
    start = JsccTrainer(recipe(folder), tmp_path / "wide").run()
    narrow = MODEL | {"reals": 3, "constellation_bits": 4}
    trainer = JsccTrainer(recipe(folder, model=narrow, initialize_from=str(start), steps=2), tmp_path / "narrow")
    wide = JsccCheckpoint.from_bytes(start.read_bytes())
    kernel = np.asarray(trainer.model.encoder.get_layer("reals").kernel)
    np.testing.assert_array_equal(kernel, wide.encoder["reals/kernel"][..., :3])
    first = np.asarray(trainer.model.decoder.get_layer("reals").kernel)
    np.testing.assert_array_equal(first, wide.decoder["reals/kernel"][:, :, [0, 1, 2, 8, 9, 10]])
    sharpness = [float(trainer._inputs(np.zeros((1, 32, 32, 3), np.float32), s)["sharpness"][0]) for s in (0, 1)]
    assert sharpness == pytest.approx([10.0, 200.0])
    made = load_jscc(str(trainer.run()))
    assert made.model.constellation_bits == 4
    text = (tmp_path / "narrow" / "tiny.md").read_text()
    assert "points of 16-QAM" in text
    assert "rho 0.0078" in text
    with pytest.raises(InputError, match=r"initialize_from: .*must be the same"):
        JsccTrainer(recipe(folder, model=MODEL | {"reals": 9}, initialize_from=str(start)), tmp_path / "wider")


def test_validation_is_what_a_link_gives(folder: Path, tmp_path: Path) -> None:
    """The mean PSNR of the file's codec, over the recipe's channel."""
    trainer = JsccTrainer(recipe(folder, channel={"kind": "awgn"}), tmp_path)
    path = trainer.run()
    codec = load_jscc(str(path))
    measured = validate(codec, trainer.config, trainer.validation_images)
    assert codec.card["validation"] == pytest.approx(measured)
    image = trainer.validation_images[0][:48, :56]
    x = image[None]
    link = LinkConfig(channel={"kind": "awgn"})
    sent = codec.encode(x, 60.0)
    got = send_symbols(link, sent[0], 60.0, ("a",))
    picture = codec.decode(got.symbols[None], got.noise_variance[None], image.shape[:2], 60.0)
    clean = codec.decode(sent, np.zeros(sent.shape), image.shape[:2], 60.0)
    assert np.abs(picture.astype(int) - clean).max() <= 2
    assert isinstance(codec, TrainedJscc)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("kind: deepjsc\nname: x", r"kind: 'deepjsc' is not known; allowed: codebook, deepjscc"),
        ("kind: [1]\nname: x", r"kind: \[1\] is not known"),
        ("kind: deepjscc\nname: x\ncodebook: {decay: 0.9}", "codebook"),
        (
            "kind: deepjscc\nname: x\nmodel: {downsampling: 16}",
            "channels: .* has 2 numbers; downsampling: 16 has 3 grids",
        ),
        ("kind: deepjscc\nname: x\nes_no_db: [5, 1]", r"es_no_db: \[5.0, 1.0\] must be \[lowest, highest\]"),
        ("kind: deepjscc\nname: x\ndata: {crop: 36}", "data.crop: 36 is no multiple of model.downsampling: 8"),
        ("kind: deepjscc\nname: x\nmodel: {constellation_bits: 3}", "constellation_bits"),
        ("kind: deepjscc\nname: x\nsharpness: []", r"sharpness.0: is missing; it must be given \(and 1 more\)"),
        ("kind: deepjscc\nname: x\nsharpness: [1.0]", "sharpness.1: is missing"),
        ("kind: deepjscc\nname: x\nes_no_db: []", "es_no_db.0: is missing"),
    ],
)
def test_bad_recipes_are_one_line(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "train.yaml"
    path.write_text(text)
    with pytest.raises(InputError, match=message) as caught:
        load_recipe(path)
    assert "\n" not in str(caught.value)


def test_a_recipe_without_a_kind_is_for_a_codebook(tmp_path: Path) -> None:
    for text in ("name: x", "kind: codebook\nname: x"):
        (tmp_path / "train.yaml").write_text(text)
        assert isinstance(load_recipe(tmp_path / "train.yaml"), TrainConfig)


def test_the_command_trains_either_kind(folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "train.yaml"
    data = f"{{datasets: [folder], path: {folder}, crop: 32, batch: 2, validation: 2}}"
    path.write_text(f"kind: deepjscc\nname: tiny\ndata: {data}\nmodel: {MODEL}\n".replace("'", ""))
    train_command(path, [], 2, tmp_path / "out")
    made = capsys.readouterr().out.strip()
    assert load_jscc(made).card["training"]["steps"] == 2


@pytest.mark.parametrize("path", RECIPES, ids=lambda path: path.stem)
def test_shipped_checkpoints_were_trained_by_the_shipped_recipes(path: Path) -> None:
    if path.stem not in pretrained_names(KIND):
        pytest.skip(f"no checkpoint {path.stem} is shipped")
    card = load_jscc(path.stem).card["training"]
    want, trained = (JsccRecipe.model_validate(c).model_dump(mode="json") for c in (load_recipe(path), card))
    assert {key for key in want if want[key] != trained[key]} <= {"precision", "description"}


def test_every_shipped_checkpoint_has_its_recipe() -> None:
    assert set(pretrained_names(KIND)) <= {path.stem for path in RECIPES}
