"""Where images and weights come from: the folder `LINKSIM_DATA`, then the cache, then the official host."""

from linksim.data.inventory import fetch, image_files, list_items, path

__all__ = ["fetch", "image_files", "list_items", "path"]
