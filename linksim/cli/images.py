"""Images named on the command line: a data set or a folder."""

import typing

from linksim.common.errors import InputError
from linksim.data.images import ImagesConfig, ImageSource, open_images


def named_images(name: str, count: int | None, size: int | None = None) -> ImageSource:
    """The first `count` images (None: all) of the data set `name`, or of the folder with that path, their headers looked at;
    where a `size` is given, as squares with that side.

    Raises:
        InputError: there is no such folder, it has no images, or some of them cannot be used.
    """
    if not name:
        raise InputError("--images: the name is empty; give a data set or a folder")
    sets = typing.get_args(ImagesConfig.model_fields["dataset"].annotation)
    place = {"dataset": name} if name in sets and name != "folder" else {"dataset": "folder", "path": name}
    source = open_images(ImagesConfig.model_validate({**place, "count": count, "size": size}))
    source.examine()
    return source
