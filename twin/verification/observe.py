"""Observing: what one replication of a case shows, by named estimators that all cases share.

An estimator turns the trace and its log into one number. Times are in the case's own unit. A mean
counts those who asked in the measured days; a time average is over the measured days themselves.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from twin.errors import UsageError, did_you_mean
from twin.hospital import Hospital
from twin.measures.census import count_present, first_places, occupied, open_time
from twin.measures.stays import LATER, Stays, departures, stays, wait_ends
from twin.trace import UNSET, Kind, Outcome, Trace
from twin.units import MS_DAY, MS_HOUR, MS_IN, FloatArray, IntArray
from twin.workload import NONE


@dataclass(frozen=True)
class Where:
    """The part of the house that an estimator looks at; what is not named is not asked for."""

    patient_class: str | None = None
    step: str | None = None
    place: str | None = None
    item: str | None = None

    def __str__(self) -> str:
        return ", ".join(p for p in (self.patient_class, self.step, self.place, self.item) if p)


class Seen:
    """One replication, with the columns that several estimators share."""

    def __init__(self, trace: Trace, hospital: Hospital, unit: str) -> None:
        window, starts = trace.workload.window, trace.workload.clock.day_starts
        self.trace, self.hospital, self.unit = trace, hospital, MS_IN[unit]
        self.start = int(starts[window.warm_up])
        self.end = min(int(starts[window.warm_up + window.days]), trace.end)
        self.days = starts[window.warm_up : window.warm_up + window.days + 1]
        self._census: dict[Where, tuple[IntArray, FloatArray]] = {}

    @property
    def span(self) -> int:
        """Length of the measured days. [ms]"""
        return self.end - self.start

    @cached_property
    def last(self) -> NDArray[np.bool_]:
        """Whether a row is the last one that its patient asked for, shape (row,)."""
        rows = np.flatnonzero(self.trace.requested != UNSET)
        last = np.full(self.trace.workload.patients, -1, np.int64)
        last[self.trace.patient[rows]] = rows
        flags = np.zeros(self.trace.requested.size, dtype=bool)
        flags[last[last >= 0]] = True
        return flags

    @cached_property
    def outcome(self) -> NDArray[np.int8]:
        """Outcome of the patient in the last row asked for, ``OPEN`` in all others, shape (row,)."""
        return np.where(self.last, self.trace.outcome[self.trace.patient], Outcome.OPEN)

    @cached_property
    def stays(self) -> Stays:
        """Every stretch of time in a place."""
        return stays(self.trace)

    @cached_property
    def waited_until(self) -> IntArray:
        """End of each row's wait: started, gone, or not before the end, shape (row,). [ms]"""
        return np.minimum(wait_ends(self.trace), self.trace.end)

    @cached_property
    def gone(self) -> IntArray:
        """When each row's patient had left its place, or its line, shape (row,). [ms]"""
        trace = self.trace
        left = np.where(trace.left == UNSET, trace.end, trace.left)
        return np.where(trace.started == UNSET, self.waited_until, left)

    def rows(self, where: Where) -> NDArray[np.bool_]:
        """Rows of a class, a step, a first place; those never asked for are left out."""
        chosen = np.ones(len(self.trace.steps), dtype=bool)
        if where.patient_class is not None:
            chosen &= np.array([k.patient_class == where.patient_class for k in self.trace.steps])
        if where.step is not None:
            chosen &= np.array([k.name == where.step for k in self.trace.steps])
        if where.place is not None:
            number = self.trace.places.index(where.place)
            chosen &= first_places(self.trace, self.hospital) == number
        return chosen[self.trace.workload.step] & (self.trace.requested != UNSET)

    def asked(self, where: Where) -> NDArray[np.bool_]:
        """Rows asked for in the measured days."""
        requested = self.trace.requested
        return self.rows(where) & (requested >= self.start) & (requested < self.end)

    def present(self, where: Where) -> tuple[IntArray, IntArray]:
        """From when to when each patient was in the place (of all rows of ``where``, if none is named)."""
        held = self.stays
        chosen = self.rows(Where(where.patient_class, where.step))[held.row]
        if where.place is not None:
            chosen &= held.place == self.trace.places.index(where.place)
        return held.begin[chosen], held.end[chosen]

    def census(self, where: Where) -> tuple[IntArray, FloatArray]:
        """How long so many patients were there: numbers 0, 1, ... and their shares of the time."""
        if where not in self._census:
            self._census[where] = self.share_of_time(*self.present(where))
        return self._census[where]

    def share_of_time(self, begins: IntArray, ends: IntArray) -> tuple[IntArray, FloatArray]:
        """Shares of the measured time during which 0, 1, 2, ... of the intervals hold."""
        edges = np.clip(np.concatenate([begins, ends]), self.start, self.end)
        change = np.repeat(np.array([1, -1]), begins.size)
        order = np.argsort(edges, kind="stable")
        number = np.concatenate([[0], np.cumsum(change[order])])
        spans = np.diff(np.concatenate([[self.start], edges[order], [self.end]])).astype(np.float64)
        lasted = spans > 0
        shares = np.bincount(number[lasted], spans[lasted]) / self.span
        return np.arange(shares.size), shares

    def level(self, where: Where) -> tuple[str, int]:
        """The place looked at and its usual level."""
        name = where.place
        if name is None:
            places = {
                a.place
                for key in self.trace.steps
                if where.step in (None, key.name) and where.patient_class in (None, key.patient_class)
                for a in self.hospital.pathways[key.pathway].steps[key.index].alternatives()
            }
            if len(places) != 1:
                raise UsageError(f"a place must be named here; the steps looked at have {sorted(places)}")
            name = places.pop()
        return name, self.hospital.everywhere[name].usual


class Stock:
    """What lay on the shelf of one item: a step function of time."""

    def __init__(self, seen: Seen, item: str | None) -> None:
        names = list(seen.hospital.items)
        if item is None and len(names) != 1:
            raise UsageError(f"an item must be named here; there are {names}")
        name = names[0] if item is None else item
        self.item, self.seen = seen.hospital.items[name], seen
        number = list(seen.hospital.supplies).index(name)
        log = seen.trace.log.only(Kind.TAKEN, Kind.DELIVERED, Kind.EXPIRED)
        mine = log.what == number
        sign = np.where(log.kind[mine] == Kind.DELIVERED, 1, -1)
        self.times, self.levels = log.at[mine], self.item.stock + np.cumsum(sign * log.n[mine])
        orders = seen.trace.log.only(Kind.ORDERED)
        self.ordered = orders.at[orders.what == number]

    def before(self, at: IntArray) -> IntArray:
        """On hand just before each instant. [units]"""
        before = np.searchsorted(self.times, at, side="left")
        return np.concatenate([[self.item.stock], self.levels])[before]

    def shares(self) -> tuple[IntArray, FloatArray]:
        """Levels passed through and how long each lasted, over the measured days. [units, ms]"""
        inside = (self.times > self.seen.start) & (self.times < self.seen.end)
        edges = np.concatenate([[self.seen.start], self.times[inside], [self.seen.end]])
        first = self.before(np.array([self.seen.start + 1]))
        return np.concatenate([first, self.levels[inside]]), np.diff(edges).astype(np.float64)

    def orders(self) -> int:
        """Orders placed in the measured days."""
        return int(((self.ordered >= self.seen.start) & (self.ordered < self.seen.end)).sum())


Estimator = Callable[[Seen, Where, float], float]


def _mean(values: NDArray[Any]) -> float:
    """The mean; nan, a replication without a value, where there is nobody to look at."""
    return float(values.mean()) if values.size else math.nan


def _quantile(values: FloatArray, p: float) -> float:
    """The quantile; nan where there is nobody to look at."""
    return float(np.quantile(values, p)) if values.size else math.nan


def _wait(seen: Seen, where: Where) -> FloatArray:
    asked = seen.asked(where)
    return (seen.waited_until[asked] - seen.trace.requested[asked]) / seen.unit


def _stay(seen: Seen, where: Where) -> FloatArray:
    asked = seen.asked(where) & (seen.trace.started != UNSET)
    return (seen.gone[asked] - seen.trace.requested[asked]) / seen.unit


def _in_line(seen: Seen, where: Where) -> float:
    rows = seen.rows(where)
    return occupied(seen.trace.requested[rows], seen.waited_until[rows], seen.start, seen.end) / seen.span


def _in_system(seen: Seen, where: Where) -> float:
    rows = seen.rows(where)
    return occupied(seen.trace.requested[rows], seen.gone[rows], seen.start, seen.end) / seen.span


def _busy(seen: Seen, where: Where) -> float:
    return occupied(*seen.present(where), seen.start, seen.end) / seen.span


def _utilisation(seen: Seen, where: Where) -> float:
    name, _ = seen.level(where)
    place = Where(where.patient_class, where.step, name)
    used = occupied(*seen.present(place), seen.start, seen.end)
    return used / open_time(seen.trace.schedule.levels[name], seen.start, seen.end)


def _empty(seen: Seen, where: Where) -> float:
    rows = seen.rows(where)
    return float(seen.share_of_time(seen.trace.requested[rows], seen.gone[rows])[1][0])


def _full(seen: Seen, where: Where) -> float:
    name, level = seen.level(where)
    number, share = seen.census(Where(place=name))
    return float(share[number >= level].sum())


def _outcome(seen: Seen, where: Where, *wanted: Outcome) -> float:
    return _mean(np.isin(seen.outcome[seen.asked(where)], wanted))


def _house(seen: Seen, where: Where) -> float:
    """Mean time from coming to the house to leaving it, of those who came in the measured days."""
    trace = seen.trace
    counted = (trace.came >= seen.start) & (trace.came < seen.end)
    if where.patient_class is not None:
        counted &= trace.workload.patient_class == trace.classes.index(where.patient_class)
    gone = np.minimum(departures(trace)[counted], trace.end)
    return _mean((gone - trace.came[counted]) / seen.unit)


def _census_moment(seen: Seen, where: Where, *, about_mean: bool) -> float:
    number, share = seen.census(where)
    mean = float(share @ number)
    return float(share @ (number - mean) ** 2) if about_mean else mean


def _census_is(seen: Seen, where: Where, n: float) -> float:
    _, share = seen.census(where)
    return float(share[int(n)]) if n < share.size else 0.0


def _census_at_day(seen: Seen, where: Where, day: float) -> float:
    begins, ends = seen.present(where)
    return float(count_present(begins, ends, np.array([round(day * MS_DAY)]))[0])


def _daily(seen: Seen) -> IntArray:
    arrival = seen.trace.workload.arrival
    return np.diff(np.searchsorted(arrival, seen.days))


def _in_hour(seen: Seen, _: Where, hour: float) -> float:
    starts = seen.days[:-1] + int(hour) * MS_HOUR
    arrival = seen.trace.workload.arrival
    counts = np.searchsorted(arrival, starts + MS_HOUR) - np.searchsorted(arrival, starts)
    return float(counts.mean())


def _throughput(seen: Seen, where: Where) -> float:
    ended = seen.trace.ended[seen.rows(where)]
    return float(((ended >= seen.start) & (ended < seen.end)).sum() * seen.unit / seen.span)


def _boarders(seen: Seen, where: Where) -> NDArray[np.bool_]:
    """Rows of ``where`` that are over and have a row after them."""
    goes_on, first = np.ones(seen.trace.requested.size, dtype=bool), seen.trace.workload.first
    goes_on[first[1:][np.diff(first) > 0] - 1] = False
    return seen.rows(where) & goes_on & (seen.trace.ended != UNSET)


def _boarding(seen: Seen, where: Where) -> float:
    rows = _boarders(seen, where)
    return occupied(seen.trace.ended[rows], seen.gone[rows], seen.start, seen.end) / seen.span


def _boarding_time(seen: Seen, where: Where) -> float:
    rows = _boarders(seen, where) & seen.asked(where)
    return _mean((seen.gone[rows] - seen.trace.ended[rows]) / seen.unit)


def _in_treatment(seen: Seen, where: Where) -> float:
    rows = seen.rows(where) & (seen.trace.started != UNSET)
    ended = np.where(seen.trace.ended == UNSET, LATER, seen.trace.ended)
    return occupied(seen.trace.started[rows], ended[rows], seen.start, seen.end) / seen.span


def _on_hand(seen: Seen, where: Where) -> float:
    level, lasted = Stock(seen, where.item).shares()
    return float(level @ lasted / seen.span)


def _out_of_stock(seen: Seen, where: Where) -> float:
    level, lasted = Stock(seen, where.item).shares()
    return float(lasted[level == 0].sum() / seen.span)


def _order_frequency(seen: Seen, where: Where) -> float:
    return Stock(seen, where.item).orders() * seen.unit / seen.span


def _cost(seen: Seen, where: Where, penalty: float) -> float:
    """Orders, stock and backorders over the measured days, a day."""
    stock = Stock(seen, where.item)
    holding = stock.item.holding_cost_a_day * _on_hand(seen, where)
    orders = stock.item.order_cost * stock.orders() * MS_DAY / seen.span
    return orders + holding + penalty * _in_line(seen, where)


def _cost_at_day_end(seen: Seen, where: Where, penalty: float) -> float:
    """Orders, and what lies in stock or is owed at each midnight, a day."""
    stock, rows, midnights = Stock(seen, where.item), seen.rows(where), seen.days[1:]
    wait_from, wait_to = seen.trace.requested[rows], seen.waited_until[rows]
    owed = count_present(wait_from, wait_to, midnights - 1)
    holding = stock.item.holding_cost_a_day * stock.before(midnights).mean()
    orders = stock.item.order_cost * stock.orders() * MS_DAY / seen.span
    return float(orders + holding + penalty * owed.mean())


#: name -> (what it is, how it is found); "@" stands for the number given with the name
ESTIMATORS: dict[str, tuple[str, Estimator]] = {
    "Wq": ("mean wait from asking to the start, or to leaving unserved", lambda s, w, _: _mean(_wait(s, w))),
    "W": ("mean time from asking for the step to leaving its place", lambda s, w, _: _mean(_stay(s, w))),
    "Lq": ("mean number waiting", lambda s, w, _: _in_line(s, w)),
    "L": ("mean number waiting or in the place", lambda s, w, _: _in_system(s, w)),
    "occupied": ("mean number in the place", lambda s, w, _: _busy(s, w)),
    "utilisation": ("used / open time of the place", lambda s, w, _: _utilisation(s, w)),
    "P_wait": ("share of those who ask that do not start at once", lambda s, w, _: _mean(_wait(s, w) > 0)),
    "P_wait_over": ("share that waits longer than @", lambda s, w, x: _mean(_wait(s, w) > x)),
    "W_quantile": ("quantile @ of the time W", lambda s, w, p: _quantile(_stay(s, w), p)),
    "P_empty": ("share of time in which nobody waits or is in the place", lambda s, w, _: _empty(s, w)),
    "P_full": ("share of time in which the place is full", lambda s, w, _: _full(s, w)),
    "P_refused": (
        "share of those who ask that is turned away",
        lambda s, w, _: _outcome(s, w, Outcome.REFUSED, Outcome.BALKED),
    ),
    "P_left": (
        "share of those who ask that loses patience",
        lambda s, w, _: _outcome(s, w, Outcome.LEFT),
    ),
    "served": (
        "share of those who ask that is not turned away",
        lambda s, w, _: 1 - _outcome(s, w, Outcome.REFUSED, Outcome.BALKED),
    ),
    "time_in_house": ("mean time from coming to leaving the house", lambda s, w, _: _house(s, w)),
    "census": ("mean census", lambda s, w, _: _census_moment(s, w, about_mean=False)),
    "census_variance": (
        "variance of the census over time",
        lambda s, w, _: _census_moment(s, w, about_mean=True),
    ),
    "census_is": ("share of time with @ patients in the place", _census_is),
    "census_at_day": ("census @ days after the start", _census_at_day),
    "arrivals": ("mean arrivals a day", lambda s, _, __: _daily(s).mean()),
    "arrivals_variance": ("variance of a day's arrivals", lambda s, _, __: _daily(s).var(ddof=1)),
    "arrivals_in_hour": ("mean arrivals in the hour from @ o'clock", _in_hour),
    "throughput": ("patients through the step, a unit of time", lambda s, w, _: _throughput(s, w)),
    "boarding": ("mean number who keep the place after the step is over", lambda s, w, _: _boarding(s, w)),
    "boarding_time": ("mean time a patient keeps it, of all who go on", lambda s, w, _: _boarding_time(s, w)),
    "in_treatment": ("mean number in the step itself", lambda s, w, _: _in_treatment(s, w)),
    "fill_rate": ("share of demands met at once", lambda s, w, _: 1 - _mean(_wait(s, w) > 0)),
    "backorders": ("mean number of demands that wait", lambda s, w, _: _in_line(s, w)),
    "on_hand": ("mean stock on hand", lambda s, w, _: _on_hand(s, w)),
    "P_stockout": ("share of time without stock", lambda s, w, _: _out_of_stock(s, w)),
    "order_frequency": ("orders a unit of time", lambda s, w, _: _order_frequency(s, w)),
    "cost": ("orders + stock + @ for each demand that waits, a day", _cost),
    "cost_at_day_end": ("orders + stock + @ for each demand that waits at midnight, a day", _cost_at_day_end),
}


def observe(seen: Seen, quantity: str, where: Where) -> float:
    """One quantity of one replication: an estimator's name, with "@number" where it takes one.

    Raises
    ------
    UsageError
        There is no such estimator.
    """
    name, _, argument = quantity.partition("@")
    if name not in ESTIMATORS:
        raise UsageError(f'no estimator "{name}"; {did_you_mean(name, ESTIMATORS)}')
    return float(ESTIMATORS[name][1](seen, where, float(argument) if argument else NONE))
