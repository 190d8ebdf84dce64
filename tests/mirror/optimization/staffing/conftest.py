"""Stations small enough to check by hand."""

import numpy as np
import pytest

from optimization.staffing.question import Question, by_block
from optimization.staffing.station import Days, Station, draw_days
from twin.units import MS_MINUTE


def station(*rates: float, name: str = "nurse", minutes: float = 20, **more) -> Station:
    """A station with these expected tasks in each half hour."""
    return Station(name, np.array(rates, dtype=float), minutes, **more)


def days_by_hand(of: Station, *days: list[tuple[float, float]]) -> Days:
    """Days of (arrival, service), in minutes."""
    rows = [row for day in days for row in day]
    arrival = np.array([round(a * MS_MINUTE) for a, _ in rows], dtype=np.int64)
    service = np.array([round(s * MS_MINUTE) for _, s in rows], dtype=np.int64)
    first = np.cumsum([0, *(len(day) for day in days)]).astype(np.int64)
    return Days(of, first, arrival, service, arrival // of.block_ms - of.warm_blocks)


def minutes(times) -> list[float]:
    """Milliseconds as minutes."""
    return [float(t) / MS_MINUTE for t in times]


#: expected tasks by block of a short day with one busy stretch
SHORT_DAY = (1.0, 2.0, 4.0, 5.0, 3.0, 1.5)
COSTS = (1.3, 1.0, 1.0, 1.0, 1.0, 1.3)


@pytest.fixture(scope="session")
def short_day() -> Question:
    """Six blocks, levels free by block, 80 % within ten minutes."""
    nurse = station(*SHORT_DAY, service_cv=0.7, rate_cv=0.1)
    return Question((nurse,), {"nurse": by_block(COSTS)}, limit_minutes=10.0)


@pytest.fixture(scope="session")
def short_days(short_day: Question) -> Days:
    """Its 30 training days."""
    return draw_days(short_day.stations[0], seed=3, replications=range(0, 60, 2))
