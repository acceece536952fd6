"""The kinds of recipes: which model reads a file, and which training runs it."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from linksim.common.errors import InputError
from linksim.common.reading.loading import validate
from linksim.common.reading.overrides import apply_overrides
from linksim.common.reading.yaml_files import read_yaml
from linksim.training.config import TrainConfig
from linksim.training.jscc.config import JsccRecipe
from linksim.training.loop import TrainingRun
from linksim.training.recipe import Recipe

CODEBOOK = "codebook"
RECIPES: dict[str, type[Recipe]] = {CODEBOOK: TrainConfig, "deepjscc": JsccRecipe}
"""What a recipe's `kind` names; a recipe without one is for a codebook."""


def load_recipe(path: str | Path, overrides: Sequence[str] = ()) -> Any:
    """The recipe in a YAML file with `overrides` applied. Raises `InputError` (one line)."""
    content = apply_overrides(read_yaml(path), overrides)
    kind = content.get("kind", CODEBOOK)
    if not isinstance(kind, str) or kind not in RECIPES:
        raise InputError(f"{path}: kind: {kind!r} is not known; allowed: {', '.join(RECIPES)}")
    if kind == CODEBOOK:
        content = {key: value for key, value in content.items() if key != "kind"}
    return validate(content, RECIPES[kind], str(path))


def make_run(config: Any, folder: Path) -> TrainingRun:
    """The training of a recipe, in its folder. Raises `InputError`, e.g. for too few images."""
    if isinstance(config, JsccRecipe):
        from linksim.training.jscc.trainer import JsccTrainer

        return JsccTrainer(config, folder)
    if config.bank is not None:
        from linksim.training.bank.trainer import BankTrainer

        return BankTrainer(config, folder)
    from linksim.training.trainer import Trainer

    return Trainer(config, folder)
