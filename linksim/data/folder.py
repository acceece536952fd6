"""Image files below a folder: what is found, and what is passed over, which is told."""

import os
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from linksim.common.errors import InputError
from linksim.common.files import shown

SUFFIXES = frozenset({".png", ".jpg", ".jpeg", ".bmp", ".tif", ".tiff", ".webp", ".ppm", ".pgm"})
# Endings of pictures that are not taken; other files, such as notes, need no word.
_OTHERS = frozenset(
    [
        ".gif",
        ".heic",
        ".heif",
        ".hif",
        ".avif",
        ".jfif",
        ".jpe",
        ".jif",
        ".jp2",
        ".j2k",
        ".jpx",
        ".jxl",
        ".tga",
        ".ico",
        ".svg",
        ".eps",
        ".psd",
        ".pcx",
        ".exr",
        ".hdr",
        ".dng",
        ".cr2",
        ".cr3",
        ".nef",
        ".arw",
        ".orf",
        ".rw2",
        ".raf",
        ".raw",
        ".bpg",
        ".dib",
        ".pbm",
        ".pnm",
        ".pfm",
        ".pam",
        ".xcf",
        ".sgi",
        ".qoi",
    ]
)


@dataclass
class Listing:
    """What is in a folder.

    Attributes:
        files: images, by their endings, in the order of their paths.
        unusable: reason by path of what cannot be used at all: names that are not UTF-8, folders that cannot be read.
        notes: lines on what was passed over.
    """

    files: list[Path]
    unusable: dict[str, str] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)


def list_folder(root: Path) -> Listing:
    """Image files below `root`; hidden files and folders are left out, links to folders are followed, each folder once.

    Raises:
        InputError: there is no such folder, or it has no images.
    """
    try:
        is_folder, exists = root.is_dir(), root.exists()
    except (OSError, ValueError):
        is_folder = exists = False
    if not is_folder:
        what = "is a file" if exists else "does not exist"
        raise InputError(f"images.path: {shown(root)} {what}; give a folder with images")
    listing = Listing([])
    passed_over: Counter[str] = Counter()
    seen = {_identity(root)}
    for folder, subfolders, names in os.walk(root, followlinks=True, onerror=lambda e: _unreadable(listing, e)):
        subfolders[:] = [
            name
            for name in sorted(subfolders)
            if not name.startswith(".") and _is_new(Path(folder, name), seen, listing)
        ]
        for name in names:
            ending = os.path.splitext(name)[1].lower()
            if name.startswith("."):
                continue
            if ending in SUFFIXES:
                _take(Path(folder, name), listing)
            elif ending in _OTHERS:
                passed_over[ending] += 1
    if passed_over:
        counts = ", ".join(f"{count} {ending}" for ending, count in sorted(passed_over.items()))
        files = "1 file was" if passed_over.total() == 1 else f"{passed_over.total()} files were"
        listing.notes.append(f"{shown(root)}: {files} passed over ({counts}); allowed: {', '.join(sorted(SUFFIXES))}")
    if not listing.files and not listing.unusable:
        others = f"; {passed_over.total()} of other formats were passed over" if passed_over else ""
        raise InputError(
            f"images.path: no images in {shown(root)}; allowed are files ending in {', '.join(sorted(SUFFIXES))}{others}"
        )
    listing.files.sort(key=lambda file: file.relative_to(root).as_posix())
    return listing


def _take(file: Path, listing: Listing) -> None:
    try:
        str(file).encode()
    except UnicodeEncodeError:
        listing.unusable[shown(file)] = "its name is not UTF-8; rename it"
    else:
        listing.files.append(file)


def _unreadable(listing: Listing, error: OSError) -> None:
    listing.unusable[shown(error.filename or "a folder")] = f"the folder cannot be read ({error.strerror})"


def _identity(folder: Path) -> tuple[int, int]:
    status = folder.stat()
    return status.st_dev, status.st_ino


def _is_new(folder: Path, seen: set[tuple[int, int]], listing: Listing) -> bool:
    """Whether a folder was not walked yet; links may lead back to one that was."""
    try:
        identity = _identity(folder)
    except OSError as error:
        _unreadable(listing, OSError(error.errno, error.strerror, str(folder)))
        return False
    if identity in seen:
        listing.notes.append(f"{shown(folder)} leads to a folder that is listed already; its images are taken once")
        return False
    seen.add(identity)
    return True
