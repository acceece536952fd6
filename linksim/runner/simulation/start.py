"""A simulator ready to work, its heavy imports done quietly."""

from typing import TYPE_CHECKING

from linksim.common.tensorflow import import_tensorflow

if TYPE_CHECKING:
    from linksim.runner.simulation.simulator import Simulator
    from linksim.scenario import Scenario


def start_simulator(scenario: "Scenario", metrics: tuple[str, ...]) -> "Simulator":
    """The simulator of `scenario`, computing `metrics`. The first call imports TensorFlow, which takes seconds."""
    import_tensorflow()
    from linksim.runner.simulation.simulator import Simulator

    return Simulator(scenario, metrics)
