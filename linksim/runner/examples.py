"""Example pictures that a finished point should have left: which of them are not there any more, or damaged."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from linksim.common.errors import InputError
from linksim.results.reading.examples import is_whole, load_examples
from linksim.results.row import unpack

N_EXAMPLES = 3
"""Images whose received pictures are kept for figures and reports: the first of the scenario's."""


class Examples:
    """The examples of a results folder as they were when a run began.

    Args:
        folder: the results folder.
        image_ids: images that have examples.
    """

    def __init__(self, folder: Path, image_ids: Sequence[str]) -> None:
        self._folder = folder
        self._image_ids = frozenset(image_ids)
        self._whole: dict[str, bool] = {}
        self._files: dict[tuple[str, str, float], tuple[str, ...]] = {}
        try:
            index = load_examples(folder)
        except InputError:  # a damaged index is written anew, and all that it named with it
            index = []
        for image in index:
            for entry in image["received"]:
                files = (image["original"], *([entry["file"]] if entry["file"] else []))
                self._files[image["id"], entry["scheme"], float(entry["snr_db"])] = files

    def lost(self, record: dict[str, Any]) -> bool:
        """Whether the record of a stored point, of the first repetition, has pictures that have to be made again."""
        shown = {row["image"] for row in unpack(record["rows"]) if row["status"] == "ok"} & self._image_ids
        return not all(self._is_there(image, record["scheme"], float(record["snr_db"])) for image in shown)

    def _is_there(self, image: str, scheme: str, snr_db: float) -> bool:
        files = self._files.get((image, scheme, snr_db))
        return files is not None and all(self._looks_whole(file) for file in files)

    def _looks_whole(self, file: str) -> bool:
        if file not in self._whole:
            self._whole[file] = is_whole(self._folder, file)
        return self._whole[file]
