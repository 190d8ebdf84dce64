"""The what-if controls: one record each, with its unit, its range and where the range comes from.

The page, the check of what was asked and the words of the scenario all read these records.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Control:
    """One number a planner may change.

    Attributes
    ----------
    name, lever
        Of the field on the page, and of the lever it fills.
    low, high, step, neutral
        Range and the value that changes nothing. [``unit``]
    source
        Why the range ends where it does.
    """

    name: str
    lever: str
    label: str
    unit: str
    low: float
    high: float
    step: float
    neutral: float
    hint: str
    source: str

    def holds(self, value: float) -> bool:
        """Whether a value lies in the range."""
        return self.low <= value <= self.high


EXTRA_BEDS = Control(
    "beds",
    "add_beds",
    "Extra open beds",
    "beds",
    0,
    40,
    1,
    0,
    "0 keeps the ward as it is. More than stands closed means new beds.",
    "assumed: a ward team of one and a half times the largest usual ward; more is another question",
)
ARRIVALS = Control(
    "arrivals",
    "scale_arrivals",
    "Arrivals",
    "% of forecast",
    50,
    150,
    1,
    100,
    "100 is as forecast; 110 is a tenth more.",
    "assumed: half to one and a half of the forecast; further off the forecast itself says nothing",
)
DISCHARGE = Control(
    "discharge",
    "earlier_discharge",
    "Discharges earlier by",
    "h",
    0,
    6,
    0.5,
    0,
    "Every discharge of the day, in every ward.",
    "assumed: six hours moves a discharge from the afternoon to the morning round",
)
CONTROLS = (EXTRA_BEDS, ARRIVALS, DISCHARGE)
