"""BPG as a `FileCodec`, its encodes kept in a cache."""

from collections.abc import Callable

import numpy as np

from linksim.codecs.cache import EncodeCache, kept_encoder
from linksim.codecs.checks import check_choice
from linksim.codecs.file_codec import FileCodec

ENCODERS = ("x265", "bpgenc")


class BpgCodec(FileCodec):
    """BPG files.

    Args:
        chroma, preset: as in `bpg.encode`.
        encoder: `x265` (PyAV's) or `bpgenc` (the reference program; it has its own preset).
        cache: where encodes are kept; the process's own if None.

    Raises:
        InputError: an unknown choice, or, when it encodes, `bpgenc` that is not on the PATH.
    """

    name, setting, settings = "bpg", "qp", range(51, -1, -1)
    slack = (1.02, 8)

    def __init__(
        self,
        chroma: str = "420",
        preset: str = "veryslow",
        encoder: str = "x265",
        cache: EncodeCache | None = None,
    ) -> None:
        check_choice("encoder", encoder, ENCODERS)
        self._chroma, self._preset, self._encoder, self._cache = chroma, preset, encoder, cache

    def encoder(self, image: np.ndarray) -> Callable[[int], bytes]:
        """Function of the qp, 0 (best) to 51, that encodes `image` or takes the bytes from the cache."""
        from linksim.codecs import bpg

        settings: dict[str, str | int] = {"codec": "bpg", "encoder": self._encoder, "chroma": self._chroma}
        if self._encoder == "bpgenc":
            from linksim.codecs.bpg import reference

            settings["version"] = reference.program_hash("bpgenc")
            return kept_encoder(
                self._cache, image, settings, "qp", lambda qp: reference.encode(image, qp, self._chroma)
            )
        settings |= {"preset": self._preset, "version": f"{bpg.VERSION} {bpg.hevc.require_encoder()}"}
        return kept_encoder(
            self._cache, image, settings, "qp", lambda qp: bpg.encode(image, qp, self._chroma, self._preset)
        )

    def decode(self, data: bytes, size: tuple[int, int]) -> np.ndarray:
        """As `bpg.decode`."""
        from linksim.codecs import bpg

        return bpg.decode(data, size)

    def decode_partial(self, data: bytes, size: tuple[int, int]) -> np.ndarray:
        """As `bpg.decode_partial`."""
        from linksim.codecs import bpg

        return bpg.decode_partial(data, size)
