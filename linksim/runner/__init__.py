"""A scenario in, a results folder out: what is missing is simulated here, in worker processes or on a cluster."""

from linksim.runner.progress import Bar, Progress
from linksim.runner.session import Execution, Outcome, run_scenario

__all__ = ["Bar", "Execution", "Outcome", "Progress", "run_scenario"]
