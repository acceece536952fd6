"""Example schemes and an example channel for linksim; see the modules `progressive`, `palette` and `nakagami`."""
