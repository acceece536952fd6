"""The worked example of the page on budgets: its sums are right, and the command prints its numbers."""

import json
import math
import re
from pathlib import Path

import pytest
import yaml

from linksim.cli import main
from tests.docs.pages import ROOT

PAGE = (ROOT / "docs" / "budget.md").read_text("utf-8")
SUMS = re.findall(r"`([-0-9. */()a-z]+) = ([0-9.]+)`", PAGE)


def test_every_sum_is_right() -> None:
    assert len(SUMS) > 15
    for left, right in SUMS:
        value = eval(left, {"ceil": math.ceil, "floor": math.floor})
        digits = len(right.partition(".")[2])
        assert round(value, digits) == float(right), f"{left} = {right}"


@pytest.fixture(scope="module")
def example(tmp_path_factory: pytest.TempPathFactory) -> Path:
    block = re.search(r"```yaml\n(name: budget-example.*?)```", PAGE, re.DOTALL)
    assert block is not None
    file = tmp_path_factory.mktemp("page") / "budget-example.yaml"
    file.write_text(block[1])
    return file


def test_the_command_prints_the_page_s_table(example: Path, capsys: pytest.CaptureFixture[str]) -> None:
    main(["budget", str(example)])
    printed = {re.sub(r"[\s-]+", " ", line) for line in capsys.readouterr().out.splitlines()}
    shown = re.search(r"```text\n(Image astronaut.*?)```", PAGE, re.DOTALL)
    assert shown is not None
    for line in filter(None, (re.sub(r"[\s-]+", " ", line) for line in shown[1].splitlines())):
        assert line in printed, line


def test_budgets_and_ledgers_are_those_of_the_text(example: Path, capsys: pytest.CaptureFixture[str]) -> None:
    main(["budget", str(example), "--json"])
    rows = {row["scheme"]: row for row in json.loads(capsys.readouterr().out)["schemes"]}
    assert {name: row["budget"] for name, row in rows.items()} == {
        "Codebook": None,
        "Matched": 12800,
        "Ratio": 16384,
        "Bits": 10752,
    }
    for name, n_bytes in {"Matched": 4725, "Ratio": 6048, "Bits": 21 * 1512 // 8}.items():
        assert f"{n_bytes} bytes" in PAGE or name == "Bits"
        assert 0.8 * 8 * n_bytes < rows[name]["source_bits"] <= 8 * n_bytes
        assert rows[name]["channel_uses"] <= rows[name]["budget"]
    numbers = {"payload bits": 36864, "filler": 936, "CRC": 600, "coded bits": 76800}
    ledger = ("source_bits", "filler_bits", "crc_bits", "coded_bits")
    assert [rows["Codebook"][key] for key in ledger] == list(numbers.values())
    assert all(str(value) in PAGE for value in numbers.values())
    assert yaml.safe_load(example.read_text())["images"]["size"] == 256
