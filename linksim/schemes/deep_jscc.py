"""Deep joint source-channel coding: an image to complex symbols, which go over the channel without any code."""

import hashlib
from functools import lru_cache
from typing import Any

import numpy as np

from linksim.common.errors import InputError
from linksim.link import SymbolReception
from linksim.schemes.base import Delivery, Scheme, SchemeContext, SymbolStream, Transmission
from linksim.schemes.config import DeepJsccConfig, DeepJsccQConfig

QUANTIZED = "deepjscc-q"


class DeepJsccScheme(Scheme):
    """Symbols of a network that knows the average SNR, over the scenario's channel (DeepJSCC; Bourtsoulatze, Kurka and
    Gunduz 2019, with the attention of ADJSCC; Xu et al. 2022), or points of a constellation (DeepJSCC-Q; Tung et al.
    2022).

    The number of symbols is that of the checkpoint: a picture whose budget is smaller is infeasible. There is no CRC,
    so no picture is ever found lost. The link's code and constellation are not used.

    Args:
        config: the scheme's configuration.
        context: the scenario's link.
        codec: a `linksim.jscc.codec.JsccCodec`; loaded by the checkpoint's name if None.
    """

    transmit_depends_on_snr = True

    def __init__(self, config: DeepJsccConfig | DeepJsccQConfig, context: SchemeContext, codec: Any = None) -> None:
        self.name, self.rate_match, self.budget = config.name, config.rate_match, config.budget
        self.link = context.link
        self.codec = codec or _load(config)

    def transmit(
        self, images: list[np.ndarray], image_ids: list[str], budgets: list[int | None], es_no_db: float | None
    ) -> list[Transmission]:
        """The symbols of each image, of mean power 1 over the picture; infeasible where they are over its budget."""
        if es_no_db is None:
            raise ValueError(f"scheme {self.name}: es_no_db is needed")
        return [self._transmit(image, budget, es_no_db) for image, budget in zip(images, budgets, strict=True)]

    def _transmit(self, image: np.ndarray, budget: int | None, es_no_db: float) -> Transmission:
        size = (image.shape[0], image.shape[1])
        uses = self.link.channel_uses(self.codec.symbol_count(*size))
        if budget is not None and uses > budget:
            return Transmission(
                (),
                size,
                infeasible=f"{self.name} takes {uses} channel uses for {size[1]} x {size[0]} pixels, the budget is {budget}",
            )
        return Transmission((SymbolStream(self.codec.encode(image[None], es_no_db)[0], self.link),), size)

    def receive(
        self, transmissions: list[Transmission], receptions: list[tuple[Any, ...]], es_no_db: float
    ) -> list[Delivery]:
        """The decoder's picture of the equalized symbols; one by one, so that no picture depends on its neighbours."""
        pairs = zip(transmissions, receptions, strict=True)
        return [Delivery(self._receive(sent.size, parts[0], es_no_db), outage=False) for sent, parts in pairs]

    def _receive(self, size: tuple[int, int], part: SymbolReception, es_no_db: float) -> np.ndarray:
        picture: np.ndarray = self.codec.decode(part.symbols[None], part.noise_variance[None], size, es_no_db)[0]
        return picture


def _load(config: DeepJsccConfig | DeepJsccQConfig) -> Any:
    """The codec of a scheme's checkpoint; schemes with the same file share its networks. Raises `InputError`."""
    from linksim.jscc.checkpoint import KIND
    from linksim.semantic.finding import find_checkpoint

    try:
        data = find_checkpoint(config.checkpoint, "checkpoint", KIND)[1]
        codec = _codec(config.checkpoint, hashlib.sha256(data).hexdigest())
    except InputError as error:
        text = str(error).removeprefix("checkpoint: ")
        raise InputError(f"schemes.{config.name}.checkpoint: {text}") from None
    quantized = codec.model.constellation_bits is not None
    if quantized != (config.kind == QUANTIZED):
        sends, kind = ("points of a constellation", QUANTIZED) if quantized else ("any complex number", "deepjscc")
        raise InputError(
            f"schemes.{config.name}.checkpoint: {config.checkpoint!r} sends {sends}, which is kind: {kind}, not {config.kind}; "
            "give the other kind, or another checkpoint"
        )
    return codec


@lru_cache(maxsize=8)
def _codec(checkpoint: str, sha256: str) -> Any:
    from linksim.jscc.codec import load_jscc

    return load_jscc(checkpoint)
