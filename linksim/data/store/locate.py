"""Finding an item of the catalogue: the folder `LINKSIM_DATA`, then the cache, then its official host."""

import os
import shutil
from pathlib import Path

from linksim.common.errors import DataUnavailableError, InputError
from linksim.common.system import cache_folder
from linksim.data.store.archives import is_archive, unpack
from linksim.data.store.catalog import Item, Remote
from linksim.data.store.download import announce, download, matches


def bundle_folder() -> Path | None:
    """The folder named by `LINKSIM_DATA`; None if the variable is not set.

    Raises:
        InputError: it names no folder.
    """
    name = os.environ.get("LINKSIM_DATA")
    if not name:
        return None
    folder = Path(name).expanduser()
    if not folder.is_dir():
        raise InputError(f"LINKSIM_DATA: {name} is not a folder; correct or unset this environment variable")
    return folder


def find(item: Item) -> list[Path]:
    """Places where `item` is ready for use, without fetching it; empty if there are none.

    Original weight files and archives that lie in `LINKSIM_DATA` under their own names are verified, and converted or
    unpacked into the cache on the way.
    """
    bundle = bundle_folder()
    if bundle:
        ready = [bundle / place for place in item.bundled if (bundle / place).exists()]
        if ready:
            return ready
    cached = cache_folder() / item.cached
    if cached.exists():
        return [cached]
    if bundle and (item.kind == "weights" or all(is_archive(Path(remote.file_name)) for remote in item.remotes)):
        originals = [bundle / remote.file_name for remote in item.remotes]
        if originals and all(file.is_file() for file in originals):
            for file, remote in zip(originals, item.remotes, strict=True):
                if not matches(file, remote.checksum):
                    raise DataUnavailableError(
                        f"{file}: its checksum is not {remote.checksum}; replace or remove this file"
                    )
            return [_install(item, originals, cached)]
    return []


def fetch(item: Item) -> list[Path]:
    """Places of `item`, downloaded, verified and converted if it is not there yet.

    Raises:
        DataUnavailableError: it cannot be had; the message says why and what to do.
    """
    if found := find(item):
        return found
    if not item.remotes:
        raise DataUnavailableError(
            f"{item.name}: cannot be downloaded by linksim; set LINKSIM_DATA to a folder that has {item.bundled[0]}"
        )
    cached = cache_folder() / item.cached
    folder = cache_folder() / "downloads" / item.name
    announce(item.name, item.remotes)
    try:
        files = [_download(item, remote, folder) for remote in item.remotes]
        _install(item, files, cached)
    except OSError as error:
        raise DataUnavailableError(
            f"{item.name}: the cache {cache_folder()} cannot be written ({error.strerror}); free or permit it, or set "
            f"LINKSIM_DATA to a folder that has {item.bundled[0]}"
        ) from error
    shutil.rmtree(folder, ignore_errors=True)
    return [cached]


def _download(item: Item, remote: Remote, folder: Path) -> Path:
    try:
        return download(remote, folder)
    except DataUnavailableError as error:
        raise DataUnavailableError(
            f"{item.name}: {error}; try again with `linksim data fetch {item.name}`, or set LINKSIM_DATA to a folder "
            f"that has {item.bundled[0]}"
        ) from error


def _install(item: Item, files: list[Path], target: Path) -> Path:
    """Turn verified original files into what linksim reads. `target` appears only when it is complete."""
    from linksim.data.store import convert

    target.parent.mkdir(parents=True, exist_ok=True)
    partial = target.with_name(f".{os.getpid()}.{target.name}")
    try:
        if item.kind == "weights":
            convert.weights(item, files, partial)
        elif is_archive(files[0]):
            unpack(item, files[0], partial)
        else:
            partial.mkdir()
            for file in files:
                shutil.move(file, partial / file.name)
        if not target.exists():
            os.replace(partial, target)
    finally:
        if partial.is_dir():
            shutil.rmtree(partial)
        else:
            partial.unlink(missing_ok=True)
    return target
