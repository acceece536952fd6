"""Schemes of other packages behind checks: what they raise or return wrongly is a `PluginError` that names them,
never a wrong number.
"""

import json
from dataclasses import replace
from typing import Any

import numpy as np

from linksim.common.errors import LinksimError
from linksim.common.plugins import Plugin, PluginError, plugin_call, plugin_error
from linksim.common.reading.plain import plain
from linksim.link.config import LinkConfig
from linksim.link.symbols import check_symbols
from linksim.schemes.base import Delivery, Scheme, SchemeContext, Stream, SymbolStream, Transmission
from linksim.schemes.streams import AnyReception, IdealStream

MOST_SETTINGS = 10_000
"""Characters of a transmission's settings as JSON: every row of the results keeps them."""


def build_guarded(config: Any, context: SchemeContext, plugin: Plugin) -> "GuardedScheme":
    """The plugin's scheme of a checked configuration.

    Raises `PluginError` where it cannot be built or is no `Scheme`.
    """
    with plugin_call("scheme", config.kind, plugin.package, f"{config.name}: build"):
        scheme = plugin.module.build(config, context)
    if not isinstance(scheme, Scheme):
        said = f"{config.name}: build returned {_type(scheme)}; a linksim.schemes.base.Scheme is needed"
        raise plugin_error("scheme", config.kind, plugin.package, said)
    return GuardedScheme(scheme, config, plugin.package)


class GuardedScheme(Scheme):
    """A scheme of another package.

    Name and budget are the scenario's; pictures are handed over as copies, bits are looked at.
    """

    def __init__(self, scheme: Scheme, config: Any, package: str) -> None:
        self.scheme, self._kind, self._package = scheme, config.kind, package
        self.name, self.rate_match = config.name, config.rate_match
        self.budget = scheme.budget
        self.transmit_depends_on_snr = bool(scheme.transmit_depends_on_snr)
        self.receive_depends_on_snr = bool(scheme.receive_depends_on_snr)

    def transmit(
        self, images: list[np.ndarray], image_ids: list[str], budgets: list[int | None], es_no_db: float | None
    ) -> list[Transmission]:
        """What the scheme sends, one checked transmission for each image."""
        with self._call("transmit"):
            sent = self.scheme.transmit([image.copy() for image in images], list(image_ids), list(budgets), es_no_db)
        self._check_list("transmit", sent, len(images), Transmission)
        asked = zip(sent, images, image_ids, budgets, strict=True)
        return [self._transmission(one, image.shape[:2], name, budget) for one, image, name, budget in asked]

    def receive(
        self, transmissions: list[Transmission], receptions: list[tuple[AnyReception, ...]], es_no_db: float
    ) -> list[Delivery]:
        """What the scheme shows, one checked delivery for each transmission."""
        with self._call("receive"):
            shown = self.scheme.receive(transmissions, receptions, es_no_db)
        self._check_list("receive", shown, len(transmissions), Delivery)
        for delivery, transmission in zip(shown, transmissions, strict=True):
            self._check_delivery(delivery, transmission.size)
        return list(shown)

    def _call(self, function: str) -> Any:
        return plugin_call("scheme", self._kind, self._package, f"{self.name}: {function}")

    def _fault(self, function: str, said: str) -> PluginError:
        return plugin_error("scheme", self._kind, self._package, f"{self.name}: {function} returned {said}")

    def _check_list(self, function: str, returned: Any, count: int, kind: type) -> None:
        needed = f"a list of {count} {kind.__name__}s is needed"
        if not isinstance(returned, list | tuple):
            raise self._fault(function, f"{_type(returned)}; {needed}")
        if len(returned) != count:
            raise self._fault(function, f"a list of {len(returned)}; {needed}")
        for item in returned:
            if not isinstance(item, kind):
                raise self._fault(function, f"a list with {_type(item)} in it; {needed}")

    def _transmission(self, sent: Transmission, size: tuple[int, ...], image: str, budget: int | None) -> Transmission:
        """The transmission with plain settings, once everything in it is what it should be."""
        where = f"for image {image}"
        if not isinstance(sent.size, tuple | list) or tuple(sent.size) != tuple(size):
            raise self._fault(
                "transmit", f"size {sent.size!r} {where}; (height, width) of the image, {tuple(size)}, is needed"
            )
        if not isinstance(sent.infeasible, str):
            raise self._fault(
                "transmit", f"infeasible {sent.infeasible!r} {where}; text is needed, why it cannot be sent"
            )
        if not isinstance(sent.streams, tuple | list):
            raise self._fault("transmit", f"streams {_short(sent.streams)} {where}; a tuple of Streams is needed")
        if not sent.streams and not sent.infeasible:
            raise self._fault("transmit", f"nothing {where}; at least one stream is needed, or why it is infeasible")
        for stream in sent.streams:
            self._check_stream(stream, where)
        sent = replace(
            sent, streams=tuple(sent.streams), size=(size[0], size[1]), settings=self._settings(sent.settings, where)
        )
        if budget is not None and sent.channel_uses > budget:
            uses = f"{sent.channel_uses} channel uses {where}"
            raise self._fault("transmit", f"{uses}; the budget is {budget}: send less, or say that it is infeasible")
        return sent

    def _check_stream(self, stream: Any, where: str) -> None:
        if isinstance(stream, IdealStream):
            return self._check_ideal(stream, where)
        if not isinstance(stream, Stream | SymbolStream):
            raise self._fault(
                "transmit", f"a stream of type {_type(stream)} {where}; Stream, SymbolStream or IdealStream is needed"
            )
        if not isinstance(stream.link, LinkConfig):
            raise self._fault("transmit", f"a stream with link {_type(stream.link)} {where}; a LinkConfig is needed")
        if isinstance(stream, Stream):
            return self._check_bits(stream.bits, where)
        try:
            check_symbols(stream.symbols)
        except (LinksimError, TypeError) as error:
            raise self._fault("transmit", f"what is no symbol stream {where}: {error}") from None

    def _check_bits(self, bits: Any, where: str) -> None:
        needed = f"{where}; bits are one row of 0 and 1, uint8"
        if not isinstance(bits, np.ndarray):
            raise self._fault("transmit", f"bits {_type(bits)} {needed}")
        if bits.ndim != 1 or bits.dtype != np.uint8:
            raise self._fault("transmit", f"bits {bits.dtype} {list(bits.shape)} {needed}")
        if len(bits) and bits.max() > 1:
            raise self._fault("transmit", f"bits with a {bits.max()} among them {needed}")

    def _check_ideal(self, stream: IdealStream, where: str) -> None:
        for name in ("source_bits", "channel_uses"):
            value = getattr(stream, name)
            if isinstance(value, bool) or not isinstance(value, int | np.integer) or value < 0:
                raise self._fault(
                    "transmit", f"an ideal stream with {name} {value!r} {where}; a whole number of at least 0 is needed"
                )
        if not isinstance(stream.delivered, bytes | None):
            raise self._fault(
                "transmit", f"an ideal stream that delivers {_type(stream.delivered)} {where}; bytes or None is needed"
            )

    def _settings(self, settings: Any, where: str) -> dict[str, Any]:
        needed = f"{where}; a dictionary of text, whole and finite numbers is needed"
        try:
            if not isinstance(settings, dict):
                raise ValueError
            found: dict[str, Any] = plain(settings, "settings")
            length = len(json.dumps(found, allow_nan=False))
        except (LinksimError, ValueError):
            raise self._fault("transmit", f"settings {_short(settings)} {needed}") from None
        if length > MOST_SETTINGS:
            raise self._fault(
                "transmit", f"settings of {length:,} characters {where}; at most {MOST_SETTINGS:,} are stored"
            )
        return found

    def _check_delivery(self, delivery: Delivery, size: tuple[int, int]) -> None:
        image, needed = delivery.image, f"uint8 [{size[0]}, {size[1]}, 3] is needed"
        if not isinstance(delivery.outage, bool | np.bool_):
            raise self._fault("receive", f"outage {_short(delivery.outage)}; true or false is needed")
        if image is None:
            if not delivery.outage:
                raise self._fault("receive", f"no picture and no outage; {needed}, or an outage")
        elif not isinstance(image, np.ndarray):
            raise self._fault("receive", f"a picture of type {_type(image)}; {needed}")
        elif image.dtype != np.uint8 or image.shape != (*size, 3):
            raise self._fault("receive", f"a picture {image.dtype} {list(image.shape)}; {needed}")


def _type(value: Any) -> str:
    return type(value).__name__


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 80 else text[:77] + "..."
