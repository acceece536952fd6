"""Example schemes for linksim; see the modules `webp` and `palette`."""
