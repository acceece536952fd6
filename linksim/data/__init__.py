"""Names in, images and weights out: from the folder `LINKSIM_DATA`, the cache, or the official host."""

from linksim.data.inventory import fetch, image_files, list_items, path

__all__ = ["fetch", "image_files", "list_items", "path"]
