"""Names in, images and weights out: from the folder `LINKSIM_DATA`, the cache, or the official host."""

from linksim.data.inventory import all_image_files, fetch, image_files, list_items, path

__all__ = ["all_image_files", "fetch", "image_files", "list_items", "path"]
