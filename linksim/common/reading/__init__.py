"""YAML text in, checked models out; what is wrong comes as one line."""
