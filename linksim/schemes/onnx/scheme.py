"""A pair of ONNX models over the link."""

from functools import lru_cache
from typing import Any

import numpy as np

from linksim.common.errors import InputError
from linksim.link.reception import Reception
from linksim.onnx.files import file_hash
from linksim.schemes.base import Delivery, Scheme, SchemeContext, Transmission
from linksim.schemes.classical.concealment import conceal
from linksim.schemes.config import OnnxConfig
from linksim.schemes.onnx.pair import Pair
from linksim.schemes.onnx.trial import try_pair
from linksim.schemes.streams import AnyReception, Stream, SymbolStream


class OnnxScheme(Scheme):
    """What an encoder puts out over the link, as bits with code and CRC or as symbols without.

    How much an image takes follows from its size alone; where it does not fit a budget, the image is infeasible.
    `context` of a transmission is the shape of the encoder's output.

    Args:
        config: the scheme's configuration.
        context: the scenario's link.

    Raises:
        InputError: the models are not taken; see `load_pair`.
    """

    def __init__(self, config: OnnxConfig, context: SchemeContext) -> None:
        self.name, self.rate_match, self.budget = config.name, config.rate_match, config.budget
        self.config, self.link = config, context.link
        try:
            self.pair = load_pair(config)
        except InputError as error:
            raise InputError(f"schemes.{config.name}.{error}") from None
        self.transmit_depends_on_snr = self.pair.ports.encoder_snr is not None
        self.receive_depends_on_snr = self.pair.ports.decoder_snr is not None or config.sends == "symbols"

    def transmit(
        self, images: list[np.ndarray], image_ids: list[str], budgets: list[int | None], es_no_db: float | None
    ) -> list[Transmission]:
        """What the encoder makes of each image, alone; infeasible where it does not fit the budget."""
        asked = zip(images, image_ids, budgets, strict=True)
        return [self._transmit(image, name, budget, es_no_db) for image, name, budget in asked]

    def _transmit(self, image: np.ndarray, name: str, budget: int | None, es_no_db: float | None) -> Transmission:
        size = (image.shape[0], image.shape[1])
        try:
            snr_db = es_no_db if self.transmit_depends_on_snr else None
            values, shape = self.pair.encode(image.tobytes(), size, snr_db)
        except InputError as error:
            raise InputError(f"schemes.{self.name}.{error} (image {name!r}, {size[0]} x {size[1]})") from None
        kind = SymbolStream if self.config.sends == "symbols" else Stream
        sent = Transmission((kind(values, self.link),), size, context=shape)
        if budget is not None and sent.channel_uses > budget:
            fixed = f"the {self.config.sends} take {sent.channel_uses} channel uses, the budget is {budget}"
            return Transmission((), size, infeasible=fixed)
        return sent

    def receive(
        self, transmissions: list[Transmission], receptions: list[tuple[AnyReception, ...]], es_no_db: float
    ) -> list[Delivery]:
        """The decoder's picture of what arrived, images one by one; a lost one as `concealment` says."""
        pairs = zip(transmissions, receptions, strict=True)
        return [self._receive(transmission, reception, es_no_db) for transmission, (reception,) in pairs]

    def _receive(self, transmission: Transmission, reception: Any, es_no_db: float) -> Delivery:
        def picture() -> np.ndarray:
            try:
                received = self.pair.payload.received(reception, transmission.context)
                return self.pair.show(received, transmission.size, es_no_db)
            except InputError as error:
                raise InputError(f"schemes.{self.name}.{error} (at {es_no_db:g} dB)") from None

        lost = isinstance(reception, Reception) and not reception.ok and self.config.concealment != "none"
        return conceal(self.config.concealment, transmission.size, picture) if lost else Delivery(picture(), False)


def load_pair(config: OnnxConfig) -> Pair:
    """The models of a configuration, checked and tried on a picture; schemes with the same models share them.

    Raises:
        InputError: one line that begins with `encoder: ` or `decoder: `.
    """
    hashes = model_hashes(config)
    own = {"name": "models", "rate_match": None, "rho": None, "channel_uses": None, "bpp": None}
    return _loaded(OnnxConfig(**config.model_dump(exclude={"mcs", "concealment"}) | own), *hashes.values())


def model_hashes(config: OnnxConfig) -> dict[str, str]:
    """SHA-256 of both files, by key. Raises `InputError` as `load_pair`."""
    hashes = {}
    for key in ("encoder", "decoder"):
        try:
            hashes[key] = file_hash(getattr(config, key))
        except InputError as error:
            raise InputError(f"{key}: {error}") from None
    return hashes


@lru_cache(maxsize=8)
def _loaded(config: OnnxConfig, encoder: str, decoder: str) -> Pair:
    pair = Pair(config)
    try_pair(pair)
    return pair
