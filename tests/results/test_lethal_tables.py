"""A damaged `images.parquet` that ends what reads it, or keeps it busy for ever, is one line."""

import shutil
from pathlib import Path

import pandas as pd
import pytest

import linksim
from linksim.common.errors import InputError
from linksim.results import read_images
from linksim.results.reading import trial

DAMAGED = Path(__file__).parent / "damaged"
SCENARIO = {
    "name": "lethal",
    "images": {"dataset": "samples", "count": 1, "size": 32},
    "link": {
        "code": {"kind": "none", "block_bits": 256},
        "modulation": {"kind": "qam", "bits_per_symbol": 2},
        "channel": {"kind": "awgn"},
    },
    "sweep": {"snr_db": [20]},
    "metrics": ["psnr"],
    "schemes": [{"name": "s", "kind": "jpeg", "quality": 20}],
}


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("run") / "out"
    linksim.run(SCENARIO, out, figures=False)
    return out


@pytest.mark.parametrize("recorded", [True, False])
def test_a_file_that_ends_its_reader(run: Path, tmp_path: Path, recorded: bool) -> None:
    """Its footer has a histogram of a size that Apache Arrow 26 answers with abort()."""
    shutil.copytree(run, tmp_path / "run")
    shutil.copy(DAMAGED / "ends-pyarrow-26.parquet", tmp_path / "run" / "images.parquet")
    if not recorded:
        (tmp_path / "run" / "run.json").unlink()
    with pytest.raises(InputError, match=r"images\.parquet: is no table of linksim \(.*\); run the scenario again"):
        read_images(tmp_path / "run")


def test_a_file_that_takes_for_ever(run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shutil.copytree(run, tmp_path / "run")
    pd.read_parquet(run / "images.parquet").assign(more=1.0).to_parquet(tmp_path / "run" / "images.parquet")
    monkeypatch.setattr(trial, "_SECONDS", 0)
    with pytest.raises(InputError, match="reading it takes more than 0 s"):
        read_images(tmp_path / "run")


def test_text_that_is_none(run: Path, tmp_path: Path) -> None:
    shutil.copytree(run, tmp_path / "run")
    path = tmp_path / "run" / "images.parquet"
    frame = pd.read_parquet(path).assign(image="abcdefgh")
    frame.to_parquet(path, compression=None, use_dictionary=False)
    data = path.read_bytes()
    assert b"abcdefgh" in data
    path.write_bytes(data.replace(b"abcdefgh", b"ab\xcb\xcbefgh"))
    with pytest.raises(InputError, match="text that is not UTF-8"):
        read_images(tmp_path / "run")


def test_what_a_run_has_written_is_read_at_once(run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def never(*_: object) -> str:
        raise AssertionError("tried")

    shutil.copytree(run, tmp_path / "run")
    monkeypatch.setattr(trial, "_tried", never)
    assert len(read_images(tmp_path / "run")) == 1
    read_images(tmp_path / "run").assign(psnr_db=1.0).to_parquet(tmp_path / "run" / "images.parquet")
    with pytest.raises(AssertionError, match="tried"):
        read_images(tmp_path / "run")


def test_a_table_that_was_changed_is_read_after_its_trial(run: Path, tmp_path: Path) -> None:
    shutil.copytree(run, tmp_path / "run")
    read_images(tmp_path / "run").assign(psnr_db=1.0).to_parquet(tmp_path / "run" / "images.parquet")
    assert read_images(tmp_path / "run")["psnr_db"].tolist() == [1.0]
    (tmp_path / "run" / "run.json").write_text("{")
    assert len(read_images(tmp_path / "run")) == 1
