"""Durations: numbers that are there, tables that rise, and no length beyond what the clock can hold."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import numpy as np
from pydantic import ValidationError

from twin.errors import Problem
from twin.hospital.base import Duration
from twin.hospital.checks.pathways import steps_of
from twin.hospital.checks.tables import Table, table_of, tables
from twin.hospital.duration import quantile

#: the longest stretch that the clock can hold beside others [ms]
LONGEST = 1 << 60


def check_durations(raw: Table) -> Iterator[Problem]:
    """Every duration of the description, wherever it stands."""
    for path, table in _durations(raw):
        found = list(_duration(path, table))
        yield from found or _draws(path, table)


def _durations(raw: Table) -> Iterator[tuple[str, Table]]:
    found: list[tuple[str, Any]] = []
    for name, pathway in tables(raw, "pathways"):
        for i, step in enumerate(steps_of(pathway)):
            path = f"pathways.{name}.steps.{i}"
            found += [(f"{path}.{key}", step.get(key)) for key in ("duration", "patience")]
            found += [
                (f"{path}.delays.{why}.duration", row.get("duration")) for why, row in tables(step, "delays")
            ]
    found += [(f"populations.{name}.away", table.get("away")) for name, table in tables(raw, "populations")]
    found += [(f"items.{name}.lead_time", table.get("lead_time")) for name, table in tables(raw, "items")]
    found += [
        (f"classes.{name}.booking.punctuality", table_of(table, "booking").get("punctuality"))
        for name, table in tables(raw, "classes")
    ]
    yield from ((path, table) for path, table in found if isinstance(table, dict))


def _duration(path: str, table: Table) -> Iterator[Problem]:
    quantiles = table.get("quantiles")
    if quantiles:
        points = [q for q in quantiles if isinstance(q, list) and len(q) == 2]
        shares, values = [q[0] for q in points], [q[1] for q in points]
        numbers = all(isinstance(x, int | float) and math.isfinite(x) for x in (*shares, *values))
        if (
            not numbers
            or len(points) < 2
            or (shares[0], shares[-1]) != (0, 1)
            or sorted(set(shares)) != shares
            or sorted(values) != values
        ):
            yield Problem(f"{path}.quantiles", None, "pairs [share, value] rising from share 0 to share 1")
        elif values[-1] == 0:
            yield Problem(
                f"{path}.quantiles", None, "every length is 0", "leave it out, or say how long it takes"
            )
        if "mean" in table:
            yield Problem(f"{path}.mean", table["mean"], "either a mean or quantiles, not both")
    elif "mean" not in table:
        yield Problem(f"{path}.mean", None, "is needed here", "or a table of quantiles")
    if table.get("shape") == "exponential" and table.get("cv", 1) not in (1, 1.0):
        yield Problem(f"{path}.cv", table.get("cv"), "an exponential has a CV of 1", "leave cv out")


def _draws(path: str, table: Table) -> Iterator[Problem]:
    """What chance can make of it is a number that the clock can hold."""
    try:
        duration = Duration.model_validate(table)
    except ValidationError:
        return  # told where single tables are read
    longest = float(quantile(duration, np.array([np.nextafter(1.0, 0.0)]))[0]) * duration.ms
    if not longest <= LONGEST:
        rule = "can be drawn longer than the clock can hold"
        yield Problem(path, None, rule, "a smaller mean or cv, or at_most", "E_NOT_FINITE")
