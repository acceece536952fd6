"""Indices of a learned codebook over the link: features, indices, bits, and back."""

import hashlib
from functools import lru_cache, partial
from typing import Any

import numpy as np

from linksim.codebook.quantizer import Quantizer, ResidualQuantizer
from linksim.codebook.receiver import Hard, Soft
from linksim.codebook.stages import Stages
from linksim.codebook.theory import IndexErrors
from linksim.common.errors import InputError
from linksim.link import Reception
from linksim.schemes.base import Delivery, Scheme, SchemeContext, Stream, Transmission
from linksim.schemes.compute import Dtype
from linksim.schemes.config import ChannelOptimizedTransmitter, SemanticConfig, SoftReceiver
from linksim.schemes.semantic.mask import mask_of, token_of
from linksim.schemes.semantic.points import Points, known_points
from linksim.schemes.semantic.rate_points import Allotment, RatePoints
from linksim.semantic.receiving import repaired


class SemanticScheme(Scheme):
    """A VQ codebook's indices over the link, with any receiver, transmitter and protection.

    It knows no outage: whatever arrives is shown, and in place of what the `mask` hides the decoder is given its token.
    The indices of an image's padding to whole index cells are sent and counted. `context` of a transmission is its
    `Allotment`, from which the receiver knows how many stages were sent, and of which features.

    Args:
        config: the scheme's configuration.
        context: the scenario's link.
        codec: a codec as of `linksim.semantic.codec.load_checkpoint`; loaded by the checkpoint's name if None.
        quantizer: what goes between the codec's features and the link; that of the codec's codebook, with the
            configured receiver, if None.
    """

    receive_depends_on_snr = False

    def __init__(
        self, config: SemanticConfig, context: SchemeContext, codec: Any = None, quantizer: Quantizer | None = None
    ) -> None:
        self.name, self.rate_match, self.budget = config.name, config.rate_match, config.budget
        self.config = config
        self.codec = codec or _load(config, "checkpoint", context.dtype)
        # The receiver knows from the CRCs whether anything is wrong, and may have a decoder or a repair block for that.
        self.damaged_codec = self.codec
        if config.damaged_checkpoint is not None:
            self.damaged_codec = _load(config, "damaged_checkpoint", context.dtype)
            _check_pair(config, self.codec, self.damaged_codec)
        # A codec that was handed in says nothing of its training.
        if codec is None or config.damaged_checkpoint is not None:
            _check_receiver(config, self.damaged_codec)
        make: Any = Hard
        if isinstance(config.receiver, SoftReceiver):
            make = partial(Soft, estimate=config.receiver.estimate, llr_scale=config.receiver.llr_scale)
        self.quantizer: Quantizer = quantizer or ResidualQuantizer(Stages.of(self.codec), make)
        codecs = {"checkpoint": self.codec}
        if config.damaged_checkpoint is not None:
            codecs["damaged_checkpoint"] = self.damaged_codec
        self.mask = mask_of(config, context.seed, codecs)
        size = self.quantizer.stages.size if isinstance(self.quantizer, ResidualQuantizer) else None
        stage_bits, importance = self.quantizer.stage_bits, self.quantizer.importance()
        self.points = RatePoints(config, context.link, stage_bits, importance, self.mask, size)
        sender = config.transmitter
        self.transmit_depends_on_snr = (
            isinstance(sender, ChannelOptimizedTransmitter) and sender.bit_error_rate == "auto"
        )
        self._by_points: Points | None = None
        if isinstance(sender, ChannelOptimizedTransmitter) and sender.errors == "symbols":
            self._by_points = known_points(self.points.finest, f"scheme {config.name!r}: transmitter.errors symbols")

    def transmit(
        self, images: list[np.ndarray], image_ids: list[str], budgets: list[int | None], es_no_db: float | None
    ) -> list[Transmission]:
        """The bits of each image's indices, of as many stages as its budget allows; infeasible where not one fits."""
        errors = self._errors(es_no_db)
        return [self._transmit(image, budget, errors, es_no_db) for image, budget in zip(images, budgets, strict=True)]

    def _errors(self, es_no_db: float | None) -> IndexErrors | None:
        """The bit-error rate or the transition probabilities that indices are chosen for; None: no errors."""
        config = self.config.transmitter
        if not isinstance(config, ChannelOptimizedTransmitter):
            return None
        rate = config.bit_error_rate
        if rate == "auto":
            if es_no_db is None:
                raise ValueError(f"scheme {self.name}: bit_error_rate auto needs es_no_db")
            if self._by_points is not None:
                return self._by_points.index_transitions(es_no_db)
            rate = self.points.finest.expected_bit_error_rate(es_no_db)
        return min(rate, 0.5)

    def _transmit(
        self, image: np.ndarray, budget: int | None, errors: IndexErrors | None, es_no_db: float | None
    ) -> Transmission:
        size = (image.shape[0], image.shape[1])
        # Where the transmitter depends on the SNR, images are sent anew at each; the codec remembers their features.
        features = self.codec.encode(self.mask.shown(image)[None])[0]
        allotment = Allotment((features.shape[0], features.shape[1]), budget)
        layout = self.points.layout(allotment)
        if layout is None:
            return Transmission((), size, infeasible=self.points.too_small(allotment))
        carrier = self.points.carrier(layout)

        def streams_for(errors: IndexErrors | None) -> tuple[Stream, ...]:
            indices = self.quantizer.encode(self.mask.sent(features), layout.stages, errors)
            return carrier.streams(self.quantizer.to_bits(indices, layout), layout)

        streams = streams_for(errors)
        if self._by_points is not None and es_no_db is not None:
            # The points that withstand errors have much power: scaled to 1 they are nearer, so that they are chosen once more.
            streams = streams_for(self._by_points.index_transitions(es_no_db, streams[0].power))
        chosen = {} if layout == self.points.layout(allotment.without_limit()) else layout.settings()
        return Transmission(streams, size, context=allotment, settings=chosen | carrier.settings(streams))

    def receive(
        self, transmissions: list[Transmission], receptions: list[tuple[Any, ...]], es_no_db: float
    ) -> list[Delivery]:
        """The decoder's picture of the received features; images one by one, so that no picture depends on its
        neighbours.
        """
        pairs = zip(transmissions, receptions, strict=True)
        return [Delivery(self._receive(transmission, parts), outage=False) for transmission, parts in pairs]

    def _receive(self, transmission: Transmission, parts: tuple[Reception, ...]) -> np.ndarray:
        layout = self.points.layout(transmission.context)
        assert layout is not None  # or nothing would have been sent
        join = self.points.carrier(layout).join
        bits, llr, known = (
            join(tuple(getattr(part, name) for part in parts), layout) for name in ("bits", "llr", "known")
        )
        estimate = self.quantizer.decode(bits, llr, known, layout)
        whole = all(part.ok for part in parts)
        codec = self.codec if whole else self.damaged_codec
        features, variance = self.mask.filled(estimate, transmission.context.grid, token_of(codec))
        seen: tuple[np.ndarray, np.ndarray | None] = features[None], variance[None]
        if not whole:
            seen = repaired(codec, self.quantizer, features[None], variance[None], layout, self.config.requantize)
        picture: np.ndarray = codec.decode(seen[0], transmission.size, seen[1])[0]
        return picture


def _check_pair(config: SemanticConfig, codec: Any, damaged: Any) -> None:
    """Two decoders of one transmitter: refuse checkpoints whose encoder or codebook differ."""
    pairs = [(Stages.of(codec).codewords, Stages.of(damaged).codewords)]
    ours, theirs = codec.checkpoint.encoder, damaged.checkpoint.encoder
    pairs += [(weight, theirs.get(name)) for name, weight in ours.items()]
    if not all(np.array_equal(a, b) for a, b in pairs):
        raise InputError(
            f"schemes.{config.name}.damaged_checkpoint: {config.damaged_checkpoint!r} has another encoder or codebook than "
            f"{config.checkpoint!r}; give one that was fine-tuned from it with train_only: decoder or repair"
        )


def _check_receiver(config: SemanticConfig, codec: Any) -> None:
    """The decoder of damaged pictures: refuse one that was trained on what another receiver makes of the link."""
    key = "checkpoint" if config.damaged_checkpoint is None else "damaged_checkpoint"
    made_for = (codec.card.get("training", {}).get("reception") or {}).get("receiver")
    if made_for not in (None, config.receiver.kind):
        raise InputError(
            f"schemes.{config.name}.{key}: {getattr(config, key)!r} was trained for the {made_for} "
            f"receiver, but receiver.kind is {config.receiver.kind}; use receiver: {{kind: {made_for}}}, or a checkpoint made for yours"
        )


def _load(config: SemanticConfig, key: str, dtype: Dtype) -> Any:
    """The codec of the checkpoint that `key` of a scheme names; schemes with the same file share its networks."""
    from linksim.semantic.finding import find_checkpoint

    checkpoint = getattr(config, key)
    try:
        data = find_checkpoint(checkpoint, key)[1]
    except InputError as error:
        raise InputError(f"schemes.{config.name}.{error}") from None
    return _codec(checkpoint, hashlib.sha256(data).hexdigest(), dtype)


@lru_cache(maxsize=8)
def _codec(checkpoint: str, sha256: str, dtype: Dtype) -> Any:
    from linksim.semantic.codec import load_checkpoint

    return load_checkpoint(checkpoint, dtype)
