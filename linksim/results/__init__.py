"""Rows in, tables out: the append-only store of points, and what is derived from it."""

from linksim.results.files import write_tables
from linksim.results.reading.frames import read_images, read_results
from linksim.results.statistics import Estimate, estimate
from linksim.results.storage.store import PointStore, StorageError

__all__ = ["Estimate", "PointStore", "StorageError", "estimate", "read_images", "read_results", "write_tables"]
