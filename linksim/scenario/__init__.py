"""Scenarios: the YAML file, its validation, its overrides."""

from linksim.scenario.loading import load_scenario
from linksim.scenario.models import ImagesConfig, Precision, Scenario, SnrRange, Sweep

__all__ = ["ImagesConfig", "Precision", "Scenario", "SnrRange", "Sweep", "load_scenario"]
