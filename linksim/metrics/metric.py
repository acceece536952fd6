"""The seam of metrics: name, label and direction, the function, and the data that it needs."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from importlib import import_module
from typing import TYPE_CHECKING, Any, Self

from linksim.common.errors import DataUnavailableError, InputError, LinksimError
from linksim.common.plugin_code import code_digest
from linksim.metrics.measure import Measure
from linksim.metrics.sizes import BySize

if TYPE_CHECKING:
    import numpy as np

Compute = Callable[["np.ndarray", "np.ndarray"], "np.ndarray"]


@dataclass(frozen=True, kw_only=True)
class Metric(Measure):
    """A quality of received pictures against their originals, one number per image.

    Attributes:
        compute: from originals and pictures, both uint8 `[batch, height, width, 3]`, to float `[batch]`. It may raise
            `DataUnavailableError` where something that it needs is not on this machine; its column is then empty.
        data: items or groups of linksim's data catalogue that it needs, e.g. `lpips-alex`.
        identity: gives names and hashes of what determines its values, such as weights; for `run.json` and ids of
            points.
        by_size: what in its definition depends on the size of the image; None for nothing.
        least_side: pixels that the shorter side of an image must have.
        package: name and version of the package that brings it; "" for linksim's own.
    """

    compute: Compute
    data: tuple[str, ...] = ()
    identity: Callable[[], Mapping[str, str]] = dict
    by_size: BySize | None = None
    least_side: int = 1
    package: str = ""

    @property
    def size_column(self) -> str:
        """Column of `results.csv` with what depends on the image's size, e.g. `ms_ssim_scales`."""
        return f"{self.column}_{self.by_size.name}" if self.by_size else ""

    def shown_as(self, lines: Iterable[Mapping[str, Any]]) -> Self:
        """The metric with a label that says what its values in these lines of `results.csv` are of, e.g. `4 scales`."""
        remark = self.by_size.remark(line.get(self.size_column, "") for line in lines) if self.by_size else ""
        return replace(self, label=f"{self.label} ({remark})") if remark else self

    def why_empty(self, lines: Iterable[Mapping[str, Any]]) -> str:
        """Why it has no mean in some of these lines of `results.csv` although it was computed; "" where it has."""
        return self.by_size.why_empty(line.get(self.size_column, "") for line in lines) if self.by_size else ""

    def require_one_size(self, sizes: Iterable[tuple[int, int]], what: str) -> None:
        """Raise `InputError` where its mean over images of these sizes says nothing; `what` names them."""
        if self.by_size:
            self.by_size.require_one(sizes, what)

    def require_side(self, sizes: Mapping[str, tuple[int, int]], what: str) -> None:
        """Raise `InputError` where an image, (height, width) by name, is too small for the metric; `what` says whose images."""
        small = {name: size for name, size in sizes.items() if min(size) < self.least_side}
        if small:
            name, (height, width) = min(small.items(), key=lambda item: min(item[1]))
            raise InputError(
                f"{what}: {len(small)} of {len(sizes)} are too small for {self.name}, the smallest with {height} x {width} pixels "
                f"({name}); at least {self.least_side} x {self.least_side} are needed: choose other images, give a size, or leave "
                f"{self.name} out"
            )

    def values(self, originals: "np.ndarray", pictures: "np.ndarray") -> "np.ndarray":
        """The metric of each picture against its original, float64 `[batch]`, finite.

        Raises:
            InputError: images that it does not take; or it raised, or gave another shape or values that are not finite.
            DataUnavailableError: something that it needs is not on this machine.
        """
        import numpy as np

        try:
            given = np.asarray(self.compute(originals, pictures))
        except LinksimError:
            raise
        except (Exception, SystemExit) as error:
            reason = " ".join(f"{type(error).__name__}: {error}".split())
            raise InputError(f"{self._who} failed ({reason}); repair it, or leave {self.name} out") from error
        if given.dtype.kind not in "biuf":
            raise InputError(f"{self._who} gave {_kind(given)}; it must give one real number per image")
        result = given.astype(np.float64)
        if result.shape != (len(originals),):
            raise InputError(
                f"{self._who} gave an array of shape {list(result.shape)} for {len(originals)} images; "
                "it must give one number per image"
            )
        if not np.isfinite(result).all():
            bad = result[~np.isfinite(result)][0]
            raise InputError(f"{self._who} gave {bad:g} for an image; it must give finite numbers")
        return result

    @property
    def _who(self) -> str:
        return f"metric {self.name}" + (f" of {self.package}" if self.package else "")

    def unavailable(self) -> str:
        """Why it cannot be computed on this machine, in one line; "" if it can be.

        Raises:
            InputError: the metric of another package fails on a picture of 256 x 256 pixels.
        """
        if not self.data and not self.package:
            return ""
        try:
            self.values(*_probe())
        except DataUnavailableError as error:
            return str(error)
        except LinksimError as error:
            if self.package:
                raise
            return f"{self.name}: {error}"
        return ""

    def facts(self) -> dict[str, str]:
        """What determines its values beside linksim's own code: its package and that one's code, and its identity."""
        own = {"package": self.package, "code_sha256": code_digest(self.compute)} if self.package else {}
        return own | dict(self.identity())


def late(place: str) -> Callable[..., Any]:
    """The function `module:name`, whose module is imported at the first call."""
    module, _, name = place.partition(":")

    def call(*arguments: Any) -> Any:
        return getattr(import_module(module), name)(*arguments)

    return call


def _kind(given: "np.ndarray") -> str:
    """What a metric gave in place of real numbers, in a few words."""
    names = {
        "c": "complex numbers",
        "U": "text",
        "S": "text",
        "O": "objects",
        "M": "dates",
        "m": "times",
        "V": "records",
    }
    return names.get(given.dtype.kind, given.dtype.name)


def _probe() -> tuple["np.ndarray", "np.ndarray"]:
    """A pair of pictures with edges and gradients, the second with an error that differs from place to place."""
    import numpy as np

    y, x = np.mgrid[0:256, 0:256]
    plain = np.stack([x, y, (x * y // 64) % 256], -1).astype(np.uint8)
    return plain[None], (plain ^ ((x // 3 + y // 5) % 8)[..., None].astype(np.uint8))[None]
