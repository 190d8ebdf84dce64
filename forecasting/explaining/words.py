"""Words: the reasons of a forecast as a ward manager would say them."""

from __future__ import annotations

from math import isfinite
from typing import TYPE_CHECKING

import pandas as pd

from forecasting.challengers import SEASONAL_NAIVE
from forecasting.explaining.inputs import TOLD
from forecasting.features import Calendar

if TYPE_CHECKING:
    from forecasting.explaining.account import Account, Part

LABELS = {
    "rounding": "rounding",
    "middle": "the middle against the mean",
    "trend": "trend",
    "working_days": "working days in the month",
    "closed": "closed",
    "silent": "nobody came for long",
    "lightgbm": "gradient boosting",
    "other": "other",
}
RECENT = {"h": "recent weeks", "D": "recent weeks", "W": "recent months", "MS": "recent months"}
LAST = {"h": "last week", "D": "last week", "W": "last month", "MS": "last quarter"}
SAME = {"h": "same hour last year", "D": "same day last year", "W": "same week last year", "MS": "last year"}
AS = {"h": "as last week", "D": "as last week", "W": "as last year", "MS": "as last year"}
MINUS = "\N{MINUS SIGN}"


def label(reason: str, ds: pd.Timestamp, frequency: str, calendar: Calendar, at: int) -> str:
    """One reason in words; ``at`` is the place of the period in the calendar."""
    if reason == "weekday":
        return f"{ds:%A}"
    if reason == "lately":
        return f"{ds:%A}s lately"
    if reason == "hour":
        return f"{ds:%H:%M}"
    if reason == "time_of_year":
        return f"{ds:%B}" if frequency == "MS" else "time of year"
    if reason == "holiday":
        return holiday_words(calendar, at)
    for name, words in (("recent", RECENT), ("last_week", LAST), ("last_year", SAME), (SEASONAL_NAIVE, AS)):
        if reason == name:
            return words[frequency]
    return LABELS.get(reason, reason.removeprefix(TOLD).replace("_", " "))


def holiday_words(calendar: Calendar, at: int) -> str:
    """``Good Friday``, ``day after Good Friday``; ``holidays near it`` on a usual day."""
    if calendar.mark[at] < 0:
        return "holidays near it"
    name, days = calendar.marks[int(calendar.mark[at])]
    if days == 0:
        return name
    side = "after" if days > 0 else "before"
    return f"day {side} {name}" if abs(days) == 1 else f"{abs(days)} days {side} {name}"


def signed(value: float) -> str:
    """``+14``; a tenth below ten, a hundredth below one, and ``0`` for what is less."""
    size = abs(value)
    said = f"{size:,.0f}" if size >= 9.95 else f"{size:.1f}" if size >= 0.95 else f"{size:.2f}"
    if not any(figure in said for figure in "123456789"):
        return "0"
    return ("+" if value > 0 else MINUS) + said


def number(value: float) -> str:
    """A count as it is told: whole from ten on, else with one decimal where it has one."""
    return f"{value:,.0f}" if value >= 9.95 or abs(value - round(value)) < 0.005 else f"{value:.1f}"


def when(ds: pd.Timestamp, frequency: str) -> str:
    """``Tue 2 Jan 2024``, ``Tue 2 Jan 2024 08:00``, ``January 2024``."""
    if frequency == "MS":
        return f"{ds:%B %Y}"
    return f"{ds:%a} {ds.day} {ds:%b %Y}" + (f" {ds:%H:%M}" if frequency == "h" else "")


def told_parts(account: Account, share: float = 0.02) -> list[Part]:
    """The parts worth a word: at least so large a share of the middle, the largest first."""
    least = share * max(account.served, account.usual, 1e-9)
    return [part for part in account.parts if abs(part.value) >= least and signed(part.value) != "0"]


def opening(account: Account, frequency: str) -> str:
    """``Tue 2 Jan 2024: 231 (80 %: 210 to 252). Usually 205``, without a full stop."""
    head = f"{when(account.ds, frequency)}: {number(account.served)}"
    if isfinite(account.low):
        head += f" (80 %: {number(account.low)} to {number(account.high)})"
    return f"{head}. Usually {number(account.usual)}"


def sentence(account: Account, frequency: str, most: int = 3) -> str:
    """The opening and the largest reasons: ``...; Tuesday +10, day after New Year's Day +14.``"""
    told = ", ".join(f"{part.said} {signed(part.value)}" for part in told_parts(account)[:most])
    return f"{opening(account, frequency)}; {told}." if told else f"{opening(account, frequency)}."


def headline(account: Account) -> str:
    """The largest reason: ``Monday, day after Boxing Day: +14``; empty where none is worth a word."""
    told = told_parts(account)
    if not told:
        return ""
    first = told[0]
    days = [part for part in told if part.reason in ("weekday", "holiday")]
    if len(days) == 2 and first in days:
        weekday, holiday = sorted(days, key=lambda part: part.reason, reverse=True)
        return f"{weekday.said}, {holiday.said}: {signed(weekday.value + holiday.value)}"
    return f"{first.said[:1].upper()}{first.said[1:]}: {signed(first.value)}"
