"""What names a version or copies a file list outside the package says what is so: citation, pages, Dockerfile."""

import re
import shlex
from typing import Any

import pytest
import yaml

from linksim.common.version import __version__
from tests.docs.pages import DOCS, ROOT


@pytest.fixture(scope="module")
def citation() -> dict[str, Any]:
    return yaml.safe_load((ROOT / "CITATION.cff").read_text())


def test_the_citation_has_what_the_format_1_2_0_asks_for(citation: dict[str, Any]) -> None:
    assert {"cff-version", "message", "title", "authors"} <= citation.keys()
    assert citation["cff-version"] == "1.2.0"
    assert citation["type"] == "software"
    for work in (citation, *citation["references"]):
        assert work["title"]
        assert work["authors"]
        for author in work["authors"]:
            assert author.keys() <= {"name"} or {"family-names", "given-names"} == author.keys()


def test_every_version_is_the_package_s(citation: dict[str, Any]) -> None:
    assert citation["version"] == __version__
    assert citation["license"] in (ROOT / "pyproject.toml").read_text()
    faq = (DOCS / "faq.md").read_text()
    assert re.findall(r"version = \{(.*)\}", faq) == [__version__]
    assert citation["title"] in faq
    wheels = [name for page in DOCS.glob("*.md") for name in re.findall(r"linksim-([\d.]+)-py3", page.read_text())]
    assert wheels
    assert set(wheels) == {__version__}


def test_the_image_is_built_of_files_that_are_there_and_runs_without_rights() -> None:
    lines = [line for line in (ROOT / "Dockerfile").read_text().splitlines() if line and not line.startswith("#")]
    words = [shlex.split(line) for line in lines]
    copied = [place for line in words if line[0] == "COPY" and not line[1].startswith("--") for place in line[1:-1]]
    assert {"setup.py", "pyproject.toml", "linksim", "scenarios"} <= set(copied)
    assert [place for place in copied if not (ROOT / place).exists()] == []
    sent = (ROOT / ".dockerignore").read_text().split()
    assert {f"!{place}" for place in copied} <= set(sent)
    instructions = [line[0] for line in words]
    user = [line[1] for line in words if line[0] == "USER"]
    assert user == ["linksim"]
    assert instructions.index("USER") < instructions.index("ENTRYPOINT")
    assert ["ENTRYPOINT", "[linksim]"] in words


@pytest.mark.parametrize(
    "question",
    [
        "Without cloning",
        "PyTorch",
        "BER or BLER figure",
        "Eb/N0",
        "Equal latency",
        "OFDM",
        "My GPU",
        "How to cite",
        "LaTeX",
    ],
)
def test_each_question_of_users_has_a_heading(question: str) -> None:
    headings = re.findall(r"^## (.*)$", (DOCS / "faq.md").read_text(), re.MULTILINE)
    assert [heading for heading in headings if question in heading]
