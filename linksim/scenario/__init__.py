"""A scenario file in, a `Scenario` out."""

from linksim.data.images import ImagesConfig
from linksim.scenario.loading import load_scenario
from linksim.scenario.models import Scenario
from linksim.scenario.sweep import Precision, SnrRange, Sweep

__all__ = ["ImagesConfig", "Precision", "Scenario", "SnrRange", "Sweep", "load_scenario"]
