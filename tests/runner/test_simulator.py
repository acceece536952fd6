"""The simulator in this process, with schemes made for the purpose."""

import json
import math
from typing import Any

import numpy as np
import pytest

from linksim.common.reading.loading import validate
from linksim.data.images import open_images
from linksim.link import LinkConfig, SymbolReception
from linksim.results.row import unpack
from linksim.runner.identity import scheme_identities
from linksim.runner.plan import Job, Plan
from linksim.runner.simulation.simulator import Simulator
from linksim.scenario import Scenario
from linksim.schemes.base import Delivery, Scheme, Stream, SymbolStream, Transmission
from linksim.schemes.streams import IdealStream

AWGN = {"code": {"kind": "none", "block_bits": 256}, "channel": {"kind": "awgn"}}
SNRS = [50.0, 45.0]


class Bits(Scheme):
    """Sends the upper bits of the first row; shows a picture that depends on the SNR if `doubts`."""

    name = "s"

    def __init__(self, link: LinkConfig, doubts: bool = False) -> None:
        self.link, self.receive_depends_on_snr = link, doubts
        self.settings: dict[str, Any] = {}

    def transmit(self, images, image_ids, budgets, es_no_db):
        bits = [(image[0, :, 0] >> 7).astype(np.uint8) for image in images]
        return [
            Transmission((Stream(b, self.link),), image.shape[:2], settings=self.settings)
            for b, image in zip(bits, images, strict=True)
        ]

    def receive(self, transmissions, receptions, es_no_db):
        grey = round(es_no_db) if self.receive_depends_on_snr else 100
        return [Delivery(np.full((*t.size, 3), grey, np.uint8), outage=False) for t in transmissions]


class Symbols(Scheme):
    """Sends every pixel value as one symbol of a ring, and shows what it receives."""

    name = "s"
    transmit_depends_on_snr = True

    def __init__(self, link: LinkConfig) -> None:
        self.link = link

    def transmit(self, images, image_ids, budgets, es_no_db):
        rings = [np.exp(1j * np.pi * image.ravel() / 256) for image in images]
        return [
            Transmission((SymbolStream(ring, self.link),), image.shape[:2])
            for ring, image in zip(rings, images, strict=True)
        ]

    def receive(self, transmissions, receptions, es_no_db):
        out = []
        for transmission, (reception,) in zip(transmissions, receptions, strict=True):
            assert isinstance(reception, SymbolReception)
            values = np.clip(np.rint(np.angle(reception.symbols) * 256 / np.pi), 0, 255)
            out.append(Delivery(values.astype(np.uint8).reshape(*transmission.size, 3), outage=False))
        return out


class Ideal(Bits):
    def transmit(self, images, image_ids, budgets, es_no_db):
        streams = [IdealStream(800, 123, b"file") for _ in images]
        return [Transmission((s,), image.shape[:2]) for s, image in zip(streams, images, strict=True)]


def rows_of(scheme: Scheme, snrs: list[float] = SNRS, repetitions: int = 1, link: dict = AWGN) -> list[dict]:
    data = {
        "name": "n",
        "images": {"dataset": "samples", "count": 2, "size": 32},
        "link": link,
        "sweep": {"snr_db": snrs, "repetitions": repetitions},
        "metrics": ["psnr"],
        "schemes": [{"name": "s", "kind": "jpeg", "quality": 20}],
    }
    scenario = validate(data, Scenario, "test")
    plan = Plan(scenario, open_images(scenario.images), scheme_identities(scenario), ("psnr",))
    batch = plan.batch(0)
    points = tuple(plan.point(batch, "s", snr, r) for snr in snrs for r in range(repetitions))
    simulator = Simulator(scenario, ("psnr",), {"s": scheme})
    records = list(simulator.run(Job(batch, points)))
    for record in records:
        for row in unpack(record["rows"]):
            assert row["snr_db"] == record["snr_db"]
    return [row | {"shown": len(record["pictures"])} for record in records for row in unpack(record["rows"])]


def link() -> LinkConfig:
    return LinkConfig.model_validate(AWGN)


@pytest.mark.parametrize("order", [SNRS, SNRS[::-1]])
def test_a_receiver_that_uses_the_snr_is_asked_at_each(order: list[float]) -> None:
    """All blocks arrive at both SNRs; the picture is nevertheless that of each SNR, whatever order they come in."""
    found = {row["snr_db"]: row["psnr_db"] for row in rows_of(Bits(link(), doubts=True), order)}
    alone = {snr: rows_of(Bits(link(), doubts=True), [snr])[-1]["psnr_db"] for snr in SNRS}
    assert found == alone
    assert len(set(found.values())) == 2


def test_a_receiver_that_does_not_is_asked_once() -> None:
    scheme, calls = Bits(link()), []
    receive = scheme.receive
    scheme.receive = lambda *args: calls.append(1) or receive(*args)  # type: ignore[method-assign]
    rows_of(scheme)
    assert len(calls) == 1


def test_a_scheme_that_does_not_say_is_taken_to_use_the_snr() -> None:
    assert Scheme.receive_depends_on_snr


def test_symbols_are_counted_and_never_an_outage() -> None:
    rows = rows_of(Symbols(link()), [40.0, 5.0])
    for row in rows:
        assert row["status"] == "ok"
        assert row["channel_uses"] == 32 * 32 * 3
        assert row["rho"] == 1
        assert row["coded_bits"] == row["source_bits"] == row["n_blocks"] == row["bit_errors"] == 0
        assert math.isnan(row["bpp"])
        assert math.isnan(row["ebn0_db"])
        assert math.isnan(row["iterations"])
        assert not row["outage"]
    assert rows[0]["psnr_db"] > rows[2]["psnr_db"] + 20


def test_an_ideal_code_is_counted_by_its_stream() -> None:
    (row, *_) = rows_of(Ideal(link()), [10.0])
    assert (row["channel_uses"], row["source_bits"], row["information_bits"]) == (123, 800, 800)
    assert row["n_blocks"] == row["coded_bits"] == 0
    assert row["ebn0_db"] == pytest.approx(10 - 10 * math.log10(800 / 123), abs=1e-6)


def test_settings_are_for_show_alone() -> None:
    scheme = Bits(link())
    scheme.settings = {"ideal_channel_uses": 7, "ideal_source_bits": 9}
    (row, *_) = rows_of(scheme, [10.0])
    assert row["source_bits"] == 32
    assert row["channel_uses"] != 7
    assert json.loads(row["settings"]) == scheme.settings


def test_pictures_of_the_first_repetition_alone_are_kept() -> None:
    shown = [row["shown"] for row in rows_of(Bits(link()), [50.0], repetitions=2)]
    assert shown == [2, 2, 0, 0]


class TwoStreams(Bits):
    """Sends the same bits over two links: one without noise to speak of, one without a chance."""

    def __init__(self, good: LinkConfig, bad: LinkConfig) -> None:
        super().__init__(good)
        self.links = good, bad
        self.seen: list[tuple[bool, ...]] = []

    def transmit(self, images, image_ids, budgets, es_no_db):
        bits = np.tile(np.array([0, 1], np.uint8), 400)
        return [Transmission(tuple(Stream(bits, one) for one in self.links), image.shape[:2]) for image in images]

    def receive(self, transmissions, receptions, es_no_db):
        self.seen += [tuple(part.ok for part in parts) for parts in receptions]
        self.receptions = receptions
        return super().receive(transmissions, receptions, es_no_db)


def _bpsk(**more: Any) -> LinkConfig:
    return LinkConfig.model_validate(AWGN | {"modulation": {"bits_per_symbol": 1}} | more)


def test_an_image_is_intact_only_if_all_its_streams_are() -> None:
    qam = LinkConfig.model_validate(AWGN | {"modulation": {"bits_per_symbol": 8}})
    scheme = TwoStreams(_bpsk(code={"kind": "none", "block_bits": 512}), qam)
    rows = rows_of(scheme, [14.0])
    assert scheme.seen == [(True, False)] * 2
    sent = 2 * 800
    assert [row["source_bits"] for row in rows] == [sent] * 2
    for row, (good, bad) in zip(rows, scheme.receptions, strict=True):
        assert row["block_errors"] == np.count_nonzero(~bad.block_ok) > 0
        assert row["bit_errors"] == np.count_nonzero(bad.bits != good.bits) > 0
        assert row["bpp"] == sent / (32 * 32)
        assert row["channel_uses"] == good.ledger.channel_uses + bad.ledger.channel_uses


def test_streams_and_repetitions_meet_noise_of_their_own() -> None:
    scheme = TwoStreams(_bpsk(), _bpsk())
    noises = []
    for repetitions in (1, 2):
        rows_of(scheme, [-5.0], repetitions=repetitions)
        noises += [part.llr for part in scheme.receptions[0]]
    first, second, again_first, again_second = (np.round(noise, 4).tobytes() for noise in noises)
    assert len({first, second, again_first, again_second}) == 4
    rows_of(scheme, [-5.0], repetitions=2)
    assert np.array_equal(scheme.receptions[0][1].llr, noises[3]), "and the same ones when it is run again"


class SentBySnr(Bits):
    """Sends and shows another grey at each SNR, which its receiver takes from the settings."""

    transmit_depends_on_snr = True

    def transmit(self, images, image_ids, budgets, es_no_db):
        sent = super().transmit(images, image_ids, budgets, es_no_db)
        return [Transmission(one.streams, one.size, context=round(es_no_db)) for one in sent]

    def receive(self, transmissions, receptions, es_no_db):
        return [Delivery(np.full((*t.size, 3), t.context, np.uint8), outage=False) for t in transmissions]


def test_what_is_sent_anew_at_each_snr_is_received_anew() -> None:
    """Also where the receiver itself does not use the SNR, and every block arrives at both."""
    found = {row["snr_db"]: row["psnr_db"] for row in rows_of(SentBySnr(link()))}
    assert len(set(found.values())) == 2
