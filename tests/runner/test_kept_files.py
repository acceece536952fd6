"""What a run keeps and puts back in its folder: a user's own scenario.yaml, and example pictures that got lost."""

import shutil
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from linksim.common.errors import InputError
from linksim.common.reading.yaml_files import read_yaml
from linksim.reports import page
from linksim.results.reading.described import RESOLVED, read_described_scenario
from linksim.results.reading.examples import is_whole, load_examples
from linksim.results.storage.store import scan
from linksim.runner import run_scenario
from linksim.runner.folder import prepare
from linksim.runner.progress import Progress
from linksim.scenario import load_scenario

TEXT = """# mine: do not lose this
name: kept
images: {dataset: samples, count: 2, size: 32}   # small
link: {code: {kind: none}, channel: {kind: awgn}}
sweep: {snr_db: [10, 20]}
metrics: [psnr]
schemes: [{name: J, kind: jpeg, quality: 9}]
"""


def test_a_user_s_scenario_in_the_folder_keeps_its_comments(tmp_path: Path) -> None:
    file = tmp_path / "scenario.yaml"
    file.write_text(TEXT)
    prepare(tmp_path, load_scenario(file))
    assert file.read_text() == TEXT
    assert not (tmp_path / RESOLVED).exists()
    prepare(tmp_path, load_scenario(file, ["sweep.snr_db=[5]"]))
    assert file.read_text() == TEXT
    assert read_yaml(tmp_path / RESOLVED)["sweep"]["snr_db"] == [5.0]
    assert read_described_scenario(tmp_path)["sweep"]["snr_db"] == [5.0]
    prepare(tmp_path, load_scenario(file))
    assert not (tmp_path / RESOLVED).exists()


def test_linksim_s_own_scenario_is_written_anew(tmp_path: Path) -> None:
    (tmp_path / "mine.yaml").write_text(TEXT)
    out = tmp_path / "out"
    prepare(out, load_scenario(tmp_path / "mine.yaml"))
    prepare(out, load_scenario(tmp_path / "mine.yaml", ["sweep.snr_db=[5]"]))
    assert read_yaml(out / "scenario.yaml")["sweep"]["snr_db"] == [5.0]
    assert sorted(path.name for path in out.iterdir()) == ["scenario.yaml"]
    with pytest.raises(InputError, match="holds another scenario: seed"):
        prepare(out, load_scenario(tmp_path / "mine.yaml", ["seed=9"]))


def test_a_damaged_scenario_says_what_to_do(tmp_path: Path) -> None:
    (tmp_path / "mine.yaml").write_text(TEXT)
    scenario = load_scenario(tmp_path / "mine.yaml")
    out = tmp_path / "out"
    prepare(out, scenario)
    (out / "scenario.yaml").write_text("name: [")
    with pytest.raises(InputError, match=r"its scenario cannot be read: .*; put the scenario's file in its place"):
        prepare(out, scenario)
    shutil.copy(tmp_path / "mine.yaml", out / "scenario.yaml")
    prepare(out, scenario)


def test_lost_example_pictures_come_back(tmp_path: Path) -> None:
    (tmp_path / "mine.yaml").write_text(TEXT)
    scenario, out = load_scenario(tmp_path / "mine.yaml"), tmp_path / "out"
    run_scenario(scenario, out, figures=False)
    examples = out / "examples"
    before = {path: path.read_bytes() for path in examples.rglob("*.webp")}
    points = (out / "points.jsonl").read_bytes()
    assert len(before) == 2 * (1 + 2)

    def damaged() -> None:
        shutil.rmtree(examples)

    def cut() -> None:
        for path in list(before)[::2]:
            path.write_bytes(before[path][:40])

    def other_index() -> None:
        (examples / "index.json").write_bytes(b"[" * 99)

    def gone() -> None:
        next(examples.rglob("original.webp")).unlink()

    for harm in (damaged, cut, other_index, gone):
        harm()
        run_scenario(scenario, out, figures=False)
        assert {path: path.read_bytes() for path in examples.rglob("*.webp")} == before
        names = [
            file
            for image in load_examples(out)
            for file in (image["original"], *(e["file"] for e in image["received"]))
        ]
        assert len(names) == 6
        assert all(is_whole(out, name) for name in names)
    assert (out / "points.jsonl").read_bytes() == points
    assert page.write([out], out / "report.html").is_file()


class Counting(Progress):
    """Counts how often each point is simulated, and how many are said to lie ahead."""

    def __init__(self) -> None:
        self.simulated: Counter[str] = Counter()
        self.total = 0
        self.totals: list[int] = []

    def start(self, total: int) -> None:
        self.extend(total)

    def extend(self, more: int) -> None:
        self.total += more
        self.totals.append(self.total - sum(self.simulated.values()))

    def advance(self, record: dict[str, Any]) -> None:
        self.simulated[record["point"]] += 1


@pytest.mark.parametrize("save", ["all", "1"])
def test_no_point_is_simulated_twice_for_its_pictures_in_a_run_of_several_rounds(tmp_path: Path, save: str) -> None:
    rounds = ["images.count=3", f"images.save={save}", "sweep.precision={psnr_db: 0.01, max_repetitions: 12}"]
    (tmp_path / "mine.yaml").write_text(TEXT.replace("awgn", "rayleigh, coherence: block"))
    scenario = load_scenario(tmp_path / "mine.yaml", rounds)
    progress = Counting()
    run_scenario(scenario, tmp_path / "out", progress=progress, figures=False)
    assert set(progress.simulated.values()) == {1}
    assert progress.total == len(progress.simulated)
    assert min(progress.totals) >= 0
    assert len(progress.simulated) == sum(1 for _ in scan(tmp_path / "out" / "points.jsonl")) > 2
    # What was lost since then comes back, of every repetition, and once.
    pictures = sorted((tmp_path / "out" / "pictures" / "received").rglob("*.png"))
    pictures[-1].unlink()
    again = Counting()
    run_scenario(scenario, tmp_path / "out", progress=again, figures=False)
    assert list(again.simulated.values()) == [1]
    assert again.total == 1
    assert sorted((tmp_path / "out" / "pictures" / "received").rglob("*.png")) == pictures
