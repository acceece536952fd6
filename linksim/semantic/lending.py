"""What a checkpoint leaves out of its file, because one that comes with linksim has it: whole networks, or kernels in int8.

Codebooks of one training share their networks. Networks that a training scales and shifts for each modulation share the
whole numbers of their kernels, and differ in steps and biases.
"""

import hashlib
import io
from collections.abc import Mapping
from typing import Any

import numpy as np

from linksim.semantic.archive import Archive
from linksim.semantic.finding import find_checkpoint, pretrained_names
from linksim.semantic.layout import Shape

LENT = ("networks_of", "kernels_of")
"""Keys of `meta` that name a lender: of networks, of kernels."""


def named(name: str) -> dict[str, str]:
    """What `meta` says of a lender: its name and the SHA-256 of its file. Raises `InputError` where there is none."""
    return {"name": name, "sha256": hashlib.sha256(find_checkpoint(name)[1]).hexdigest()}


def lender_name(meta: Mapping[str, Any], key: str) -> str | None:
    """The name that `meta` has under `key`; None where it names none."""
    return meta[key]["name"] if key in meta else None


def lender_of(meta: Mapping[str, Any], key: str) -> tuple[str, bytes] | None:
    """Name and bytes of the checkpoint that `meta` names under `key`; None where it names none. Raises `ValueError`."""
    if key not in meta:
        return None
    name, sha256 = meta[key]["name"], meta[key]["sha256"]
    if name not in pretrained_names(None):  # of any kind: to tell the kinds apart would take reading all files
        raise ValueError(f"{key} {name!r} is no checkpoint that comes with linksim")
    data = find_checkpoint(name)[1]
    if hashlib.sha256(data).hexdigest() != sha256:
        raise ValueError(f"{key} {name!r} is of another version of linksim")
    if any(other in Archive(data).meta() for other in LENT):
        raise ValueError(f"{key} {name!r} has no networks of its own")
    return name, data


def without_lent(arrays: Mapping[str, np.ndarray], name: str) -> dict[str, np.ndarray]:
    """`arrays` without the kernels in int8 that the file of the checkpoint `name` has as well."""
    with np.load(io.BytesIO(find_checkpoint(name)[1]), allow_pickle=False) as theirs:
        return {
            key: array
            for key, array in arrays.items()
            if not (array.dtype == np.int8 and key in theirs and np.array_equal(array, theirs[key]))
        }


def lent_kernels(meta: Mapping[str, Any], missing: Mapping[str, Shape]) -> dict[str, np.ndarray]:
    """Kernels int8 that a file does not have, by name, from the lender that its `meta` names; none where it names none.

    Raises `ValueError` where the lender does not have them in these shapes either.
    """
    lender = lender_of(meta, "kernels_of")
    if lender is None:
        return {}
    archive = Archive(lender[1])
    absent = sorted(missing.keys() - set(archive.names))
    if absent:
        raise ValueError(f"{absent[0]} is missing, in kernels_of {lender[0]!r}, too")
    return {name: archive.array(name, shape, (np.int8,)) for name, shape in missing.items()}
