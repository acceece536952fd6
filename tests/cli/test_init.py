"""`linksim init` lays the shipped files out and overwrites nothing unasked."""

from pathlib import Path

import pytest

from linksim.cli import main
from linksim.common.errors import LinksimError
from linksim.scenario import load_scenario, shipped
from linksim.scenario.shipped import first_sentence, lay_out, shipped_files
from linksim.training.kinds import load_recipe

SCENARIOS = Path(__file__).parents[2] / "scenarios"


def status(*arguments: str) -> int:
    try:
        main(list(arguments))
    except SystemExit as end:
        return int(end.code or 0)
    return 0


def test_every_shipped_file_is_laid_out_and_can_be_read(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = tmp_path / "new" / "demo"
    assert status("init", str(folder)) == 0
    said = capsys.readouterr().out
    expected = sorted(file.relative_to(SCENARIOS) for file in SCENARIOS.rglob("*.yaml"))
    assert sorted(file.relative_to(folder) for file in folder.rglob("*") if file.is_file()) == expected
    for file in expected:
        assert (folder / file).read_bytes() == (SCENARIOS / file).read_bytes()
        assert str(folder / file) in said
        if file.parts[0] == "train":
            load_recipe(folder / file)
        else:
            load_scenario(folder / file)
    assert f"Next: linksim run {folder / 'quickstart.yaml'}" in said


def test_every_shipped_file_says_what_it_is() -> None:
    for path, content in shipped_files().items():
        assert len(first_sentence(content)) > 20, path


@pytest.mark.parametrize("name", ["quickstart.yaml", "train/vqvae.yaml"])
def test_what_a_user_changed_stays_unless_forced(tmp_path: Path, capsys: pytest.CaptureFixture[str], name: str) -> None:
    lay_out(tmp_path)
    changed, absent = tmp_path / name, tmp_path / "paper.yaml"
    changed.write_text("mine: true\n")
    absent.unlink()
    assert status("init", str(tmp_path)) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert f"{changed}: would be overwritten; give another folder, or --force" in line
    assert changed.read_text() == "mine: true\n"
    assert not absent.exists()  # all or nothing
    assert status("init", str(tmp_path), "--force") == 0
    assert changed.read_bytes() == (SCENARIOS / name).read_bytes()
    assert absent.is_file()


def test_files_of_other_names_and_files_that_are_the_same_are_left_alone(tmp_path: Path) -> None:
    (tmp_path / "mine.yaml").write_text("mine: true\n")
    lay_out(tmp_path)
    before = {file: file.stat().st_mtime_ns for file in tmp_path.rglob("*.yaml")}
    lay_out(tmp_path)
    assert {file: file.stat().st_mtime_ns for file in tmp_path.rglob("*.yaml")} == before


@pytest.mark.parametrize("kind", ["file", "link to nothing", "folder named as a file", "file named as a folder"])
def test_a_place_that_cannot_be_used_is_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str], kind: str) -> None:
    place = tmp_path / "demo"
    if kind == "file":
        place.write_text("mine")
    elif kind == "link to nothing":
        place.symlink_to(tmp_path / "nowhere")
    elif kind == "folder named as a file":
        (place / "quickstart.yaml").mkdir(parents=True)
    else:
        place.mkdir()
        (place / "train").write_text("mine")
    for force in ([], ["--force"]):
        assert status("init", str(place), *force) == 2
        said = capsys.readouterr()
        assert len(said.err.splitlines()) == 1
        assert str(place) in said.err
        assert said.out == ""


def test_a_missing_scenario_says_where_the_shipped_ones_are(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for command in ("run", "train"):
        assert status(command, "quickstart.yaml") == 2
        assert "no such file; give the path of a YAML file; `linksim init FOLDER`" in capsys.readouterr().err


def test_an_installation_without_them_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shipped.resources, "files", lambda name: tmp_path / name)
    with pytest.raises(LinksimError, match="missing from this installation"):
        shipped_files()
