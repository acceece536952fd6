"""`images.save`: which received pictures become files, under which names, and that they come back."""

import csv
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

import linksim
from linksim.cli import main
from linksim.common.errors import InputError
from linksim.results import read_images
from linksim.results.pictures import Place, sent_file
from linksim.results.storage.store import scan
from linksim.scenario.images import SentImages
from tests.runner.small_runs import assert_same_tables, run

TEXT = """
name: saved
images: {dataset: samples, count: 3, size: 32, save: SAVE}
link:
  code: {kind: none, block_bits: 256}
  modulation: {kind: qam, bits_per_symbol: 2}
  channel: {kind: rayleigh, coherence: block}
sweep: {snr_db: [0, 30], batch: 2}
metrics: [psnr]
schemes:
  - {name: JPEG/50 %, kind: jpeg, quality: 50}
  - {name: Excluded, kind: jpeg, quality: 30, concealment: exclude}
  - {name: Tiny, kind: jpeg, channel_uses: 1}
"""


def scenario(folder: Path, save: str) -> Path:
    file = folder / "saved.yaml"
    file.write_text(TEXT.replace("SAVE", save))
    return file


def index(out: Path) -> list[dict[str, str]]:
    with (out / "pictures" / "index.csv").open(newline="") as file:
        return list(csv.DictReader(file))


def files(out: Path) -> dict[str, bytes]:
    return {str(f.relative_to(out)): f.read_bytes() for f in sorted((out / "pictures").rglob("*.png"))}


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run that keeps every picture, with two fades of each."""
    out = tmp_path_factory.mktemp("whole")
    linksim.run(scenario(out, "all"), overrides=["sweep.repetitions=2"], out=out / "out", figures=False)
    return out / "out"


def test_every_picture_that_was_shown_is_there_and_is_the_one_that_was_measured(whole: Path) -> None:
    rows = read_images(whole)
    shown = rows[(rows["status"] == "ok") & rows["psnr_db"].notna()]
    assert (rows["scheme"] == "Excluded").sum() - (shown["scheme"] == "Excluded").sum() > 0
    listed = index(whole)
    assert len(listed) == len(shown) == len(list((whole / "pictures" / "received").rglob("*.png")))
    measured = shown.set_index(["scheme", "snr_db", "repetition", "image"])["psnr_db"]
    for line in listed:
        picture, original = (np.asarray(Image.open(whole / "pictures" / line[key]), float) for key in ("file", "sent"))
        psnr = min(100.0, 10 * np.log10(255**2 / np.mean((picture - original) ** 2)))
        key = (line["scheme"], float(line["snr_db"]), int(line["repetition"]), line["image"])
        assert psnr == pytest.approx(measured[key], abs=1e-4)


def test_folders_of_a_scheme_and_snr_have_the_names_of_the_originals(whole: Path) -> None:
    sent = {file.name for file in (whole / "pictures" / "sent").iterdir()}
    assert sent == {"astronaut.png", "chelsea.png", "coffee.png"}
    (scheme,) = [f for f in (whole / "pictures" / "received").iterdir() if f.name.startswith("jpeg-50")]
    assert {f.name for f in scheme.iterdir()} == {"0dB", "30dB", "0dB-fade2", "30dB-fade2"}
    assert all({f.name for f in folder.iterdir()} == sent for folder in scheme.iterdir())


def test_deleted_and_cut_pictures_come_back_as_they_were_and_tables_stay(whole: Path, tmp_path: Path) -> None:
    before, tables = files(whole), {n: (whole / n).read_bytes() for n in ("results.csv", "images.parquet")}
    points = (whole / "points.jsonl").read_bytes()
    names = list(before)
    (whole / names[0]).unlink()
    (whole / names[-1]).unlink()
    (whole / names[5]).write_bytes(before[names[5]][:-20])
    linksim.run(scenario(tmp_path, "all"), overrides=["sweep.repetitions=2"], out=whole, figures=False)
    assert files(whole) == before
    assert {n: (whole / n).read_bytes() for n in tables} == tables
    assert (whole / "points.jsonl").read_bytes() == points


def test_saving_is_no_part_of_the_ids_and_may_be_asked_for_later(whole: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    linksim.run(scenario(tmp_path, "null"), out=out, figures=False)
    assert not (out / "pictures").exists()
    ids = [record["point"] for *_, record in scan(out / "points.jsonl")]
    linksim.run(scenario(tmp_path, "1"), out=out, figures=False)
    assert {line["image"] for line in index(out)} == {"astronaut"}
    linksim.run(scenario(tmp_path, "[coffee]"), overrides=["sweep.snr_db=[0, 30, 40]"], out=out, figures=False)
    assert {line["image"] for line in index(out)} == {"coffee"}
    assert {line["snr_db"] for line in index(out)} == {"0.0", "30.0", "40.0"}
    assert [record["point"] for *_, record in scan(out / "points.jsonl")][: len(ids)] == ids
    assert set(files(out)) - set(files(whole)) == {n for n in files(out) if "/40dB/" in n}
    assert all(data == files(whole)[name] for name, data in files(out).items() if "/40dB/" not in name)


def test_workers_write_the_same(whole: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    done = run(scenario(tmp_path, "all"), out, "--workers", "2", "--set", "sweep.repetitions=2")
    assert done.returncode == 0, done.stderr
    assert files(out) == files(whole)
    assert_same_tables(out, whole)


def test_an_unknown_image_is_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stop:
        main(["run", str(scenario(tmp_path, "[astronut]")), "--out", str(tmp_path / "out")])
    assert stop.value.code == 2
    errors = capsys.readouterr().err
    assert "images.save: no image has the id 'astronut'; did you mean astronaut?" in errors
    assert errors.count("\n") == 1


@pytest.mark.parametrize("value", [0, -1, True, "some", [], [1], 1.5, {"a": 1}, [["a"]]])
def test_other_values_are_refused_with_what_is_allowed(value: object) -> None:
    with pytest.raises(ValueError, match="allowed: all, a number of images from 1 on, or a list of image ids"):
        SentImages.model_validate({"save": value})


def test_which_images() -> None:
    ids = ["a", "b", "c"]
    assert SentImages().saved(ids) == set()
    assert SentImages(save="all").saved(ids) == set(ids)
    assert SentImages(save=2).saved(ids) == {"a", "b"}
    assert SentImages(save=9).saved(ids) == set(ids)
    assert SentImages(save=("c",)).saved(ids) == {"c"}
    with pytest.raises(InputError, match="'z'"):
        SentImages(save=("c", "z")).saved(ids)


@given(st.text(min_size=1, max_size=90), st.text(min_size=1, max_size=200), st.floats(-100, 100))
def test_any_names_give_safe_files_that_stay_below_the_folder(scheme: str, image: str, snr_db: float) -> None:
    for file in (Place(scheme, snr_db, 0, image).file, sent_file(image)):
        parts = file.split("/")
        assert len(parts) == (4 if file.startswith("received/") else 2)
        assert all(part and part.isascii() and len(part) < 100 and not part.startswith((".", " ")) for part in parts)
        assert not set(file) & set('\\:*?"<>| \0')


@given(st.lists(st.text(min_size=1, max_size=8), min_size=2, max_size=6, unique=True))
def test_different_names_give_different_files(names: list[str]) -> None:
    assert len({Place(name, 0.0, 0, "a").file.lower() for name in names}) == len(names)
    assert len({sent_file(f"{name}.jpg").lower() for name in names}) == len(names)
