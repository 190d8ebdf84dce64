"""Twenty dots: twenty equally likely outcomes, one dot each, beside the line that must not be passed.

Each dot stands for 1 chance in 20 (the quantiles 2.5 %, 7.5 % ... 97.5 %). Hollow is within the line, filled
is beyond.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence

from dashboards.figures import svg

MOST_COLUMNS = 26


def dot_plot(
    outcomes: Sequence[float], limit: float, label: str, width: float = 240, height: float = 84
) -> str:
    """Dots in columns of one unit (a few where the range is wide); the dashed line stands above ``limit``.

    Parameters
    ----------
    outcomes
        Twenty equally likely outcomes. [beds, or the unit of ``limit``]
    limit
        The most that can be met; an outcome above it is drawn filled. [same unit]
    """
    low, high = min(*outcomes, limit), max(*outcomes, limit + 1)
    bin_width = max(1, math.ceil((high - low + 1) / MOST_COLUMNS))
    columns = [_column(value, limit, bin_width) for value in outcomes]
    first, last = min(*columns, 0) - 1, max(*columns, 1) + 1
    across = svg.scale(first, last, 6, width - 6)
    floor = height - 22.0
    body = [svg.line(0, floor, width, floor, "axis")]
    body += _stacks(columns, across, floor, *_packing(columns, floor, (width - 12) / (last - first)))
    edge = across(0.5)
    body.append(svg.line(edge, 4, edge, floor + 5, "capacity"))
    said = f"{limit:g} open"
    body.append(svg.words(min(max(edge, 24), width - 24), height - 4, said, "", "middle"))
    return svg.svg(width, height, body, label)


def chance_ticks(count: int, tone: str, label: str) -> str:
    """Twenty small bars, ``count`` of them filled with the tone ``red``, ``amber`` or ``ink``."""
    body = [svg.box(i * 5, 2, 3.4, 10, tone if i < count else "off") for i in range(20)]
    return svg.svg(100, 14, body, label)


def dot_strip(
    base: Sequence[float], changed: Sequence[float], label: str, unit: str = "", width: float = 460
) -> str:
    """Every replication as a dot: the base hollow above, the changed filled below, means as upright lines."""
    everything = [*base, *changed]
    low, high = min(everything), max(everything)
    room = (high - low) * 0.06 or 1.0
    across = svg.scale(low - room, high + room, 8, width - 8)
    body = []
    for value in svg.ticks(low - room, high + room, 5):
        body += [
            svg.line(across(value), 16, across(value), 178, "grid"),
            svg.words(across(value), 194, f"{value:g}", anchor="middle"),
        ]
    body += _swarm(base, across, 58, "hollow") + _swarm(changed, across, 138, "solid")
    body += [
        svg.words(8, 14, "Base", "strong"),
        svg.words(8, 98, "With the change", "strong"),
        svg.words(width / 2, 212, unit, anchor="middle"),
    ]
    return svg.svg(width, 216, body, label)


def _column(value: float, limit: float, bin_width: int) -> int:
    """Which column an outcome stands in; columns up to 0 are within the limit."""
    return math.floor((math.ceil(value - limit) + bin_width - 1) / bin_width)


def _packing(columns: Sequence[int], floor: float, step: float) -> tuple[float, int]:
    """Radius of the dots, and how many stand side by side in a column, so that the tallest column fits."""
    tallest = max(Counter(columns).values())
    fits = [(min(5.0, step * 0.45 / k, (floor - 8) / math.ceil(tallest / k) / 2.1), k) for k in (1, 2, 3, 4)]
    return max(fits, key=lambda fit: (round(fit[0], 1), -fit[1]))


def _stacks(
    columns: Sequence[int], across: svg.Scale, floor: float, radius: float, abreast: int
) -> list[str]:
    height: Counter[int] = Counter()
    drawn = []
    for column in sorted(columns):
        row, place = divmod(height[column], abreast)
        x = across(column) + (place - (abreast - 1) / 2) * 2.1 * radius
        y = floor - radius - 1.5 - row * 2.1 * radius
        within = column <= 0
        drawn.append(svg.circle(x, y, radius - 0.6 if within else radius, "within" if within else "beyond"))
        height[column] += 1
    return drawn


def _swarm(values: Sequence[float], across: svg.Scale, middle: float, cls: str) -> list[str]:
    placed: list[tuple[float, float]] = []
    for value in sorted(values):
        x = across(value)
        lane = next(
            k
            for k in range(len(values) + 1)
            if all(abs(x - px) >= 8 or abs(_lane(k) - py) >= 8 for px, py in placed)
        )
        placed.append((x, _lane(lane)))
    drawn = [svg.circle(x, middle + max(min(dy, 30), -30), 3.8, cls) for x, dy in placed]
    mean = across(sum(values) / len(values))
    return [*drawn, svg.line(mean, middle - 26, mean, middle + 26, "mean")]


def _lane(k: int) -> float:
    return 8.4 * ((k + 1) // 2) * (1 if k % 2 else -1)
