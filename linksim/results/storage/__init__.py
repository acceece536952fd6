"""Finished points: the journal that they are appended to, and their rows as columns."""
