"""The version of linksim; a part of every report, and of the identity of every point."""

__version__ = "0.1.0"
