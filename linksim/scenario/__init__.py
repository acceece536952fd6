"""Scenarios: the YAML file, its validation, its overrides."""

from linksim.scenario.loading import load, load_scenario, validate
from linksim.scenario.models import ImagesConfig, Precision, Scenario, SnrRange, Sweep

__all__ = ["ImagesConfig", "Precision", "Scenario", "SnrRange", "Sweep", "load", "load_scenario", "validate"]
