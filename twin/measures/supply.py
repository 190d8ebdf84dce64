"""Supply: stock on hand, orders, what was thrown away, and kits that were not in full.

An operation is a patient's step that takes a kit. A kit miss is judged when the kit is asked for, before
any reserve or substitute; reserve, substitute and postponement are counted beside it.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from twin.measures.measure import Measure, ratio, undefined
from twin.measures.stays import total_by
from twin.measures.view import View
from twin.trace import UNSET, Kind, Log
from twin.units import FloatArray, IntArray

_KITS = (
    Measure("operations_a_day", "Steps with a kit", "a day", "", "patients' steps that took a kit, a day"),
    Measure(
        "kit_miss_share",
        "Kit misses",
        "per 100 steps with a kit",
        "down",
        "kits not in full when asked for, before any substitute / steps that took a kit",
    ),
    Measure(
        "any_kit_miss",
        "Any kit miss",
        "% of futures",
        "down",
        "100 if any kit was not in full in the measured days, else 0; its mean is the chance of one",
    ),
    Measure(
        "reserve_units_a_day",
        "Reserve taken",
        "units a day",
        "down",
        "units that kits took of reserves, a day",
    ),
    Measure(
        "substituted_units_a_day", "Substitutes taken", "units a day", "down", "units of substitutes, a day"
    ),
    Measure(
        "kit_postponements_a_day",
        "Postponed for a kit",
        "a day",
        "down",
        "cases cancelled on the day whose kit was not in full, a day",
    ),
)
_ITEMS = (
    Measure("orders_a_day", "Orders", "a day", "", "orders of all items, a day"),
    Measure(
        "expired_units_a_day", "Expired", "units a day", "down", "units thrown away after their date, a day"
    ),
    Measure(
        "stock_value_mean",
        "Stock on hand",
        "currency",
        "",
        "units on hand x unit cost, mean of the measured days",
    ),
)
ROWS = (*_KITS, *_ITEMS)


def supply(view: View) -> dict[str, float]:
    """Kits and stock."""
    return {**_kits(view), **_items(view)}


def within(view: View, log: Log) -> Log:
    """The lines of the measured days."""
    inside = (log.at >= view.start) & (log.at < view.end)
    return Log(*(getattr(log, c)[inside] for c in ("at", "kind", "who", "what", "n")))


def misses(view: View) -> Log:
    """Lines of patients' kits that were not in full in the measured days, one an item."""
    log = within(view, view.trace.log.only(Kind.MISSED))
    of_patients = view.is_patient[view.trace.patient[log.who]]
    return Log(*(getattr(log, c)[of_patients] for c in ("at", "kind", "who", "what", "n")))


def operations(view: View) -> tuple[int, int]:
    """Patients' steps that took a kit in the measured days, and kits that were not in full."""
    hospital, trace = view.hospital, view.trace
    kits = np.array([hospital.pathways[k.pathway].steps[k.index].kit is not None for k in trace.steps])
    started = np.flatnonzero((trace.started >= view.start) & (trace.started < view.end))
    began = int((kits[trace.workload.step[started]] & view.is_patient[trace.patient[started]]).sum())
    past = within(view, _begun(trace.log.only(Kind.ABANDONED)))
    began += int((kits[trace.workload.step[past.who]] & view.is_patient[trace.patient[past.who]]).sum())
    missed = misses(view)
    return began, int(np.unique(np.stack([missed.who, missed.at]), axis=1).shape[1])


def _begun(abandoned: Log) -> Log:
    """Rows of cancelled visits at the instant they began."""
    return Log(abandoned.n, abandoned.kind, abandoned.who, abandoned.what, abandoned.n)


def _kits(view: View) -> dict[str, float]:
    if not view.hospital.kits:
        return undefined(_KITS)
    began, missed = operations(view)
    log = within(view, view.trace.log.only(Kind.RESERVE, Kind.SUBSTITUTED))
    return {
        "operations_a_day": began / view.days,
        "kit_miss_share": ratio(100 * missed, began),
        "any_kit_miss": 100.0 * (missed > 0),
        "reserve_units_a_day": float(log.n[log.kind == Kind.RESERVE].sum() / view.days),
        "substituted_units_a_day": float(log.n[log.kind == Kind.SUBSTITUTED].sum() / view.days),
        "kit_postponements_a_day": postponed(view) / view.days,
    }


def postponed(view: View) -> int:
    """Cases cancelled in the measured days whose kit was not in full in the same visit."""
    trace = view.trace
    cancelled, missed = trace.log.only(Kind.CANCELLED), trace.log.only(Kind.MISSED)
    if not len(cancelled) or not len(missed):
        return 0
    order = np.lexsort((cancelled.at, cancelled.who))
    who, at = cancelled.who[order], cancelled.at[order]
    before = np.where(np.append(False, who[1:] == who[:-1]), np.append(0, at[:-1]), UNSET)
    patient = trace.patient[missed.who]
    count = 0
    for i in np.flatnonzero((at >= view.start) & (at < view.end)):
        mine = missed.at[patient == who[i]]
        count += bool(((mine > before[i]) & (mine <= at[i])).any())
    return count


def _items(view: View) -> dict[str, float]:
    if not view.hospital.items:
        return undefined(_ITEMS)
    ordered, expired = (within(view, view.trace.log.only(kind)) for kind in (Kind.ORDERED, Kind.EXPIRED))
    cost = np.array([item.unit_cost for item in view.hospital.items.values()])
    return {
        "orders_a_day": len(ordered) / view.days,
        "expired_units_a_day": float(expired.n.sum() / view.days),
        "stock_value_mean": float(on_hand_mean(view) @ cost) if cost.any() else math.nan,
    }


def movements(view: View) -> tuple[IntArray, IntArray, IntArray]:
    """Every change of stock of the run: when [ms], which item, how many units (+ in, - out)."""
    items = view.hospital.items
    names = list(items)
    log = view.trace.log.only(Kind.DELIVERED, Kind.EXPIRED, Kind.TAKEN, Kind.SUBSTITUTED)
    instead = np.array([names.index(i.substitute) if i.substitute else -1 for i in items.values()], np.int64)
    is_item = log.what < len(names)
    at, kind, what, n = log.at[is_item], log.kind[is_item], log.what[is_item], log.n[is_item]
    what = np.where(kind == Kind.SUBSTITUTED, instead[what], what)
    return at, what, np.where(kind == Kind.DELIVERED, n, -n)


def first_stock(view: View) -> IntArray:
    """Units of each item on hand when the run begins, shape (item,)."""
    stock = view.trace.schedule.stock
    known = (stock.get(name, item.stock) for name, item in view.hospital.items.items())
    return np.fromiter(known, np.int64, len(view.hospital.items))


def on_hand_mean(view: View) -> FloatArray:
    """Units of each item on hand, mean of the measured days, shape (item,)."""
    at, what, change = movements(view)
    span = max(view.end - view.start, 1)
    weight = np.clip(view.end - np.maximum(at, view.start), 0, span) / span
    gained = np.bincount(what, change * weight, len(view.hospital.items))
    return np.asarray(first_stock(view) + gained, dtype=np.float64)


def units_used(view: View) -> IntArray:
    """Units of each item that kits took in the measured days, as substitutes too, shape (item,)."""
    at, what, change = movements(view)
    taken = _taken(view) & (at >= view.start) & (at < view.end)
    return total_by(what[taken], -change[taken], len(view.hospital.items))


def _taken(view: View) -> NDArray[np.bool_]:
    """Which of the movements are units that a kit took."""
    log = view.trace.log.only(Kind.DELIVERED, Kind.EXPIRED, Kind.TAKEN, Kind.SUBSTITUTED)
    kind = log.kind[log.what < len(view.hospital.items)]
    return (kind == Kind.TAKEN) | (kind == Kind.SUBSTITUTED)
