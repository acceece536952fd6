"""Where checkpoints are: files, and those that come with linksim by their names."""

from functools import cache
from importlib import resources
from pathlib import Path

from linksim.common.errors import InputError
from linksim.common.files import read_bytes
from linksim.common.nearest import did_you_mean
from linksim.semantic.archive import MAX_BYTES, Archive

CONVOLUTIONAL = "convolutional"
"""What the networks of a semantic scheme's checkpoint are."""


def network_kind(data: bytes) -> str:
    """What the networks in a checkpoint's bytes are, e.g. "convolutional". Raises an exception where it is none."""
    meta = Archive(data).meta()
    return str(meta["networks"]["kind"]) if "networks" in meta else CONVOLUTIONAL


@cache
def pretrained_names(kind: str | None = CONVOLUTIONAL) -> list[str]:
    """Names of the checkpoints that come with linksim, whose networks are of a kind; None: of any."""
    folder = resources.files("linksim") / "pretrained"
    files = {entry.name[:-4]: entry for entry in folder.iterdir() if entry.name.endswith(".npz")}
    return sorted(name for name, file in files.items() if kind is None or _is_kind(file.read_bytes(), kind))


def _is_kind(data: bytes, kind: str) -> bool:
    try:
        return network_kind(data) == kind
    except Exception:  # a damaged file, which is told of when it is read
        return True


def find_checkpoint(name: str, key: str = "checkpoint", kind: str = CONVOLUTIONAL) -> tuple[str, bytes]:
    """Where a checkpoint is and its bytes: a path to an `.npz` file, or the name of one that comes with linksim.

    Args:
        name: path or name.
        key: what the file calls it, for a message.
        kind: of networks, whose names a message tells.

    Raises:
        InputError: where there is none; it begins with `key`.
    """
    if name.endswith(".npz") or "/" in name:
        path = Path(name)
        if not path.is_file():
            raise InputError(
                f"{key}: no file {name!r}; give an .npz that `linksim train` wrote, or a shipped name{_shipped(path.stem, kind)}"
            )
        advice = "give an .npz that `linksim train` wrote"
        return str(path), read_bytes(path, MAX_BYTES + (1 << 22), advice)
    entry = resources.files("linksim") / "pretrained" / f"{name}.npz"
    if not entry.is_file():
        raise InputError(
            f"{key}: unknown name {name!r}{_shipped(name, kind)}; the path of an .npz file that `linksim train` wrote is allowed, too"
        )
    return name, entry.read_bytes()


def _shipped(name: str, kind: str) -> str:
    """The shipped name that somebody meant; where none is near, all of them. To be put behind an error."""
    known = pretrained_names(kind)
    return did_you_mean(name, known) or f"; shipped are {', '.join(known)}"
