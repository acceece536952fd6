"""PyTorch's files are read without PyTorch, and nothing but tensors is ever made from them."""

import pickle
import random
import resource
import time
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest
from torch_writer import legacy_format, zip_format

from linksim.common.errors import InputError
from linksim.data.store.torchfile import read_torch

ARRAYS = {
    "features.0.weight": np.arange(24, dtype=np.float32).reshape(2, 3, 2, 2),
    "features.0.bias": np.array([0.5, -1.0], np.float32),
    "transposed": np.asfortranarray(np.arange(6, dtype=np.float32).reshape(2, 3)),
}

N_MUTATIONS = 500
SPARE_BYTES = 256 << 20


@contextmanager
def bounded_memory() -> Iterator[None]:
    """This process may map so much more memory than it has now; beyond that there is a `MemoryError`."""
    used = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    limits = resource.getrlimit(resource.RLIMIT_AS)
    resource.setrlimit(resource.RLIMIT_AS, (used + SPARE_BYTES, limits[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_AS, limits)


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


@pytest.mark.parametrize("protocol", [2, 4])
@pytest.mark.parametrize("container", ["zip", "legacy"])
def test_code_in_a_pickle_is_not_run(tmp_path: Path, container: str, protocol: int) -> None:
    trace, file = tmp_path / "it-ran", tmp_path / "a.pth"
    data = pickle.dumps({"x": _Malicious(trace)}, protocol)
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


# A memo index, a byte array, a frame, a text and a storage that each say they have 4 GB or more.
GREEDY = {
    "memo": b"\x80\x02}r\xff\xff\xff\xfe.",
    "bytearray": b"\x80\x05\x96" + (1 << 36).to_bytes(8, "little") + b"x.",
    "frame": b"\x80\x04\x95" + (1 << 36).to_bytes(8, "little") + b"}.",
    "text": b"\x80\x02X\xff\xff\xff\x7fx.",
    "storage": legacy_format(ARRAYS).replace((24).to_bytes(8, "little"), (1 << 36).to_bytes(8, "little")),
}


@pytest.mark.parametrize("kind", GREEDY)
def test_no_memory_is_taken_for_what_is_not_there(tmp_path: Path, kind: str) -> None:
    file = tmp_path / "a.pth"
    file.write_bytes(GREEDY[kind])
    with bounded_memory(), pytest.raises(InputError, match="fetch it again"):
        read_torch(file)


def test_compressed_members_are_refused(tmp_path: Path) -> None:
    file = tmp_path / "a.pth"
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("archive/data.pkl", bytes(1 << 24))
    with pytest.raises(InputError, match="compressed"):
        read_torch(file)


@pytest.mark.parametrize("write", [zip_format, legacy_format])
def test_mutations_give_tensors_or_one_clear_line(tmp_path: Path, write: Callable) -> None:
    rng = random.Random(1)
    whole, file, refused = write(ARRAYS), tmp_path / "a.pth", 0
    started = time.process_time()
    with bounded_memory():
        for _ in range(N_MUTATIONS):
            data = bytearray(whole)
            for _ in range(rng.randint(1, 4)):
                data[rng.randrange(len(data))] = rng.choice((rng.randrange(256), 0, 255))
            file.write_bytes(data[: rng.randrange(len(data))] if rng.random() < 0.1 else data)
            said, read = "", {}
            try:
                read = read_torch(file)
            except InputError as error:
                said = str(error)
            refused += bool(said)
            assert "\n" not in said
            assert sum(value.nbytes for value in read.values()) <= 4 * len(whole)
    assert N_MUTATIONS / 2 < refused < N_MUTATIONS
    assert time.process_time() - started < 20
