"""Archives of image sets as their hosts have them, unpacked into folders of pictures."""

import tarfile
import zipfile
from pathlib import Path, PurePosixPath
from typing import IO

import numpy as np

from linksim.common.errors import DataUnavailableError
from linksim.data.store.catalog import Item

ENDINGS = (".tar", ".tar.gz", ".zip")

_VOC_ROOT = "VOCdevkit/VOC2012/"
_VOC_PARTS = ("JPEGImages/", "ImageSets/Segmentation/")
_CIFAR_FILES = {"train": [f"data_batch_{number}.bin" for number in range(1, 6)], "test": ["test_batch.bin"]}
_CIFAR_SIDE = 32
_CIFAR_RECORD = 1 + 3 * _CIFAR_SIDE**2  # a label, then the planes red, green and blue


def is_archive(file: Path) -> bool:
    """Whether a file of the catalogue is unpacked, and not taken as it is."""
    return file.name.endswith(ENDINGS)


def unpack(item: Item, archive: Path, target: Path) -> None:
    """Pictures of a verified `archive` into the new folder `target`; notes, masks and hidden files are left out.

    VOC-2012 keeps its folders and its lists, CIFAR-10 becomes PNG files in the folders `train` and `test` (numbered in
    the order of the data set), the other sets become one folder.

    Raises:
        DataUnavailableError: it cannot be unpacked, or has another number of pictures than the set.
    """
    try:
        if item.name == "voc2012":
            _unpack_voc(archive, target)
            return
        found = _unpack_cifar(archive, target) if item.name == "cifar10" else _unpack_zip(archive, target)
    except (tarfile.TarError, zipfile.BadZipFile, EOFError, ValueError, NotImplementedError, RuntimeError) as error:
        reason = next(iter(str(error).splitlines()), type(error).__name__).rstrip(":")
        raise DataUnavailableError(f"{item.name}: {archive} cannot be unpacked ({reason}); fetch it again") from error
    if found != item.n_images:
        raise DataUnavailableError(
            f"{item.name}: {archive} has {found} pictures, not {item.n_images}; it was not used; fetch it again"
        )


def _unpack_voc(archive: Path, target: Path) -> None:
    with tarfile.open(archive) as tar:
        for member in tar:
            name = member.name.removeprefix(_VOC_ROOT)
            if member.isfile() and name.startswith(_VOC_PARTS):
                tar.extract(member.replace(name=name), target, filter="data")


def _unpack_zip(archive: Path, target: Path) -> int:
    target.mkdir(parents=True)
    found = 0
    with zipfile.ZipFile(archive) as files:
        for member in files.infolist():
            path = PurePosixPath(member.filename)
            hidden = any(part.startswith((".", "__MACOSX")) for part in path.parts)
            if path.suffix.lower() == ".png" and not hidden and not member.is_dir():
                with files.open(member) as source, (target / path.name).open("xb") as copy:
                    while chunk := source.read(1 << 20):
                        copy.write(chunk)
                found += 1
    return found


def _unpack_cifar(archive: Path, target: Path) -> int:
    found = 0
    with tarfile.open(archive) as tar:
        members = {PurePosixPath(member.name).name: member for member in tar if member.isfile()}
        for split, names in _CIFAR_FILES.items():
            folder, number = target / split, 0
            folder.mkdir(parents=True)
            for name in names:
                stream = tar.extractfile(members[name]) if name in members else None
                if stream is None:
                    raise ValueError(f"no {name} inside")
                with stream:
                    number = _cifar_pictures(stream, folder, number)
            found += number
    return found


def _cifar_pictures(stream: IO[bytes], folder: Path, number: int) -> int:
    """Write the pictures of a batch from `number` on; the number after the last."""
    from PIL import Image

    while record := stream.read(_CIFAR_RECORD):
        if len(record) < _CIFAR_RECORD:
            raise ValueError("a batch ends in the middle of a picture")
        planes = np.frombuffer(record, np.uint8)[1:].reshape(3, _CIFAR_SIDE, _CIFAR_SIDE)
        Image.fromarray(np.ascontiguousarray(planes.transpose(1, 2, 0))).save(folder / f"{number:05d}.png")
        number += 1
    return number
