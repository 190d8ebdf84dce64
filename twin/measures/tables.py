"""Tables: one replication by ward, class, staff group, session, item and reason, as a planner reads them.

Each is over the cohort or the measured days, with units in the names of its columns.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from twin.hospital import Hospital
from twin.measures.beds import bed_time, delayed, discharges
from twin.measures.bookings import Booked
from twin.measures.clinics import idle_time
from twin.measures.cost import cost_parts
from twin.measures.cover import cover_of
from twin.measures.stays import overlap, total_by
from twin.measures.supply import first_stock, movements, on_hand_mean, units_used, within
from twin.measures.theatres import session_times
from twin.measures.view import View
from twin.trace import UNSET, Kind, Outcome, Trace
from twin.units import MS_DAY, FloatArray, IntArray, to_days, to_hours, to_minutes

if TYPE_CHECKING:  # a run without tables does without the third of a second that it takes to import
    import pandas as pd


def wards_table(trace: Trace, hospital: Hospital) -> pd.DataFrame:
    """Every ward: beds, occupancy, discharges, stays, those who wait for it, outliers and moves."""
    import pandas as pd

    view = View(trace, hospital)
    time, n, span = bed_time(view), view.wards, max(view.end - view.start, 1)
    _, ward, _ = discharges(view)
    left = np.bincount(ward, minlength=n)
    asks = np.flatnonzero((view.first >= 0) & (view.first < n) & (trace.requested != UNSET))
    waited = overlap(trace.requested[asks], view.waited[asks], view.start, view.end)
    moved = within(view, trace.log.only(Kind.MOVED))
    return pd.DataFrame(
        {
            "ward": list(hospital.wards),
            "open_beds": time.opened / span,
            "in_beds": time.used / span,
            "occupancy_percent": _over(100 * time.used, time.opened),
            "waiting": total_by(view.first[asks], waited, n) / span,
            "discharges_a_day": left / view.days,
            "length_of_stay_days": _over(time.used / MS_DAY, left),
            "turnover_interval_days": _over((time.opened - time.used) / MS_DAY, left),
            "outliers_in_beds": time.by_outliers / span,
            "moved_in_a_day": np.bincount(moved.what[moved.what < n], minlength=n) / view.days,
        }
    )


def classes_table(trace: Trace, hospital: Hospital) -> pd.DataFrame:
    """Every class of patients: how many came, how their visits ended, and how long they waited in all."""
    import pandas as pd

    view = View(trace, hospital)
    who = np.flatnonzero(view.cohort)
    group, n = trace.workload.patient_class[who], len(hospital.classes)
    came = np.bincount(group, minlength=n)
    rows = np.flatnonzero(trace.requested != UNSET)
    waits = np.minimum(view.waited[rows], trace.end) - np.minimum(trace.requested[rows], trace.end)
    waited = np.bincount(trace.patient[rows], waits, trace.workload.patients)[who]
    gone = np.minimum(view.gone[who], trace.end)
    columns: dict[str, object] = {"patient_class": list(hospital.classes), "came": came}
    for outcome in Outcome:
        if outcome != Outcome.NO_SHOW:  # they never came
            columns[outcome.name.lower()] = np.bincount(group[trace.outcome[who] == outcome], minlength=n)
    columns["hours_in_the_house"] = _over(np.bincount(group, to_hours(gone - trace.came[who]), n), came)
    columns["hours_waiting"] = _over(np.bincount(group, to_hours(waited.astype(np.int64)), n), came)
    is_patient = np.array([c.of == "patient" for c in hospital.classes.values()])
    return pd.DataFrame(columns)[is_patient].reset_index(drop=True)


def staff_table(trace: Trace, hospital: Hospital) -> pd.DataFrame:
    """Every staff group: hours at work and on duty, use, shortfall, and people lent and borrowed."""
    import pandas as pd

    view, names = View(trace, hospital), list(hospital.staff)
    if not names:
        return pd.DataFrame({"group": [], "use_percent": []})
    known = cover_of(view)
    floated = within(view, trace.log.only(Kind.FLOATED))
    return pd.DataFrame(
        {
            "group": names,
            "hours_on_duty_a_day": known.on_duty / view.days,
            "hours_at_work_a_day": known.at_work / view.days,
            "use_percent": _over(100 * known.at_work, known.on_duty),
            "shortfall_hours_a_day": known.short / view.days,
            "borrowed_a_day": total_by(floated.what, floated.n, len(names)) / view.days,
        }
    )


def sessions_table(trace: Trace, hospital: Hospital) -> pd.DataFrame:
    """Every session: how often held, booked, cancelled, not attended; its use, idle time and overrun."""
    import pandas as pd

    view = View(trace, hospital)
    booked = Booked(view)
    sittings, n = booked.measured, len(hospital.sessions)
    of = booked.sittings.session[sittings].astype(np.int64)
    used, planned, late = session_times(booked, sittings)
    idle = to_minutes(idle_time(booked, sittings))
    held = np.bincount(of, minlength=n)

    def counted(which: IntArray) -> IntArray:
        inside = which[np.isin(which, sittings)]
        return np.bincount(booked.sittings.session[inside].astype(np.int64), minlength=n)

    return pd.DataFrame(
        {
            "session": list(hospital.sessions),
            "held": held,
            "booked": counted(booked.all.sitting),
            "cancelled": counted(trace.log.only(Kind.CANCELLED).what),
            "not_attended": counted(trace.log.only(Kind.NO_SHOW).what),
            "use_percent": _over(100 * np.bincount(of, used, n), np.bincount(of, planned, n)),
            "idle_minutes": _over(np.bincount(of, idle, n), held),
            "overrun_minutes": _over(np.bincount(of, late, n), held),
        }
    )


def items_table(trace: Trace, hospital: Hospital) -> pd.DataFrame:
    """Every item: stock, use, orders, expiry, and kits that missed it."""
    import pandas as pd

    view, names = View(trace, hospital), list(hospital.items)
    n = len(names)
    if not n:
        return pd.DataFrame({"item": [], "on_hand_mean": []})

    def units(kind: Kind) -> IntArray:
        log = within(view, trace.log.only(kind))
        mine = log.what < n
        return total_by(log.what[mine], log.n[mine], n)

    def lines(kind: Kind) -> IntArray:
        log = within(view, trace.log.only(kind))
        return np.bincount(log.what[log.what < n], minlength=n)

    return pd.DataFrame(
        {
            "item": names,
            "on_hand_at_first": first_stock(view),
            "on_hand_mean": on_hand_mean(view),
            "out_of_stock_percent": 100 * _time_at_nothing(view),
            "used_a_day": units_used(view) / view.days,
            "orders": lines(Kind.ORDERED),
            "ordered_units": units(Kind.ORDERED),
            "delivered_units": units(Kind.DELIVERED),
            "expired_units": units(Kind.EXPIRED),
            "kits_short": lines(Kind.MISSED),
            "units_short": units(Kind.MISSED),
            "reserve_units": units(Kind.RESERVE),
            "substitutes_taken_for_it": units(Kind.SUBSTITUTED),
        }
    )


def delays_table(trace: Trace, hospital: Hospital) -> pd.DataFrame:
    """Days that patients stayed after they were medically fit, by class, step and reason."""
    import pandas as pd

    view = View(trace, hospital)
    rows, time = delayed(view)
    work = trace.workload
    frame = pd.DataFrame(
        {
            "step": work.step[rows],
            "reason": work.reason[rows],
            "stays": 1,
            "bed_days": to_days(time),
        }
    )[time > 0]
    known = frame.groupby(["step", "reason"], as_index=False).sum()
    keys = [trace.steps[s] for s in known["step"]]
    reasons = [list(hospital.pathways[k.pathway].steps[k.index].delays) for k in keys]
    return pd.DataFrame(
        {
            "patient_class": [k.patient_class for k in keys],
            "step": [k.name for k in keys],
            "reason": [names[r] for names, r in zip(reasons, known["reason"], strict=True)],
            "stays": known["stays"],
            "bed_days": known["bed_days"],
        }
    )


def cost_table(trace: Trace, hospital: Hospital) -> pd.DataFrame:
    """What each part of the measured days costs, from the hospital's table of money."""
    import pandas as pd

    parts = cost_parts(View(trace, hospital))
    money = hospital.money
    column = f"{money.currency}_of_{money.base_year}_a_day"
    return pd.DataFrame({"part": list(parts), column: list(parts.values())})


def _over(above: IntArray | FloatArray, below: IntArray | FloatArray) -> FloatArray:
    """Quotients, NaN where there is nothing to divide by."""
    some = np.asarray(below) > 0
    return np.where(some, np.asarray(above, np.float64) / np.where(some, below, 1), np.nan)


def _time_at_nothing(view: View) -> FloatArray:
    """Share of the measured days with no unit of each item on hand, shape (item,)."""
    at, what, change = movements(view)
    span = max(view.end - view.start, 1)
    shares = np.zeros(len(view.hospital.items))
    for i, first in enumerate(first_stock(view)):
        mine = what == i
        when = np.concatenate([[min(view.start, 0)], at[mine]])
        on_hand = np.cumsum(np.concatenate([[first], change[mine]]))
        until = np.append(when[1:], view.end)
        shares[i] = overlap(when, until, view.start, view.end)[on_hand <= 0].sum() / span
    return shares
