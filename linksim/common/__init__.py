"""What every room uses: errors, seeded randomness, YAML and overrides, plug-ins. Knows no other room."""
