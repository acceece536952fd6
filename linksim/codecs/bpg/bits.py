"""Bit fields and Exp-Golomb codes of HEVC headers (ITU-T H.265, clauses 7.2 and 9.2)."""

from linksim.codecs.errors import DecodeError


class BitReader:
    """Reads big-endian bit fields; `DecodeError` past the end."""

    def __init__(self, data: bytes):
        self._value = int.from_bytes(data, "big")
        self.left = 8 * len(data)

    def u(self, n_bits: int) -> int:
        """Unsigned integer of `n_bits`."""
        if n_bits > self.left:
            raise DecodeError("a header ends too early")
        self.left -= n_bits
        return self._value >> self.left & ((1 << n_bits) - 1)

    def ue(self) -> int:
        """Unsigned Exp-Golomb code of at most 32 bits after the prefix."""
        zeros = 0
        while not self.u(1):
            zeros += 1
            if zeros > 32:
                raise DecodeError("a header holds an Exp-Golomb code of more than 32 bits")
        return (1 << zeros) - 1 + self.u(zeros)


class BitWriter:
    """Writes big-endian bit fields."""

    def __init__(self) -> None:
        self._value = 0
        self._length = 0

    def u(self, value: int, n_bits: int = 1) -> None:
        """Append `value` in `n_bits`."""
        self._value = self._value << n_bits | value
        self._length += n_bits

    def ue(self, value: int) -> None:
        """Append the unsigned Exp-Golomb code of `value`."""
        self.u(value + 1, 2 * (value + 1).bit_length() - 1)

    def padded(self) -> bytes:
        """All bits, filled with zeros to whole bytes."""
        fill = -self._length % 8
        return (self._value << fill).to_bytes((self._length + fill) // 8, "big")

    def with_stop_bit(self) -> bytes:
        """All bits, then `rbsp_trailing_bits` (H.265, 7.3.2.11): a one and zeros to whole bytes."""
        self.u(1)
        return self.padded()
