"""Recipes of the cited systems and of the paper as written, and which checkpoint came of which."""

from pathlib import Path
from typing import Any

TRAIN = Path(__file__).parents[2] / "scenarios" / "train"
CITED = sorted((TRAIN / "cited").glob("*.yaml"))
AS_WRITTEN = sorted((TRAIN / "as-written").glob("*.yaml"))
STEPS = sorted((TRAIN / "steps").glob("*.yaml"))
"""From the proposal as written towards the shipped one."""


def find_recipe(card: dict[str, Any]) -> Path | None:
    """The recipe of a card's training: by its name, which as written ends in the seed; None where it is none of these."""
    name = card["training"]["name"]
    for path in (*CITED, *STEPS):
        if path.stem == name:
            return path
    for path in AS_WRITTEN:
        if name == f"as-written-{path.stem}-{card['training']['seed']}":
            return path
    return None
