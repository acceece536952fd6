"""The items of the catalogue: which are there, where, and how to get the others."""

from dataclasses import dataclass
from pathlib import Path

from linksim.common.errors import DataUnavailableError, InputError
from linksim.data.store import locate
from linksim.data.store.catalog import GROUPS, ITEMS, Item, Kind


@dataclass(frozen=True)
class Status:
    """One line of `linksim data list`.

    Attributes:
        place: where it is; None if it is nowhere.
        subset: the images per folder, where there are fewer than the whole set has; empty otherwise.
        download_bytes: what fetching it would download, 0 if it cannot be downloaded.
        command: what gets it.
    """

    name: str
    title: str
    kind: Kind
    place: Path | None
    subset: str
    download_bytes: int

    @property
    def command(self) -> str:
        if self.download_bytes:
            return f"linksim data fetch {self.name}"
        return f"set LINKSIM_DATA to a folder that has {ITEMS[self.name].bundled[0]}"


def list_items() -> list[Status]:
    """Everything in the catalogue and where it is."""
    listed = []
    for name, item in ITEMS.items():
        found = locate.find(item)
        listed.append(Status(name, item.title, item.kind, next(iter(found), None), _subset(item, found), item.size))
    return listed


def _subset(item: Item, folders: list[Path]) -> str:
    counts = {folder.name: len(_image_files(folder)) for folder in folders if item.n_images}
    if not counts or sum(counts.values()) >= item.n_images:
        return ""
    return "a subset: " + ", ".join(f"{count} images in {folder}" for folder, count in counts.items())


def _image_files(folder: Path) -> list[Path]:
    return sorted(file for file in folder.rglob("*") if file.suffix.lower() in {".png", ".jpg"})


def fetch(name: str) -> list[Path]:
    """Get item or group `name` (e.g. `lpips-alex`) if it is not there yet, and say where it is.

    Raises:
        InputError: unknown name.
        DataUnavailableError: it cannot be had.
    """
    return [place for item in _items(name) for place in locate.fetch(item)]


def path(name: str = "") -> list[Path]:
    """Where item or group `name` is; without a name, the folders that are searched. Downloads nothing."""
    if not name:
        bundle = locate.bundle_folder()
        return ([bundle] if bundle else []) + [locate.cache_folder()]
    places = []
    for item in _items(name):
        found = locate.find(item)
        if not found:
            raise DataUnavailableError(f"{item.name}: not here; `linksim data fetch {item.name}` gets it")
        places += found
    return places


def all_image_files(name: str) -> list[Path]:
    """Files of an image data set that are here, whatever their part; downloads nothing."""
    return [file for folder in locate.find(ITEMS[name]) for file in _image_files(folder)]


def image_files(name: str, split: str) -> list[Path]:
    """Files of an image data set in alphabetical order; `split` as in `linksim.data.images.ImagesConfig`.

    Raises:
        DataUnavailableError: the data set is not here and could not be fetched, or is fetched on request only
            (VOC-2012).
    """
    item = ITEMS[name]
    found = locate.find(item)
    if not found and not item.automatic:
        raise DataUnavailableError(
            f"{name}: not here; `linksim data fetch {name}` downloads {item.size / 1e9:.1f} GB, or set LINKSIM_DATA to a "
            f"folder that has {' and '.join(item.bundled)}"
        )
    folders = found or locate.fetch(item)
    if name == "voc2012":
        return _voc(folders, split)
    if name == "cifar10":
        return _part(folders[0], split)
    files = _image_files(folders[0])
    if name == "bsds500":
        files = [file for file in files if file.name.startswith("test_") == (split == "test")]
    return files


def _voc(folders: list[Path], split: str) -> list[Path]:
    whole = folders[0] / "JPEGImages"
    if whole.is_dir():
        listed = (folders[0] / "ImageSets" / "Segmentation" / "val.txt").read_text().split()
        return sorted(file for file in whole.glob("*.jpg") if (file.stem in set(listed)) == (split == "test"))
    chosen = [folder for folder in folders if folder.name.startswith(f"voc2012_{split}")]
    if not chosen:
        raise DataUnavailableError(
            f"voc2012: LINKSIM_DATA has no part `{split}`, only {folders[0].name}; add images/voc2012_{split}"
        )
    return sorted(chosen[0].glob("*.jpg"))


def _part(folder: Path, split: str) -> list[Path]:
    """The images of a set that has a folder for each part."""
    files = _image_files(folder / split)
    if not files:
        raise DataUnavailableError(f"{folder}: has no images in a folder `{split}`; add them, or take the other split")
    return files


def _items(name: str) -> list[Item]:
    names = GROUPS.get(name, (name,) if name in ITEMS else ())
    if not names:
        import difflib

        known = [*ITEMS, *GROUPS]
        near = difflib.get_close_matches(name, known, 1)
        hint = f"did you mean {near[0]}? " if near else ""
        raise InputError(f"data: {name} is unknown; {hint}allowed: {', '.join(known)}")
    return [ITEMS[n] for n in names]
