"""Separate source and channel coding: an image file of the best quality that fits the budget, over the link."""

from typing import Any

import numpy as np

from linksim.codecs import DecodeError
from linksim.codecs.file_codec import FileCodec
from linksim.codecs.ratematch import Encoded
from linksim.link import LinkConfig, Reception
from linksim.link.ledger import capacity_bits
from linksim.schemes.base import Delivery, Scheme, SchemeContext, Stream, Transmission
from linksim.schemes.budget import first_share
from linksim.schemes.classical.bits import file_bits, received_file
from linksim.schemes.classical.concealment import conceal
from linksim.schemes.config import KEPT


class ClassicalScheme(Scheme):
    """Files of an image codec over the scenario's link.

    The whole file is sent, header and tables included, and the link adds and counts CRCs and filler. A picture is an
    outage when a block fails its CRC or the codec refuses the file; then the concealment decides what is shown.

    Args:
        config: has `name`, `kind`, `rate_match`, `budget` and `concealment`; without a `kept_share` it is `KEPT`.
        context: whose link carries the files.
        codec: makes and reads the files.
        fixed: the codec's setting; None for the best file within the budget.
    """

    receive_depends_on_snr = False

    def __init__(self, config: Any, context: SchemeContext, codec: FileCodec, fixed: float | None) -> None:
        self.name, self.rate_match, self.budget = config.name, config.rate_match, config.budget
        self.config = config
        self.link: LinkConfig = context.link
        self.codec, self.fixed = codec, fixed

    def transmit(
        self, images: list[np.ndarray], image_ids: list[str], budgets: list[int | None], es_no_db: float | None
    ) -> list[Transmission]:
        """The file of each image: at the fixed setting, or the best whose coded length fits the budget; with HARQ what
        the budget leaves beside the reserve, unless no file is that small.
        """
        return [self._transmit(image, budget) for image, budget in zip(images, budgets, strict=True)]

    def _transmit(self, image: np.ndarray, budget: int | None) -> Transmission:
        size = (image.shape[0], image.shape[1])
        setting = self.fixed
        if setting is not None:
            data = self.codec.encoder(image)(setting)
        else:
            if budget is None:
                raise ValueError(f"scheme {self.name}: rate matching needs a budget of channel uses")
            encoded = self._best(
                image, first_share(budget, getattr(self.config, "kept_share", KEPT), self.link)
            ) or self._best(image, budget)
            if encoded is None:
                return Transmission((), size, infeasible=f"no {self.config.kind} file fits {budget} channel uses")
            data, setting = encoded.data, encoded.setting
        return Transmission((Stream(file_bits(data), self.link),), size, settings={self.codec.setting: setting})

    def _best(self, image: np.ndarray, channel_uses: int) -> Encoded | None:
        return self.codec.best(image, capacity_bits(self.link, channel_uses) // 8)

    def receive(
        self, transmissions: list[Transmission], receptions: list[tuple[Any, ...]], es_no_db: float
    ) -> list[Delivery]:
        """The decoded file where every CRC holds and the codec accepts it; else what the concealment shows."""
        pairs = zip(transmissions, receptions, strict=True)
        return [self._receive(transmission.size, reception) for transmission, (reception,) in pairs]

    def _receive(self, size: tuple[int, int], reception: Reception) -> Delivery:
        data = received_file(reception, self.codec.may_end_in_zeros)
        if reception.ok:
            try:
                return Delivery(self.codec.decode(data, size), outage=False)
            except DecodeError:
                pass
        return conceal(self.config.concealment, size, lambda: self.codec.decode_partial(data, size))
