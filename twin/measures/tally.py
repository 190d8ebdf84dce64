"""Tally: what a run must be remembered by so that all its measures are known; a few kilobytes.

It is counted in compiled passes over the columns of a finished run, without the interpreter's lock, so
that two threads measure twice as much as one. ``measure`` is what a study asks of each replication;
``summarise`` says the same, slower, in the words of the definitions, and a test holds the two together.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

from twin.hospital import Hospital
from twin.measures.counting.told import Attendances, Beds, Doors, Kits, Lists, Moves, Sessions, Visits, Waits
from twin.measures.measure import ratio
from twin.measures.summary import MEASURES
from twin.trace import Trace
from twin.units import DAYS_WEEK, MS_DAY, MS_HOUR, MS_MINUTE, FloatArray, IntArray

#: level of the waits for a bed that stands for its slowest tenth
SLOWEST_TENTH = 0.9


@dataclass(frozen=True)
class Cover:
    """Time of each group in the measured days [ms]; people wanted beyond those on duty, over the hours."""

    at_work: IntArray
    on_duty: IntArray
    short: FloatArray
    lent: int


@dataclass(frozen=True)
class Stock:
    """Of each item in the measured days: orders, units expired and used, and units on hand, mean."""

    orders: IntArray
    expired: IntArray
    used: IntArray
    on_hand: FloatArray


@dataclass(frozen=True)
class Tally:
    """Sufficient statistics of one replication.

    Subjects that the hospital does not have are None.

    Attributes
    ----------
    start, end : the measured days, or as much of them as was simulated [ms]
    until : end of what was simulated [ms]
    base : the full hour at or before ``start``, from which hours are numbered [ms]
    census : int64 (place, hour) patients in each place on the hour, wards first; 0 before ``start``
    held : int64 (place, hour) time that patients spend in each place in each hour [ms]
    opened : int64 (ward,) open bed time of the measured days [beds x ms]
    slowest_tenth : the two waits for a bed between which the 90th percentile lies [ms]
    """

    start: int
    end: int
    until: int
    base: int
    census: IntArray
    held: IntArray
    opened: IntArray
    exchanges: int
    doors: Doors
    attendances: Attendances
    waits: Waits
    slowest_tenth: tuple[int, int]
    beds: Beds
    moves: Moves
    lists: Lists | None
    visits: Visits | None
    sessions: Sessions | None
    cover: Cover | None
    kits: Kits | None
    stock: Stock | None

    @property
    def days(self) -> float:
        """Length of the measured days. [days]"""
        return max((self.end - self.start) / MS_DAY, 1e-9)


def measure(trace: Trace, hospital: Hospital) -> dict[str, float]:
    """Every measure of one replication, as ``summarise`` defines them; NaN where there was nothing.

    Parameters
    ----------
    trace
        Of a run of this hospital.

    Returns
    -------
    dict[str, float]
        By key, in the order of ``MEASURES`` and of ``summarise``.
    """
    return measures_of(tally(trace, hospital, wards_only=True), hospital)


def tally(trace: Trace, hospital: Hospital, *, wards_only: bool = False) -> Tally:
    """Count what all measures of a replication need.

    Parameters
    ----------
    trace
        Of a run of this hospital; its columns are read, and not kept.
    wards_only
        Keep the census of the wards alone, which is all that the measures need.
    """
    from twin.measures.counting.counts import Counts

    counts = Counts(trace, hospital)
    run = counts.run
    places = len(hospital.wards) if wards_only else len(hospital.everywhere)
    beds, census, held = counts.beds(places)
    visits, sessions, booked = counts.bookings()
    doors, attendances, waits, slowest = counts.flow(booked)
    return Tally(
        start=run.start,
        end=run.end,
        until=run.until,
        base=run.base,
        census=census,
        held=held,
        opened=counts.open_beds(),
        exchanges=trace.exchanges,
        doors=doors,
        attendances=attendances,
        waits=waits,
        slowest_tenth=slowest,
        beds=beds,
        moves=counts.moves(),
        lists=counts.waiting_lists(),
        visits=visits,
        sessions=sessions,
        cover=counts.cover(census),
        kits=counts.kits(),
        stock=counts.stock(),
    )


def measures_of(tally: Tally, hospital: Hospital) -> dict[str, float]:
    """The measures that a tally of this hospital's run says, in the order of ``MEASURES``."""
    from twin.measures.counting.layout import described

    known = described(hospital)
    told = {
        **dict.fromkeys(MEASURES, math.nan),
        **_emergency(tally),
        **_waits(tally),
        **_beds(tally, known.layout.critical),
        **_sessions(tally),
        **_cover(tally, known.tasks),
        **_supply(tally, hospital, known.item_prices),
    }
    told.update({key: math.nan for key, is_there in known.there_is.items() if not is_there})
    if not known.layout.with_staff.any():
        told["wait_to_be_seen_minutes"] = told["left_without_being_seen"] = math.nan
    return told


def _emergency(tally: Tally) -> dict[str, float]:
    seen, doors = tally.attendances, tally.doors
    told = {
        "arrivals_a_day": doors.came / tally.days,
        "left_waiting": ratio(100 * doors.left, doors.came),
        "refused": ratio(100 * doors.refused, doors.came),
        "balked": ratio(100 * doors.balked, doors.came),
    }
    if not seen.came:
        return told
    return {
        **told,
        "ed_within_4h": 100 * (seen.within_4h / seen.came),
        "ed_over_12h": 100 * (seen.over_12h / seen.came),
        "twelve_hours_from_arrival": seen.over_12h / tally.days,
        "ed_hours_mean": seen.stay / MS_HOUR / seen.came,
        "wait_for_cubicle_minutes": ratio(seen.cubicle_wait / MS_MINUTE, seen.with_cubicle),
        "wait_to_be_seen_minutes": ratio(seen.doctor_wait / MS_MINUTE, seen.with_doctor),
        "left_without_being_seen": 100 * (seen.unseen / seen.came),
        "unresolved": float(seen.inside),
    }


def _waits(tally: Tally) -> dict[str, float]:
    waits = tally.waits
    told = {"outpatient_wait_minutes": ratio(waits.clinic_wait / MS_MINUTE, waits.in_clinic)}
    if not waits.boarded:
        return told
    between = SLOWEST_TENTH * (waits.boarded - 1) % 1
    below, above = (wait / MS_HOUR for wait in tally.slowest_tenth)
    return {
        **told,
        "boarding_hours_mean": waits.boarding / MS_HOUR / waits.boarded,
        "boarding_hours_p90": below + (above - below) * between,
        "twelve_hours_from_decision": waits.boarded_over_12h / tally.days,
    }


def _beds(tally: Tally, critical: Any) -> dict[str, float]:
    days, beds, moves = tally.days, tally.beds, tally.moves
    told = {
        "repatriations_a_day": moves.home / days,
        "lounge_a_day": moves.lounge / days,
        "exchanges_a_day": tally.exchanges * MS_DAY / max(tally.until, 1),
        "medically_fit_beds": beds.fit_and_delayed / MS_DAY / days,
    }
    if not critical.size:
        return told
    used, general, n = tally.held[: critical.size].sum(axis=1), ~critical, beds.discharges
    in_use, opened = int(used[general].sum()), int(tally.opened[general].sum())
    open_beds = opened / (tally.end - tally.start) if tally.end > tally.start else 0.0
    return {
        **told,
        "occupancy": ratio(100 * in_use, opened),
        "icu_occupancy": ratio(100 * int(used[critical].sum()), int(tally.opened[critical].sum())),
        "census_mean": int(used.sum()) / MS_DAY / days,
        "bed_turnover": ratio(n / days * DAYS_WEEK, open_beds),
        "turnover_interval_days": ratio((opened - in_use) / MS_DAY, n),
        "length_of_stay_days": ratio(in_use / MS_DAY, n),
        "discharges_a_day": n / days,
        "discharged_before_noon": ratio(100 * beds.before_noon, n),
        "outlier_share": ratio(100 * beds.begun_outside, beds.begun),
        "outliers_mean": beds.by_outliers / MS_DAY / days,
    }


def _sessions(tally: Tally) -> dict[str, float]:
    told, visits, held, lists = {}, tally.visits, tally.sessions, tally.lists
    if lists is not None:
        told["list_length"] = ratio(lists.listed / MS_DAY, tally.days)
        told["list_wait_days"] = ratio(lists.wait / MS_DAY, lists.came)
    if visits is not None:
        told["cancellations_a_day"] = visits.cancelled / tally.days
        told["cancelled_share"] = ratio(100 * visits.cancelled, visits.booked)
        told["no_show_share"] = ratio(100 * visits.not_attended, visits.booked)
    if held is not None:
        told["clinic_idle_minutes"] = ratio(held.idle / MS_MINUTE, held.clinics)
        told["clinic_overtime_minutes"] = ratio(held.overtime / MS_MINUTE, held.clinics)
        told["theatre_use"] = ratio(100 * held.used, held.planned)
        told["theatre_overrun_minutes"] = ratio(held.overrun / MS_MINUTE, held.theatres)
    return told


def _cover(tally: Tally, tasks: Any) -> dict[str, float]:
    if tally.cover is None:
        return {}
    at_work, on_duty = (int(time[tasks].sum()) for time in (tally.cover.at_work, tally.cover.on_duty))
    return {
        "staff_use": ratio(100 * at_work, on_duty),
        "shortfall_hours_a_day": float(tally.cover.short.sum()) / tally.days,
        "floated_a_day": tally.cover.lent / tally.days,
    }


def _supply(tally: Tally, hospital: Hospital, prices: FloatArray) -> dict[str, float]:
    """Kits, stock and what the measured days cost."""
    told, days, kits, stock = {}, tally.days, tally.kits, tally.stock
    parts = [int(tally.opened.sum()) / MS_DAY / days * hospital.money.open_bed_day]
    if kits is not None:
        told = {
            "operations_a_day": kits.taken / days,
            "kit_miss_share": ratio(100 * kits.missed, kits.taken),
            "any_kit_miss": 100.0 * (kits.missed > 0),
            "reserve_units_a_day": kits.reserve / days,
            "substituted_units_a_day": kits.substituted / days,
            "kit_postponements_a_day": kits.postponed / days,
        }
    if stock is not None:
        unit, order, holding = prices
        told["orders_a_day"] = int(stock.orders.sum()) / days
        told["expired_units_a_day"] = int(stock.expired.sum()) / days
        told["stock_value_mean"] = float(stock.on_hand @ unit) if unit.any() else math.nan
        once = stock.used @ unit + stock.expired @ unit + stock.orders @ order
        parts += [float(once) / days, float(stock.on_hand @ holding)]
    told["cost_a_day"] = math.fsum(parts) if any(parts) else math.nan
    return told
