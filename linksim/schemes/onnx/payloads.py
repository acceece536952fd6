"""What an encoder puts out as bits or symbols for the link, and what came back of them as what a decoder takes."""

from abc import ABC, abstractmethod
from typing import Any

import numpy as np

from linksim.codebook.labels import bits_per_index, bits_to_labels, indices_to_bits, valid_label
from linksim.link.reception import Reception, SymbolReception
from linksim.link.symbols import POWER_TOLERANCE
from linksim.onnx.words import shape_text
from linksim.schemes.config import OnnxConfig

LLR_LIMIT = 30.0
"""LLRs are clipped to it; a bit whose block passed its CRC is known and has it, whatever the channel said."""

Shape = tuple[int, ...]


class PayloadError(ValueError):
    """Why an encoder's output cannot be sent, in a few words."""


class Payload(ABC):
    """One way of sending.

    Attributes:
        output_types: what the encoder's output may be, in the words of ONNX.
        input_types: what each input of the decoder may be, by what it is called.
    """

    output_types: tuple[str, ...]
    input_types: dict[str, tuple[str, ...]]

    @abstractmethod
    def sent(self, output: np.ndarray) -> np.ndarray:
        """The bits uint8 `[n]` or symbols complex64 `[n]` of one picture's output.

        Raises:
            PayloadError: the output holds something else.
        """

    @abstractmethod
    def received(self, reception: Any, shape: Shape) -> tuple[np.ndarray, ...]:
        """The decoder's inputs of one picture, for an output of `shape`."""

    @abstractmethod
    def intact(self, sent: np.ndarray, shape: Shape) -> tuple[np.ndarray, ...]:
        """The same, had everything arrived as it was sent."""

    @abstractmethod
    def input_shapes(self, shape: Shape) -> tuple[Shape, ...]:
        """Shapes of the decoder's inputs for an encoder's output of `shape`."""


_WHOLE = ("uint8", "int8", "uint16", "int16", "uint32", "int32", "uint64", "int64")


class _Digital(Payload):
    """Bits, in the order of the output; a known bit is certain to the decoder."""

    def __init__(self, config: OnnxConfig) -> None:
        self._soft = config.decoder_takes == "llrs"
        self.input_types = {"llrs": ("float",)} if self._soft else {config.sends: self._hard_types}

    _hard_types: tuple[str, ...]

    @abstractmethod
    def _hard(self, bits: np.ndarray, shape: Shape) -> np.ndarray:
        """What decided bits `[n]` stand for."""

    def _soft_shape(self, shape: Shape) -> Shape:
        return shape

    def input_shapes(self, shape: Shape) -> tuple[Shape, ...]:
        """One input: as the output; LLRs of indices have one more axis, the bits of an index."""
        return (self._soft_shape(shape) if self._soft else shape,)

    def received(self, reception: Reception, shape: Shape) -> tuple[np.ndarray, ...]:
        """The decided values, or the LLRs `log P(b=1)/P(b=0)`, clipped to +-30, with +-30 where the CRC holds."""
        if not self._soft:
            return (self._hard(reception.bits, shape),)
        sure = np.where(reception.bits > 0, LLR_LIMIT, -LLR_LIMIT)
        llr = np.where(reception.known, sure, np.clip(reception.llr, -LLR_LIMIT, LLR_LIMIT))
        return (llr.astype(np.float32).reshape(self._soft_shape(shape)),)

    def intact(self, sent: np.ndarray, shape: Shape) -> tuple[np.ndarray, ...]:
        """What every CRC vouches for."""
        if not self._soft:
            return (self._hard(sent, shape),)
        sure = np.where(sent > 0, np.float32(LLR_LIMIT), np.float32(-LLR_LIMIT))
        return (sure.reshape(self._soft_shape(shape)),)


class Bits(_Digital):
    """The encoder puts out bits, numbers that are 0 or 1."""

    output_types = ("float", "bool", *_WHOLE)
    _hard_types = ("float", "bool", *_WHOLE)

    def sent(self, output: np.ndarray) -> np.ndarray:
        """The bits in order."""
        values = output.reshape(-1)
        other = values[(values != 0) & (values != 1)]
        if len(other):
            raise PayloadError(
                f"its output has the value {other[0]:.6g}; sends: bits needs 0 and 1 alone, so decide the bits in the encoder"
            )
        return values.astype(np.uint8)

    def _hard(self, bits: np.ndarray, shape: Shape) -> np.ndarray:
        return bits.reshape(shape)


class Indices(_Digital):
    """The encoder puts out indices into a codebook of K words; each travels as `ceil(log2 K)` bits, most significant
    first.
    """

    output_types = _WHOLE
    _hard_types = _WHOLE

    def __init__(self, config: OnnxConfig) -> None:
        super().__init__(config)
        assert config.codebook_size is not None
        self._size = config.codebook_size

    def sent(self, output: np.ndarray) -> np.ndarray:
        """The labels of the indices in order."""
        values = output.reshape(-1)
        if values.size and not 0 <= int(values.min()) <= int(values.max()) < self._size:
            raise PayloadError(
                f"its output has indices from {values.min()} to {values.max()}; codebook_size: {self._size} allows 0 to "
                f"{self._size - 1}"
            )
        return indices_to_bits(values.astype(np.int64), self._size)

    def _hard(self, bits: np.ndarray, shape: Shape) -> np.ndarray:
        """A label that is no index is taken for the nearest that is one."""
        return valid_label(bits_to_labels(bits, self._size), self._size).reshape(shape)

    def _soft_shape(self, shape: Shape) -> Shape:
        return (*shape, bits_per_index(self._size))


class Symbols(Payload):
    """The encoder puts out real numbers; two that follow each other are a complex symbol."""

    output_types = ("float",)

    def __init__(self, config: OnnxConfig) -> None:
        self._normalize = config.normalize
        self._with_noise = config.decoder_takes == "symbols-and-noise"
        names = ("symbols", "noise") if self._with_noise else ("symbols",)
        self.input_types = dict.fromkeys(names, ("float",))

    def sent(self, output: np.ndarray) -> np.ndarray:
        """Symbols of mean power 1 over the picture."""
        values = output.astype(np.float64).reshape(-1)
        if values.size % 2:
            raise PayloadError(
                f"its output {shape_text(output.shape)} has {values.size:,} numbers; two make a complex symbol, so an even "
                "number is needed"
            )
        symbols = values[0::2] + 1j * values[1::2]
        power = float(np.mean(np.abs(symbols) ** 2)) if symbols.size else 1.0
        if not np.isfinite(power) or power <= 0:
            raise PayloadError(f"its output has mean power {power:.4g}; symbols need mean power 1 over the picture")
        if self._normalize:
            return (symbols / power**0.5).astype(np.complex64)
        if abs(power - 1) > POWER_TOLERANCE:
            raise PayloadError(
                f"its symbols have mean power {power:.4g} over the picture, two numbers a symbol; it must be 1: divide by "
                f"{power**0.5:.4g} in the encoder, or let linksim scale each picture's symbols with normalize: true"
            )
        return symbols.astype(np.complex64)

    def input_shapes(self, shape: Shape) -> tuple[Shape, ...]:
        """Symbols as they were put out, and the noise variances in the same places."""
        return (shape,) * len(self.input_types)

    def received(self, reception: SymbolReception, shape: Shape) -> tuple[np.ndarray, ...]:
        """Equalized symbols, and for each number the noise variance of its complex symbol."""
        return self._inputs(reception.symbols, reception.noise_variance, shape)

    def intact(self, sent: np.ndarray, shape: Shape) -> tuple[np.ndarray, ...]:
        """The symbols, with the noise of 40 dB."""
        return self._inputs(sent, np.full(len(sent), 1e-4, np.float32), shape)

    def _inputs(self, symbols: np.ndarray, noise_variance: np.ndarray, shape: Shape) -> tuple[np.ndarray, ...]:
        values = np.stack([symbols.real, symbols.imag], -1).astype(np.float32).reshape(shape)
        noise = np.repeat(noise_variance, 2).astype(np.float32).reshape(shape)
        return (values, noise) if self._with_noise else (values,)


def payload_of(config: OnnxConfig) -> Payload:
    """The way of sending that a configuration names."""
    kinds: dict[str, type[Payload]] = {"bits": Bits, "indices": Indices, "symbols": Symbols}
    return kinds[config.sends](config)  # type: ignore[call-arg]
