"""The site builds without a warning and loads nothing from elsewhere."""

import html
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.docs.pages import PAGES, ROOT

pytest.importorskip("mkdocs", reason="needs the extra docs")


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("site")
    # The theme announces its successor on stderr; this silences it.
    environment = os.environ | {"NO_MKDOCS_2_WARNING": "1", "PYTHONDONTWRITEBYTECODE": "1"}
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", str(folder)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=300, env=environment)
    assert done.returncode == 0, done.stderr
    assert "WARNING" not in done.stderr
    return folder


def test_every_page_is_built(site: Path) -> None:
    assert {page.stem for page in PAGES} <= {page.stem for page in site.glob("*.html")}
    assert not list(site.rglob("*.py"))


def test_references_are_filled_in(site: Path) -> None:
    assert 'id="ldpc5gconfig"' in (site / "reference-scenario.html").read_text()
    assert 'id="channelawareconfig"' in (site / "reference-training.html").read_text()
    assert 'id="linksim.link.link.Link.transmit"' in (site / "api.html").read_text()


def test_included_code_is_the_examples(site: Path) -> None:
    text = re.sub(r"<[^>]*>", "", (site / "extend.html").read_text())
    assert "class ProgressiveCodec(FileCodec)" in text
    assert "class Doubting(Soft)" in text
    assert 'progressive = "linksim_example.progressive"' in html.unescape(text)


def test_pages_load_nothing_from_elsewhere(site: Path) -> None:
    for page in site.rglob("*.html"):
        loaded = re.findall(r"<(?:script|img|iframe|source)[^>]*\ssrc=\"?([^\s\">]+)", page.read_text())
        loaded += re.findall(
            r"<link[^>]*rel=\"?(?:stylesheet|preconnect|preload)[^>]*href=\"?([^\s\">]+)", page.read_text()
        )
        loaded += re.findall(
            r"<link[^>]*href=\"?([^\s\">]+)[^>]*rel=\"?(?:stylesheet|preconnect|preload)", page.read_text()
        )
        assert loaded
        assert [url for url in loaded if url.startswith(("http:", "https:", "//"))] == [], page.name
