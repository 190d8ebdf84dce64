"""Inputs in a ward manager's words: which of the network's many numbers belong to which reason.

The usual input, against which all is measured, is a past that went as the base foretold and a day that is a
little of every weekday and of every month, without a holiday.
"""

from __future__ import annotations

import numpy as np
from torch import Tensor

from forecasting.explaining.gradients import Moves
from forecasting.features import COVARIATES
from forecasting.windows import OWN, Windows

RECENT = {168: 7, 7: 7, 52: 4, 12: 3}  # steps that are "last": a week, a month, a quarter
YEAR_STEPS = {168: 365, 7: 365, 52: 52, 12: 12}
CALENDAR = {"weekday": "weekday", "hour": "hour", "half_day": "hour", "year": "time_of_year"}
HOLIDAY = ("holiday", "after_holiday", "before_holiday", "second_after", "year_end")
SEASON = {168: "weekday", 7: "weekday", 52: "time_of_year", 12: "time_of_year"}
TOLD = "told: "  # stands before the name of a covariate, so that it is never taken for another reason
SMALLEST = 0.05  # factor below which the network is shown no less


def usual_input(windows: Windows, here: Tensor) -> Tensor:
    """The usual input beside a real one, shape (step, feature): same series, same gaps in what is known."""
    usual = here.clone()
    year = YEAR_STEPS[windows.calendar.season] * windows.each
    past = windows.values.shape[1]
    mean = windows.covariates[max(0, past - year) : past].mean(axis=0)
    names = np.array(windows.names)
    for name in ("away", "factor", "last_year"):
        usual[:, names == name] = 0.0
    usual[:, names == "seen"] = 1.0
    first = int(np.flatnonzero(names == "weekday_0")[0])
    usual[:, first : first + len(mean)] = Tensor(mean)
    usual[:, list(_told(windows))] = 0.0  # what is told is told as its distance from the usual
    return usual


def reasons(windows: Windows, found: Moves, factors: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """The moves by reason, each of shape (lead,). [units of spread]

    Parameters
    ----------
    factors
        Parts of the base's factor over the window, reason -> shape (period,): what the network sees is their
        product, and each gets its share of what that adds.
    """
    parts, told = found.parts, _told(windows)
    steps = parts.shape[1]
    recent = windows.past // windows.each - RECENT[windows.calendar.season]
    out: dict[str, np.ndarray] = {}

    def add(reason: str, value: np.ndarray) -> None:
        out[reason] = out.get(reason, 0.0) + value

    for column, name in enumerate(windows.names):
        own = parts[:, :, column]
        if column in told:
            add(TOLD + name, own.sum(axis=1))
        elif name in ("away", "seen"):
            add("recent", own[:, :recent].sum(axis=1))
            add("last_week", own[:, recent:].sum(axis=1))
        elif name == "factor":
            period = np.arange(steps) * windows.each + column % windows.each
            left = own
            for reason, factor in factors.items():
                part = found.slopes[:, :, column] * np.log(np.maximum(factor[period], SMALLEST))
                add(reason, part.sum(axis=1))
                left = left - part
            add(next(iter(factors)), left.sum(axis=1))  # a product below the smallest factor that is shown
        elif name in ("last_year", "has_last_year"):
            add("last_year", own.sum(axis=1))
        else:
            add(_reason(name), own.sum(axis=1))
    return {reason: value for reason, value in out.items() if np.any(value)}


def _told(windows: Windows) -> range:
    """Columns of what the hospital told; their names are its own and may be anything."""
    first = len(OWN) * windows.each + len(COVARIATES)
    return range(first, first + len(windows.calendar.told_names))


def _reason(name: str) -> str:
    if name in HOLIDAY:
        return "holiday"
    if name == "working_days":
        return name
    family = name.rsplit("_", 1)[0]
    return CALENDAR.get(family, CALENDAR.get(family.removeprefix("half_"), "other"))
