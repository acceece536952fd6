"""The reference programs `bpgenc` and `bpgdec` (libbpg), where they are on the PATH."""

import hashlib
import shutil
import subprocess
import tempfile
from functools import cache
from pathlib import Path

import numpy as np
from PIL import Image

from linksim.codecs.checks import check_choice, check_image, check_integer
from linksim.codecs.errors import DecodeError
from linksim.common.errors import InputError, LinksimError

CHROMA_OPTIONS = {
    "420": ["-f", "420"],
    "422": ["-f", "422"],
    "444": ["-f", "444"],
    "grey": [],  # follows from a grey input file
    "rgb": ["-f", "444", "-c", "rgb"],
}
TIMEOUT_S = 600


def program(name: str) -> str:
    """Path of `bpgenc` or `bpgdec`; `InputError` where it is not on the PATH."""
    path = shutil.which(name)
    if path is None:
        raise InputError(
            f"encoder: {name} is not on the PATH; build libbpg 0.9.8 from https://bellard.org/bpg/ "
            "or use encoder: x265, which writes the same format"
        )
    return path


def program_hash(name: str) -> str:
    """SHA-256 of the program's file: which version made the bytes."""
    return _file_hash(program(name))


@cache
def _file_hash(path: str) -> str:
    return hashlib.sha256(Path(path).read_bytes()).hexdigest()


def encode(image: np.ndarray, qp: int, chroma: str = "420") -> bytes:
    """The file that `bpgenc -q qp` makes of a uint8 `[height, width, 3]` image; `chroma` as in `bpg.encode`.

    Raises:
        InputError: an argument outside its range, or no `bpgenc`.
        LinksimError: the program failed.
    """
    check_image(image)
    check_integer("qp", qp, 0, 51)
    check_choice("chroma", chroma, tuple(CHROMA_OPTIONS))
    bpgenc = program("bpgenc")
    with tempfile.TemporaryDirectory(prefix="linksim-") as folder:
        source, target = Path(folder, "in.png"), Path(folder, "out.bpg")
        picture = Image.fromarray(np.ascontiguousarray(image))
        (picture.convert("L") if chroma == "grey" else picture).save(source, compress_level=1)
        _run([bpgenc, "-q", str(qp), *CHROMA_OPTIONS[chroma], "-o", str(target), str(source)])
        return target.read_bytes()


def decode(data: bytes) -> np.ndarray:
    """The picture that `bpgdec` shows: uint8 `[height, width, 3]`.

    Raises:
        InputError: no `bpgdec`.
        DecodeError: the program refused the file.
    """
    bpgdec = program("bpgdec")
    with tempfile.TemporaryDirectory(prefix="linksim-") as folder:
        source, target = Path(folder, "in.bpg"), Path(folder, "out.png")
        source.write_bytes(data)
        try:
            _run([bpgdec, "-o", str(target), str(source)])
            with Image.open(target) as picture:
                return np.array(picture.convert("RGB"))
        except (LinksimError, OSError) as error:
            raise DecodeError(f"bpgdec shows no picture: {error}") from error


def _run(command: list[str]) -> None:
    try:
        done = subprocess.run(command, capture_output=True, text=True, errors="replace", timeout=TIMEOUT_S)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise LinksimError(f"{command[0]}: {error}") from error
    if done.returncode:
        said = (done.stderr or done.stdout).strip().splitlines()[-1:] or ["no message"]
        raise LinksimError(f"{command[0]} failed with status {done.returncode}: {said[0]}")
