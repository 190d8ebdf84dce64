"""A simulated year: records that the twin itself writes, so that a new workspace has a past.

The hospital is played once, from empty with a warm-up, and what happened is written down as a hospital
would. Who is still there at the end has an open stay; who still waits has asked and not started.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date, datetime, timedelta

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from twin.case import Case, Window
from twin.engine import simulate
from twin.errors import Overload
from twin.hospital import Hospital
from twin.hospital.pathway import HOME
from twin.records.encounters import COLUMNS, Encounters
from twin.records.localtime import local_times
from twin.trace import UNSET, Trace
from twin.units import IntArray
from twin.workload import Workload, draw_workload

#: days played before the records begin (assumed: four times the reference hospital's mean stay of 7.3 days)
WARM_UP = 56
#: last day of the shipped records: fixed, so that the same seed writes the same records on any day
LAST_DAY = date(2025, 12, 31)


def simulate_year(
    hospital: Hospital,
    *,
    end: date = LAST_DAY,
    days: int = 365,
    seed: int,
    progress: Callable[[str], None] | None = None,
) -> Encounters:
    """Play the hospital and write its records.

    Parameters
    ----------
    end
        Last local day of the records; ``as_of`` is the midnight that ends it.
    days
        Days of records, before which ``WARM_UP`` days are played and not kept.
    seed
        Seed of all chance: the same seed writes the same records.
    progress
        Told in words what is being done.

    Returns
    -------
    Encounters
        Everybody who was there at any instant of those days, with the whole of their visit.

    Raises
    ------
    Overload
        More patients come than the hospital can ever see; the run stopped at its guard.
    """
    say = progress or (lambda words: None)
    window = Window(end - timedelta(days=days + WARM_UP - 1), days=days, warm_up=WARM_UP, tail=0)
    case = Case(hospital)
    say(f"drawing the patients of {days} days")
    workload = draw_workload(case, window, seed=seed)
    say(f"playing {workload.patients:,} patients")
    trace = simulate(case, workload)
    if trace.stopped_at is not None:
        when = trace.workload.clock.at(trace.stopped_at)
        raise Overload(f"no year can be simulated: on {when:%Y-%m-%d} more wait than the run allows")
    say(f"writing {workload.step.size:,} steps down")
    frame = _write_down(case, window, trace)
    midnight = datetime.combine(end + timedelta(days=1), datetime.min.time())
    return Encounters(frame, window.start + timedelta(days=WARM_UP), midnight, "simulated")


def _write_down(case: Case, window: Window, trace: Trace) -> pd.DataFrame:
    """One row a step that was asked for, of all who were there after the warm-up."""
    work = trace.workload
    begin = work.clock.day_starts[window.warm_up]
    gone = trace.left[work.first[1:] - 1]
    there = (gone == UNSET) | (gone > begin)
    row = np.flatnonzero(there[trace.patient] & (trace.requested != UNSET))
    patient = trace.patient[row]
    number = np.cumsum(there) - 1
    width = max(7, len(str(work.patients)))
    columns = {
        "encounter": _names(number[patient], [f"E{n:0{width}d}" for n in range(1, int(there.sum()) + 1)]),
        "patient_class": _names(work.patient_class[patient], trace.classes),
        "stream": _names(_streams(case, window, work)[patient], list(case.hospital.arrivals)),
        "place": _names(trace.place[row], trace.places),
        "step": _step_names(work.step[row], [key.name for key in trace.steps]),
        "requested": local_times(work.clock, trace.requested[row]),
        "started": local_times(work.clock, trace.started[row]),
        "ended": local_times(work.clock, trace.left[row]),
        "arrived": local_times(work.clock, trace.came[patient]),
        "outcome": _names(np.where(gone[patient] == UNSET, -1, 0), [HOME]),
    }
    return pd.DataFrame({name: columns[name] for name in COLUMNS})


def _names(codes: NDArray[np.signedinteger], names: Sequence[str]) -> pd.Categorical:
    return pd.Categorical.from_codes(codes.astype(np.int32), list(names))


def _step_names(steps: IntArray, names: list[str]) -> pd.Categorical:
    """Steps of several classes may share a name."""
    once = list(dict.fromkeys(names))
    return _names(np.array([once.index(name) for name in names])[steps], once)


def _streams(case: Case, window: Window, work: Workload) -> IntArray:
    """Place of each patient's stream in ``hospital.arrivals``, shape (patient,).

    A class that one stream alone sends tells its stream; where several send the same class, each
    stream is drawn alone and finds its patients by key: a draw depends on its key and on nothing else.
    """
    arrivals, classes = case.hospital.arrivals, list(case.hospital.classes)
    sends = np.array([[name in stream.mix for name in classes] for stream in arrivals.values()])
    only = np.where(sends.sum(axis=0) == 1, sends.argmax(axis=0), -1)
    found = only[work.patient_class]
    for number, (name, stream) in enumerate(arrivals.items()):
        if any(only[classes.index(member)] == -1 for member in stream.mix):
            alone = case.with_(hospital=case.hospital.model_copy(update={"arrivals": {name: stream}}))
            drawn = draw_workload(alone, window, seed=work.seed, replication=work.replication)
            found = np.where(np.isin(work.key, drawn.key), number, found)
    return found
