"""The images of a scenario: data sets and folders, listed at once and read one by one when they are needed."""

import hashlib
import os
import warnings
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from linksim.common.errors import InputError

if TYPE_CHECKING:
    import numpy as np

# Colour photographs inside scikit-image's wheel; its other pictures are downloaded, grey, or no photographs of scenes.
SAMPLES = ("astronaut.png", "chelsea.png", "coffee.png", "motorcycle_left.png", "rocket.jpg")
SUFFIXES = frozenset({".png", ".jpg", ".jpeg", ".bmp", ".tif", ".tiff", ".webp", ".ppm", ".pgm"})


class ImagesConfig(BaseModel):
    """The `images:` part of a scenario.

    Attributes:
        dataset: `samples` (photographs that come with scikit-image), `kodak`, `voc2012`, `bsds500`, or `folder`.
        path: the folder, searched with its subfolders, where `dataset` is `folder`.
        split: part of `voc2012` (test: segmentation validation list; train: all others) and of `bsds500` (test: its
            test images; train: its training and validation images). The other data sets have no parts. The shipped
            checkpoints were trained on all of `bsds500`, whose test images are no test for them.
        count: the first so many in alphabetical order; all if null.
        size: side in pixels of the central square that is resized to `size` x `size`; native size if null.
        on_error: what an unreadable image does: `stop` the run, or be left out (`skip`), named in a warning.
    """

    model_config = ConfigDict(frozen=True, strict=True, extra="forbid")

    dataset: Literal["samples", "kodak", "voc2012", "bsds500", "folder"] = "samples"
    path: str | None = None
    split: Literal["test", "train"] = "test"
    count: Annotated[int, Field(ge=1)] | None = None
    size: Annotated[int, Field(ge=16, le=8192)] | None = None
    on_error: Literal["stop", "skip"] = "stop"

    @model_validator(mode="after")
    def _path_goes_with_folder(self) -> "ImagesConfig":
        if (self.path is not None) != (self.dataset == "folder"):
            need = "needs a path" if self.dataset == "folder" else "takes no path; use dataset: folder"
            raise ValueError(f"dataset {self.dataset} {need}")
        return self


class ImageSource:
    """Images in a fixed order, read when asked for.

    Attributes:
        ids: one unique name per image: the file's name without its ending, or in folders its path below the folder.
            They do not depend on `count`, `size` or the folder's place.
        files: where each image is.
        skipped: reason by id of the images that `readable` left out so far.
    """

    def __init__(self, ids: list[str], files: list[Path], size: int | None = None, skip_errors: bool = False) -> None:
        self.ids = ids
        self.files = files
        self.size = size
        self.skip_errors = skip_errors
        self.skipped: dict[str, str] = {}

    def __len__(self) -> int:
        return len(self.ids)

    def load(self, i: int) -> "np.ndarray":
        """Image `i` as uint8 `[height, width, 3]`; see `linksim.data.decode.read_image` for the conversions.

        Raises:
            InputError: the image is unreadable, truncated or smaller than 16 pixels; the message names it.
        """
        from linksim.data.decode import read_image

        return read_image(self.files[i], self.size)

    def readable(self, indices: Iterable[int] | None = None) -> Iterator[tuple[int, "np.ndarray"]]:
        """Number and pixels of each image (of `indices` if given); bad ones stop it or are left out, as `on_error`
        says.
        """
        for i in range(len(self)) if indices is None else indices:
            try:
                image = self.load(i)
            except InputError as error:
                if not self.skip_errors:
                    raise
                self.skipped[self.ids[i]] = str(error)
                warnings.warn(f"left out: {error}", stacklevel=2)
                continue
            yield i, image

    def content_hash(self, i: int) -> str:
        """SHA-256 of the file of image `i`; what is done to its pixels is in the scenario (`size`)."""
        try:
            with self.files[i].open("rb") as stream:
                return hashlib.file_digest(stream, "sha256").hexdigest()
        except OSError as error:
            raise InputError(f"image {self.files[i]}: unreadable ({error.strerror}); check the file") from error


def open_images(spec: ImagesConfig) -> ImageSource:
    """List the images of `spec` without reading any.

    Raises:
        InputError: the folder is missing or has no images.
        DataUnavailableError: the data set is in none of the places where it is looked for and could not be fetched.
    """
    from linksim import data

    if spec.dataset == "folder":
        assert spec.path is not None
        root = Path(spec.path).expanduser()
        files = list_folder(root)
        ids = [file.relative_to(root).as_posix() for file in files]
    else:
        files = _samples() if spec.dataset == "samples" else data.image_files(spec.dataset, spec.split)
        ids = [file.stem for file in files]
    return ImageSource(ids[: spec.count], files[: spec.count], spec.size, spec.on_error == "skip")


def list_folder(root: Path) -> list[Path]:
    """Image files below `root`, by their endings, in the order of their paths; hidden files and folders are left out."""
    if not root.is_dir():
        what = "is a file" if root.exists() else "does not exist"
        raise InputError(f"images.path: {root} {what}; give a folder with images")
    found = []
    for folder, subfolders, names in os.walk(root):
        subfolders[:] = [name for name in subfolders if not name.startswith(".")]
        found += [
            Path(folder, name)
            for name in names
            if not name.startswith(".") and os.path.splitext(name)[1].lower() in SUFFIXES
        ]
    if not found:
        raise InputError(f"images.path: no images in {root}; allowed are files ending in {', '.join(sorted(SUFFIXES))}")
    return sorted(found, key=lambda file: file.relative_to(root).as_posix())


def _samples() -> list[Path]:
    from importlib.util import find_spec

    spec = find_spec("skimage")
    assert spec is not None
    assert spec.origin is not None
    return [Path(spec.origin).parent / "data" / name for name in SAMPLES]
