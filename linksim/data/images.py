"""The images of a scenario: data sets and folders, listed at once and read one by one when they are needed."""

import hashlib
import warnings
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from linksim.common.errors import InputError
from linksim.common.files import shown, unfit
from linksim.data.folder import Listing, list_folder

if TYPE_CHECKING:
    import numpy as np

# Colour photographs inside scikit-image's wheel; its other pictures are downloaded, grey, or no photographs of scenes.
SAMPLES = ("astronaut.png", "chelsea.png", "coffee.png", "motorcycle_left.png", "rocket.jpg")
MAX_BATCH_PIXELS = 2**27
"""Pixels of the images that are sent together; some 40 bytes each are in memory at a time."""
_NAMED = 30
"""Bad images that one error names; the others are counted."""


class ImagesConfig(BaseModel):
    """The `images:` part of a scenario.

    Attributes:
        dataset: `samples` (photographs that come with scikit-image), `kodak`, `voc2012`, `bsds500`, `cifar10`, `clic2020`
            (professional validation), `div2k` (validation), or `folder`.
        path: the folder, searched with its subfolders, where `dataset` is `folder`.
        split: part of `voc2012` (test: segmentation validation list; train: all others), of `bsds500` (test: its
            test images; train: its training and validation images) and of `cifar10`. The other data sets have no parts. The shipped
            checkpoints were trained on all of `bsds500`, whose test images are no test for them.
        count: the first so many in alphabetical order; all if null.
        size: side in pixels of the central square that is resized to `size` x `size`; native size if null.
        on_error: what an unreadable image does: `stop` the run, or be left out (`skip`), named in a warning.
    """

    model_config = ConfigDict(frozen=True, strict=True, extra="forbid")

    dataset: Literal["samples", "kodak", "voc2012", "bsds500", "cifar10", "clic2020", "div2k", "folder"] = "samples"
    path: Annotated[str, Field(min_length=1)] | None = None
    split: Literal["test", "train"] = "test"
    count: Annotated[int, Field(ge=1, le=10_000_000)] | None = None
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
        size: side in pixels that each is resized to; None for its own.
        advice: what a user can do about bad images besides replacing them, e.g. `set images.on_error: skip`; "" for nothing.
        unusable: reason by path of files that are not among `files` because nothing can be done with them.
        notes: lines on what was passed over when the folder was listed.
        skipped: reason by id of the images that `readable` left out so far.
    """

    def __init__(
        self, listing: Listing, ids: list[str], size: int | None = None, skip_errors: bool = False, advice: str = ""
    ) -> None:
        self.ids = ids
        self.files = listing.files[: len(ids)]
        self.size = size
        self.skip_errors = skip_errors
        self.advice = advice
        self.unusable, self.notes = listing.unusable, listing.notes
        self.skipped: dict[str, str] = {}

    def __len__(self) -> int:
        return len(self.ids)

    def load(self, i: int) -> "np.ndarray":
        """Image `i` as uint8 `[height, width, 3]`; see `linksim.data.decode.read_image` for the conversions.

        Raises:
            InputError: the image is unreadable, truncated or smaller than 16 pixels; the message names it.
        """
        from linksim.data.decode import read_image

        try:
            return read_image(self.files[i], self.size)
        except InputError as error:
            raise self._with_advice(str(error)) from error

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

    def examine(self, batch: int = 1) -> dict[str, tuple[int, int]]:
        """(height, width) by id of every image that can be used, from its header: bad ones are found before anything is simulated.

        What the listing passed over is told in warnings.

        Args:
            batch: images that are in memory together, of which there must not be too many pixels.

        Raises:
            InputError: images cannot be used and are not to be skipped, or none can; one line that names them.
        """
        from linksim.data.decode import image_size

        for note in self.notes:
            warnings.warn(note, stacklevel=2)
        problems = [f"{path}: {reason}" for path, reason in self.unusable.items()]
        if self.skip_errors:
            for problem in problems:
                warnings.warn(f"left out: {problem}", stacklevel=2)
        sizes: dict[str, tuple[int, int]] = {}
        for i, file in enumerate(self.files):
            try:
                sizes[self.ids[i]] = image_size(file)
            except InputError as error:
                text = str(error).removeprefix(f"image {shown(file)}: ").removesuffix("; replace or remove it")
                problems.append(f"{self.ids[i]}: {text}")
        if problems and (not self.skip_errors or not sizes):
            raise self._unusable(problems)
        if self.size is None:
            self._check_memory(sizes.values(), batch)
            return sizes
        return dict.fromkeys(sizes, (self.size, self.size))

    def _unusable(self, problems: list[str]) -> InputError:
        if len(problems) == 1 and not self.skip_errors:
            return self._with_advice(f"image {problems[0]}; replace or remove it")
        more = f"; and {len(problems) - _NAMED} more" if len(problems) > _NAMED else ""
        total = len(self.files) + len(self.unusable)
        count = (
            f"none of {total} images can be used"
            if len(problems) == total
            else f"{len(problems)} of {total} images cannot be used"
        )
        return self._with_advice(f"images: {count}: {'; '.join(problems[:_NAMED])}{more}; replace or remove them")

    def _with_advice(self, text: str) -> InputError:
        return InputError(f"{text}, or {self.advice}" if self.advice and not self.skip_errors else text)

    @staticmethod
    def _check_memory(sizes: Iterable[tuple[int, int]], batch: int) -> None:
        pixels = sum(sorted((height * width for height, width in sizes), reverse=True)[:batch])
        if pixels > MAX_BATCH_PIXELS:
            raise InputError(
                f"images: {batch} of them have up to {pixels:,} pixels, more than the {MAX_BATCH_PIXELS:,} that are sent together: "
                "make sweep.batch smaller, or give images.size"
            )

    def content_hash(self, i: int) -> str:
        """SHA-256 of the file of image `i`; what is done to its pixels is in the scenario (`size`)."""
        file = self.files[i]
        reason = unfit(file)
        try:
            if not reason:
                with file.open("rb") as stream:
                    return hashlib.file_digest(stream, "sha256").hexdigest()
        except OSError as error:
            reason = str(error.strerror)
        raise InputError(f"image {shown(file)}: unreadable ({reason}); check the file")


def open_images(spec: ImagesConfig, key: str = "") -> ImageSource:
    """List the images of `spec` without reading any.

    Args:
        spec: the data set or folder.
        key: where `spec` stands in the user's file, e.g. `images`, for errors that advise to change it; "" where it stands nowhere.

    Raises:
        InputError: the folder is missing or has no images.
        DataUnavailableError: the data set is in none of the places where it is looked for and could not be fetched.
    """
    from linksim import data

    if spec.dataset == "folder":
        assert spec.path is not None
        root = _expanded(spec.path)
        listing = list_folder(root)
        ids = [file.relative_to(root).as_posix() for file in listing.files]
    else:
        listing = Listing(_samples() if spec.dataset == "samples" else data.image_files(spec.dataset, spec.split))
        ids = [file.stem for file in listing.files]
    advice = f"set {key}.on_error: skip" if key else ""
    return ImageSource(listing, ids[: spec.count], spec.size, spec.on_error == "skip", advice)


def _expanded(path: str) -> Path:
    try:
        return Path(path).expanduser()
    except RuntimeError:
        raise InputError(f"images.path: {path}: no such user; give a folder with images") from None


def _samples() -> list[Path]:
    from importlib.util import find_spec

    spec = find_spec("skimage")
    assert spec is not None
    assert spec.origin is not None
    return [Path(spec.origin).parent / "data" / name for name in SAMPLES]
