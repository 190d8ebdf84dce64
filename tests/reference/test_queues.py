"""Waiting lines whose averages are known exactly, met by the whole road from TOML text to trace.

Sources: Kleinrock, Queueing Systems vol. 1 (1975); Gross, Shortle, Thompson & Harris, Fundamentals of
Queueing Theory, 4th ed. (2008); Cobham, Oper. Res. 2(1) (1954) for priorities; Takacs (1962) for the census
with unlimited beds. The values are copied from published tables of cases, each by its name; that name is
also the seed. Every estimate is a mean over replications with a 95 % half-width of at most 1 %, and must lie
within four standard errors of the exact value.
"""

from __future__ import annotations

import math
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date

import numpy as np
import pytest

from twin.case import Case, Window
from twin.engine.replications import replicate
from twin.hospital import Hospital, parse_hospital
from twin.measures.census import count_present, occupied
from twin.trace import UNSET, Trace
from twin.units import MS_DAY, MS_MINUTE, MS_SECOND, FloatArray

START = date(2025, 1, 6)


@dataclass(frozen=True)
class Line:
    """A queueing case: patients a unit of time, servers, and one unit of time in seconds."""

    name: str
    arrivals: tuple[float, ...]  # by class, most urgent first [patients a unit]
    service: str  # the step's duration as TOML; the unit of time is that of the case
    servers: int
    second: int  # one unit of time [s]
    days: int  # a replication [days]
    exact: dict[str, float]  # times in units

    @property
    def hospital(self) -> Hospital:
        return parse_hospital(self.text)

    @property
    def text(self) -> str:
        a_day = MS_DAY / (self.second * MS_SECOND)
        classes = range(len(self.arrivals))
        arrivals = "\n".join(
            f'[arrivals.a{i}]\ntitle = "a"\ndaily_mean = {self.arrivals[i] * a_day}\nmix = {{ c{i} = 1.0 }}'
            for i in classes
        )
        who = "\n".join(
            f'[classes.c{i}]\ntitle = "c"\npriority = {i + 1}\npathway = "visit"' for i in classes
        )
        return f"""
name = "one line"
timezone = "UTC"
[places.server]
title = "Servers"
physical = {self.servers}
staffed = {self.servers}
{arrivals}
{who}
[[pathways.visit.steps]]
name = "serve"
places = ["server"]
duration = {{ {self.service}, unit = "minutes" }}
"""


def minutes_of_unit(second: int, units: float) -> float:
    return units * second * MS_SECOND / MS_MINUTE


def exponential(second: int, units: float) -> str:
    return f'shape = "exponential", mean = {minutes_of_unit(second, units)}'


LINES = (
    Line(
        "mm1_lam0.5_mu1.0",
        (0.5,),
        exponential(5, 1),
        1,
        5,
        7,
        {"Wq": 1.0, "W": 2.0, "L": 1.0, "P_wait": 0.5, "utilisation": 0.5},
    ),
    Line(
        "mm1_lam5.0_mu8.0",
        (5.0,),
        exponential(50, 1 / 8),
        1,
        50,
        10,
        {"Wq": 0.20833333333333334, "W": 1 / 3, "L": 5 / 3, "P_wait": 0.625, "utilisation": 0.625},
    ),
    Line(
        "mmc_c3_a2",
        (0.2,),
        exponential(2, 10),
        3,
        2,
        24,
        {
            "Wq": 4.444444444444443,
            "W": 14.444444444444443,
            "L": 2.8888888888888884,
            "P_wait": 0.4444444444444445,
        },
    ),
    Line(
        "mmc_c10_a8",
        (8.0,),
        exponential(60, 1),
        10,
        60,
        8,
        {"W": 1.2045900753982217, "L": 9.636720603185774, "P_wait": 0.40918015079644354},
    ),
    Line(
        "mmc_c2_a0.75",
        (3.0,),
        exponential(30, 0.25),
        2,
        30,
        8,
        {
            "Wq": 0.04090909090909091,
            "W": 0.2909090909090909,
            "L": 0.8727272727272727,
            "P_wait": 0.20454545454545456,
        },
    ),
    Line(
        "mg1_gamma",
        (0.6,),
        f'shape = "gamma", mean = {minutes_of_unit(5, 1)}, cv = 0.5',
        1,
        5,
        4,
        {"Wq": 0.9375, "W": 1.9375, "L": 1.1625, "P_wait": 0.6, "utilisation": 0.6},
    ),
    Line(
        "cobham_mm1_3class",
        (0.1, 0.2, 0.4),
        exponential(5, 1),
        1,
        5,
        14,
        {"Wq_0": 0.7777777777777778, "Wq_1": 1.1111111111111112, "Wq_2": 3.333333333333335},
    ),
)


def seed_of(name: str) -> int:
    """A seed fixed by the case's name."""
    return zlib.crc32(name.encode())


def line_averages(line: Line) -> Callable[[Trace], dict[str, float]]:
    def reduce(trace: Trace) -> dict[str, float]:
        unit = line.second * MS_SECOND
        rows = trace.cohort()
        waits = (trace.started[rows] - trace.requested[rows]) / unit
        stays = (trace.left[rows] - trace.requested[rows]) / unit
        start, end = MS_DAY, MS_DAY * (1 + line.days)
        gone = np.where(trace.left == UNSET, trace.end, trace.left)
        begun = np.where(trace.started == UNSET, trace.end, trace.started)
        averages = {
            "Wq": waits.mean(),
            "W": stays.mean(),
            "L": occupied(trace.requested, gone, start, end) / (end - start),
            "utilisation": occupied(begun, gone, start, end) / (end - start) / line.servers,
            "P_wait": (waits > 0).mean(),
        }
        of = trace.workload.patient_class[rows]
        return {**averages, **{f"Wq_{c}": waits[of == c].mean() for c in range(len(line.arrivals))}}

    return reduce


def assert_exact(name: str, measure: str, values: FloatArray, exact: float) -> None:
    """Within four standard errors, and known to 1 %."""
    error = values.std(ddof=1) / math.sqrt(values.size)
    z = (values.mean() - exact) / error
    half_width = 1.96 * error / exact
    assert half_width <= 0.01, f"{name} {measure}: half-width {half_width:.2%} of {exact:g}"
    assert abs(z) < 4, f"{name} {measure}: {values.mean():g} instead of {exact:g}, z = {z:.1f}"


@pytest.mark.parametrize("line", LINES, ids=lambda line: line.name)
def test_waits_of_a_single_line_are_those_of_theory(line):
    window = Window(START, days=line.days, warm_up=1, tail=1)

    means = replicate(
        Case(line.hospital),
        window,
        seed=seed_of(line.name),
        replications=range(24),
        reduce=line_averages(line),
    )

    for measure, exact in line.exact.items():
        assert_exact(line.name, measure, np.array([m[measure] for m in means]), exact)


# ---- unlimited beds ------------------------------------------------------------------------------

#: a stroke service: days between arrivals, then (share, mean, sd) of the stays [days]
STROKE_UNIT = {
    "stroke": (1.2, ((0.87, 7.4, 8.61), (0.13, 4.6, 4.8))),
    "tia": (9.3, ((1.0, 1.8, 2.3),)),
    "neuro": (3.6, ((1.0, 4.0, 5.0),)),
    "other": (3.2, ((1.0, 3.8, 5.2),)),
}


def stroke_unit() -> Hospital:
    parts = [
        'name = "beds without limit"',
        'timezone = "UTC"',
        '[places.acute]\ntitle = "Acute beds"\nunlimited = true',
    ]
    for name, (gap, stays) in STROKE_UNIT.items():
        mix = ", ".join(f"{name}_{i} = {share}" for i, (share, _, _) in enumerate(stays))
        parts.append(f'[arrivals.{name}]\ntitle = "{name}"\ndaily_mean = {1 / gap}\nmix = {{ {mix} }}')
        for i, (_, mean, sd) in enumerate(stays):
            key, duration = f"{name}_{i}", f'{{ mean = {mean}, cv = {sd / mean}, unit = "days" }}'
            parts.append(f'[classes.{key}]\ntitle = "{key}"\npriority = 1\npathway = "{key}"')
            parts.append(
                f'[[pathways.{key}.steps]]\nname = "stay"\nplaces = ["acute"]\nduration = {duration}'
            )
    return parse_hospital("\n".join(parts))


def test_the_census_with_unlimited_beds_is_poisson_with_the_offered_load_as_mean():
    name, load = "mginf_acute_stroke_unit", 8.3555
    window = Window(START, days=3_300, warm_up=360, tail=0)

    def census(trace: Trace) -> dict[str, float]:
        left = np.where(trace.left == UNSET, trace.end, trace.left)
        start, end = MS_DAY * window.warm_up, MS_DAY * window.total
        at_midnight = count_present(trace.started, left, np.arange(start, end, MS_DAY))
        return {
            "mean": occupied(trace.started, left, start, end) / (end - start),
            "var": float(np.mean((at_midnight - load) ** 2)),
            "quiet": float(np.mean(at_midnight <= 4)),
        }

    samples = replicate(
        Case(stroke_unit()), window, seed=seed_of(name), replications=range(40), reduce=census
    )

    mean, var, quiet = (np.array([s[key] for s in samples]) for key in ("mean", "var", "quiet"))
    assert_exact(name, "mean", mean, load)
    share = (
        0.0002350999 + 0.0019643774 + 0.0082066771 + 0.0228569636 + 0.0477453398
    )  # Poisson, 0 to 4 patients
    for values, exact in ((var, load), (quiet, share)):
        error = values.std(ddof=1) / math.sqrt(values.size)
        assert abs(values.mean() - exact) < 4 * error
