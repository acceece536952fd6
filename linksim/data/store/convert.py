"""Original weight files into what linksim reads: `.npz` files of plain arrays."""

from pathlib import Path

import numpy as np

from linksim.common.errors import DataUnavailableError, InputError
from linksim.data.store.catalog import Item
from linksim.data.store.digest import DIGEST_KEY, arrays_digest
from linksim.data.store.torchfile import read_torch


def weights(item: Item, files: list[Path], target: Path) -> None:
    """Write the arrays of original weight `files` to `target`, an `.npz` that also has their `arrays_digest`.

    Raises:
        InputError: a file cannot be read.
        DataUnavailableError: the arrays are not the published ones.
    """
    arrays: dict[str, np.ndarray] = {}
    for file in files:
        arrays |= _read(file, item.name)
    arrays = {name: np.ascontiguousarray(value, np.float32) for name, value in arrays.items()}
    digest = arrays_digest(arrays)
    if not arrays or (item.arrays_sha256 and digest != item.arrays_sha256):
        raise DataUnavailableError(f"{item.name}: {files[0]} does not hold the published weights; it was not used")
    np.savez(target, allow_pickle=False, **arrays, **{DIGEST_KEY: np.array(digest)})  # type: ignore[arg-type]


def _read(file: Path, name: str) -> dict[str, np.ndarray]:
    if file.suffix == ".h5":
        return read_keras_h5(file)
    state = read_torch(file)
    if name == "lpips-heads":  # `lin0.model.1.weight` of shape [1, channels, 1, 1] per tap
        return {f"{file.stem}.{key.split('.')[0]}": value.ravel() for key, value in state.items()}
    # The classifier behind the convolutions is most of these files, and is not needed.
    return {key: value for key, value in state.items() if key.startswith("features.")}


def read_keras_h5(file: Path) -> dict[str, np.ndarray]:
    """Convolutions of a Keras weight file `.h5` as `<layer>.kernel` (height, width, in, out) and `<layer>.bias`."""
    import h5py

    arrays = {}
    try:
        with h5py.File(file, "r") as archive:
            for layer, group in archive.items():
                for dataset in group.values():
                    arrays[f"{layer}.{'kernel' if dataset.ndim == 4 else 'bias'}"] = dataset[()]
    except (OSError, AttributeError, RuntimeError) as error:
        raise InputError(f"{file}: not a readable Keras weight file ({error}); fetch it again") from error
    return arrays
