"""The scenarios and training recipes that come with linksim, to be laid out in a folder of the user's."""

import itertools
import os
import re
import textwrap
from importlib import resources
from importlib.resources.abc import Traversable
from pathlib import Path

from linksim.common.errors import InputError, LinksimError
from linksim.common.files import shown
from linksim.common.writing import write_bytes


def shipped_files() -> dict[str, bytes]:
    """Contents by relative path, such as `quickstart.yaml` and `train/vqvae.yaml`, scenarios first.

    A wheel has them in `linksim/shipped`; in a checkout they are the folder `scenarios` beside the package.

    Raises:
        LinksimError: the installation has neither.
    """
    package = resources.files("linksim")
    places: list[Traversable] = [package / "shipped", Path(str(package)).parent / "scenarios"]
    folder = next((place for place in places if (place / "quickstart.yaml").is_file()), None)
    if folder is None:
        raise LinksimError("the shipped scenarios are missing from this installation; install linksim again")
    return {path: file.read_bytes() for path, file in _yaml_files(folder)}


def _yaml_files(folder: Traversable, inside: str = "") -> list[tuple[str, Traversable]]:
    entries = sorted(folder.iterdir(), key=lambda entry: (entry.is_dir(), entry.name))
    files = [(inside + entry.name, entry) for entry in entries if entry.is_file() and entry.name.endswith(".yaml")]
    below = [found for entry in entries if entry.is_dir() for found in _yaml_files(entry, f"{inside}{entry.name}/")]
    return files + below


def first_sentence(content: bytes) -> str:
    """What a shipped file says of itself at its top."""
    comment = itertools.takewhile(lambda line: line.startswith("#"), content.decode().splitlines())
    text = " ".join(line.lstrip("# ") for line in comment)
    return textwrap.shorten(re.split(r"(?<!eq)(?<!eqs)\. ", text)[0].rstrip(".") + ".", 110, placeholder=" ...")


def lay_out(folder: Path, force: bool = False) -> dict[Path, str]:
    """Write the shipped files into `folder`, which is made where it is absent; a file that is already the same stays.

    Returns:
        What each file says of itself, by path.

    Raises:
        InputError: `folder` is no folder or cannot be written; or, without `force`, it has other files of these names.
            Then nothing is written.
    """
    if folder.exists() and not folder.is_dir():
        raise InputError(f"{shown(folder)}: is no folder; give a new folder or one that exists")
    files = {folder / path: content for path, content in shipped_files().items()}
    other = [path for path, content in files.items() if _is_other(path, content)]
    if other and not force:
        more = f" and {len(other) - 1} more" if len(other) > 1 else ""
        raise InputError(
            f"{shown(other[0])}{more}: would be overwritten; give another folder, or --force to replace what is there"
        )
    for path, content in files.items():
        if _is_other(path, content) or not path.exists():
            write_bytes(path, content)
    return {path: first_sentence(content) for path, content in files.items()}


def _is_other(path: Path, content: bytes) -> bool:
    """Whether something else is there."""
    if not os.path.lexists(path):
        return False
    return not path.is_file() or path.read_bytes() != content
