"""The saved state of a run: damaged files and places that cannot be written are named in one line."""

import errno
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from linksim.cli import main
from linksim.common.errors import InputError
from linksim.training.state import load_state, save_state
from linksim.training.trainer import Trainer
from tests.training.tiny import config


class Variable:
    """As much of a Keras variable as the state needs."""

    def __init__(self, value: np.ndarray) -> None:
        self.value, self.shape = value, value.shape

    def __array__(self, *_: Any, **__: Any) -> np.ndarray:
        return self.value

    def assign(self, value: np.ndarray) -> None:
        self.value = value


def _variables() -> list[Variable]:
    rng = np.random.default_rng(1)
    return [Variable(rng.normal(size=shape)) for shape in ((3, 2), (), (50,))]


def test_state_comes_back(tmp_path: Path) -> None:
    saved, other = _variables(), [Variable(np.zeros(v.shape)) for v in _variables()]
    save_state(tmp_path / "state.npz", 7, "run", saved)
    assert load_state(tmp_path / "state.npz", "run", other) == 7
    for a, b in zip(saved, other, strict=True):
        np.testing.assert_array_equal(a.value, b.value)
    with pytest.raises(InputError, match="other settings"):
        load_state(tmp_path / "state.npz", "another", other)


@pytest.mark.parametrize("share", [0.0, 0.1, 0.5, 0.99])
def test_cut_state_is_one_line(tmp_path: Path, share: float) -> None:
    path = tmp_path / "state.npz"
    save_state(path, 7, "run", _variables())
    data = path.read_bytes()
    path.write_bytes(data[: int(share * len(data))])
    with pytest.raises(InputError, match=r"state.npz: a damaged state .*; delete it") as caught:
        load_state(path, "run", _variables())
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("value", [np.zeros((2, 2)), np.full((3, 2), np.nan), np.array("text")])
def test_state_that_does_not_fit_changes_nothing(tmp_path: Path, value: np.ndarray) -> None:
    path, variables = tmp_path / "state.npz", _variables()
    save_state(path, 7, "run", [value, *variables[1:]])
    before = [v.value for v in variables]
    with pytest.raises(InputError, match="damaged state"):
        load_state(path, "run", variables)
    assert all(a is v.value for a, v in zip(before, variables, strict=True))


def test_training_with_a_cut_state_exits_with_one_line(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    recipe = tmp_path / "tiny.yaml"
    recipe.write_text(config(folder).model_dump_json())
    out = tmp_path / "out"
    out.mkdir()
    (out / "state.npz").write_bytes(b"PK\x03\x04 and no more")
    with pytest.raises(SystemExit) as caught:
        main(["train", str(recipe), "--out", str(out)])
    assert caught.value.code == 2
    last = capsys.readouterr().err.strip().splitlines()[-1]
    assert "state.npz: a damaged state" in last


def test_full_disk_names_the_file_and_leaves_the_old_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "state.npz"
    save_state(path, 7, "run", _variables())
    before = path.read_bytes()

    def full(*_: Any, **__: Any) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(np, "savez", full)
    with pytest.raises(InputError, match=r"state.npz: cannot be written \(No space left on device\)"):
        save_state(path, 8, "run", _variables())
    assert path.read_bytes() == before
    assert [p.name for p in tmp_path.iterdir()] == ["state.npz"]


def test_a_place_that_is_no_folder_is_named(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(InputError, match=r"file/out: cannot be written"):
        Trainer(config(folder), tmp_path / "file" / "out").run()


def test_log_that_cannot_be_written_is_named(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "log.csv").mkdir(parents=True)
    with pytest.raises(InputError, match=r"log.csv: cannot be written \(Is a directory\)"):
        Trainer(config(folder, steps=2), tmp_path).run()
