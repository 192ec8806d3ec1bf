"""What the objects of a machine did: how many are where, how long they stay, and which ways they take."""

from workflows.process_map.figures import EdgeFigures, Pace, ProcessMap, StateFigures
from workflows.process_map.period import Period
from workflows.process_map.reading import read_live, read_process_map

__all__ = ["EdgeFigures", "Pace", "Period", "ProcessMap", "StateFigures", "read_live", "read_process_map"]
