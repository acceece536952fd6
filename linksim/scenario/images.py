"""The images of a scenario: which are sent, and of which the received pictures are kept as files."""

from typing import Annotated, Any, Literal

from pydantic import Field, field_validator

from linksim.common.errors import InputError
from linksim.common.nearest import did_you_mean
from linksim.data.images import ImagesConfig

MAX_SAVED_IDS = 100_000


class SentImages(ImagesConfig):
    __doc__ = ImagesConfig.__doc__

    save: (
        Literal["all"]
        | Annotated[int, Field(ge=1, le=10_000_000)]
        | Annotated[tuple[str, ...], Field(min_length=1)]
        | None
    ) = Field(
        None,
        description="received pictures that are kept as PNG files below `pictures/`: of `all` images, of the first so "
        "many, or of a list of image ids; none if null",
    )

    @field_validator("save", mode="before")
    @classmethod
    def _all_or_some(cls, value: Any) -> Any:
        if value is None or value == "all":
            return value
        if isinstance(value, int) and not isinstance(value, bool) and value >= 1:
            return value
        if (
            isinstance(value, list | tuple)
            and 0 < len(value) <= MAX_SAVED_IDS
            and all(isinstance(v, str) for v in value)
        ):
            return tuple(value)
        shown = repr(value)
        raise ValueError(
            f"{shown if len(shown) <= 60 else shown[:57] + '...'} is not allowed; allowed: all, a number of images from 1 on, "
            "or a list of image ids (in quotes where they look like numbers)"
        )

    def saved(self, ids: list[str]) -> frozenset[str]:
        """The images among `ids`, those of the source in order, whose pictures are kept.

        Raises:
            InputError: an id is none of them; the message has the nearest one.
        """
        if self.save is None:
            return frozenset()
        if self.save == "all":
            return frozenset(ids)
        if isinstance(self.save, int):
            return frozenset(ids[: self.save])
        known = set(ids)
        for name in self.save:
            if name not in known:
                hint = did_you_mean(name, ids) or f"; the first one is {ids[0]!r}"
                raise InputError(f"images.save: no image has the id {name[:60]!r}{hint}")
        return frozenset(self.save)
