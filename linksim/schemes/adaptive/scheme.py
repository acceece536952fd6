"""Adaptive modulation and coding: at each average SNR the scheme of a grid that does best on validation images."""

from collections import defaultdict, deque
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import cached_property, lru_cache, partial
from itertools import chain
from typing import Any, NamedTuple

import numpy as np

from linksim.common.errors import InputError
from linksim.data.images import open_images
from linksim.link import Link, LinkConfig, Reception
from linksim.link.blocks import BlockKey
from linksim.metrics.registry import metric
from linksim.schemes.adaptive.ranking import Ranking
from linksim.schemes.base import Delivery, Scheme, SchemeContext, Transmission
from linksim.schemes.budget import budget_chain
from linksim.schemes.config import AdaptiveMcs, Mcs, SameMcs
from linksim.schemes.encodings import Encodings
from linksim.schemes.links import UnfitError, with_mcs
from linksim.schemes.sending import send

ENOUGH_BLOCKS = 96
"""If blocks arrive by chance, independently, with probability p, all of so many fail with `(1 - p)^96`: below 1 % for p
of 5 %, with which a picture of ten blocks arrives once in 10^13 times."""

IMAGES_AT_A_TIME = 4

LINK_CACHE_BYTES = 8 * 2**20

LOST = Delivery(None, outage=True)


@lru_cache(maxsize=96)
def _validation_link(config: LinkConfig) -> Link:
    """Schemes with the same grid choose on the same blocks, whatever their budgets."""
    return Link(config, LINK_CACHE_BYTES)


class Choice(NamedTuple):
    """What may be chosen at an SNR.

    Attributes:
        mcs: code rate and constellation.
        variant: number of the scheme's alternative; 0 is the scheme as it stands.
        reserve: share of the budget that is kept for sending blocks again; 0 without HARQ.
    """

    mcs: Mcs
    variant: int = 0
    reserve: float = 0.0

    def settings(self) -> dict[str, float]:
        """The choice as a row tells it."""
        other = {"alternative": self.variant} if self.variant else {}
        kept = {"reserve": self.reserve} if self.reserve else {}
        return {"code_rate": round(self.mcs.rate, 4), "bits_per_symbol": self.mcs.bits_per_symbol} | other | kept


class AdaptiveScheme(Scheme):
    """A scheme with the code rate and constellation chosen per average SNR, on validation images at equal channel uses.

    Where a configuration has `variants` (a semantic scheme's alternatives), each with each grid entry may be chosen; with
    HARQ each of them with each of `reserves`.

    A grid entry counts by the mean metric over the validation images, where a picture that is lost, or that it cannot
    send within the budget, is concealed; of equals the first wins. It is tried no further than until it can no longer
    win (`ranking`), where no picture is taken to be better for the errors in it. An entry that brings none of the first
    `ENOUGH_BLOCKS` blocks across, and no picture, is taken to lose all the others. An image under test that does not fit is sent with
    the next best entry that it fits; nothing else of the images under test is looked at.
    """

    transmit_depends_on_snr = True

    def __init__(self, config: Any, context: SchemeContext, build: Callable[[Any, SchemeContext], Scheme]) -> None:
        assert isinstance(config.mcs, AdaptiveMcs)
        self.name, self.rate_match = config.name, config.rate_match
        self.budget = getattr(config, "budget", None)
        self.config, self.mcs, self.context = config, config.mcs, context
        self._build = build
        self._variants: tuple[Any, ...] = getattr(config, "variants", (config,))
        self._built: dict[Choice, Scheme] = {}
        self._rankings: dict[float, Ranking[Choice]] = {}
        self._intact: dict[Choice, tuple[Any, list[Transmission], list[float]]] = {}
        self._images: list[np.ndarray] | None = None
        self._grid = self.mcs.entries
        repeats = context.link.harq.repeats and hasattr(config, "reserve")
        self._reserves = self.mcs.reserves if repeats else (0.0,)
        for mcs in self._grid:
            with_mcs(context.link, mcs, f"scheme {self.name!r}: mcs adaptive")

    @cached_property
    def choices(self) -> tuple[Choice, ...]:
        """All that may be chosen: every variant with every grid entry that its protection goes with.

        Raises:
            InputError: a variant that goes with none of the grid.
        """
        possible = []
        for variant in range(len(self._variants)):
            refusals = []
            for mcs in self._grid:
                try:
                    self.fixed(mcs, variant)
                except UnfitError as error:
                    refusals.append(error)
                else:
                    possible += [Choice(mcs, variant, reserve) for reserve in self._reserves]
            if len(refusals) == len(self._grid):
                raise self._fits_none(variant, str(refusals[0]))
        return tuple(possible)

    def _fits_none(self, variant: int, reason: str) -> UnfitError:
        """That a variant goes with no grid entry, and why not with the first."""
        who, count = f"scheme {self.name!r}: ", len(self._grid)
        which = f"alternatives.{variant - 1}" if variant else "the scheme as it stands, which is alternative 0"
        if len(self._variants) == 1:
            which = "the scheme"
        entries = "the entry of mcs.grid does not go" if count == 1 else f"none of the {count} entries of mcs.grid goes"
        first = "" if count == 1 else "the first: "
        return UnfitError(f"{who}{entries} with {which}; {first}{reason.removeprefix(who)}")

    def fixed(self, mcs: Mcs, variant: int = 0, reserve: float = 0.0) -> Scheme:
        """A variant of the scheme with one grid entry at every SNR: a curve under the envelope."""
        choice = Choice(mcs, variant, reserve)
        if choice not in self._built:
            link = with_mcs(self.context.link, mcs, f"scheme {self.name!r}: mcs adaptive")
            kept = {"reserve": reserve} if link.harq.repeats else {}
            config = self._variants[variant].model_copy(update={"mcs": SameMcs()} | kept)
            try:
                self._built[choice] = self._build(config, replace(self.context, link=link))
            except InputError as error:
                if variant:
                    raise type(error)(self._of_alternative(str(error), variant)) from None
                raise
        return self._built[choice]

    def _of_alternative(self, problem: str, variant: int) -> str:
        """What is wrong with a variant, under the keys of the scenario: those of the alternative, where it sets them."""
        scheme, alternative = f"schemes.{self.name}.", self.config.alternatives[variant - 1]
        key = problem.removeprefix(scheme).partition(":")[0].partition(".")[0]
        if problem.startswith(scheme) and key in alternative.model_fields_set:
            return f"{scheme}alternatives.{variant - 1}.{problem.removeprefix(scheme)}"
        return problem

    def choose(self, es_no_db: float) -> Choice:
        """What is chosen for an average Es/N0 in dB."""
        return next(iter(self._ranking(es_no_db)))

    def _ranking(self, es_no_db: float) -> Ranking[Choice]:
        if es_no_db not in self._rankings:
            self._rankings[es_no_db] = Ranking(self.choices, partial(self._trial, es_no_db=es_no_db))
        return self._rankings[es_no_db]

    def score(self, choice: Choice, es_no_db: float) -> float:
        """Mean metric of all validation images, lost ones and those that do not fit concealed (larger is better)."""
        return deque(self._trial(choice, es_no_db), maxlen=1)[0]

    def _trial(self, choice: Choice, es_no_db: float) -> Iterator[float]:
        """What the choice's score can still be, ever closer: images that were not yet sent count as if nothing were
        wrong with them.
        """
        scheme = self.fixed(*choice)
        images, ids = self._validation()
        budgets = self._budgets(es_no_db)
        sent, best = self._sent(choice, es_no_db)
        best = best * self.mcs.repetitions
        values: list[float] = []
        yield float(np.mean(best))
        for repetition in range(self.mcs.repetitions):
            blocks, hopeless = 0, True
            for start in range(0, len(images), IMAGES_AT_A_TIME):
                part = range(start, min(start + IMAGES_AT_A_TIME, len(images)))
                tried = [i for i in part if not sent[i].infeasible and not (hopeless and blocks >= ENOUGH_BLOCKS)]

                def key(number: int, stream: int, repetition: int = repetition, tried: list[int] = tried) -> BlockKey:
                    return (self.context.seed, "validation", ids[tried[number]], repetition, stream)

                transmissions = [sent[i] for i in tried]
                received = send(transmissions, es_no_db, key, _validation_link, [budgets[i] for i in tried])
                delivered = dict(zip(tried, scheme.receive(transmissions, received, es_no_db), strict=True))
                values += [self._value(images[i], delivered.get(i, LOST)) for i in part]
                blocks += sum(reception.ledger.n_blocks for parts in received for reception in parts)
                hopeless &= all(d.outage for d in delivered.values()) and not any(map(_arrived, chain(*received)))
                yield float(np.mean(values + best[len(values) :]))

    def _sent(self, choice: Choice, es_no_db: float) -> tuple[list[Transmission], list[float]]:
        """What is sent of the validation images, and the metric of each if every block arrives."""
        scheme = self.fixed(*choice)
        images, ids = self._validation()
        sizes = [(image.shape[0], image.shape[1]) for image in images]
        metric(self.mcs.metric).require_one_size(sizes, f"scheme {self.name!r}: mcs.validation: {self.mcs.metric}")
        budgets = self._budgets(es_no_db)
        depends = scheme.transmit_depends_on_snr or scheme.receive_depends_on_snr
        condition = budgets, es_no_db if depends else None
        if choice not in self._intact or self._intact[choice][0] != condition:
            sent = scheme.transmit(images, ids, budgets, es_no_db)
            values = [self._best(scheme, *pair, es_no_db) for pair in zip(images, sent, strict=True)]
            self._intact[choice] = condition, sent, values
        return self._intact[choice][1:]

    def _best(self, scheme: Scheme, image: np.ndarray, sent: Transmission, es_no_db: float) -> float:
        """The metric of an image that loses nothing on its way. No picture is taken to be better for its errors."""
        if sent.infeasible:
            return self._value(image, LOST)
        received = tuple(arrived for stream in sent.streams if (arrived := stream.intact()) is not None)
        if len(received) < len(sent.streams):
            return np.inf
        return self._value(image, scheme.receive([sent], [received], es_no_db)[0])

    def _value(self, image: np.ndarray, delivery: Delivery) -> float:
        picture = delivery.image
        if picture is None:
            from linksim.schemes.classical.concealment import flat_picture

            picture = flat_picture((image.shape[0], image.shape[1]), "mean")
        chosen = metric(self.mcs.metric)
        return chosen.sign * float(chosen.values(image[None], picture[None])[0])

    def _validation(self) -> tuple[list[np.ndarray], list[str]]:
        source = open_images(self.mcs.validation, f"schemes.{self.name}.mcs.validation")
        if self._images is None:
            self._images = [image for _, image in source.readable()]
            if not self._images:
                raise InputError(f"scheme {self.name!r}: mcs.validation: no image could be read")
        kept = [name for name in source.ids if name not in source.skipped]
        return self._images, kept[: len(self._images)]

    def _budgets(self, es_no_db: float) -> list[int | None]:
        """Most channel uses of each validation image; for all the grid the same."""
        return self._encodings.budgets(self, es_no_db)

    @cached_property
    def _encodings(self) -> Encodings:
        """The validation images as the schemes encode them that set this one's budget."""
        configs = {config.name: config for config in self.context.schemes}
        names = budget_chain(self.name, configs | {self.name: self.config})[1:]
        references = {name: self._build(configs[name], self.context) for name in names}
        return Encodings(references, self.context.link, *self._validation())

    def transmit(
        self, images: list[np.ndarray], image_ids: list[str], budgets: list[int | None], es_no_db: float | None
    ) -> list[Transmission]:
        """With the grid entry chosen for `es_no_db`, or the best that an image fits; `settings` names the choice, and
        what was sent instead.
        """
        if es_no_db is None:
            raise ValueError(f"scheme {self.name}: adaptive coding needs es_no_db")
        out: dict[int, Transmission] = {}
        choice = self.choose(es_no_db)
        left = list(range(len(images)))
        for tried in self._ranking(es_no_db):
            instead = {} if tried == choice else {f"sent_{key}": value for key, value in tried.settings().items()}
            transmissions = self.fixed(*tried).transmit(
                [images[i] for i in left], [image_ids[i] for i in left], [budgets[i] for i in left], es_no_db
            )
            for i, sent in zip(left, transmissions, strict=True):
                if i not in out or not sent.infeasible:
                    settings = sent.settings | choice.settings() | instead
                    out[i] = replace(sent, context=(tried, sent.context), settings=settings)
            left = [i for i in left if out[i].infeasible]
            if not left:
                break
        return [out[i] for i in range(len(images))]

    def receive(
        self, transmissions: list[Transmission], receptions: list[tuple[Any, ...]], es_no_db: float
    ) -> list[Delivery]:
        """Each transmission is received by the scheme of its grid entry."""
        members: dict[Choice, list[int]] = defaultdict(list)
        for i, transmission in enumerate(transmissions):
            members[transmission.context[0]].append(i)
        out: dict[int, Delivery] = {}
        for choice, numbers in members.items():
            sent = [replace(transmissions[i], context=transmissions[i].context[1]) for i in numbers]
            deliveries = self.fixed(*choice).receive(sent, [receptions[i] for i in numbers], es_no_db)
            out.update(zip(numbers, deliveries, strict=True))
        return [out[i] for i in range(len(transmissions))]


def _arrived(reception: Any) -> bool:
    """Whether anything of it arrived whole, as far as a receiver can tell; symbols always count."""
    return not isinstance(reception, Reception) or bool(reception.block_ok.any())
