"""Whatever is broken in a results folder, one line says which file, why, and what to do."""

import json
import shutil
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from linksim.common.errors import InputError

sys.path.insert(0, str(Path(__file__).parents[1] / "hostile"))
from fuzz_folders import COMMANDS, sound


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("results") / "whole"
    sound(folder)
    return folder


def _folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


def _endless(path: Path) -> None:
    path.unlink()
    path.symlink_to("/dev/zero")


DAMAGES: dict[str, Callable[[Path], object]] = {
    "cut": lambda path: path.write_bytes(path.read_bytes()[: path.stat().st_size // 2]),
    "empty": lambda path: path.write_bytes(b""),
    "rubbish": lambda path: path.write_bytes(bytes(range(128, 256)) * 20),
    "folder": _folder,
    "endless": _endless,
}


@pytest.mark.parametrize("damage", DAMAGES)
@pytest.mark.parametrize("name", ["results.csv", "images.parquet", "run.json", "scenario.yaml", "examples/index.json"])
def test_the_report_names_the_damaged_file(whole: Path, tmp_path: Path, name: str, damage: str) -> None:
    folder = tmp_path / "run"
    shutil.copytree(whole, folder)
    if (name, damage) == ("scenario.yaml", "cut"):
        (folder / name).write_text("name: [a\n")  # half of it may be YAML
    else:
        DAMAGES[damage](folder / name)
    with pytest.raises(InputError) as caught:
        COMMANDS["load"](folder)
    assert str(caught.value).startswith(str(folder / name)), caught.value
    assert ";" in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("damage", [*DAMAGES, "gone"])
def test_a_damaged_picture_is_named(whole: Path, tmp_path: Path, damage: str) -> None:
    folder = tmp_path / "run"
    shutil.copytree(whole, folder)
    picture = next((folder / "examples").rglob("10.webp"))
    (DAMAGES | {"gone": Path.unlink})[damage](picture)  # type: ignore[operator]
    with pytest.raises(InputError, match=r"10\.webp: .*run the scenario again"):
        COMMANDS["report"](folder)
    assert not (folder / "report.html").exists()


@pytest.mark.parametrize("file", ["../../secret", "/etc/passwd", "a/../../b", "a\\b", ""])
def test_no_picture_outside_of_the_folder_is_shown(whole: Path, tmp_path: Path, file: str) -> None:
    folder = tmp_path / "run"
    shutil.copytree(whole, folder)
    index = json.loads((folder / "examples" / "index.json").read_text())
    index["images"][0]["original"] = file
    (folder / "examples" / "index.json").write_text(json.dumps(index))
    with pytest.raises(InputError, match=r"index\.json: is no index of examples"):
        COMMANDS["report"](folder)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("JPEG,0,", "JPEG,x,", "snr_db is 'x'"),
        ("JPEG,0,", "JPEG,inf,", "snr_db is 'inf'"),
        ("JPEG,0,", ",0,", "scheme ''"),
        (",ok,", ",fine,", "status 'fine'"),
        ("psnr_db,", "scheme,", "two columns of one name"),
        ("outage_rate,", "old_rate,", "has no column outage_rate"),
    ],
)
def test_a_table_of_other_content_is_named(whole: Path, tmp_path: Path, old: str, new: str, said: str) -> None:
    folder = tmp_path / "run"
    shutil.copytree(whole, folder)
    path = folder / "results.csv"
    path.write_text(path.read_text().replace(old, new, 1))
    with pytest.raises(InputError, match=rf"results\.csv: .*{said}.*; run the scenario again"):
        COMMANDS["load"](folder)


@pytest.mark.parametrize("column", ["rho", "ber", "bler", "outage_rate"])
def test_a_table_without_a_column_that_every_run_has(whole: Path, tmp_path: Path, column: str) -> None:
    folder = tmp_path / "run"
    shutil.copytree(whole, folder)
    path = folder / "results.csv"
    path.write_text(path.read_text().replace(f",{column},", ",other,", 1))
    for command in ("table", "load"):
        with pytest.raises(InputError, match=rf"has no column {column}"):
            COMMANDS[command](folder)


@pytest.mark.parametrize("column", ["psnr_db", "bler_low", "outage_rate_high", "transmissions_p95", "time_overhead"])
@pytest.mark.parametrize("cell", ["inf", "-inf", "nan", "1e400", "x"])
def test_numbers_that_are_not_finite_are_damage(whole: Path, tmp_path: Path, cell: str, column: str) -> None:
    folder = tmp_path / "run"
    shutil.copytree(whole, folder)
    path = folder / "results.csv"
    header, line, *rest = path.read_text().splitlines()
    cells = line.split(",")
    cells[header.split(",").index(column)] = cell
    path.write_text("\n".join([header, ",".join(cells), *rest]) + "\n")
    with pytest.raises(InputError, match=rf"line 2: {column} is '{cell}', not a finite number"):
        COMMANDS["table"](folder)


def test_a_metric_of_the_scenario_is_missed_in_the_table(whole: Path, tmp_path: Path) -> None:
    from linksim.cli.table import table_command

    folder = tmp_path / "run"
    shutil.copytree(whole, folder)
    (folder / "scenario.yaml").write_text("metrics: [psnr]\n" + (folder / "scenario.yaml").read_text())
    path = folder / "results.csv"
    path.write_text(path.read_text().replace(",psnr_db,", ",other,", 1))
    for read in (COMMANDS["load"], lambda folder: table_command(folder, "text", [], None)):
        with pytest.raises(InputError, match="has no column psnr_db"):
            read(folder)


@pytest.mark.parametrize("name", ["NA", "nan", "None", "null", "1e5", "-"])
def test_names_that_other_programs_take_for_missing_values(whole: Path, tmp_path: Path, name: str) -> None:
    folder = tmp_path / "run"
    shutil.copytree(whole, folder)
    path = folder / "results.csv"
    path.write_text(path.read_text().replace("JPEG,", f"{name},"))
    from linksim.results import read_results

    assert read_results(folder)["scheme"].tolist() == [name, name, "VQ-VAE", "VQ-VAE"]
