"""Inputs and outputs of a pair of models against what a scenario says of them, before anything runs."""

import math
from dataclasses import dataclass

import numpy as np

from linksim.data.images import MAX_BATCH_PIXELS
from linksim.onnx.files import ModelFile, Port
from linksim.onnx.words import quoted, shape_text
from linksim.schemes.onnx.payloads import Payload
from linksim.schemes.onnx.pictures import Pictures

MOST_PER_VALUE = 16
"""Numbers that an encoder may put out for each number of a picture; more is a mistake, not a code."""

MOST_BATCH = 256
"""Pictures that a model of a fixed batch may take at a time; all but one are repeated."""

_MEANS = {"snr": ("snr", "es_no", "esno"), "noise": ("noise", "sigma", "variance")}


class PortError(ValueError):
    """What is wrong with an input or output, in a few words; `key` is the model's key in a scenario."""

    def __init__(self, key: str, problem: str) -> None:
        super().__init__(problem)
        self.key = key


@dataclass(frozen=True)
class Ports:
    """How the models of a pair are fed.

    Attributes:
        picture: the encoder's input.
        payload: the decoder's inputs for what was received.
        encoder_snr, decoder_snr: inputs for the average Es/N0 in dB; None where the model has none.
        sides: height and width that the encoder is made for, None where any will do.
    """

    picture: Port
    payload: tuple[Port, ...]
    encoder_snr: Port | None
    decoder_snr: Port | None
    sides: tuple[int | None, int | None]


def check_ports(encoder: ModelFile, decoder: ModelFile, payload: Payload, pictures: Pictures, with_snr: bool) -> Ports:
    """The ports of a pair.

    Raises:
        PortError: a model has other inputs or outputs than are needed.
    """
    names = tuple(payload.input_types)
    encoder_inputs = _inputs("encoder", encoder, ("picture",), with_snr)
    decoder_inputs = _inputs("decoder", decoder, names, with_snr)
    if with_snr and len(encoder_inputs) == 1 and len(decoder_inputs) == len(names):
        raise PortError(
            "encoder",
            "snr_input: true, but neither model has an input for the SNR behind the others; leave snr_input out",
        )
    picture = encoder_inputs[0]
    _check_type("encoder", picture, ("float",), "input")
    _check_picture("encoder", picture, "input", pictures)
    for port, (name, types) in zip(decoder_inputs, payload.input_types.items(), strict=False):
        _check_type("decoder", port, types, f"{name} input")
        _ranked("decoder", port, "input")
    for key, port in (("encoder", picture), ("decoder", decoder_inputs[0])):
        if batch_of(port) > MOST_BATCH:
            raise PortError(
                key,
                f"takes {batch_of(port):,} pictures at a time; at most {MOST_BATCH} are given: export it for 1, or any number",
            )
    for key, inputs, known in (("encoder", encoder_inputs, 1), ("decoder", decoder_inputs, len(names))):
        for port in inputs[known:]:
            _check_type(key, port, ("float",), "SNR input")
            _check_snr(key, port, batch_of(inputs[0]))
    sides = _fixed_sides(picture, pictures)
    output, shown = _output("encoder", encoder), _output("decoder", decoder)
    _check_type("encoder", output, payload.output_types, "output")
    if output.shape is not None and all(isinstance(side, int) for side in output.shape):
        values = 3 * math.prod(side or MAX_BATCH_PIXELS for side in sides)
        check_proportion(tuple(int(side) for side in output.shape), values * batch_of(picture))
    _check_type("decoder", shown, ("float",), "output")
    if shown.shape is not None:
        _check_picture("decoder", shown, "output", pictures)
    return Ports(
        picture=picture,
        payload=decoder_inputs[: len(names)],
        encoder_snr=next(iter(encoder_inputs[1:]), None),
        decoder_snr=next(iter(decoder_inputs[len(names) :]), None),
        sides=sides,
    )


def batch_of(port: Port) -> int:
    """Pictures that a model takes at a time: 1 where any number will do."""
    first = port.shape[0] if port.shape else 1
    return first if isinstance(first, int) else 1


def check_proportion(shape: tuple[int, ...], values: int) -> None:
    """Refuse an encoder's output of more than `MOST_PER_VALUE` numbers for each of a picture's `values`, and of none."""
    count = math.prod(shape)
    if not count:
        raise PortError("encoder", f"its output {shape_text(shape)} is empty; there is nothing to send")
    if count > MOST_PER_VALUE * values:
        raise PortError(
            "encoder",
            f"its output {shape_text(shape)} has {count:,} numbers for a picture of {values:,}; at most {MOST_PER_VALUE} for "
            "each are sent",
        )


def fed(key: str, port: Port, value: np.ndarray, what: str) -> np.ndarray:
    """`value` of one picture as the input wants it, repeated to a fixed batch.

    Raises:
        PortError: its shape is another one.
    """
    assert port.shape is not None
    batch = batch_of(port)
    if 1 < batch <= MOST_BATCH and value.ndim and value.shape[0] == 1:
        value = np.repeat(value, batch, axis=0)
    fits = len(port.shape) == value.ndim and all(
        not isinstance(side, int) or side == given for side, given in zip(port.shape, value.shape, strict=True)
    )
    if not fits:
        raise PortError(
            key,
            f"its input {quoted(port.name)} has the shape {shape_text(port.shape)}, but {what} is "
            f"{shape_text(value.shape)}; export both models for the same pictures",
        )
    return value.astype(_DTYPES[port.type])


def snr_value(port: Port, snr_db: float, batch: int) -> np.ndarray:
    """The average Es/N0 in dB as an input wants it: one number, or one for each picture."""
    return np.full(_snr_shape(port, batch), snr_db, np.float32)


def _snr_shape(port: Port, batch: int) -> list[int]:
    """Sides of an SNR input; the first dynamic one is the batch."""
    assert port.shape is not None
    return [side if isinstance(side, int) else batch if axis == 0 else 1 for axis, side in enumerate(port.shape)]


_DTYPES = {"float": np.float32, "bool": np.bool_} | {
    name: np.dtype(name) for name in ("uint8", "int8", "uint16", "int16", "uint32", "int32", "uint64", "int64")
}


def _inputs(key: str, file: ModelFile, names: tuple[str, ...], with_snr: bool) -> tuple[Port, ...]:
    wanted = (*names, "snr") if with_snr else names
    given = ", ".join(quoted(port.name) for port in file.inputs[:8]) or "none"
    if len(file.inputs) not in (len(names), len(wanted)):
        hint = "" if with_snr or len(file.inputs) != len(names) + 1 else " (snr_input: true gives the SNR behind them)"
        needed = " and ".join(names) + (", then perhaps snr" if with_snr else "")
        raise PortError(key, f"has {len(file.inputs)} inputs ({given}); needed in this order: {needed}{hint}")
    for port, name in zip(file.inputs, wanted, strict=False):
        for meaning, parts in _MEANS.items():
            other = any(part in port.name.lower() for part in parts)
            if other and meaning != name and len(file.inputs) > 1:
                raise PortError(
                    key,
                    f"has the inputs {given}; the order needed is {', '.join(wanted)}, and {quoted(port.name)} is in the "
                    f"place of {name}",
                )
    return file.inputs


def _output(key: str, file: ModelFile) -> Port:
    if len(file.outputs) != 1:
        raise PortError(
            key,
            f"has {len(file.outputs)} outputs ({', '.join(quoted(p.name) for p in file.outputs[:8])}); one is needed",
        )
    return file.outputs[0]


def _check_type(key: str, port: Port, types: tuple[str, ...], what: str) -> None:
    if port.type in types:
        return
    said = {"float": "float32", "double": "float64"}
    needed = " or ".join(said.get(name, name) for name in types)
    raise PortError(key, f"its {what} {quoted(port.name)} is {said.get(port.type, port.type)}; {needed} is needed")


def _ranked(key: str, port: Port, what: str) -> tuple[int | str, ...]:
    if port.shape is None:
        raise PortError(
            key,
            f"its {what} {quoted(port.name)} has no shape; export it with one, of which only batch and sizes may be dynamic",
        )
    for side in port.shape:
        if isinstance(side, int) and side < 1:
            raise PortError(
                key, f"its {what} {quoted(port.name)} has the shape {shape_text(port.shape)}, with an empty side"
            )
    return port.shape


def _check_snr(key: str, port: Port, batch: int) -> None:
    shape = _ranked(key, port, "input")
    if len(shape) > 4 or math.prod(_snr_shape(port, batch)) not in (1, batch):
        raise PortError(
            key,
            f"its SNR input {quoted(port.name)} has the shape {shape_text(shape)}; one number, or one for each picture, is needed",
        )


def _check_picture(key: str, port: Port, what: str, pictures: Pictures) -> None:
    shape = _ranked(key, port, what)
    first = pictures.channels_first
    needed = "[batch, 3, height, width] (layout: nchw)" if first else "[batch, height, width, 3] (layout: nhwc)"
    whole = f"its {what} {quoted(port.name)} has the shape {shape_text(shape)}; {needed} is needed"
    if len(shape) != 4:
        raise PortError(key, f"{whole}, of four axes")
    channels, other = (shape[1], shape[3]) if first else (shape[3], shape[1])
    if channels != 3 and (what == "input" or isinstance(channels, int)):
        hint = f"; is it layout: {'nhwc' if first else 'nchw'}?" if other == 3 else ", its 3 channels not dynamic"
        raise PortError(key, whole + hint)


def _fixed_sides(port: Port, pictures: Pictures) -> tuple[int | None, int | None]:
    assert port.shape is not None
    sides = port.shape[2:] if pictures.channels_first else port.shape[1:3]
    height, width = (side if isinstance(side, int) else None for side in sides)
    pixels = math.prod(side or 1 for side in (height, width, batch_of(port)))
    if pixels > MAX_BATCH_PIXELS:
        raise PortError(
            "encoder",
            f"its input {quoted(port.name)} of {shape_text(port.shape)} has {pixels:,} pixels; at most {MAX_BATCH_PIXELS:,} are "
            "sent together",
        )
    for side in (height, width):
        if side is not None and side % pictures.multiple:
            raise PortError(
                "encoder",
                f"its input {quoted(port.name)} has the fixed side {side}, which is no multiple of {pictures.multiple} "
                f"(multiple: {pictures.multiple}); give one that divides it",
            )
    return height, width
