"""Example schemes and an example channel for linksim; see the modules `webp`, `palette` and `nakagami`."""
