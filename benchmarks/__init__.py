"""Speed measurements, side by side with plain scripts that do the same work."""
