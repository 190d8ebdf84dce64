"""The pen of the drawings: scales, paths and words, with every word escaped before it reaches a page.

Colours are never written here: a mark carries a class (``said``, ``capacity``, ``over80``) and the style
sheet gives the class its colour, so that one drawing serves the light theme, the dark theme and the printed
report.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from html import escape

Point = tuple[float, float]
Scale = Callable[[float], float]


def scale(low: float, high: float, start: float, end: float) -> Scale:
    """Straight map from values ``low..high`` to pixels ``start..end``."""
    span = (high - low) or 1.0
    return lambda value: start + (value - low) / span * (end - start)


def ticks(low: float, high: float, about: int = 5) -> list[float]:
    """Round values from ``low`` to ``high``, near ``about`` of them, in steps of 1, 2 or 5 times ten^n."""
    raw = max(high - low, 1e-9) / max(about, 1)
    power = 10.0 ** math.floor(math.log10(raw))
    step = next(power * factor for factor in (1, 2, 5, 10) if raw <= power * factor)
    first = math.ceil(low / step - 1e-9)
    return [index * step for index in range(first, math.floor(high / step + 1e-9) + 1)]


def path(points: Iterable[Point], cls: str, close: bool = False) -> str:
    """One line through the points, in order."""
    return f'<path class="{cls}" d="{_moves(points)}{"Z" if close else ""}"/>'


def area(x: Sequence[float], low: Sequence[float], high: Sequence[float], cls: str, clip: str = "") -> str:
    """The closed shape between two lines; ``clip`` names the part of the drawing it may show in."""
    ring = [*zip(x, high, strict=True), *reversed(list(zip(x, low, strict=True)))]
    held = f' clip-path="url(#{clip})"' if clip else ""
    return f'<path class="{cls}"{held} d="{_moves(ring)}Z"/>'


def steps(x: Sequence[float], y: Sequence[float], end: float) -> list[Point]:
    """Corners of a line that keeps each level until the next one begins. Levels last until ``end``."""
    corners: list[Point] = []
    edges = [*x[1:], end]
    for left, right, level in zip(x, edges, y, strict=True):
        corners += [(left, level), (right, level)]
    return corners


def line(x1: float, y1: float, x2: float, y2: float, cls: str) -> str:
    """One straight stroke."""
    return f'<line class="{cls}" x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}"/>'


def circle(x: float, y: float, radius: float, cls: str) -> str:
    """One dot."""
    return f'<circle class="{cls}" cx="{x:.1f}" cy="{y:.1f}" r="{radius:g}"/>'


def box(x: float, y: float, width: float, height: float, cls: str, hint: str = "") -> str:
    """One upright rectangle; ``hint`` is shown when the pointer rests on it."""
    told = f"<title>{escape(hint)}</title>" if hint else ""
    return (
        f'<rect class="{cls}" x="{x:.1f}" y="{y:.1f}" '
        f'width="{max(width, 0):.1f}" height="{max(height, 0):.1f}">'
        f"{told}</rect>"
    )


def words(x: float, y: float, said: str, cls: str = "", anchor: str = "start") -> str:
    """One line of text, escaped."""
    return f'<text class="{cls}" x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}">{escape(said)}</text>'


def clip(name: str, shape: Iterable[Point]) -> str:
    """A named window: what is drawn with it shows only inside ``shape``."""
    return f'<clipPath id="{name}"><path d="{_moves(shape)}Z"/></clipPath>'


def svg(width: float, height: float, body: Iterable[str], label: str) -> str:
    """The whole drawing. ``label`` is what a screen reader says instead of it; it is never left empty."""
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:g} {height:g}" width="{width:g}" '
        f'height="{height:g}" role="img" aria-label="{escape(label, quote=True)}">{"".join(body)}</svg>'
    )


def _moves(points: Iterable[Point]) -> str:
    return "M" + "L".join(f"{x:.1f} {y:.1f}" for x, y in points)
