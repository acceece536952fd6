"""An encoder and a decoder that were checked together: pictures in, numbers to send out, and back."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np

from linksim.common.errors import InputError
from linksim.common.seeds import generator
from linksim.onnx.files import ModelFile, read_model
from linksim.onnx.session import Session
from linksim.onnx.words import shape_text
from linksim.schemes.config import OnnxConfig
from linksim.schemes.onnx.payloads import PayloadError, payload_of
from linksim.schemes.onnx.pictures import Pictures
from linksim.schemes.onnx.ports import PortError, batch_of, check_ports, check_proportion, fed, snr_value

PROBE_SNR_DB = 10.0

Size = tuple[int, int]


class Sent(NamedTuple):
    """What a picture becomes: bits uint8 or symbols complex64 `[n]`, and the shape of the encoder's output."""

    values: np.ndarray
    shape: tuple[int, ...]


class Pair:
    """Two models as a configuration describes them. Every picture is alone in its batch.

    Raises:
        InputError: a file or model that is not taken; the line begins with `encoder: ` or `decoder: ` and the path.
    """

    def __init__(self, config: OnnxConfig) -> None:
        self.config = config
        self.pictures, self.payload = Pictures(config), payload_of(config)
        self._files: dict[str, ModelFile] = {}
        for key in ("encoder", "decoder"):
            with _about(key):
                self._files[key] = read_model(getattr(config, key))
        with self._faults():
            self.ports = check_ports(
                self._files["encoder"], self._files["decoder"], self.payload, self.pictures, config.snr_input
            )
        self._sessions: dict[str, Session] = {}
        for key, file in self._files.items():
            with _about(key):
                self._sessions[key] = Session(file)
        self.encode = lru_cache(maxsize=64)(self._encode)
        self._shape = lru_cache(maxsize=256)(self._compute_shape)

    def _encode(self, pixels: bytes, size: Size, snr_db: float | None) -> Sent:
        """What is sent of a picture.

        Args:
            pixels: uint8, `height * width * 3` of them.
            size: (height, width).
            snr_db: average Es/N0 in dB, for an encoder that takes it.

        Raises:
            InputError: the encoder does not take the size, fails, or puts out what cannot be sent.
        """
        image = np.frombuffer(pixels, np.uint8).reshape(*size, 3)
        expected = self._shape(self.pictures.padded(size))
        output = self.output(self.pictures.tensor(image), snr_db)
        with self._faults():
            if output.shape != expected:
                raise PortError(
                    "encoder",
                    f"its output is {shape_text(output.shape)} for one picture and {shape_text(expected)} for another of the "
                    "same size; the receiver must know how much comes, so it may depend on the size alone",
                )
            return Sent(self.payload.sent(output), output.shape)

    def _compute_shape(self, size: Size) -> tuple[int, ...]:
        """Of the output for any picture of a padded size, which transmitter and receiver both know."""
        return self.output(self.pictures.tensor(probe(size)), PROBE_SNR_DB).shape

    def output(self, tensor: np.ndarray, snr_db: float | None) -> np.ndarray:
        """The encoder's checked output for the tensor of one padded picture. Raises `InputError`."""
        port, batch = self.ports.picture, batch_of(self.ports.picture)
        with self._faults():
            self.check_size((tensor.shape[2], tensor.shape[3]) if self.pictures.channels_first else tensor.shape[1:3])
            inputs = [fed("encoder", port, tensor, "a picture")]
        output = self._run("encoder", inputs, self.ports.encoder_snr, snr_db, batch)
        with self._faults():
            self._check_numbers("encoder", output)
            if batch > 1:
                if not output.ndim or output.shape[0] != batch:
                    raise PortError(
                        "encoder",
                        f"takes {batch} pictures at a time, but its output {shape_text(output.shape)} has another number",
                    )
                output = output[:1]
            check_proportion(output.shape, tensor.size)
        return output

    def beside(self, tensor: np.ndarray, other: np.ndarray) -> np.ndarray:
        """The encoder's output for a picture with another one beside it, where a model takes several; for a trial.
        Raises `InputError`.
        """
        batch = max(2, batch_of(self.ports.picture))
        inputs = [np.concatenate([tensor, *[other] * (batch - 1)])]
        return self._run("encoder", inputs, self.ports.encoder_snr, PROBE_SNR_DB, batch)[:1]

    def check_size(self, padded: Any) -> None:
        """Refuse a padded size that the encoder is not made for. Raises `PortError`."""
        for side, fixed, name in zip(padded, self.ports.sides, ("height", "width"), strict=True):
            if fixed not in (None, side):
                raise PortError(
                    "encoder",
                    f"is made for the {name} {fixed}, and a picture has {side}, filled up to multiples of "
                    f"{self.pictures.multiple}; use images.size, another `multiple`, or export it with dynamic sizes",
                )

    def show(self, received: tuple[np.ndarray, ...], size: Size, snr_db: float) -> np.ndarray:
        """The decoder's picture uint8 `[height, width, 3]` for its inputs. Raises `InputError`."""
        return self.pictures.picture(self.shown(received, size, snr_db), size)

    def shown(self, received: tuple[np.ndarray, ...], size: Size, snr_db: float) -> np.ndarray:
        """The decoder's tensor of one picture, whose padded size it has. Raises `InputError`."""
        with self._faults():
            pairs = zip(self.ports.payload, received, self.payload.input_types, strict=True)
            inputs = [fed("decoder", port, value, f"what it gets as {name}") for port, value, name in pairs]
        batch = batch_of(self.ports.payload[0])
        output = self._run("decoder", inputs, self.ports.decoder_snr, snr_db, batch)
        needed = self.pictures.shape(self.pictures.padded(size))
        with self._faults():
            if output.shape not in (needed, (batch, *needed[1:])):
                raise PortError(
                    "decoder",
                    f"its picture is {shape_text(output.shape)}, and {shape_text(needed)} is needed; if sizes have to be "
                    f"multiples of more than {self.pictures.multiple}, give `multiple`",
                )
            self._check_numbers("decoder", output)
        return output[:1]

    def _run(self, key: str, inputs: list[np.ndarray], snr: Any, snr_db: float | None, batch: int) -> np.ndarray:
        if snr is not None:
            assert snr_db is not None, "a model with an SNR input needs the SNR"
            inputs = [*inputs, snr_value(snr, snr_db, batch)]
        with _about(key):
            output = self._sessions[key].run(*inputs)[0]
        with self._faults():
            if not isinstance(output, np.ndarray):
                raise PortError(key, f"its output is no tensor but a {type(output).__name__}")
        return output

    def _check_numbers(self, key: str, output: np.ndarray) -> None:
        if output.dtype.kind == "f" and not np.isfinite(output).all():
            bad = "NaN" if np.isnan(output).any() else "infinite numbers"
            raise PortError(key, f"its output {shape_text(output.shape)} has {bad} in it")

    @contextmanager
    def _faults(self) -> Iterator[None]:
        """Inside, what is wrong with a model comes out as `InputError` with its key and path."""
        try:
            yield
        except PortError as error:
            raise InputError(f"{error.key}: {self._files[error.key].path}: {error}") from None
        except PayloadError as error:
            raise InputError(f"encoder: {self._files['encoder'].path}: {error}") from None

    def fault(self, key: str, problem: str) -> InputError:
        """The one line for a problem with a model."""
        return InputError(f"{key}: {self._files[key].path}: {problem}")


def probe(size: Size, number: int = 0) -> np.ndarray:
    """A picture for trials, uint8 `[height, width, 3]`: noise on a slope."""
    rng = generator("onnx", "probe", number, *size)
    slope = np.linspace(40, 215, size[1])[None, :, None]
    return np.clip(slope + rng.normal(0, 30, (*size, 3)), 0, 255).astype(np.uint8)


@contextmanager
def _about(key: str) -> Iterator[None]:
    """Inside, an `InputError` gets the key of the model in front."""
    try:
        yield
    except InputError as error:
        raise type(error)(f"{key}: {error}") from None
