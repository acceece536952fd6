"""Received pictures as files for other tools.

    DIR/pictures/index.csv                                 which file is what
    DIR/pictures/sent/<image>.png                          what the schemes were given
    DIR/pictures/received/<scheme>/<snr>dB/<image>.png     what they delivered

A folder of one scheme and SNR has the names of the folder `sent`, so that tools which compare two folders take them as
they are. Further fades are in folders of their own, `<snr>dB-fade2` and so on. Ids and names become file names by
`linksim.results.examples.slug`; pixels are kept exactly.
"""

import csv
import io
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from linksim.results.examples import slug
from linksim.results.storage.store import storage_error, write_atomically

FOLDER = "pictures"
INDEX = "index.csv"
_PNG_END = b"IEND\xaeB`\x82"


@dataclass(frozen=True, order=True)
class Place:
    """Which picture a file is: of an image, as a scheme delivered it at an Es/N0 in dB, at its repetition (from 0)."""

    scheme: str
    snr_db: float
    repetition: int
    image: str

    @property
    def file(self) -> str:
        """Path below the folder of pictures."""
        fade = f"-fade{self.repetition + 1}" if self.repetition else ""
        return f"received/{slug(self.scheme)}/{self.snr_db + 0.0:g}dB{fade}/{_name(self.image)}"


def sent_file(image: str) -> str:
    """Path of an original below the folder of pictures."""
    return f"sent/{_name(image)}"


def _name(image: str) -> str:
    return f"{slug(image).removesuffix('.png')}.png"


def is_there(folder: Path, file: str) -> bool:
    """Whether a picture of the results folder is there and has its end."""
    try:
        with (folder / FOLDER / file).open("rb") as stream:
            stream.seek(-len(_PNG_END), io.SEEK_END)
            return stream.read() == _PNG_END
    except OSError:
        return False


def save(folder: Path, file: str, picture: np.ndarray) -> None:
    """Write a picture, uint8 `[height, width, 3]`, in one step. Raises `StorageError`."""
    from PIL import Image

    buffer = io.BytesIO()
    Image.fromarray(picture).save(buffer, "PNG")
    path = folder / FOLDER / file
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise storage_error(path, error) from None
    write_atomically(path, buffer.getvalue())


def write_index(folder: Path, places: Iterable[Place]) -> None:
    """Write `index.csv`: a line for each received picture, with its file and that of its original."""
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow(["scheme", "snr_db", "repetition", "image", "file", "sent"])
    writer.writerows([*asdict(place).values(), place.file, sent_file(place.image)] for place in sorted(places))
    write_atomically(folder / FOLDER / INDEX, buffer.getvalue().encode())
