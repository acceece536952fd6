"""The bound of separate design: image files at the rate of an ideal code, which is at the capacity of constellation
and channel.
"""

import math
from typing import Any

import numpy as np

from linksim.codecs import DecodeError
from linksim.common.errors import InputError
from linksim.common.seeds import generator
from linksim.link import LinkConfig
from linksim.link.air.capacity import awgn_capacity, ergodic_capacity, fading_quantile, outage_capacity
from linksim.link.air.fading import FadingConfig
from linksim.schemes.base import Delivery, Scheme, SchemeContext, Transmission
from linksim.schemes.classical.codec import codec_of
from linksim.schemes.classical.concealment import conceal
from linksim.schemes.config import CapacityMcs, ClassicalConfig
from linksim.schemes.streams import AnyReception, IdealReception, IdealStream

BITS_PER_SYMBOL = (1, 2, 4, 6, 8)


class IdealCodeScheme(Scheme):
    """A file of at most `C x budget` bits, C bits a channel use; no CRC, no filler, no blocks.

    A picture of which no file is that small is lost: it is concealed, as one that adaptive coding cannot get across.
    C is the coded-modulation capacity of the best of the link's constellations (BPSK to 256-QAM) with perfect CSI.
    `ergodic`: the picture always arrives. `outage`: C is the outage capacity, and the picture is lost where a fade
    drawn for the image does not carry it; the fade is the same in all repetitions, so that a mean over images is what
    counts. An `IdealStream` stands for the link.
    """

    transmit_depends_on_snr = True
    receive_depends_on_snr = False

    def __init__(self, config: ClassicalConfig, context: SchemeContext) -> None:
        assert isinstance(config.mcs, CapacityMcs)
        self.name, self.rate_match, self.budget = config.name, config.rate_match, config.budget
        self.config, self.mcs = config, config.mcs
        self.channel, self.seed = _flat_channel(context.link, config.name), context.seed
        self.codec = codec_of(config)

    def capacity(self, es_no_db: float) -> tuple[float, int]:
        """Bits per channel use at the average Es/N0 in dB, and the bits per symbol of the constellation that gives
        them.
        """
        if self.mcs.which == "ergodic":
            values = [ergodic_capacity(es_no_db, m, self.channel) for m in BITS_PER_SYMBOL]
        else:
            p = self.mcs.outage_probability
            values = [outage_capacity(es_no_db, m, self.channel, p) for m in BITS_PER_SYMBOL]
        best = int(np.argmax(values))
        return values[best], BITS_PER_SYMBOL[best]

    def transmit(
        self, images: list[np.ndarray], image_ids: list[str], budgets: list[int | None], es_no_db: float | None
    ) -> list[Transmission]:
        """The best file of each image within `C x budget` bits."""
        if es_no_db is None or None in budgets:
            raise ValueError(f"scheme {self.name}: an ideal code needs es_no_db and budgets")
        rate, bits_per_symbol = self.capacity(es_no_db)
        out = []
        for image, name, budget in zip(images, image_ids, budgets, strict=True):
            assert budget is not None
            size = (image.shape[0], image.shape[1])
            encoded = self.codec.best(image, math.floor(rate * budget) // 8)
            settings: dict[str, Any] = {
                "bits_per_symbol": bits_per_symbol,
                "bits_per_channel_use": round(rate, 4),
                "ideal_source_bits": 8 * len(encoded.data) if encoded else 0,
                "ideal_channel_uses": budget,
            }
            delivered = None
            if encoded is not None:
                settings[self.codec.setting] = encoded.setting
                delivered = None if self._lost(name, es_no_db, rate, bits_per_symbol) else encoded.data
            stream = IdealStream(settings["ideal_source_bits"], budget, delivered)
            out.append(Transmission((stream,), size, settings=settings))
        return out

    def _lost(self, image_id: str, es_no_db: float, rate: float, bits_per_symbol: int) -> bool:
        if self.mcs.which == "ergodic" or self.channel.kind == "awgn":
            return False
        power = fading_quantile(generator(self.seed, image_id, "one fade").random(), self.channel)
        return bool(awgn_capacity(es_no_db + 10 * np.log10(power), bits_per_symbol) < rate)

    def receive(
        self, transmissions: list[Transmission], receptions: list[tuple[AnyReception, ...]], es_no_db: float
    ) -> list[Delivery]:
        """The file that the ideal code delivered, or the concealment; `partial` shows the mean colour, as nothing was
        decoded.
        """
        pairs = zip(transmissions, receptions, strict=True)
        return [self._receive(transmission.size, reception) for transmission, (reception,) in pairs]

    def _receive(self, size: tuple[int, int], reception: AnyReception) -> Delivery:
        assert isinstance(reception, IdealReception)

        def nothing() -> np.ndarray:
            raise DecodeError("nothing was delivered")

        if reception.data is None:
            return conceal(self.config.concealment, size, nothing)
        return Delivery(self.codec.decode(reception.data, size), outage=False)


def _flat_channel(link: LinkConfig, name: str) -> FadingConfig:
    """The channel whose capacity is known. Raises `InputError` for any but flat fading that the receiver knows, on a
    single carrier with one antenna.
    """
    if isinstance(link.channel, FadingConfig) and link.waveform.kind == "single-carrier":
        return link.channel
    raise InputError(
        f"scheme {name!r}: mcs capacity is that of flat fading on a single carrier, and link.waveform is "
        f"{link.waveform.kind} over channel.kind {link.channel.kind}; give mcs: {{kind: adaptive, ...}}, or leave the "
        "scheme out"
    )
