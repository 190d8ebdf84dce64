"""One ward in one line of a table: its need for beds as a share of its open beds, all wards on one scale."""

from __future__ import annotations

from collections.abc import Sequence

from dashboards.figures import svg
from dashboards.figures.band import RANGE, beyond, window_name

# shares of open beds; a line of 42 px could not show more (our choice)
LOWEST, HIGHEST = 0.7, 1.5


def shared_scale(needs: Sequence[tuple[dict[str, Sequence[float]], float]]) -> tuple[float, float]:
    """Lowest and highest share of open beds over all wards, kept within 70 % and 150 %.

    Parameters
    ----------
    needs
        A ward's quantiles of need and its open beds. [patients], [beds]
    """
    shares = [v / beds for quantiles, beds in needs if beds > 0 for q in ("q10", "q90") for v in quantiles[q]]
    if not shares:
        return LOWEST, HIGHEST
    return max(min(*shares, 0.95), LOWEST), min(max(*shares, 1.05), HIGHEST)


def sparkline(
    quantiles: dict[str, Sequence[float]],
    beds: float,
    at: int,
    limits: tuple[float, float],
    label: str,
    width: float = 300,
    height: float = 42,
) -> str:
    """Need over the hours; dashed at the open beds; the dot is the tightest hour, step ``at``."""
    low, high = limits
    steps = len(quantiles["q50"])
    x = [svg.scale(0, max(steps - 1, 1), 2, width - 2)(i) for i in range(steps)]
    down = svg.scale(low, high, height - 2, 2)

    def row(name: str) -> list[float]:
        return [down(min(max(v / beds if beds else high, low), high)) for v in quantiles[name]]

    rows = {name: row(name) for name in RANGE}
    full = down(1.0)
    name = window_name(label, rows["q90"])
    body = [
        svg.clip(name, beyond(x, [full] * steps, width, -height)),
        svg.area(x, rows["q10"], rows["q90"], "band80"),
        svg.area(x, rows["q25"], rows["q75"], "band50"),
        svg.area(x, rows["q10"], rows["q90"], "over80", name),
        svg.area(x, rows["q25"], rows["q75"], "over50", name),
        svg.path(zip(x, rows["q50"], strict=True), "said thin"),
        svg.line(0, full, width, full, "capacity"),
        svg.circle(x[at], rows["q50"][at], 3.4, "peak"),
    ]
    return svg.svg(width, height, body, label)
