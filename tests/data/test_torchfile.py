"""PyTorch's files are read without PyTorch, and nothing but tensors is ever made from them."""

import pickle
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from torch_writer import legacy_format, zip_format

from linksim.data.torchfile import read_torch
from linksim.errors import InputError

ARRAYS = {
    "features.0.weight": np.arange(24, dtype=np.float32).reshape(2, 3, 2, 2),
    "features.0.bias": np.array([0.5, -1.0], np.float32),
    "transposed": np.asfortranarray(np.arange(6, dtype=np.float32).reshape(2, 3)),
}


@pytest.mark.parametrize("write", [zip_format, legacy_format])
def test_both_formats_give_the_arrays_back(tmp_path: Path, write: Callable) -> None:
    file = tmp_path / "a.pth"
    file.write_bytes(write(ARRAYS))
    read = read_torch(file)
    assert list(read) == list(ARRAYS)
    for name, value in ARRAYS.items():
        assert read[name].dtype == np.float32
        np.testing.assert_array_equal(read[name], value)


class _Malicious:
    def __init__(self, target: Path) -> None:
        self.target = target

    def __reduce__(self) -> tuple:
        return Path.touch, (self.target,)


@pytest.mark.parametrize("container", ["zip", "legacy"])
def test_code_in_a_pickle_is_not_run(tmp_path: Path, container: str) -> None:
    trace, file = tmp_path / "it-ran", tmp_path / "a.pth"
    data = pickle.dumps({"x": _Malicious(trace)})
    if container == "zip":
        with zipfile.ZipFile(file, "w") as archive:
            archive.writestr("archive/data.pkl", data)
    else:
        file.write_bytes(data)
    with pytest.raises(InputError, match="weights do not need"):
        read_torch(file)
    assert not trace.exists()


def test_a_tensor_outside_its_storage_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "a.pth"
    file.write_bytes(zip_format(ARRAYS, shift=1))
    with pytest.raises(InputError, match="outside its storage"):
        read_torch(file)


@pytest.mark.parametrize("write", [zip_format, legacy_format])
def test_damage_is_one_clear_line(tmp_path: Path, write: Callable) -> None:
    whole = write(ARRAYS)
    file = tmp_path / "a.pth"
    for length in range(0, len(whole), 37):
        file.write_bytes(whole[:length])
        with pytest.raises(InputError, match="fetch it again") as caught:
            read_torch(file)
        assert "\n" not in str(caught.value)
