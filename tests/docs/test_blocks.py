"""What the pages show works: Python runs, YAML is valid, commands and their options exist."""

import itertools
import os
import pkgutil
import re
import shlex
from pathlib import Path
from typing import Any

import matplotlib as mpl
import pytest
import typer

from linksim.cli.app import app
from linksim.common.reading.loading import validate
from linksim.common.reading.overrides import apply_overrides
from linksim.common.reading.yaml_files import parse_yaml
from linksim.scenario import Scenario
from linksim.semantic.finding import pretrained_names
from linksim.training.config import TrainConfig
from tests.docs.pages import DOCS, PAGES, ROOT, Block, blocks, label

PYTHON = blocks("python", [DOCS / "python.md"])


@pytest.fixture(scope="module")
def notebook(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """The names that the page's blocks share, and the folder they run in."""
    return {"__name__": "page", "folder": tmp_path_factory.mktemp("page")}


@pytest.mark.parametrize("block", PYTHON, ids=label)
def test_blocks_of_the_python_page_run_in_order(
    block: Block, notebook: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    needs = re.match(r"# needs (the checkpoint )?(\w+)\n", block.text)
    if needs and needs[1] and needs[2] not in pretrained_names():
        pytest.skip(f"needs the checkpoint {needs[2]}")
    if needs and not needs[1] and not os.environ.get(needs[2]):
        pytest.skip(f"needs the folder of weights and images that {needs[2]} names")
    mpl.use("Agg")
    monkeypatch.chdir(notebook["folder"])
    exec(compile(block.text, label(block), "exec"), notebook)


def test_the_cliff_is_where_the_page_says() -> None:
    (block,) = blocks("python", [DOCS / "cliff.md"])
    names: dict[str, Any] = {}
    exec(block.text.replace("blocks = 128", "blocks = 16").replace("(8, 10, 11, 12, 13, 14, 16)", "(8, 11, 14)"), names)
    rows = re.findall(r"^\| (\d+) \| ([\d.]+) \| ([\d.]+) \|$", (DOCS / "cliff.md").read_text(), re.MULTILINE)
    written = {int(snr): (float(bler), float(ber)) for snr, bler, ber in rows}
    assert list(written) == [8, 10, 11, 12, 13, 14, 16]
    for snr, measured in names["table"].items():
        assert measured[0] == written[snr][0]  # 1 below the cliff, 0 above
        assert measured[1] == pytest.approx(written[snr][1], rel=0.1)


YAML = blocks("yaml")


@pytest.mark.parametrize("block", YAML, ids=label)
def test_yaml_is_valid(block: Block) -> None:
    data = parse_yaml(block.text, label(block))
    if set(data) <= set(Scenario.model_fields):
        example: dict[str, Any] = {
            "name": "part",
            "sweep": {"snr_db": [10]},
            "schemes": [{"name": "A", "kind": "jpeg", "quality": 9}],
        }
        missing = {key: value for key, value in example.items() if "name" not in data and key not in data}
        validate(data | missing, Scenario, label(block))
    else:
        TrainConfig(**data)


def commands() -> list[tuple[str, list[str]]]:
    """`linksim ...` lines of console and bash blocks."""
    lines = [
        (label(b), line) for language in ("console", "bash") for b in blocks(language) for line in b.text.splitlines()
    ]
    return [(where, shlex.split(line)[1:]) for where, line in lines if line.startswith("linksim ")]


@pytest.mark.parametrize(
    ("where", "words"), commands(), ids=lambda value: value if isinstance(value, str) else " ".join(value[:2])
)
def test_commands_and_their_options_exist(where: str, words: list[str]) -> None:
    command: Any = typer.main.get_command(app)
    while hasattr(command, "commands"):
        assert words[0] in command.commands, f"{where}: no command {words[0]}"
        command, words = command.commands[words[0]], words[1:]
    if ">" in words:
        words = words[: words.index(">")]
    context = command.make_context(command.name, list(words))
    for key in ("scenario", "recipe"):
        path = context.params.get(key)
        if path is not None and Path(path).parts[0] in ("scenarios", "examples"):
            assert (ROOT / path).is_file(), f"{where}: no file {path}"


def test_overrides_in_the_quickstart_fit_its_scenario() -> None:
    text = (ROOT / "scenarios" / "quickstart.yaml").read_text()
    lines = [words for where, words in commands() if where.startswith("quickstart") and "--set" in words]
    assert lines
    for words in lines:
        changes = [value for option, value in itertools.pairwise(words) if option == "--set"]
        validate(apply_overrides(parse_yaml(text, "quickstart"), changes), Scenario, "quickstart")


def dotted_names() -> list[str]:
    """`linksim.module.Name` as the pages write it in running text."""
    found = [name for page in PAGES for name in re.findall(r"`(linksim(?:\.\w+)+)`", page.read_text())]
    groups = {"linksim.schemes", "linksim.channels"}  # of entry points
    return sorted(set(found) - groups)


@pytest.mark.parametrize("name", dotted_names())
def test_names_in_the_text_exist(name: str) -> None:
    pkgutil.resolve_name(name)
