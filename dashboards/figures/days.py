"""Every day of one stream in one line of a table, so that a missing day is seen before it is looked for.

Grey is each day, ink the mean of seven days. A day on which nobody came, where that weekday usually brings
many, stands as an amber field with a diamond above it: told by place, shape and colour together.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import date, timedelta

from dashboards.figures import svg

WEEK = 7
#: share of its own mean day at which a strip ends: above it only feast days and faults (our choice)
HIGHEST = 2.0
#: months between two words below a strip, by its width [px]
EVERY_WIDE, EVERY_NARROW = 2, 3


def day_strip(
    daily: Sequence[float],
    first: date,
    gaps: Collection[date],
    label: str,
    width: float = 510,
    height: float = 60,
    every: int = EVERY_WIDE,
) -> str:
    """Draw the days of one stream from zero to twice its own mean day.

    Parameters
    ----------
    daily
        Arrivals on each day from ``first`` on, shape (day,). [patients a day]
    gaps
        Days that seem to be missing.
    every
        Months between two words on the axis.
    """
    top, bottom = 8.0, height - 16
    across = svg.scale(0, max(len(daily) - 1, 1), 1, width - 1)
    held = [value for i, value in enumerate(daily) if first + timedelta(days=i) not in gaps]
    usual = sum(held) / len(held) if held else 0.0
    down = svg.scale(0, HIGHEST * usual or 1.0, bottom, top)
    days: list[float | None] = [
        None if first + timedelta(days=i) in gaps else min(value, HIGHEST * usual or 1.0)
        for i, value in enumerate(daily)
    ]
    body = [svg.line(0, bottom, width, bottom, "axis")]
    body += _months(first, len(daily), across, bottom, every, width)
    body += [mark for run in stretches(first, len(daily), gaps) for mark in _gap(run, first, across, bottom)]
    body += [svg.path(run, "eachday") for run in _runs(days, across, down)]
    body += [svg.path(run, "happened thin") for run in _runs(weekly(days), across, down)]
    return svg.svg(width, height, body, label)


def weekly(days: Sequence[float | None]) -> list[float | None]:
    """Mean of the seven days around each, of those that are known; missing where the day itself is."""
    means: list[float | None] = []
    for i, value in enumerate(days):
        around = [v for v in days[max(i - WEEK // 2, 0) : i + WEEK // 2 + 1] if v is not None]
        means.append(None if value is None else sum(around) / len(around))
    return means


def stretches(first: date, count: int, gaps: Collection[date]) -> list[tuple[date, date]]:
    """Missing days within the strip, those in a row together: first and last of each."""
    runs: list[tuple[date, date]] = []
    for at in sorted(day for day in gaps if first <= day < first + timedelta(days=count)):
        if runs and at - runs[-1][1] <= timedelta(days=1):
            runs[-1] = (runs[-1][0], at)
        else:
            runs.append((at, at))
    return runs


def _gap(run: tuple[date, date], first: date, across: svg.Scale, bottom: float) -> list[str]:
    left, right = across((run[0] - first).days - 0.5), across((run[1] - first).days + 0.5)
    middle = (left + right) / 2
    left, right = min(left, middle - 1.5), max(right, middle + 1.5)  # one day of a year is under two pixels
    diamond = [(middle, -2.0), (middle + 4.5, 2.5), (middle, 7.0), (middle - 4.5, 2.5)]
    end = run[1]
    said = f"{run[0]:%a} {run[0].day} {run[0]:%b %Y}"
    said += "" if run[0] == end else f" to {end:%a} {end.day} {end:%b %Y}"
    return [
        svg.box(left, 8, right - left, bottom - 8, "gap", f"{said}: nobody came"),
        svg.path(diamond, "amber", close=True),
    ]


def _months(first: date, count: int, across: svg.Scale, bottom: float, every: int, width: float) -> list[str]:
    marks = []
    for i in range(count):
        at = first + timedelta(days=i)
        if at.day != 1:
            continue
        marks.append(svg.line(across(i), bottom, across(i), bottom + 3, "axis"))
        if (at.month - 1) % every == 0 and across(i) < width - 26:
            marks.append(svg.words(across(i), bottom + 15, f"{at:%b}", anchor="start" if i < 9 else "middle"))
    return marks


def _runs(values: Sequence[float | None], across: svg.Scale, down: svg.Scale) -> list[list[svg.Point]]:
    """The points of a line, broken where a value is not known."""
    runs: list[list[svg.Point]] = [[]]
    for i, value in enumerate(values):
        if value is None:
            runs.append([])
        else:
            runs[-1].append((across(i), down(value)))
    return [run if len(run) > 1 else run * 2 for run in runs if run]
