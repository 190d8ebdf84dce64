"""Traces made by hand: a few patients whose every instant is known, played by both engines."""

from __future__ import annotations

import math
from collections.abc import Iterator
from datetime import date

import numpy as np

from twin.case import Case, Level, Window
from twin.engine import ENGINES, simulate
from twin.hospital import Hospital
from twin.measures.stays import departures
from twin.trace import UNSET, Outcome, Trace
from twin.units import MS_IN, IntArray
from twin.verification.cases import Exactly, VerificationCase, Visitor
from twin.verification.verdict import Verdict
from twin.workload import NONE, Workload, number_steps

_WINDOW = Window(date(2025, 1, 6), days=3, tail=0)
_WORDS = {
    Outcome.DONE: "served",
    Outcome.LEFT: "left",
    Outcome.REFUSED: "turned away",
    Outcome.OPEN: "inside",
}

#: what stands in a column where it did not happen
NEVER = "-"


def compare_by_hand(case: VerificationCase) -> Iterator[Verdict]:
    """Each column of the trace beside what was worked out by hand, engine by engine."""
    hospital = case.hospital()
    work = visitors(hospital, case.patients, MS_IN[case.unit])
    for engine in ENGINES:
        trace = simulate(Case(hospital), work, engine=engine)
        for column in case.exactly:
            found = _column(trace, hospital, column, MS_IN[case.unit])
            same = found == list(column.are)
            name = f"{column.column} {column.step}" if column.step else column.column
            told = [
                ", ".join(f"{v:g}" if isinstance(v, float | int) else str(v) for v in row)
                for row in (column.are, found)
            ]
            yield Verdict(case.id, name, f"{engine} engine", told[0], told[1], 1, same)


def visitors(hospital: Hospital, patients: tuple[Visitor, ...], unit: int) -> Workload:
    """The patients of a case as a workload; those who come at one instant are in the order of the page."""
    order = sorted(range(len(patients)), key=lambda i: (patients[i].at, i))
    numbers = {(k.patient_class, k.name): i for i, k in enumerate(number_steps(hospital))}
    steps = [(patients[i], name, length) for i in order for name, length in patients[i].steps.items()]
    classes = list(hospital.classes)
    n = len(patients)
    return Workload(
        seed=0,
        replication=0,
        window=_WINDOW,
        clock=_WINDOW.clock(hospital),
        key=np.array([i + 1 for i in order], np.int64),
        patient_class=np.array([classes.index(patients[i].patient_class) for i in order], np.int32),
        arrival=np.array([round(patients[i].at * unit) for i in order], np.int64),
        first=np.cumsum([0, *(len(patients[i].steps) for i in order)], dtype=np.int64),
        origin=np.zeros(n, np.int8),
        held=np.full(n, NONE, np.int32),
        since=np.zeros(n, np.int64),
        step=np.array([numbers[p.patient_class, name] for p, name, _ in steps], np.int32),
        duration=np.array([round(length * unit) for _, _, length in steps], np.int64),
        wall=np.full(len(steps), NONE, np.int64),
        patience=np.array(
            [NONE if p.patience is None else round(p.patience * unit) for p, _, _ in steps], np.int64
        ),
    )


def _column(trace: Trace, hospital: Hospital, column: Exactly, unit: int) -> list[float | str]:
    if column.column == "overtime":
        return [sum(_while_closed(trace, name) for name in hospital.everywhere) / unit]
    by_key = np.argsort(trace.workload.key)
    if column.column == "outcome":
        return [_WORDS.get(Outcome(int(o)), str(o)) for o in trace.outcome[by_key]]
    if column.column == "house_left":
        return [float(t) / unit for t in departures(trace)[by_key]]
    times = [_time(trace, int(i), column) for i in by_key]
    return [NEVER if math.isnan(t) else t / unit for t in times]


def _time(trace: Trace, patient: int, column: Exactly) -> float:
    """A time of the patient's row of this step (of the first, where none is named); nan where unset. [ms]"""
    rows = range(int(trace.workload.first[patient]), int(trace.workload.first[patient + 1]))
    row = next((r for r in rows if column.step in (None, trace.steps[trace.workload.step[r]].name)), None)
    if row is None:
        return math.nan
    one = {
        "start": (trace.started, None),
        "end": (trace.ended, None),
        "left": (trace.left, None),
        "wait": (trace.started, trace.requested),
        "boarding": (trace.left, trace.ended),
    }
    to, begin = one[column.column]
    if to[row] == UNSET or (column.column == "boarding" and row == rows[-1]):
        return math.nan
    return float(to[row] - (begin[row] if begin is not None else 0))


def _while_closed(trace: Trace, place: str) -> int:
    """Time worked in a place while it was closed. [ms]"""
    level: Level = trace.schedule.levels[place]
    inside = (trace.place == trace.places.index(place)) & (trace.ended != UNSET)
    ends: IntArray = np.append(level.times[1:], np.iinfo(np.int64).max)
    return sum(
        int(
            np.clip(
                np.minimum(trace.ended[inside], end) - np.maximum(trace.started[inside], begin), 0, None
            ).sum()
        )
        for begin, end, value in zip(level.times, ends, level.values, strict=True)
        if value == 0
    )
