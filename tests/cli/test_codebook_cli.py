"""The codebook commands, run as functions on a shipped checkpoint: what they print, write and refuse."""

import csv
from pathlib import Path

import numpy as np
import pytest

from linksim.cli.codebook import (
    codebook_command,
    codebook_size_command,
    labels_command,
    parse_rates,
    parse_sizes,
)
from linksim.common.errors import InputError
from linksim.semantic.codec import load_checkpoint
from linksim.semantic.finding import pretrained_names

pytestmark = pytest.mark.skipif("vqvae" not in pretrained_names(), reason="no vqvae checkpoint is shipped")

SCENARIO = """
name: codebook
images: {dataset: samples}
link: {code: {kind: none}, modulation: {kind: qam, bits_per_symbol: 2}, channel: {kind: awgn}}
sweep: {snr_db: [4]}
metrics: [psnr]
schemes:
  - {name: JPEG, kind: jpeg, quality: 30}
"""


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


@pytest.fixture
def picture(tmp_path):
    from PIL import Image
    from skimage.data import chelsea

    folder = tmp_path / "pictures"
    folder.mkdir()
    Image.fromarray(chelsea()).resize((200, 144)).save(folder / "cat.png")
    return str(folder)


def test_codebook_predicts_what_a_bsc_and_an_awgn_link_do(picture, tmp_path, capsys):
    scenario = tmp_path / "s.yaml"
    scenario.write_text(SCENARIO)
    codebook_command("vqvae", "0.02,0.1", picture, None, scenario, tmp_path / "out")
    table = rows(tmp_path / "out" / "distortion.csv")
    assert [row["channel"] for row in table] == ["BSC", "BSC", "link"]
    # QPSK over a channel without fading has independent bit errors, as a BSC has.
    for row in table:
        assert float(row["measured"]) == pytest.approx(float(row["predicted"]), rel=0.03)
    usage = np.array([float(row["usage"]) for row in rows(tmp_path / "out" / "usage.csv")])
    assert len(usage) == 512
    assert usage.sum() == pytest.approx(1, abs=1e-4)
    assert {path.name for path in (tmp_path / "out").iterdir()} == {
        "codebook.pdf",
        "codebook.png",
        "distortion.csv",
        "usage.csv",
    }
    assert "perplexity" in capsys.readouterr().out


def test_codebook_size_writes_the_curve(picture, tmp_path, capsys):
    codebook_size_command("vqvae", "0.01,0.2", picture, None, "8..64", 0.0, "exact", tmp_path / "out")
    table = rows(tmp_path / "out" / "sizes.csv")
    assert [int(row["codebook_size"]) for row in table] == 2 * [8, 16, 32, 64]
    for row in table:
        total = float(row["quantization"]) + float(row["channel"]) + float(row["rate_term"])
        assert float(row["objective"]) == pytest.approx(total, rel=1e-4)
    assert "best size at bit-error rate 0.2" in capsys.readouterr().out
    assert (tmp_path / "out" / "sizes.png").stat().st_size > 10_000


def test_labels_writes_a_checkpoint_and_its_card(tmp_path, capsys):
    labels_command("vqvae", 0.1, "binary-switching", tmp_path / "mine.npz")
    made = load_checkpoint(str(tmp_path / "mine.npz"))
    assert made.card["name"] == "mine"
    assert made.card["labels"]["from"] == "vqvae"
    assert (tmp_path / "mine.md").read_text().startswith("# mine\n")
    assert "0.05" in capsys.readouterr().out


def test_bad_values_are_named(tmp_path):
    for text in ("", "0", "0.1,x", "0.6"):
        with pytest.raises(InputError, match="--bit-error-rate"):
            parse_rates(text)
    for text in ("", "1", "9..4", "a..8", "4,x"):
        with pytest.raises(InputError, match="--sizes"):
            parse_sizes(text)
    assert parse_sizes("16..64") == (16, 32, 64)
    assert parse_sizes("100,7") == (7, 100)
    with pytest.raises(InputError, match=r"\.npz"):
        labels_command("vqvae", 0.1, "annealing", tmp_path / "mine")
    with pytest.raises(InputError, match="random, exact"):
        codebook_size_command("vqvae", "0.1", "samples", None, "16", 0.0, "both", tmp_path)
