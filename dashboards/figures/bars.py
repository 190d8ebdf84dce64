"""Counts by place as bars from zero, the most first, with the name and the number beside each."""

from __future__ import annotations

from collections.abc import Sequence

from dashboards.figures import svg

ROW, NAME, FIGURE = 18.0, 128.0, 8.0  # a row, room for a name, width of one figure [px]
LONGEST = 20  # characters of a name before it is cut


def place_bars(counts: Sequence[tuple[str, int]], label: str, width: float = 250) -> str:
    """One bar a place.

    Parameters
    ----------
    counts
        Names for people with their counts, the most first.
    """
    most = max((count for _, count in counts), default=1)
    across = svg.scale(0, most, 0, max(width - NAME - FIGURE * (len(f"{most:,}") + 1), 20))
    body = []
    for i, (name, count) in enumerate(counts):
        y = i * ROW
        shown = name if len(name) <= LONGEST else name[: LONGEST - 1] + "…"
        body.append(svg.words(0, y + 13, shown, "place"))
        body.append(svg.box(NAME, y + 4, max(across(count), 2), 10, "count", f"{name}: {count:,}"))
        body.append(svg.words(NAME + max(across(count), 2) + 6, y + 13, f"{count:,}", "strong"))
    return svg.svg(width, ROW * len(counts), body, label)
