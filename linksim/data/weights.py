"""Network weights as named arrays, from whichever place and format has them."""

import os
import zipfile
from collections.abc import Collection
from pathlib import Path

import numpy as np

from linksim.common.errors import DataUnavailableError, InputError
from linksim.common.files import unfit
from linksim.data.store import locate
from linksim.data.store.catalog import ITEMS
from linksim.data.store.digest import DIGEST_KEY, arrays_digest

MAX_BYTES = 1_000_000_000
"""Of a file of weights, packed or unpacked: more than the largest network of the catalogue has."""

# The first four convolutions alone, which the data bundle has where the whole network is absent.
_FIRST_LAYERS = {
    "vgg16": "vgg16_partial/torchvision_vgg16_conv1_1_to_conv2_2.npz",
    "vgg16-keras": "vgg16_partial/keras_vgg16_block1_block2.npz",
}


def load_weights(name: str, need: Collection[str] | None = None) -> dict[str, np.ndarray]:
    """Weights of the catalogue's item `name`, float32, under the names and in the axis order of their origin.

    Args:
        name: e.g. `alexnet`.
        need: the arrays that will be used; those of the first layers can then come from an incomplete file.

    Raises:
        DataUnavailableError: they are not there and could not be fetched; one line that says what to do.
    """
    item = ITEMS[name]
    found = locate.find(item)
    if not found and need is not None and (bundle := os.environ.get("LINKSIM_DATA")) and name in _FIRST_LAYERS:
        partial = Path(bundle, _FIRST_LAYERS[name])
        if partial.is_file():
            arrays = read_npz(partial)
            if set(need) <= arrays.keys():
                return arrays
    place = (found or locate.fetch(item))[0]
    arrays = read_npz(place)
    stored = arrays.pop(DIGEST_KEY, None)
    expected = item.arrays_sha256 or (None if stored is None else str(stored))
    if expected is not None and arrays_digest(arrays) != expected:
        raise DataUnavailableError(
            f"{place}: its SHA-256 is not that of the weights of {name}; remove it and run `linksim data fetch {name}`"
        )
    return arrays


def read_npz(path: Path) -> dict[str, np.ndarray]:
    """All arrays of a `.npz` file, never unpickling. Raises `InputError`; what is too large is not unpacked."""
    try:
        if reason := unfit(path, MAX_BYTES):
            raise ValueError(reason)
        with zipfile.ZipFile(path) as members:
            if sum(member.file_size for member in members.infolist()) > MAX_BYTES:
                raise ValueError(f"unpacked it has more than {MAX_BYTES:,} bytes")
        with np.load(path, allow_pickle=False) as archive:
            return {key: archive[key] for key in archive.files}
    except Exception as error:  # zipfile, zlib and numpy each have their own
        raise InputError(f"{path}: not a readable .npz file ({error}); remove it and fetch it again") from error
