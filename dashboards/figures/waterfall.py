"""From what is usual to what is forecast, a row a reason: each bar begins where the one above it ended.

A filled bar adds, a hollow one takes away; both also carry their sign. The scale does not begin at zero, so
the two ends are dots and not bars.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from dashboards.figures import svg
from dashboards.services.words import MINUS

ROW, TOP, AXIS = 24.0, 8.0, 26.0  # a row, the margin above, room for the axis [px]
NAME, FIGURE = 176.0, 116.0  # room for a reason at the left and for figures at the right [px]
NARROW_NAME, NARROW_FIGURE = 148.0, 44.0
NARROW = 480.0  # below this width the rooms are smaller [px]
MOST = 6  # reasons that have a row; our choice
WORTH = 0.005  # share of the forecast below which a reason has no row; our choice
REST = "all other reasons"


@dataclass(frozen=True)
class Waterfall:
    """The table behind one drawing.

    Attributes
    ----------
    usual, middle, low, high
        What is usual; what is forecast, with its 80 % range. [unit of the chart]
    parts
        Reasons in words and what each adds, the largest first; ``usual`` and all of them sum to ``middle``.
    """

    label: str
    usual: float
    middle: float
    low: float
    high: float
    parts: Sequence[tuple[str, float]]

    def rows(self, most: int = MOST) -> list[tuple[str, float]]:
        """The parts that are drawn; what is left, if it shows at all, is the last."""
        least = WORTH * max(abs(self.middle), abs(self.usual))
        kept = [(said, value) for said, value in self.parts if abs(value) >= least][:most]
        rest = self.middle - self.usual - sum(value for _, value in kept)
        return [*kept, (REST, rest)] if figure(rest) != "0" else kept


def waterfall(table: Waterfall, width: float = 560) -> str:
    """Draw the table. Size in pixels; text stays 12 px at that size."""
    wide = width >= NARROW
    left, right = (NAME, width - FIGURE) if wide else (NARROW_NAME, width - NARROW_FIGURE)
    rows = table.rows()
    reached = [table.usual]
    for _, value in rows:
        reached.append(reached[-1] + value)
    ends = [*reached, table.low, table.high]
    room = max((max(ends) - min(ends)) * 0.04, 0.5)
    across = svg.scale(min(ends) - room, max(ends) + room, left, right)
    bottom = TOP + ROW * (len(rows) + 2)
    body = _grid(min(ends) - room, max(ends) + room, across, bottom, 5 if wide else 3)
    body += _end(0, "Usually", table.usual, across, "hollow", whole(table.usual), width)
    for i, (said, _) in enumerate(rows, start=1):
        body += _bar(i, said, reached[i - 1], reached[i], across, left, width)
    last = len(rows) + 1
    y = TOP + ROW * (last + 0.5)
    body.append(svg.line(across(table.low), y, across(table.high), y, "whisker"))
    body += [svg.line(across(v), y - 4, across(v), y + 4, "whisker") for v in (table.low, table.high)]
    spread = f"({whole(table.low)} to {whole(table.high)})"
    name, said = ("Forecast, 80 % range", f"{whole(table.middle)} {spread}")
    if not wide:
        name, said = f"Forecast {spread}", whole(table.middle)
    body += _end(last, name, table.middle, across, "peak", said, width)
    return svg.svg(width, bottom + AXIS, body, table.label)


def figure(value: float) -> str:
    """``+14``, ``−2.1``, ``0``."""
    said = f"{abs(value):,.0f}" if abs(value) >= 9.95 else f"{abs(value):.1f}"
    if said == "0.0":
        return "0"
    return ("+" if value > 0 else MINUS) + said


def whole(value: float) -> str:
    """A count, whole from ten on."""
    return f"{value:,.0f}" if value >= 9.95 else f"{value:.1f}"


def _grid(low: float, high: float, across: svg.Scale, bottom: float, about: int) -> list[str]:
    drawn = []
    for value in svg.ticks(low, high, about):
        drawn.append(svg.line(across(value), TOP, across(value), bottom, "grid"))
        drawn.append(svg.words(across(value), bottom + 17, f"{value:g}", anchor="middle"))
    return drawn


def _end(row: int, name: str, at: float, across: svg.Scale, cls: str, said: str, width: float) -> list[str]:
    y = TOP + ROW * (row + 0.5)
    return [
        svg.words(0, y + 4, name, "strong"),
        svg.circle(across(at), y, 4.5, cls),
        svg.words(width, y + 4, said, "strong", "end"),
    ]


def _bar(
    row: int, said: str, before: float, after: float, across: svg.Scale, left: float, width: float
) -> list[str]:
    top = TOP + ROW * row
    start, end = across(before), across(after)
    shown = _fitted(said[:1].upper() + said[1:], left)
    size = max(abs(end - start), 1.5)
    box = svg.box(min(start, end), top + 5, size, ROW - 10, "adds" if after >= before else "takes", said)
    return [
        svg.line(start, top - ROW * 0.5 + 5 if row == 1 else top - 5, start, top + 5, "link"),
        svg.words(0, top + ROW / 2 + 4, shown, "place"),
        box,
        svg.words(width, top + ROW / 2 + 4, figure(after - before), "", "end"),
    ]


def _fitted(said: str, room: float) -> str:
    most = int(room / 6.6)  # mean width of a letter of 12 px [px]
    return said if len(said) <= most else said[: most - 1].rstrip() + "…"
