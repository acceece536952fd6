"""The page as a file: complete, self-contained, safe, small."""

import json
import re
import shutil
from html.parser import HTMLParser
from xml.etree import ElementTree

import numpy as np
import pytest

from linksim.cli.figures import report_command
from linksim.common.errors import InputError
from linksim.metrics.registry import metric
from linksim.reports import page as report
from linksim.reports.page.figure import metric_figure
from linksim.reports.page.load import load_run
from linksim.reports.page.pictures import gallery
from linksim.results.examples import save_example
from linksim.results.measures import OUTAGE
from tests.reports.page.synthetic import SCHEMES, SNRS

VOID = {"meta", "input", "link", "br", "img"}


class Outline(HTMLParser):
    """Collects ids and references, and fails where tags do not nest."""

    def __init__(self, text):
        super().__init__()
        self.open, self.ids, self.references, self.scripts = [], [], [], 0
        self.feed(text)
        assert self.open == []

    def handle_starttag(self, tag, attrs):
        attrs = dict(attrs)
        self.scripts += tag == "script"
        self.ids += [attrs["id"]] if "id" in attrs else []
        for name in ("for", "aria-labelledby"):
            self.references += (attrs.get(name) or "").split()
        if (attrs.get("href") or "").startswith("#"):
            self.references.append(attrs["href"][1:])
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.ids += [value for name, value in attrs if name == "id"]

    def handle_endtag(self, tag):
        assert self.open.pop() == tag


@pytest.fixture(scope="module")
def text(run_folder, bare_folder, tmp_path_factory):
    out = tmp_path_factory.mktemp("page") / "page.html"
    assert report.write([run_folder, bare_folder], out) == out
    return out.read_text()


def test_it_is_one_file_without_network(text):
    assert not re.search(r"""(?:src|href)=["'](?!#|data:)""", text)
    assert not re.search(r"https?://|url\(|@import", text)
    assert "default-src 'none'" in text


def test_tags_nest_and_references_lead_somewhere(text):
    outline = Outline(text)
    assert len(outline.ids) == len(set(outline.ids))
    assert set(outline.references) <= set(outline.ids)


def test_equal_results_give_equal_bytes(run_folder, tmp_path):
    one, two = (report.write([run_folder], tmp_path / name).read_bytes() for name in ("1.html", "2.html"))
    assert one == two
    assert report.write([run_folder], tmp_path) == tmp_path / "report.html"


def test_results_alone_are_enough(bare_folder, tmp_path):
    page = report.write([bare_folder], tmp_path / "page.html").read_text()
    assert "Received pictures" not in page
    assert "Scenario" in page
    assert "8,328" in page  # channel uses from results.csv


def test_names_are_text_not_markup(run_folder, tmp_path):
    folder = tmp_path / "run"
    shutil.copytree(run_folder, folder)
    (folder / "examples" / "index.json").unlink()
    evil = "<script>alert(1)</script>"
    for name in ("results.csv", "scenario.yaml", "run.json"):
        path = folder / name
        path.write_text(path.read_text().replace("VQ-VAE", evil).replace("synthetic", evil))
    (folder / "images.parquet").unlink()
    page = report.write([folder], tmp_path / "page.html").read_text()
    assert evil not in page
    assert Outline(page).scripts == 2


def test_notes_of_the_run_are_shown(run_folder, tmp_path):
    folder = tmp_path / "run"
    shutil.copytree(run_folder, folder)
    info = json.loads((folder / "run.json").read_text())
    info["finished"] = False
    info["metrics_unavailable"] = {"lpips": "no weights here"}
    info["images"]["skipped"] = {"image-99": "truncated"}
    (folder / "run.json").write_text(json.dumps(info))
    page = report.write([folder], tmp_path / "page.html").read_text()
    for note in ("not finished", "lpips is not shown: no weights here", "Left out image-99: truncated"):
        assert note in page


def test_bad_folders_are_one_line(run_folder, tmp_path):
    with pytest.raises(InputError, match="at least one"):
        report.write([], tmp_path)
    with pytest.raises(InputError, match=r"holds no results\.csv"):
        report.write([tmp_path], tmp_path)
    shutil.copytree(run_folder, tmp_path / "run")
    (tmp_path / "run" / "run.json").write_text("{")
    with pytest.raises(InputError, match=r"run\.json: is no JSON"):
        report.write([tmp_path / "run"], tmp_path)


def _marks(svg, scheme):
    groups = svg.findall(f".//{{*}}g[@data-scheme='{scheme}']")
    places = [mark.get("transform") for group in groups for mark in group.findall("{*}path[@class='mark']")]
    return np.array([[float(v) for v in re.findall(r"[-\d.]+", place)] for place in places])


@pytest.mark.parametrize("measure", [metric("psnr"), metric("lpips"), OUTAGE], ids=lambda m: m.column)
def test_marks_lie_where_the_values_are(run_folder, measure):
    run = load_run(run_folder)
    svg = ElementTree.fromstring(metric_figure(run, measure, "f"))
    marks = np.concatenate([_marks(svg, i) for i in range(len(run.schemes))])
    wanted = np.array(
        [[line["snr_db"], line[measure.column]] for s in run.schemes for _, line in run.rows(s).iterrows()]
    )
    for column, sign in ((0, 1), (1, -1)):  # an affine map to the drawing, upwards being negative
        slope, offset = np.polyfit(wanted[:, column], marks[:, column], 1)
        assert np.sign(slope) == sign
        assert np.abs(slope * wanted[:, column] + offset - marks[:, column]).max() < 0.12


def test_lines_stop_at_points_without_a_value(run_folder):
    run = load_run(run_folder)
    table = run.table.copy()
    hole = (table["scheme"] == "Proposed") & (table["snr_db"] == 6)
    table.loc[hole, ["psnr_db", "psnr_db_low", "psnr_db_high"]] = np.nan
    svg = ElementTree.fromstring(metric_figure(type(run)(run.folder, table, {}, ""), metric("psnr"), "f"))
    number = run.schemes.index("Proposed")
    lines = [g.findall("{*}path[@class='line']") for g in svg.findall(f".//{{*}}g[@data-scheme='{number}']")]
    assert sorted(map(len, lines)) == [0, 2]
    assert len(_marks(svg, number)) == len(SNRS) - 1


def test_pictures_are_pressed_into_the_budget(tmp_path, run_folder):
    folder = tmp_path / "run"
    shutil.copytree(run_folder, folder, ignore=shutil.ignore_patterns("examples"))
    noise = np.random.default_rng(1).integers(0, 256, (len(SNRS), 64, 64, 3), dtype=np.uint8)
    for snr, picture in zip(SNRS, noise, strict=True):
        save_example(folder, "noise", "Proposed", snr, noise[0], picture, 9.0)
    run = load_run(folder)
    whole = gallery([run])
    assert whole.note == ""
    assert len(whole.runs[0][0]["received"]) == len(SNRS)
    assert len(whole.data) == len(SNRS)  # the original equals one of the received
    size = sum(map(len, whole.data))
    assert whole.size == size
    less = gallery([run], size // 4)
    assert sum(map(len, less.data)) <= size // 4
    assert "WebP quality" in less.note
    assert any(entry[1] == run.snrs.index(run.middle_snr) for entry in less.runs[0][0]["received"])
    with pytest.raises(InputError, match="fewer folders"):
        gallery([run], 1000)


def test_a_missing_picture_is_one_line(run_folder, tmp_path):
    folder = tmp_path / "run"
    shutil.copytree(run_folder, folder)
    next((folder / "examples").rglob("10.webp")).unlink()
    with pytest.raises(InputError, match=r"10\.webp: no such file"):
        report.write([folder], tmp_path)


def test_every_scheme_and_snr_has_a_line(text):
    for scheme in SCHEMES:
        assert text.count(f'<th scope="row">{scheme}</th>') >= 2 * (len(SNRS) + 2)


def test_the_command_says_where_pictures_are_missing(run_folder, bare_folder, tmp_path, capsys):
    report_command([run_folder, bare_folder], tmp_path / "page.html")
    shown = capsys.readouterr()
    assert shown.out.strip() == str(tmp_path / "page.html")
    assert f"{bare_folder}/examples is not there" in shown.err
    assert str(run_folder / "examples") not in shown.err
