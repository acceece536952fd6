"""The pictures that `images.save` asks for: written as points come in, looked for before a finished point is passed over."""

import math
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

from linksim.data.images import ImageSource
from linksim.metrics.registry import metric
from linksim.results.pictures import Place, is_there, save, sent_file, write_index
from linksim.results.row import unpack


class SavedPictures:
    """Received pictures of a results folder.

    Args:
        folder: the results folder.
        source: the images that are sent.
        wanted: ids of those whose pictures are kept.
        metrics: what is measured of a picture; one without any value shows nothing.
    """

    def __init__(self, folder: Path, source: ImageSource, wanted: frozenset[str], metrics: tuple[str, ...]) -> None:
        self._folder, self._source, self._wanted = folder, source, wanted
        self._columns = [metric(name).column for name in metrics]
        self._places: set[Place] = set()
        self._sent: set[str] = set()

    def among(self, images: Iterable[str]) -> bool:
        """Whether pictures of any of these images are kept; where not, stored points need not be read."""
        return not self._wanted.isdisjoint(images)

    def lost(self, record: dict[str, Any]) -> bool:
        """Whether a picture that belongs to the record of a stored point is not there, or is cut."""
        places = list(self._of(record))
        self._places.update(places)
        return not all(is_there(self._folder, place.file) and self._has_original(place.image) for place in places)

    def keep(self, record: dict[str, Any], pictures: list[tuple[str, np.ndarray]]) -> None:
        """Write the pictures of a point and, once, their originals. Raises `StorageError`."""
        for image, picture in pictures:
            place = Place(record["scheme"], record["snr_db"], record["repetition"], image)
            if not self._has_original(image):
                save(self._folder, sent_file(image), self._source.load(self._source.ids.index(image)))
            save(self._folder, place.file, picture)
            self._places.add(place)

    def finish(self) -> None:
        """Write the index of all pictures, where any are kept."""
        if self._places:
            write_index(self._folder, self._places)

    def _has_original(self, image: str) -> bool:
        if image not in self._sent and is_there(self._folder, sent_file(image)):
            self._sent.add(image)
        return image in self._sent

    def _of(self, record: dict[str, Any]) -> Iterator[Place]:
        for row in unpack(record["rows"]):
            shown = row["status"] == "ok" and any(not math.isnan(row.get(column, math.nan)) for column in self._columns)
            if shown and row["image"] in self._wanted:
                yield Place(record["scheme"], record["snr_db"], record["repetition"], row["image"])
