"""The training loop on a handful of small pictures: what it writes, resumes and refuses."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from linksim.cli.train import train_command
from linksim.codebook.quantizer import ResidualQuantizer
from linksim.codebook.receiver import KNOWN_LLR
from linksim.codebook.stages import Stages
from linksim.common.errors import InputError
from linksim.common.reading.loading import load
from linksim.metrics.peak_noise import psnr
from linksim.semantic.autoencoder import get_weights
from linksim.semantic.checkpoint import Checkpoint
from linksim.semantic.codec import SemanticCodec, load_checkpoint
from linksim.semantic.finding import pretrained_names
from linksim.training.batches import crop_batch, draw_flips, draw_stages
from linksim.training.config import CodebookConfig, ReceptionConfig, TrainConfig
from linksim.training.kinds import load_recipe
from linksim.training.receptions import gather_llrs
from linksim.training.schedules import channel_aware_rate, learning_rate, quantization_begins, quantizes
from linksim.training.trainer import Trainer
from tests.training.cited import find_recipe
from tests.training.tiny import MODEL, config

RECIPES = [
    path
    for path in sorted((Path(__file__).parents[2] / "scenarios" / "train").glob("*.yaml"))
    if isinstance(load_recipe(path), TrainConfig)
]


def _same(a: Checkpoint, b: Checkpoint) -> None:
    np.testing.assert_allclose(a.stages.codewords, b.stages.codewords, rtol=1e-3, atol=1e-4)
    for ours, theirs in ((a.encoder, b.encoder), (a.decoder, b.decoder)):
        assert list(ours) == list(theirs)
        for name, weight in ours.items():
            np.testing.assert_allclose(weight, theirs[name], rtol=1e-3, atol=1e-4)


def test_interrupted_run_goes_on_to_what_an_uninterrupted_one_gives(folder: Path, tmp_path: Path) -> None:
    whole = Trainer(config(folder), tmp_path / "whole").run()

    def stop(step: int, report: dict[str, float]) -> None:
        if step == 10:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        Trainer(config(folder), tmp_path / "cut").run(stop)
    steps: list[int] = []
    resumed = Trainer(config(folder), tmp_path / "cut").run(lambda step, report: steps.append(step))
    assert steps == list(range(9, 13))  # from the state of step 8
    _same(Checkpoint.from_bytes(whole.read_bytes()), Checkpoint.from_bytes(resumed.read_bytes()))
    log = (tmp_path / "whole" / "log.csv").read_text().splitlines()
    assert "psnr_db" in log[0]
    assert "perplexity" in log[0]
    assert [line.split(",")[0] for line in log[1:]] == ["6", "12"]


def test_training_lowers_the_error(folder: Path, tmp_path: Path) -> None:
    fast = {"warmup_steps": 5, "learning_rate": 5e-3}
    trainer = Trainer(config(folder, steps=300, optimizer=fast, codebook={"initialize_at": 100}), tmp_path)
    before = trainer.validate()["psnr_db"]
    trainer.run()
    assert trainer.validate()["psnr_db"] > before + 2


def test_a_finished_checkpoint_of_other_settings_is_kept(folder: Path, tmp_path: Path) -> None:
    path = Trainer(config(folder, steps=3), tmp_path).run()
    before = path.read_bytes()
    with pytest.raises(InputError, match="trained with other settings"):
        Trainer(config(folder, steps=2), tmp_path).run()
    assert path.read_bytes() == before


def test_few_steps_quantize_too(folder: Path, tmp_path: Path) -> None:
    trainer = Trainer(config(folder, steps=9, codebook={"initialize_at": 500}), tmp_path)
    start = np.array(trainer.model.quantizer.codewords)
    trainer.run()
    assert not np.allclose(start, np.asarray(trainer.model.quantizer.codewords))


def test_state_of_other_settings_is_refused(folder: Path, tmp_path: Path) -> None:
    Trainer(config(folder, steps=4), tmp_path).run()
    with pytest.raises(InputError, match="other settings"):
        Trainer(config(folder, steps=5), tmp_path).run()


@pytest.mark.parametrize(
    "changes",
    [
        {"losses": {"entropy": {"weight": 0.02}}},
        {"losses": {"channel_aware": {"weight": 0.25, "labelling": "random"}}},
        {"losses": {"channel_aware": {"weight": 0.25}}, "codebook": {"update": "gradient", "initialize_at": 2}},
        {"model": MODEL | {"codebook_size": 12}, "flips": {"bit_error_rate": [0.05, 0.2], "clean_share": 0.2}},
        {"precision": "mixed_bfloat16", "codebook": {"initialization": "data", "initialize_at": 2}},
        {"model": MODEL | {"stages": 3, "heads": 2, "downsampling": 8}, "losses": {"entropy": {"weight": 0.02}}},
        {"model": MODEL | {"stages": 2, "downsampling": 16, "decoder_blocks": [1, 0, 1, 0]}},
    ],
)
def test_options_train(folder: Path, tmp_path: Path, changes: dict[str, Any]) -> None:
    """Every kind of run leaves a checkpoint that moved, whose codec does what the trained networks do."""
    settings = config(folder, **changes)
    trainer = Trainer(settings, tmp_path)
    start = np.array(trainer.model.quantizer.codewords)
    codec = load_checkpoint(str(trainer.run()))
    assert codec.stages.codewords.shape == start.shape
    assert np.abs(codec.stages.codewords - start).mean() > 0.01
    np.testing.assert_allclose(codec.stages.codewords, trainer.model.quantizer.codewords, rtol=1e-3)
    image = trainer.validation_images[0][None, :48, :48]
    tolerance = 0.1 if settings.precision == "mixed_bfloat16" else 0.02
    live = np.asarray(trainer.model.features(image / np.float32(255)))
    np.testing.assert_allclose(codec.encode(image), live, atol=tolerance)


def test_card_tells_what_the_file_gives(folder: Path, tmp_path: Path) -> None:
    """PSNR of the pictures that a codec of the written file makes, by each number of stages."""
    trainer = Trainer(config(folder, model=MODEL | {"stages": 2}), tmp_path)
    codec = load_checkpoint(str(trainer.run()))
    measured = codec.card["validation"]
    quantizer = ResidualQuantizer(codec.stages)
    for count, key in ((1, "psnr_db_of_1"), (2, "psnr_db")):
        values = []
        for image in trainer.validation_images:
            features = codec.encode(image[None])
            indices = quantizer.encode(features.reshape(-1, codec.dim), count)
            picture = codec.decode(codec.stages.estimate(indices).reshape(features.shape), image.shape[:2])
            values.append(psnr(image[None], picture)[0])
        assert measured[key] == pytest.approx(np.mean(values), abs=1e-9)
    assert measured["psnr_db_at_ber_0.16"] < measured["psnr_db"]
    text = (tmp_path / "tiny.md").read_text()
    assert "2 stages with K = 16 codewords of D = 4, 4 bits a stage for 4 x 4 pixels (0.25 to 0.5 bpp)" in text
    assert f"| PSNR without errors, the first 1 of the stages (dB) | {measured['psnr_db_of_1']:.2f} |" in text


def test_codewords_that_are_lost_at_the_end_are_a_divergence(folder: Path, tmp_path: Path) -> None:
    trainer = Trainer(config(folder), tmp_path)
    trainer.model.quantizer.codewords.assign(np.full(trainer.model.quantizer.codewords.shape, np.inf, np.float32))
    trainer.step = trainer.config.steps
    with pytest.raises(
        InputError, match=r"diverged at step \d+: codewords .*not finite.*lower optimizer\.learning_rate"
    ):
        trainer.run()
    assert not list(tmp_path.rglob("*.npz"))


def test_divergence_stops_with_step_and_term(folder: Path, tmp_path: Path) -> None:
    wild = {"learning_rate": 1e30, "final_learning_rate": 1e30, "warmup_steps": 0}
    with pytest.raises(InputError, match=r"diverged at step 2: the term mse is not finite.*learning_rate \(1e\+30\)"):
        Trainer(config(folder, optimizer=wild), tmp_path / "long").run()
    with pytest.raises(InputError, match=r"diverged at step 1: the weight .* is not finite"):  # which no loss shows yet
        Trainer(config(folder, optimizer=wild, steps=1), tmp_path / "short").run()
    assert not list(tmp_path.rglob("*.npz"))


def test_decoder_alone_leaves_encoder_and_codebook(folder: Path, tmp_path: Path) -> None:
    start = Trainer(config(folder), tmp_path / "start").run()
    fine = config(
        folder,
        name="robust",
        initialize_from=str(start),
        train_only="decoder",
        codebook={"initialization": "keep"},
        flips={"bit_error_rate": [0.0, 0.2]},
    )
    end = Checkpoint.from_bytes(Trainer(fine, tmp_path / "fine").run().read_bytes())
    begin = Checkpoint.from_bytes(start.read_bytes())
    np.testing.assert_array_equal(begin.stages.codewords, end.stages.codewords)
    for name, weight in begin.encoder.items():
        np.testing.assert_array_equal(weight, end.encoder[name])
    assert any(not np.array_equal(weight, end.decoder[name]) for name, weight in begin.decoder.items())


def test_deeper_decoder_goes_on_from_the_shallower_one(folder: Path, tmp_path: Path) -> None:
    start = Trainer(config(folder), tmp_path / "start").run()
    sizes = config(folder).model.model_dump()
    deeper = sizes | {"decoder_blocks": sizes["decoder_blocks"] + 2}
    options = {"initialize_from": str(start), "codebook": {"initialization": "keep"}}
    trainer = Trainer(config(folder, train_only="decoder", model=deeper, **options), tmp_path / "deeper")
    shallow = load_checkpoint(str(start))
    features = shallow.codebook[np.random.default_rng(1).integers(0, len(shallow.codebook), (1, 4, 4))]
    before = shallow.decode(features, (16, 16)).astype(float)
    after = np.asarray(trainer.model.decoder(features))[..., :3] * 255
    assert np.abs(before - np.clip(after, 0, 255)).mean() < 4  # further blocks begin as nearly the identity
    with pytest.raises(InputError, match="decoder_blocks"):
        Trainer(config(folder, model=deeper, **options), tmp_path / "all")


def test_networks_go_on_with_a_quantizer_of_their_own(folder: Path, tmp_path: Path) -> None:
    """Stages may be added to a trained autoencoder; where its codebook is kept, that has to fit."""
    start = Trainer(config(folder), tmp_path / "start").run()
    more = {"initialize_from": str(start), "model": MODEL | {"stages": 2, "codebook_size": 8}}
    trainer = Trainer(config(folder, **more), tmp_path / "more")
    before = Checkpoint.from_bytes(start.read_bytes())
    for name, weight in get_weights(trainer.model.encoder).items():
        np.testing.assert_array_equal(weight, before.encoder[name])
    assert load_checkpoint(str(trainer.run())).stages.codewords.shape == (2, 1, 8, 4)
    with pytest.raises(InputError, match="stages=2"):
        Trainer(config(folder, **more, codebook={"initialization": "keep"}), tmp_path / "keep")


def test_a_backbone_gives_its_matching_layers(folder: Path, tmp_path: Path) -> None:
    """To networks on another grid and with other features: what has the same name and shape is equal, all else is new."""
    small = MODEL | {"channels": 16}
    start = Trainer(config(folder, model=small), tmp_path / "start").run()
    before = Checkpoint.from_bytes(start.read_bytes())
    other = {"downsampling": 8, "channels": [16, 16, 8], "encoder_blocks": [1, 1, 0], "decoder_blocks": [1, 1, 0]}
    matching = {"initialize_from": str(start), "initialize_layers": "matching"}
    options = {**matching, "model": small | other | {"latent_dim": 6, "heads": 2, "codebook_size": 4}}
    trainer = Trainer(config(folder, **options), tmp_path / "other")
    fresh = Trainer(config(folder, model=options["model"]), tmp_path / "fresh")
    for part in ("encoder", "decoder"):
        weights, random = (get_weights(getattr(t.model, part)) for t in (trainer, fresh))
        kept = {name for name in weights if np.array_equal(weights[name], getattr(before, part).get(name))}
        layers = {name.rpartition("/")[0] for name in kept if name.endswith("/kernel")}
        blocks = {f"grid4_block1_{i}" for i in ("first", "second")}
        assert layers == (
            {"grid2_down", "grid4_down"} | blocks
            if part == "encoder"
            else {"grid2_up", "grid2_smooth", "pixels"} | blocks
        )
        for name in weights.keys() - {f"{layer}/{kind}" for layer in layers for kind in ("kernel", "bias")}:
            np.testing.assert_array_equal(weights[name], random[name])
    assert float(trainer.model.norm.variance) == 1.0, "features of a new layer are normalized anew"
    assert load_checkpoint(str(trainer.run())).stages.codewords.shape == (1, 2, 4, 3)
    same = Trainer(config(folder, **matching, model=small), tmp_path / "same")
    np.testing.assert_array_equal(same.model.norm.mean, before.norm_mean)
    with pytest.raises(InputError, match="no layer has the same name and shape"):
        Trainer(config(folder, **matching, model=MODEL | {"channels": 32}), tmp_path / "wide")


@pytest.mark.parametrize("receiver", ["soft", "hard"])
def test_decoder_for_a_receiver_takes_the_variance(folder: Path, tmp_path: Path, receiver: str) -> None:
    start = Trainer(config(folder), tmp_path / "start").run()
    fine = config(
        folder,
        name="soft",
        initialize_from=str(start),
        train_only="decoder",
        codebook={"initialization": "keep"},
        reception={"receiver": receiver, "link": {"code": {"kind": "none"}}, "es_no_db": [8.0, 20.0], "images": 1},
    )
    codec = load_checkpoint(str(Trainer(fine, tmp_path / "fine").run()))
    assert codec.takes_variance
    features = codec.codebook[np.zeros((1, 3, 4), int)]
    certain = codec.decode(features, (12, 16))
    assert certain.shape == (1, 12, 16, 3)
    doubtful = codec.decode(features, (12, 16), np.full((1, 3, 4), 5.0))
    assert not np.array_equal(certain, doubtful)


def test_the_link_of_training_protects_the_bits_as_the_scheme_does() -> None:
    """The most important bit of an index, here the last one, has the fewest errors, behind a code as well as without."""
    codebook = np.array([[0], [8], [2], [10], [1], [9], [3], [11]], np.float32)
    for code, es_no_db in (({"kind": "none"}, 12.0), ({"kind": "ldpc5g"}, 10.0)):
        rates = {}
        for protection in ("none", "bit-levels"):
            reception = ReceptionConfig(link={"code": code}, es_no_db=(es_no_db,), images=4, protection=protection)
            (grids,) = gather_llrs(reception, Stages.single(codebook, np.full(8, 1 / 8)), 4, 1).grids
            rates[protection] = (grids < 0).reshape(-1, 3).mean(0)
        low, middle, high = rates["bit-levels"]  # the first bit is the least important
        assert high < middle < 0.8 * low
        assert high < 0.9 * rates["none"].mean()
        assert rates["bit-levels"].mean() == pytest.approx(rates["none"].mean(), rel=0.03)


def test_where_every_block_passes_no_bit_is_doubtful_and_no_batch_damaged(folder: Path, tmp_path: Path) -> None:
    """Whatever the LLRs: at 30 dB those of rate 1/2 in 64-QAM are far from certain, all the more when halved."""
    start = Trainer(config(folder, steps=4), tmp_path).run()
    reception = {"llr_scale": 0.5, "es_no_db": [30.0], "images": 1, "clean_share": 0.0}
    keep = {"initialization": "keep", "initialize_at": 0}
    fine = config(folder, initialize_from=str(start), train_only="decoder", codebook=keep, reception=reception)
    trainer = Trainer(fine, tmp_path / "fine")
    pool = trainer.llr_pool
    assert pool is not None
    assert all(known.all() for known in pool.known)
    assert min(grid.min() for grid in pool.grids) < KNOWN_LLR
    for step in range(5):
        inputs = trainer._inputs(np.zeros((1, 32, 32, 3), np.float32), step)
        assert inputs["known"].all()
        assert not inputs["damaged"].any()


def test_checkpoint_keeps_everything_and_refuses_what_it_is_not(folder: Path, tmp_path: Path) -> None:
    path = Trainer(config(folder, steps=6), tmp_path).run()
    codec = load_checkpoint(str(path))
    assert codec.card["training"]["steps"] == 6
    images = np.random.default_rng(1).integers(0, 256, (2, 21, 34, 3), np.uint8)
    features = codec.encode(images)
    assert features.shape == (2, 6, 9, 4)  # 21 and 34 padded to 24 and 36
    indices = SemanticCodec.indices_of(features, codec.codebook)
    assert codec.decode(codec.codebook[indices], (21, 34)).shape == images.shape
    bad = tmp_path / "bad.npz"
    bad.write_bytes(path.read_bytes()[:1000])
    with pytest.raises(InputError, match="not a linksim checkpoint"):
        load_checkpoint(str(bad))
    with pytest.raises(InputError, match="no file"):
        load_checkpoint(str(tmp_path / "none.npz"))
    with pytest.raises(InputError, match="unknown name 'vqvea'"):
        load_checkpoint("vqvea")


def test_crops_and_flips_are_stateless(folder: Path) -> None:
    settings = config(folder, flips={"bit_error_rate": [0.1, 0.1], "clean_share": 0.0})
    images = [np.arange(48 * 56 * 3, dtype=np.uint8).reshape(48, 56, 3)]
    np.testing.assert_array_equal(crop_batch(images, settings.data, 1, 7), crop_batch(images, settings.data, 1, 7))
    masks = draw_flips(settings.flips, (40, 16, 16), 4, 1, 7)
    rate = np.mean([(masks >> b & 1).mean() for b in range(4)])
    assert rate == pytest.approx(0.1, abs=0.01)
    assert masks.max() < 16


def test_schedules() -> None:
    settings = TrainConfig(
        name="x",
        steps=100,
        codebook={"initialize_at": 10},
        optimizer={"learning_rate": 1.0, "final_learning_rate": 0.1, "warmup_steps": 10},
        losses={"channel_aware": {"bit_error_rate": 0.1, "start_bit_error_rate": 0.3, "anneal_steps": 20}},
    )
    assert [channel_aware_rate(settings, s) for s in (0, 10, 20, 30, 99)] == pytest.approx([0.3, 0.3, 0.2, 0.1, 0.1])
    assert [quantizes(settings, s) for s in (0, 9, 10, 99)] == [False, False, True, True]
    assert learning_rate(settings, 4) == pytest.approx(0.5)
    assert learning_rate(settings, 99) == pytest.approx(0.1, abs=0.01)
    # Half a cosine from step 10 to step 100: its quarter is 0.1 + 0.45 (1 + cos(pi / 4)), its middle the mean.
    quarter, middle = (learning_rate(settings, 10 + part) for part in (22.5, 45))
    assert quarter == pytest.approx(0.1 + 0.45 * (1 + np.sqrt(0.5)))
    assert middle == pytest.approx(0.55)


def test_quantization_and_annealing_begin_at_one_step() -> None:
    """With few steps that is a third of them; with a codebook that is kept, the first."""
    anneal = {"channel_aware": {"bit_error_rate": 0.1, "start_bit_error_rate": 0.3, "anneal_steps": 20}}
    few = TrainConfig(name="x", steps=90, codebook={"initialize_at": 500}, losses=anneal)
    kept = few.model_copy(
        update={"codebook": CodebookConfig(initialization="keep", initialize_at=500), "initialize_from": "any"}
    )
    for settings, begins in ((few, 30), (kept, 0)):
        assert quantization_begins(settings) == begins
        assert [step for step in range(90) if quantizes(settings, step)] == list(range(begins, 90))
        rates = [channel_aware_rate(settings, begins + s) for s in (0, 10, 20)]
        assert rates == pytest.approx([0.3, 0.2, 0.1])


def test_number_of_stages_is_drawn_per_image(folder: Path) -> None:
    settings = config(folder, model=MODEL | {"stages": 4}, codebook={"stage_dropout": 0.5})
    drawn = np.concatenate([draw_stages(settings, 100, step) for step in range(40)])
    shares = np.bincount(drawn, minlength=5) / len(drawn)
    assert shares == pytest.approx([0, 1 / 8, 1 / 8, 1 / 8, 5 / 8], abs=0.03)
    np.testing.assert_array_equal(draw_stages(settings, 100, 3), drawn[300:400])
    everything = config(folder, model=MODEL | {"stages": 4}, codebook={"stage_dropout": 0.0})
    assert (draw_stages(everything, 100, 3) == 4).all()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("nmae: x", "nmae: unknown key; did you mean name"),
        ("name: x\nlosses: {entropie: {}}", "losses.entropie: unknown key; did you mean entropy"),
        ("name: x\nsteps: many", "steps.*'many'"),
        ("name: x\nsteps: '5'", "steps.*'5'"),
        ("name: x\ntrain_only: decoder", "initialize_from"),
        ("name: x\ninitialize_layers: matching", "needs initialize_from"),
        (
            "name: x\ninitialize_from: a\ntrain_only: decoder\ninitialize_layers: matching",
            "needs initialize_layers: all",
        ),
        ("name: x\nmodel: {downsampling: 6}", "downsampling"),
        ("name: x\nmodel: {latent_dim: 32, heads: 3}", "no multiple of heads: 3"),
        ("name: x\nmodel: {downsampling: 8, decoder_blocks: [4, 2]}", "3 grids"),
        ("name: x\nmodel: {downsampling: 16}\ndata: {crop: 72}", "no multiple of model.downsampling"),
        ("name: [", "YAML"),
        ("name: x\nname: y", "name"),
    ],
)
def test_bad_yaml_is_one_line(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "train.yaml"
    path.write_text(text)
    with pytest.raises(InputError, match=message) as caught:
        load(path, TrainConfig)
    assert "\n" not in str(caught.value)


def test_command_takes_steps_and_overrides(folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "train.yaml"
    path.write_text(
        f"name: tiny\ndata: {{datasets: [folder], path: {folder}, crop: 32, batch: 2, validation: 2}}\nmodel: {MODEL}\n"
    )
    train_command(path, ["codebook.initialize_at=1"], 3, tmp_path / "out")
    result = capsys.readouterr().out.strip()
    assert result == str(tmp_path / "out" / "tiny.npz")
    assert load_checkpoint(result).card["training"]["steps"] == 3


def test_shipped_recipes_are_valid_and_the_four_differ_in_their_terms_alone() -> None:
    recipes = {path.stem: load(path, TrainConfig) for path in RECIPES}
    own = {"name", "description", "losses"}
    plain = recipes["vqvae"].model_dump(exclude=own)
    for name in ("vqvae-entropy", "vqvae-channel-aware", "proposed"):
        assert recipes[name].model_dump(exclude=own) == plain
    proposed = recipes["proposed"].losses
    assert proposed.entropy == recipes["vqvae-entropy"].losses.entropy
    assert proposed.channel_aware == recipes["vqvae-channel-aware"].losses.channel_aware
    for kind in ("robust", "soft"):
        pair = [
            recipes[f"{base}-{kind}"].model_dump(exclude={*own, "initialize_from"}) for base in ("vqvae", "proposed")
        ]
        # The codebook of vqvae has no order of importance that a protection could use.
        protections = [recipe["reception"].pop("protection") for recipe in pair]
        assert protections == ["none", "bit-levels" if kind == "robust" else "none"]
        assert pair[0] == pair[1]
        assert recipes[f"vqvae-{kind}"].losses == recipes[f"proposed-{kind}"].losses


@pytest.mark.parametrize("path", RECIPES, ids=lambda path: path.stem)
def test_shipped_checkpoints_were_trained_by_the_shipped_recipes(path: Path) -> None:
    if path.stem not in pretrained_names():
        pytest.skip(f"no checkpoint {path.stem} is shipped")
    recipe = load(path, TrainConfig).model_dump(mode="json")
    card = load_checkpoint(path.stem).card["training"]
    # Keys younger than a card have their defaults.
    trained = TrainConfig.model_validate(card).model_dump(mode="json")
    # Which arithmetic is fast is the machine's; what a description says is not part of the training.
    differ = {key for key in recipe if recipe[key] != trained[key]}
    assert differ <= {"precision", "description"}


def test_every_shipped_checkpoint_that_was_trained_has_its_recipe() -> None:
    trained = {
        name
        for name in pretrained_names()
        if "labels" not in load_checkpoint(name).card and find_recipe(load_checkpoint(name).card) is None
    }
    assert trained <= {path.stem for path in RECIPES}
    assert {"vqvae-base", "vqvae", "proposed"} <= trained


def test_bit_errors_of_validation_follow_from_seed_and_image_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every draw comes from `seeds.generator`, with a key that has the seed and the image's number."""
    from linksim.codebook.stages import Stages
    from linksim.common import seeds
    from linksim.training import validation

    class Plain:
        downsampling, dim = 4, 3

        def encode(self, x: np.ndarray) -> np.ndarray:
            return x[:, ::4, ::4].astype(np.float32) / 255

        def decode(self, z: np.ndarray, size: tuple[int, int], variance: np.ndarray | None = None) -> np.ndarray:
            x = z.repeat(4, 1).repeat(4, 2)[:, : size[0], : size[1]]
            return np.clip(np.rint(255 * x), 0, 255).astype(np.uint8)

    keys: list[tuple] = []
    monkeypatch.setattr(validation, "generator", lambda *key: keys.append(key) or seeds.generator(*key))
    codewords = np.random.default_rng(1).random((1, 1, 8, 3)).astype(np.float32)
    stages = Stages(codewords, np.full((1, 1, 8), 1 / 8, np.float32))
    images = [np.random.default_rng(i).integers(0, 256, (160, 160, 3), np.uint8) for i in range(2)]
    measured = [validation.validate(Plain(), stages, images, seed) for seed in (7, 7, 8)]  # type: ignore[arg-type]
    assert measured[0] == measured[1]
    assert measured[0]["psnr_db"] == measured[2]["psnr_db"]
    assert measured[0]["psnr_db_at_ber_0.16"] != measured[2]["psnr_db_at_ber_0.16"]
    assert {key[0] for key in keys} == {7, 8}
    assert len(set(keys)) == 4
