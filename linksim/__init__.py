"""linksim: a link-level simulator for digital semantic communications."""

__version__ = "0.1.0"
