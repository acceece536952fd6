"""The recipes of the cited systems: one budget, equal bits, and shipped checkpoints that came of them."""

from pathlib import Path

import pytest

from linksim.cli.train import train_command
from linksim.common.errors import InputError
from linksim.common.reading.loading import load
from linksim.link.ledger import ledger_of
from linksim.scenario import load_scenario
from linksim.schemes.config import AdaptiveMcs, FixedMcs, SemanticConfig
from linksim.schemes.links import with_mcs
from linksim.semantic.checkpoint import Checkpoint
from linksim.semantic.finding import find_checkpoint, pretrained_names
from linksim.training.config import TrainConfig
from linksim.training.kinds import load_recipe, require_start
from tests.training.cited import AS_WRITTEN, CITED, TRAIN, find_recipe

SCENARIOS = TRAIN.parent
SHIPPED = [
    name for name in pretrained_names() if find_recipe(Checkpoint.from_bytes(find_checkpoint(name)[1]).card) is not None
]
CODED, UNCODED = 9 / 16, 18 / 16
"""Bits per pixel behind a code of rate 1/2, and without one at the same channel uses."""


@pytest.mark.parametrize("path", CITED, ids=lambda path: path.stem)
def test_bits_are_those_of_the_present_rate(path: Path) -> None:
    """Nine bits for 4 x 4 pixels with a code, 18 without; MOC-RVQ has 12 bits a stage for 8 x 8 pixels; uJSCC 2 to 8 bits a symbol."""
    recipe = load(path, TrainConfig)
    rate = recipe.model.bits_per_pixel()
    if path.stem == "ujscc":
        assert recipe.bank is not None
        assert [3 * (state.codebook_size - 1).bit_length() for state in recipe.bank.states] == [6, 12, 18, 24]
    elif path.stem.startswith("moc-rvq"):
        assert (recipe.model.bits_per_pixel(1), recipe.model.stages) == (12 / 64, 4)
    else:
        assert rate == (UNCODED if path.stem.startswith(("cavq", "necst", "bitsemcom")) else CODED)


@pytest.mark.parametrize("path", [*CITED, *AS_WRITTEN], ids=lambda path: path.stem)
def test_backbone_and_images_are_common(path: Path) -> None:
    recipe, base = load(path, TrainConfig), load(TRAIN / "vqvae-base.yaml", TrainConfig)
    assert recipe.weights == "int8"
    assert recipe.data.model_copy(update={"batch": 16}) == base.data
    if not path.stem.startswith("moc-rvq"):
        names = ("downsampling", "channels", "encoder_blocks", "decoder_blocks")
        assert [getattr(recipe.model, name) for name in names] == [getattr(base.model, name) for name in names]


def test_the_four_variants_as_written_differ_in_their_terms_alone() -> None:
    recipes = {path.stem: load(path, TrainConfig) for path in AS_WRITTEN}
    own = {"name", "description", "losses"}
    plain = recipes["vqvae"].model_dump(exclude=own)
    assert all(recipe.model_dump(exclude=own) == plain for recipe in recipes.values())
    assert recipes["proposed"].losses.entropy == recipes["entropy"].losses.entropy
    assert recipes["proposed"].losses.channel_aware == recipes["channel-aware"].losses.channel_aware
    for recipe in recipes.values():
        assert recipe.losses.gram.weight > 0
        assert recipe.losses.gram.layers == ("relu1_2", "relu2_2")
        assert recipe.codebook.update == "gradient"
        assert recipe.losses.entropy.estimate == "batch"
        assert recipe.losses.channel_aware.initial_labels == "keep"
    assert recipes["proposed"].losses.channel_aware.labelling == "random"


@pytest.mark.parametrize("name", SHIPPED)
def test_shipped_checkpoints_came_of_these_recipes(name: str) -> None:
    card = Checkpoint.from_bytes(find_checkpoint(name)[1]).card
    path = find_recipe(card)
    assert path is not None
    recipe = load(path, TrainConfig).model_dump(mode="json")
    trained = TrainConfig.model_validate(card["training"]).model_dump(mode="json")
    own = {"precision", "description"} | ({"seed", "name"} if path in AS_WRITTEN else set())
    assert {key for key in recipe if recipe[key] != trained[key]} <= own


@pytest.mark.parametrize("name", ["cited", "as-written"])
def test_all_schemes_have_the_same_channel_uses_at_most(name: str) -> None:
    """Those of 9 bits for 4 x 4 pixels behind a code of rate 1/2 in 64-QAM; whatever may be chosen, some of it fits."""
    scenario = load_scenario(SCENARIOS / f"{name}.yaml")
    most = ledger_of(scenario.link, round(CODED * 256 * 256)).channel_uses
    assert most == {"cited": 12_480, "as-written": 12_800}[name]
    for config in scenario.schemes:
        if not isinstance(config, SemanticConfig):
            assert config.rate_match == "Proposed"
            continue
        uses = []
        for variant in config.variants:
            if variant.checkpoint not in pretrained_names():
                pytest.skip(f"no checkpoint {variant.checkpoint} is shipped")
            model = Checkpoint.from_bytes(find_checkpoint(variant.checkpoint)[1]).model
            share = 1 - (variant.mask.share if variant.mask else 0)
            bits = round(share * model.bits_per_pixel() * 256 * 256)
            grid = config.mcs.entries if isinstance(config.mcs, AdaptiveMcs) else (config.mcs,)
            for mcs in grid:
                link = scenario.link
                if not isinstance(mcs, type(scenario.schemes[0].mcs)) or isinstance(mcs, FixedMcs):
                    link = with_mcs(link, mcs, config.name)
                uses.append(ledger_of(link, bits).channel_uses)
        fit = [number for number in uses if number <= most]
        assert fit, f"{config.name} never fits"
        if config.name != "MOC-RVQ":  # four stages without a code take two thirds
            assert max(fit) >= 0.999 * most, f"{config.name} leaves channel uses that it could have had"


@pytest.mark.parametrize(
    ("start", "made_by"),
    [(None, "moc-rvq"), ("runs/bitsemcom/bitsemcom.npz", "bitsemcom"), ("elsewhere/esc-mvq-ber-5.npz", "esc-mvq")],
)
def test_a_start_that_is_missing_is_told_with_the_recipe_that_makes_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, start: str | None, made_by: str
) -> None:
    """In the same folder; other files there, and a recipe's own name, make no difference."""
    recipes = tmp_path / "recipes"
    recipes.mkdir()
    for path in CITED:
        (recipes / path.name).write_text(path.read_text())
    (recipes / "a.yaml").write_text("name: [")
    (recipes / "b.yaml").write_text("name: moc-rvq\nno: recipe\n")
    monkeypatch.chdir(tmp_path)
    recipe = recipes / "moc-rvq-repair.yaml"
    overrides = [] if start is None else [f"initialize_from={start}"]
    with pytest.raises(InputError) as caught:
        train_command(recipe, overrides, None, tmp_path / "out")
    missing, maker = start or "runs/moc-rvq/moc-rvq.npz", recipes / f"{made_by}.yaml"
    expected = f"{recipe}: initialize_from: no file {missing!r}; train {maker.name} first: linksim train {maker}"
    assert str(caught.value) == expected


def test_a_start_that_no_recipe_makes_is_looked_for_where_it_is(tmp_path: Path) -> None:
    recipe = TRAIN / "cited" / "moc-rvq-repair.yaml"
    made, own = tmp_path / "moc-rvq.npz", tmp_path / "moc-rvq-repair.npz"
    made.write_bytes(b"")
    for start in (made, own, "vqvae"):
        require_start(load_recipe(recipe, [f"initialize_from={start}"]), recipe)
    with pytest.raises(InputError, match=r"train moc-rvq\.yaml first"):
        require_start(load_recipe(recipe, [f"initialize_from={tmp_path / 'x' / 'moc-rvq.npz'}"]), recipe)
