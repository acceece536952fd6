"""The page in headless Chromium: it draws, obeys the keyboard, and says nothing on the console."""

import html
import json
import re
import shutil
import subprocess

import numpy as np
import pytest
from PIL import Image

from linksim.reports import page as report

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="needs Chromium (Debian: chromium)")

PROBE = """
const seen = {};
const article = document.querySelector("article.run");
const slider = article.querySelector("input.snr");
const figure = article.querySelector("figure[data-measure]");
const grid = article.querySelector(".grid");
const press = (node, key) => node.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true, cancelable: true }));
const pictures = () => [...grid.querySelectorAll("img")].map((image) => image.src.slice(-200));
const captions = () => [...grid.querySelectorAll("figcaption")].map((node) => node.textContent);
seen.start = [slider.getAttribute("aria-valuetext"), captions()];
seen.readout = [...figure.querySelectorAll(".readout li")].map((node) => node.textContent);
const before = pictures();
press(figure, "ArrowRight");
seen.right = [slider.value, slider.getAttribute("aria-valuetext"), captions()];
press(figure, "End"); press(figure, "ArrowRight");
seen.end = slider.getAttribute("aria-valuetext");
seen.changed = pictures().map((picture, i) => picture !== before[i]);
slider.value = 0; slider.dispatchEvent(new Event("input"));
seen.cursor = [...article.querySelectorAll(".cursor")].map((line) => line.getAttribute("x1") === line.ownerSVGElement.dataset.x0);
press(grid, "+"); press(grid, "+"); press(grid, "ArrowLeft");
const first = grid.querySelector("img");
seen.zoom = [first.style.transform, parseFloat(first.style.transformOrigin) < 50];
press(grid, "Escape");
seen.escaped = first.style.transform;
const key = article.querySelector(".key[data-scheme='1']"); key.click();
seen.hidden = [key.getAttribute("aria-pressed"), getComputedStyle(article.querySelector(".series[data-scheme='1']")).display];
const select = article.querySelector("select.image");
select.value = 1; select.dispatchEvent(new Event("change"));
seen.image = grid.querySelector("img").alt;
seen.loaded = [...grid.querySelectorAll("img")].every((image) => image.complete && image.naturalWidth > 0);
seen.overflow = document.documentElement.scrollWidth > innerWidth;
seen.unnamed = [...document.querySelectorAll("input, select")].filter((node) => !node.labels.length).length;
addEventListener("load", () => setTimeout(() => {
  seen.loaded = [...grid.querySelectorAll("img")].every((image) => image.complete && image.naturalWidth > 0);
  document.body.append(Object.assign(document.createElement("pre"), { id: "probe", textContent: JSON.stringify(seen) }));
}, 200));
"""


def chromium(folder, page, *options):
    command = [CHROMIUM, "--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking"]
    command += ["--enable-logging=stderr", "--hide-scrollbars", f"--user-data-dir={folder / 'profile'}", *options]
    result = subprocess.run([*command, page.as_uri()], capture_output=True, text=True, timeout=120, cwd=folder)
    assert result.returncode == 0, result.stderr[-2000:]
    assert "CONSOLE" not in result.stderr, result.stderr[-2000:]
    return result.stdout


@pytest.fixture(scope="module")
def page(run_folder, bare_folder, tmp_path_factory):
    return report.write([run_folder, bare_folder], tmp_path_factory.mktemp("browser") / "page.html")


@pytest.fixture(scope="module")
def seen(page):
    probe = page.with_name("probe.html")
    probe.write_text(page.read_text().replace("</body>", f"<script>{PROBE}</script></body>"))
    dom = chromium(page.parent, probe, "--virtual-time-budget=5000", "--window-size=420,900", "--dump-dom")
    return json.loads(html.unescape(re.search(r'<pre id="probe">(.*?)</pre>', dom, re.DOTALL)[1]))


def test_it_opens_at_the_middle_snr(seen):
    snr, captions = seen["start"]
    assert snr == "10\N{NO-BREAK SPACE}dB"
    assert captions[0] == "Original"
    assert len(captions) == 6
    assert seen["readout"][0].startswith("BPG, capacity")
    assert len(seen["readout"]) == 5


def test_keys_and_slider_move_the_snr(seen):
    assert seen["right"][:2] == ["6", "12\N{NO-BREAK SPACE}dB"]
    assert seen["end"] == "20\N{NO-BREAK SPACE}dB"
    assert seen["changed"][0] is False  # the original stays
    assert any(seen["changed"][1:])
    assert all(seen["cursor"])


def test_the_magnifier_obeys_the_keyboard(seen):
    assert seen["zoom"] == ["scale(3)", True]
    assert seen["escaped"] == "scale(1)"


def test_schemes_can_be_hidden_and_images_chosen(seen):
    assert seen["hidden"] == ["false", "none"]
    assert seen["image"] == "image-01, original"
    assert seen["loaded"]


def test_it_fits_a_narrow_window_and_controls_have_names(seen):
    assert not seen["overflow"]
    assert seen["unnamed"] == 0


def test_light_and_dark_and_paper_are_drawn(page):
    folder = page.parent
    shots = {}
    for name, option in (("light", "--disable-features=DarkMode"), ("dark", "--force-dark-mode")):
        chromium(folder, page, option, "--window-size=1200,1600", f"--screenshot={folder / name}.png")
        shots[name] = np.asarray(Image.open(folder / f"{name}.png").convert("L")).astype(float)
    assert shots["light"].std() > 15
    assert shots["light"].mean() > 200
    assert shots["dark"].mean() < 80
    chromium(folder, page, "--no-pdf-header-footer", f"--print-to-pdf={folder / 'page.pdf'}")
    assert (folder / "page.pdf").read_bytes().startswith(b"%PDF")
