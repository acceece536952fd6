"""The documentation's pages and the fenced blocks in them."""

import importlib.util
import re
from pathlib import Path
from types import ModuleType
from typing import NamedTuple

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
PAGES = sorted(DOCS.glob("*.md"))


class Block(NamedTuple):
    page: str
    number: int
    language: str
    text: str


def blocks(language: str, pages: list[Path] | None = None) -> list[Block]:
    """All fenced blocks in `language`, in order."""
    found = []
    for page in PAGES if pages is None else pages:
        fences = re.findall(r"^```(\w+)\n(.*?)^```$", page.read_text(), re.MULTILINE | re.DOTALL)
        found += [Block(page.name, i, name, text) for i, (name, text) in enumerate(fences)]
    return [block for block in found if block.language == language]


def label(block: Block) -> str:
    return f"{block.page}-{block.number}"


def docs_module(name: str) -> ModuleType:
    """`docs/NAME.py`, by its path: in pytest the name `docs` is that of this folder."""
    spec = importlib.util.spec_from_file_location(name, DOCS / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
