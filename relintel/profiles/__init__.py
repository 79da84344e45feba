"""Many readings of one customer and brand become a profile that changes over time.

Pure functions over records: no clock, no disk but the shipped parameters, numpy alone.
"""

from __future__ import annotations

from relintel.profiles.filter import Course, Point, State, advance, fold
from relintel.profiles.movements import Turn
from relintel.profiles.parameters import Parameters, default_parameters
from relintel.profiles.similarity import EXTRA_DIMENSIONS, profile_vector, reasons
from relintel.profiles.states import faded
from relintel.profiles.summary import movements_of, profile

__all__ = [
    "EXTRA_DIMENSIONS",
    "Course",
    "Parameters",
    "Point",
    "State",
    "Turn",
    "advance",
    "default_parameters",
    "faded",
    "fold",
    "movements_of",
    "profile",
    "profile_vector",
    "reasons",
]
