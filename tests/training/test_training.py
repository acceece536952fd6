"""The training loop on a handful of small pictures: what it writes, resumes and refuses."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from linksim.cli.train import train_command
from linksim.codebook.receiver import KNOWN_LLR
from linksim.common.errors import InputError
from linksim.common.loading import load
from linksim.semantic.checkpoint import Checkpoint, SemanticCodec, load_checkpoint
from linksim.training.batches import crop_batch, draw_flips
from linksim.training.config import ReceptionConfig, TrainConfig
from linksim.training.receptions import gather_llrs
from linksim.training.schedules import channel_aware_rate, learning_rate
from linksim.training.trainer import Trainer
from linksim.training.vqvae import VQVAE

MODEL = {"channels": 8, "encoder_blocks": 1, "decoder_blocks": 1, "latent_dim": 4, "codebook_size": 16}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("pictures")
    rng = np.random.default_rng(0)
    for i in range(6):
        coarse = rng.integers(0, 256, (6, 7, 3), np.uint8)
        Image.fromarray(coarse).resize((56, 48), Image.Resampling.BICUBIC).save(path / f"{i}.png")
    return path


def config(folder: Path, **changes: Any) -> TrainConfig:
    settings: dict[str, Any] = {
        "name": "tiny",
        "data": {"datasets": ["folder"], "path": str(folder), "crop": 32, "batch": 4, "validation": 2},
        "model": MODEL,
        "codebook": {"initialize_at": 4, "revive_every": 5},
        "steps": 12,
        "validate_every": 6,
        "checkpoint_every": 4,
    }
    return TrainConfig(**(settings | changes))


def _same(a: Checkpoint, b: Checkpoint) -> None:
    for x, y in zip([a.codebook, *a.encoder, *a.decoder], [b.codebook, *b.encoder, *b.decoder], strict=True):
        np.testing.assert_allclose(x, y, rtol=1e-3, atol=1e-4)


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
    start = np.array(trainer.model.quantizer.codebook)
    trainer.run()
    assert not np.allclose(start, np.asarray(trainer.model.quantizer.codebook))


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
    ],
)
def test_options_train(folder: Path, tmp_path: Path, changes: dict[str, Any]) -> None:
    path = Trainer(config(folder, **changes), tmp_path).run()
    codec = load_checkpoint(str(path))
    assert np.isfinite(codec.codebook).all()
    assert codec.usage.sum() == pytest.approx(1, abs=1e-5)


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
    np.testing.assert_array_equal(begin.codebook, end.codebook)
    for a, b in zip(begin.encoder, end.encoder, strict=True):
        np.testing.assert_array_equal(a, b)
    assert any(not np.array_equal(a, b) for a, b in zip(begin.decoder, end.decoder, strict=True))


def test_deeper_decoder_goes_on_from_the_shallower_one(folder: Path, tmp_path: Path) -> None:
    start = Trainer(config(folder), tmp_path / "start").run()
    sizes = config(folder).model.model_dump()
    deeper = sizes | {"decoder_blocks": sizes["decoder_blocks"] + 2}
    options = {"initialize_from": str(start), "codebook": {"initialization": "keep"}}
    trainer = Trainer(config(folder, train_only="decoder", model=deeper, **options), tmp_path / "deeper")
    shallow = load_checkpoint(str(start))
    features = shallow.codebook[np.random.default_rng(1).integers(0, len(shallow.codebook), (1, 4, 4))]
    before = shallow.decode_features(features, (16, 16)).astype(float)
    after = np.asarray(trainer.model.decoder(features))[..., :3] * 255
    assert np.abs(before - np.clip(after, 0, 255)).mean() < 4  # further blocks begin as nearly the identity
    with pytest.raises(InputError, match="decoder_blocks"):
        Trainer(config(folder, model=deeper, **options), tmp_path / "all")


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
    certain = codec.decode_features(features, (12, 16))
    assert certain.shape == (1, 12, 16, 3)
    doubtful = codec.decode_features(features, (12, 16), np.full((1, 3, 4), 5.0))
    assert not np.array_equal(certain, doubtful)


def test_the_link_of_training_protects_the_bits_as_the_scheme_does() -> None:
    """The most important bit of an index, here the last one, has the fewest errors, behind a code as well as without."""
    codebook = np.array([[0], [8], [2], [10], [1], [9], [3], [11]], np.float32)
    for code, es_no_db in (({"kind": "none"}, 12.0), ({"kind": "ldpc5g"}, 10.0)):
        rates = {}
        for protection in ("none", "bit-levels"):
            reception = ReceptionConfig(link={"code": code}, es_no_db=(es_no_db,), images=4, protection=protection)
            (grids,) = gather_llrs(reception, codebook, np.full(8, 1 / 8), 1).grids
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
    features = codec.encode_features(images)
    assert features.shape == (2, 6, 9, 4)  # 21 and 34 padded to 24 and 36
    indices = SemanticCodec.indices_of(features, codec.codebook)
    assert codec.decode_features(codec.codebook[indices], (21, 34)).shape == images.shape
    bad = tmp_path / "bad.npz"
    bad.write_bytes(path.read_bytes()[:1000])
    with pytest.raises(InputError, match="not a linksim checkpoint"):
        load_checkpoint(str(bad))
    with pytest.raises(InputError, match="no file"):
        load_checkpoint(str(tmp_path / "none.npz"))
    with pytest.raises(InputError, match="unknown name 'vqvea'"):
        load_checkpoint("vqvea")


def test_quantizer_follows_to_the_centroids(folder: Path) -> None:
    """Eq. 23's minimizer for a fixed partition: centroids, or with gamma their mixture over the channel."""
    from linksim.training import losses

    settings = config(folder, losses={"channel_aware": {"weight": 0.5}})
    quantizer = VQVAE(settings).quantizer
    rng = np.random.default_rng(2)
    z = rng.normal(size=(400, 4)).astype(np.float32)
    indices = np.arange(400) % 16
    quantizer.counts.assign(np.zeros(16))
    quantizer.sums.assign(np.zeros((16, 4)))
    p = np.asarray(losses.transition_matrix(16, 0.1, "exact"))
    quantizer.follow(z, indices, p, 0.5)
    weights = np.eye(16) + 0.5 * p  # [sent, arrived]
    sums = np.stack([z[indices == i].sum(0) for i in range(16)])
    expected = (weights.T @ sums) / (weights.T @ np.full(16, 25.0))[:, None]
    np.testing.assert_allclose(quantizer.codebook, expected, rtol=1e-3, atol=1e-4)


def test_training_loss_is_equations_23_and_24(folder: Path) -> None:
    from linksim.training import losses

    terms = {"entropy": {"weight": 0.3}, "channel_aware": {"weight": 0.7, "bit_error_rate": 0.2}}
    weights = {"mse": 3.0, "commitment": 0.4, "codebook": 2.0, **terms}
    model = VQVAE(config(folder, codebook={"update": "gradient"}, losses=weights))
    image = np.random.default_rng(3).random((2, 16, 16, 3)).astype(np.float32)
    inputs = {
        "image": image,
        "flips": np.zeros((2, 4, 4), np.int32),
        "bit_error_rate": np.array([0.2], np.float32),
        "quantize": np.ones(1, np.float32),
        "damaged": np.zeros(1, np.float32),
    }
    picture = np.asarray(model(inputs))
    z, e = np.asarray(model.features(image)).reshape(-1, 4), np.asarray(model.quantizer.codebook)
    distances = ((z[:, None] - e) ** 2).mean(-1)
    indices = distances.argmin(-1)
    p = np.bincount(indices, minlength=16) / len(indices)
    entropy = -np.sum(p[p > 0] * np.log(p[p > 0]))
    arriving = np.asarray(losses.transition_matrix(16, 0.2, "exact"))[indices]
    quantization, channel_aware = distances.min(-1).mean(), (arriving * distances).sum(-1).mean()
    codebook_loss = 1.4 * quantization - 0.3 * entropy + 0.7 * channel_aware
    expected = 3.0 * np.mean((image - picture) ** 2) + 2.0 * codebook_loss
    assert float(model.losses[0]) == pytest.approx(expected, rel=1e-3)


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
    assert learning_rate(settings, 4) == pytest.approx(0.5)
    assert learning_rate(settings, 99) == pytest.approx(0.1, abs=0.01)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("nmae: x", "nmae: unknown key; did you mean name"),
        ("name: x\nlosses: {entropie: {}}", "losses.entropie: unknown key; did you mean entropy"),
        ("name: x\nsteps: many", "steps.*'many'"),
        ("name: x\nsteps: '5'", "steps.*'5'"),
        ("name: x\ntrain_only: decoder", "initialize_from"),
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
    recipes = {path.stem: load(path, TrainConfig) for path in Path("scenarios/train").glob("*.yaml")}
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


def test_shipped_checkpoints_were_trained_by_the_shipped_recipes() -> None:
    for path in sorted(Path("scenarios/train").glob("*.yaml")):
        recipe = load(path, TrainConfig).model_dump(mode="json")
        card = load_checkpoint(path.stem).card["training"]
        trained = TrainConfig.model_validate(card).model_dump(
            mode="json"
        )  # keys younger than a card have their defaults
        # Which arithmetic is fast is the machine's; what a description says is not part of the training.
        differ = {key for key in recipe if recipe[key] != trained[key]}
        assert differ <= {"precision", "description"}, path.stem
