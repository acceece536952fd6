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


def require_start(config: Any, path: Path) -> None:
    """That the file is there which a recipe goes on from.

    Args:
        config: the recipe.
        path: its YAML file.

    Raises:
        InputError: it is not, although a recipe in the same folder makes it; says which one to train before.
    """
    start = config.initialize_from
    if start is None or not start.endswith(".npz") or Path(start).is_file():
        return
    for other in sorted(path.parent.glob("*.yaml")):
        if other != path and Path(start).stem in _made_by(other):
            raise InputError(
                f"{path}: initialize_from: no file {start!r}; train {other.name} first: linksim train {other}"
            )


def _made_by(path: Path) -> list[str]:
    """Names of the checkpoints that a recipe makes; none where the file is no recipe."""
    try:
        config = load_recipe(path)
    except InputError:
        return []
    bank = getattr(config, "bank", None)
    return [config.name] if bank is None else [f"{config.name}-{state.name}" for state in bank.states]


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
