"""Places that cannot be written: one line before work is lost, and an exit status that tells a full disk from a wrong place."""

import errno
import os
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from linksim.cli import codebook, main
from linksim.common import writing
from linksim.common.errors import WriteError
from linksim.results.storage.store import PointStore


def status(*arguments: str) -> int:
    with pytest.raises(SystemExit) as stopped:
        main([*arguments])
    return int(stopped.value.code or 0)


def test_status_of_a_full_disk_and_of_a_wrong_place(tmp_path: Path) -> None:
    for code, expected in ((errno.ENOSPC, 1), (errno.EROFS, 1), (errno.EIO, 1), (errno.EISDIR, 2), (errno.EACCES, 2)):
        with pytest.raises(WriteError) as caught, writing.naming(tmp_path):
            raise OSError(code, os.strerror(code))
        assert caught.value.exit_status == expected
    assert str(caught.value).startswith(f"{tmp_path}: cannot be written (")


@pytest.mark.parametrize("command", ["codebook", "codebook-size", "labels"])
def test_a_place_is_tried_before_the_work(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, command: str, capsys
) -> None:
    def never(*_: object, **__: object) -> None:
        raise AssertionError("work that would be lost")

    Image.fromarray(np.full((32, 32, 3), 99, np.uint8)).save(tmp_path / "a.png")
    (tmp_path / "file").write_text("mine")
    place = tmp_path / "file" / ("x.npz" if command == "labels" else "x")
    monkeypatch.setattr("linksim.reports.codebook.meter.CodebookMeter", never)
    monkeypatch.setattr("linksim.reports.codebook.sizes.study_sizes", never)
    monkeypatch.setattr("linksim.semantic.relabel.relabel", never)
    images = [] if command == "labels" else ["--images", str(tmp_path)]
    assert status(command, "proposed", *images, "--out", str(place)) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith(f"linksim: --out {tmp_path / 'file'}")


def test_figures_are_on_the_screen_where_their_file_cannot_be_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys
) -> None:
    def full(path: Path, *_: object) -> None:
        raise WriteError(f"{path}: cannot be written (No space left on device)", errno.ENOSPC)

    Image.fromarray(np.random.default_rng(0).integers(0, 255, (64, 64, 3), np.uint8)).save(tmp_path / "a.png")
    monkeypatch.setattr(codebook, "write_bytes", full)
    assert (
        status(
            "codebook", "proposed", "--images", str(tmp_path), "--bit-error-rate", "0.1", "--out", str(tmp_path / "o")
        )
        == 1
    )
    said = capsys.readouterr()
    assert "predicted" in said.out
    assert len(said.err.splitlines()) == 1


def test_labels_do_not_take_the_place_of_what_they_were_made_of(tmp_path: Path, capsys) -> None:
    from linksim.semantic.codec import load_checkpoint

    path = tmp_path / "mine.npz"
    load_checkpoint("proposed").checkpoint.save(path)
    before = path.read_bytes()
    (tmp_path / "link.npz").symlink_to(path)
    for out in (path, tmp_path / "." / "mine.npz", tmp_path / "link.npz"):
        assert status("labels", str(path), "--out", str(out)) == 2
        assert "is the checkpoint that is read" in capsys.readouterr().err
    assert path.read_bytes() == before


def test_table_and_report_make_the_folder_and_refuse_a_name_that_is_none(tmp_path: Path, capsys) -> None:
    folder = Path(__file__).parents[2] / "results" / "quickstart"
    main(["table", str(folder), "--out", str(tmp_path / "a" / "b" / "table.txt")])
    assert "psnr_db" in (tmp_path / "a" / "b" / "table.txt").read_text()
    capsys.readouterr()
    for out in ("", ".", "/", str(tmp_path)):
        assert status("table", str(folder), "--out", out) == 2
        (line,) = capsys.readouterr().err.splitlines()
        assert "cannot be written" in line


def test_a_journal_of_which_nothing_is_whole_is_told(tmp_path: Path, capsys) -> None:
    text = (
        "name: j\nimages: {dataset: samples, count: 1, size: 32}\n"
        "link: {code: {kind: none, block_bits: 256}, modulation: {kind: qam, bits_per_symbol: 2}, channel: {kind: awgn}}\n"
        "sweep: {snr_db: [20]}\nmetrics: [psnr]\nschemes: [{name: s, kind: jpeg, quality: 20}]\n"
    )
    (tmp_path / "j.yaml").write_text(text)
    out = tmp_path / "o"
    main(["run", str(tmp_path / "j.yaml"), "--out", str(out), "--no-figures"])
    (out / "points.jsonl").write_bytes(np.random.default_rng(0).bytes(3000))
    capsys.readouterr()
    main(["run", str(tmp_path / "j.yaml"), "--out", str(out), "--no-figures"])
    assert "points.jsonl: no point in it is whole, so all of them are simulated" in capsys.readouterr().err
    assert len(PointStore(out)) == 1
    main(["run", str(tmp_path / "j.yaml"), "--out", str(out), "--no-figures"])
    assert "no point in it is whole" not in capsys.readouterr().err
