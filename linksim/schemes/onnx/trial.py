"""A pair of models tried on a picture before a run: whatever would go wrong with every picture is said at once."""

import numpy as np

from linksim.common.errors import InputError
from linksim.onnx.runtime import ModelFailure
from linksim.schemes.onnx.pair import PROBE_SNR_DB, Pair, probe

SMALL, LARGE = 64, 256
"""Sides of a picture that is tried, in pixels."""

_SAME = 1e-3
"""Part of the largest number that outputs of the same picture may differ by, through rounding alone."""

_FLIPPED = 0.01
"""Part of the bits or indices that rounding may turn."""


def try_pair(pair: Pair) -> None:
    """Send a picture without an error, a small one; a larger one where the models fail for that.

    Raises:
        InputError: one line that begins with `encoder: ` or `decoder: ` and the path.
    """
    try:
        _try(pair, _size(pair, SMALL))
    except ModelFailure as error:
        try:
            _try(pair, _size(pair, LARGE))
        except InputError:
            raise error from None


def _try(pair: Pair, size: tuple[int, int]) -> None:
    first, second = probe(size), probe(size, 1)
    tensor = pair.pictures.tensor(first)
    output = pair.output(tensor, PROBE_SNR_DB)
    if not np.array_equal(output, pair.output(tensor, PROBE_SNR_DB)):
        raise pair.fault(
            "encoder", "puts out other numbers for the same picture each time; export it without randomness"
        )
    sent = pair.encode(first.tobytes(), size, PROBE_SNR_DB)
    pair.encode(second.tobytes(), size, PROBE_SNR_DB)
    received = pair.payload.intact(sent.values, sent.shape)
    shown = pair.shown(received, size, PROBE_SNR_DB)
    if not np.array_equal(shown, pair.shown(received, size, PROBE_SNR_DB)):
        raise pair.fault("decoder", "shows another picture each time; export it without randomness")
    if pair.pictures.far_off(shown):
        raise pair.fault(
            "decoder",
            f"its picture has values from {shown.min():.4g} to {shown.max():.4g} with a clean channel; scale: "
            f"{pair.config.scale} was given",
        )
    _check_neighbours(pair, tensor, pair.pictures.tensor(second), output)


def _size(pair: Pair, side: int) -> tuple[int, int]:
    """(height, width) of the trial: of a model with fixed sides those, else two that differ, so that none is taken for
    the other.
    """
    multiple = pair.pictures.multiple
    least = -(-side // multiple) * multiple
    height, width = pair.ports.sides
    return height or least, width or least + multiple


def _check_neighbours(pair: Pair, tensor: np.ndarray, other: np.ndarray, alone: np.ndarray) -> None:
    """A picture is sent as it is alone, so one that others in its batch would change was exported wrongly."""
    port = pair.ports.picture
    if port.shape and port.shape[0] == 1:
        return
    try:
        beside = pair.beside(tensor, other)
    except InputError:  # made for one picture at a time, whatever it says
        return
    if beside.shape != alone.shape:
        return
    if alone.dtype.kind == "f" and pair.config.sends == "symbols":
        changed = np.abs(beside - alone).max() > _SAME * np.abs(alone).max()
    else:
        changed = np.mean(beside != alone) > _FLIPPED
    if changed:
        raise pair.fault(
            "encoder",
            "puts out other numbers for a picture when others are beside it in a batch; export it in evaluation mode "
            "(model.eval() in PyTorch), with the power of each picture by itself",
        )
