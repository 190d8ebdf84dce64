"""What may come, drawn as a band: the middle, the 50 % and the 80 % range, against what there is room for.

Above the open beds the same band turns red. The line of open beds is stepped, so the red part is cut out
along the steps and not along a slope between them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from hashlib import sha256

from dashboards.figures import svg

RANGE = ("q10", "q25", "q50", "q75", "q90")


@dataclass(frozen=True)
class Tick:
    """One mark under the axis: where it stands, its line, and the line below that."""

    at: int
    word: str
    below: str = ""


@dataclass(frozen=True)
class Band:
    """The table behind one band chart.

    Attributes
    ----------
    quantiles
        Lists ``q10 q25 q50 q75 q90``, one value a step, all of one length. [unit of the chart]
    hints
        One sentence a step, told when the pointer rests there.
    capacity, planned
        Open beds, and beds the plan opens, a step; empty where there are none. [beds]
    happened
        What was observed before the first step, oldest first. [unit of the chart]
    baseline
        Same day of last week, from the first step on.
    """

    label: str
    quantiles: dict[str, Sequence[float]]
    hints: Sequence[str]
    ticks: Sequence[Tick]
    capacity: Sequence[float] = ()
    planned: Sequence[float] = ()
    happened: Sequence[float | None] = ()
    baseline: Sequence[float | None] = ()
    now: str = ""
    peaks: Sequence[tuple[int, str]] = field(default=())
    unit: str = "beds"

    @property
    def steps(self) -> int:
        """Number of steps forecast."""
        return len(self.quantiles["q50"])


def band_chart(table: Band, width: float = 620, height: float = 270) -> str:
    """Draw the table. Size in pixels; text stays 12 px at that size."""
    left, top, bottom = 40.0, 26.0, 40.0
    right = 78.0 if _has_plan(table) else 10.0  # room for the words beside the planned line
    before = len(table.happened)
    across = svg.scale(-max(before - 1, 0), table.steps - 1, left, width - right)
    down = svg.scale(*_limits(table), height - bottom, top)
    body = [*_grid(table, down, left, width - right, top, height - bottom)]
    body += _ranges(table, across, down, width - right, top)
    body += _lines(table, across, down, width - right, top)
    body += _axis(table, across, height - bottom)
    body += _marks(table, across, down, top, height - bottom, width)
    body += _hints(table, across, top, height - bottom)
    return svg.svg(width, height, body, table.label)


def beyond(x: Sequence[float], levels: Sequence[float], end: float, top: float) -> list[svg.Point]:
    """Outline of everything above a stepped line, up to ``top``. All in pixels."""
    return [*svg.steps(x, levels, end), (end, top), (x[0], top)]


def _limits(table: Band) -> tuple[float, float]:
    values = [v for name in RANGE for v in table.quantiles[name]]
    lines = (table.capacity, table.planned, table.happened, table.baseline)
    values += [v for line in lines for v in line if v is not None]
    low, high = min(values), max(values)
    room = max((high - low) * 0.08, 0.5)
    return max(low - room, 0.0) if low >= 0 else low - room, high + room * 1.8


def _grid(table: Band, down: svg.Scale, left: float, right: float, top: float, bottom: float) -> list[str]:
    low, high = _limits(table)
    drawn = []
    for value in svg.ticks(low, high, 5):
        drawn.append(svg.line(left, down(value), right, down(value), "grid"))
        drawn.append(svg.words(left - 8, down(value) + 4, f"{value:g}", anchor="end"))
    return drawn


def _ranges(table: Band, across: svg.Scale, down: svg.Scale, end: float, top: float) -> list[str]:
    x = [across(i) for i in range(table.steps)]
    rows = {name: [down(v) for v in table.quantiles[name]] for name in RANGE}
    drawn = [svg.area(x, rows["q10"], rows["q90"], "band80"), svg.area(x, rows["q25"], rows["q75"], "band50")]
    if table.capacity:
        name = window_name(table.label, x, rows["q90"], table.capacity)
        drawn.insert(0, svg.clip(name, beyond(x, [down(v) for v in table.capacity], end, top - 200)))
        drawn += [
            svg.area(x, rows["q10"], rows["q90"], "over80", name),
            svg.area(x, rows["q25"], rows["q75"], "over50", name),
        ]
    drawn += [svg.path(zip(x, rows[q], strict=True), "edge") for q in ("q10", "q90")]
    return drawn


def window_name(*parts: object) -> str:
    """A name for a window of one drawing that no other drawing on the page has."""
    return "w" + sha256(repr(parts).encode()).hexdigest()[:10]


def _lines(table: Band, across: svg.Scale, down: svg.Scale, end: float, top: float) -> list[str]:
    x = [across(i) for i in range(table.steps)]
    drawn = []
    if table.baseline:
        drawn += _broken(table.baseline, 0, across, down, "lastwk")
    if table.happened:
        first = 1 - len(table.happened)
        drawn += _broken(table.happened, first, across, down, "happened")
    drawn.append(svg.path([(across(i), down(v)) for i, v in enumerate(table.quantiles["q50"])], "said"))
    if _has_plan(table):
        drawn.append(svg.path(svg.steps(x, [down(v) for v in table.planned], end), "planned"))
    if table.capacity:
        drawn.append(svg.path(svg.steps(x, [down(v) for v in table.capacity], end), "capacity"))
    return drawn


def _broken(
    values: Sequence[float | None], first: int, across: svg.Scale, down: svg.Scale, cls: str
) -> list[str]:
    """A line with a gap where a value is not known."""
    drawn: list[str] = []
    run: list[svg.Point] = []
    for i, value in enumerate([*values, None]):
        if value is not None:
            run.append((across(first + i), down(value)))
        elif run:
            drawn.append(svg.path(run if len(run) > 1 else run * 2, cls))
            run = []
    return drawn


def _axis(table: Band, across: svg.Scale, y: float) -> list[str]:
    first = across(-max(len(table.happened) - 1, 0))
    drawn = [svg.line(first, y, across(table.steps - 1), y, "axis")]
    for tick in table.ticks:
        drawn.append(svg.line(across(tick.at), y, across(tick.at), y + 4, "axis"))
        drawn.append(svg.words(across(tick.at), y + 17, tick.word, anchor="middle"))
        if tick.below:
            drawn.append(svg.words(across(tick.at), y + 32, tick.below, anchor="middle"))
    return drawn


def _marks(
    table: Band, across: svg.Scale, down: svg.Scale, top: float, bottom: float, width: float
) -> list[str]:
    drawn = []
    if table.now:
        drawn.append(svg.line(across(0), top - 6, across(0), bottom, "now"))
        drawn.append(
            svg.words(across(0), top - 12, table.now, "strong", "middle" if table.happened else "start")
        )
    if table.happened and table.happened[-1] is not None:
        drawn.append(svg.circle(across(0), down(table.happened[-1]), 4, "last"))
    drawn += _level_words(table, across, down)
    for at, said in table.peaks:
        x, half = across(at), len(said) * 3.6
        drawn.append(svg.circle(x, down(table.quantiles["q50"][at]), 4.5, "peak"))
        above = down(table.quantiles["q90"][at]) - 8
        levels = [down(line[at]) for line in (table.capacity, table.planned) if line]
        if any(
            level - 26 < above < level + 16 for level in levels
        ):  # a dashed line and its words stand there
            above = down(table.quantiles["q50"][at]) - 11
        drawn.append(svg.words(min(max(x, 44 + half), width - 6 - half), above, said, "halo", "middle"))
    return drawn


def _has_plan(table: Band) -> bool:
    return bool(table.planned) and list(table.planned) != list(table.capacity)


def _level_words(table: Band, across: svg.Scale, down: svg.Scale) -> list[str]:
    drawn = []
    if table.capacity:
        said = f"{table.capacity[0]:g} open"
        drawn.append(svg.words(across(0) + 6, down(table.capacity[0]) - 6, said, "halo"))
    if _has_plan(table):
        said = f"{table.planned[-1]:g} planned"
        drawn.append(svg.words(across(table.steps - 1) + 5, down(table.planned[-1]) + 4, said, "plannedWord"))
    return drawn


def _hints(table: Band, across: svg.Scale, top: float, bottom: float) -> list[str]:
    half = (across(1) - across(0)) / 2
    return [
        svg.box(across(i) - half, top, 2 * half, bottom - top, "hover", hint)
        for i, hint in enumerate(table.hints)
    ]
