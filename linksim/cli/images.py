"""Images named on the command line: a data set or a folder."""

import typing

from linksim.data.images import ImagesConfig, ImageSource, open_images


def named_images(name: str, count: int | None) -> ImageSource:
    """The first `count` images (None: all) of the data set `name`, or of the folder with that path."""
    sets = typing.get_args(ImagesConfig.model_fields["dataset"].annotation)
    place = {"dataset": name} if name in sets and name != "folder" else {"dataset": "folder", "path": name}
    return open_images(ImagesConfig.model_validate({**place, "count": count}))
