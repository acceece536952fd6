"""The runner: executes the points of a scenario here, in local processes or on a cluster, and resumes."""

from linksim.runner.progress import Bar, Progress
from linksim.runner.session import Execution, Outcome, run_scenario

__all__ = ["Bar", "Execution", "Outcome", "Progress", "run_scenario"]
