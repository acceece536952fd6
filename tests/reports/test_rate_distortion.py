"""Rate-distortion tables: values, CompressAI's layout, the comparison."""

import csv
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from linksim.codebook.stages import Stages
from linksim.codecs import jpeg
from linksim.common.errors import InputError
from linksim.reports.codecs import figure as rd_report
from linksim.reports.codecs import rate_distortion as rd
from tests.codecs.pictures import psnr


class Two:
    ids = ("a", "b")

    def __init__(self, photograph: np.ndarray):
        self.photograph = photograph

    def load(self, i: int) -> np.ndarray:
        return np.ascontiguousarray(self.photograph[128 * i : 128 * i + 128, 64:208])


def test_tables_and_figure(photograph: np.ndarray, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LINKSIM_CACHE", str(tmp_path / "cache"))
    for name, at in {"bpg-444": (30, 44), "jpeg": (10, 50), "jpeg-annex-k": (10, 50), "webp": (5, 60)}.items():
        monkeypatch.setitem(rd.CURVES, name, replace(rd.CURVES[name], settings=at))
    images, said = Two(photograph), []
    curves = rd.run(["jpeg", "bpg-444", "webp"], images, tmp_path / "out", "kodak", said.append)
    assert [curve.name for curve in curves] == ["jpeg", "jpeg-annex-k", "bpg-444", "webp"]
    assert len(said) == 8
    table = json.loads((tmp_path / "out" / "jpeg.json").read_text())
    assert set(table) == {"name", "description", "results"}
    assert set(table["results"]) == {"bpp", "psnr", "ms-ssim", "psnr-rgb", "ms-ssim-rgb"}
    assert table["results"]["psnr-rgb"] == table["results"]["psnr"]
    files = [jpeg.encode(images.load(i), 50) for i in range(2)]
    assert table["results"]["bpp"][1] == pytest.approx(np.mean([8 * len(f) / (128 * 144) for f in files]))
    expected = np.mean([psnr(jpeg.decode(files[i]), images.load(i)) for i in range(2)])
    assert table["results"]["psnr"][1] == pytest.approx(expected)
    assert 0.5 < table["results"]["ms-ssim"][0] < table["results"]["ms-ssim"][1] < 1
    assert (tmp_path / "out" / "rd.png").stat().st_size > 5000
    with (tmp_path / "out" / "comparison.csv").open() as file:
        assert [row["codec"] for row in csv.DictReader(file)] == ["jpeg-annex-k"] * 2 + ["bpg-444"] * 3 + ["webp"] * 3


def test_interpolation() -> None:
    curve = rd.Curve("jpeg", "", (1, 2), (0.8, 0.2), {"psnr": (34.0, 30.0)})
    assert rd_report.psnr_at(curve, 0.4) == pytest.approx(32)
    assert np.isnan(rd_report.psnr_at(curve, 0.1))


def test_bad_input(photograph: np.ndarray, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="bpg-420"):
        rd.run(["vvc"], Two(photograph), tmp_path)
    with pytest.raises(InputError, match=r"metric 'psrn': allowed are .*did you mean psnr"):
        rd.run(["jpeg"], Two(photograph), tmp_path, metrics=["psrn"])
    (tmp_path / "file").write_text("")
    with pytest.raises(InputError, match="cannot be written"):
        rd.run(["jpeg"], Two(photograph), tmp_path / "file")


class Colours:
    """Mean colours of 8 x 8 cells, in two stages of 8 words."""

    def __init__(self) -> None:
        corners = np.stack(np.meshgrid(*[[-1, 1]] * 3, indexing="ij"), -1).reshape(1, 1, 8, 3)
        codewords = np.concatenate([0.25 * corners + 0.5, 0.125 * corners]).astype(np.float32)
        self.stages = Stages(codewords, np.full((2, 1, 8), 1 / 8, np.float32))

    def encode(self, images: np.ndarray) -> np.ndarray:
        n, h, w, _ = images.shape
        return (images / 255).reshape(n, h // 8, 8, w // 8, 8, 3).mean((2, 4)).astype(np.float32)

    def decode(self, features: np.ndarray, size: tuple[int, int], variance: Any = None) -> np.ndarray:
        return np.rint(features.repeat(8, 1).repeat(8, 2)[:, : size[0], : size[1]] * 255).clip(0, 255).astype(np.uint8)


def test_a_codebook_has_a_point_for_each_number_of_stages(photograph: np.ndarray, tmp_path: Path) -> None:
    images, codec = Two(photograph), Colours()
    (curve,) = rd.run([], images, tmp_path, metrics=["psnr"], codebooks={"mine": codec})
    assert curve.settings == (1, 2)
    assert curve.bpp == pytest.approx((3 / 64, 6 / 64))
    for stages in (1, 2):
        expected = []
        for i in range(2):
            left, total = codec.encode(images.load(i)[None])[0], 0.0
            for words in codec.stages.codewords[:stages, 0]:
                word = words[np.square(left[..., None, :] - words).sum(-1).argmin(-1)]
                left, total = left - word, total + word
            expected.append(psnr(codec.decode(total[None], (128, 144))[0], images.load(i)))
        assert curve.quality["psnr"][stages - 1] == pytest.approx(np.mean(expected))
    table = json.loads((tmp_path / "mine.json").read_text())
    assert table["results"]["bpp"] == pytest.approx([3 / 64, 6 / 64])
    assert (tmp_path / "rd.png").exists()
    with pytest.raises(InputError, match="'jpeg' has the name of a codec's curve"):
        rd.run([], images, tmp_path, metrics=["psnr"], codebooks={"jpeg": codec})
