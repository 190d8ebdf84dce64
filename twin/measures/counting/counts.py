"""Counts: the passes over one run in turn, with the room that they work in."""

from __future__ import annotations

import numpy as np

from twin.measures.counting import beds, flow, lists, staff, supplies
from twin.measures.counting.columns import Cuts, Levels, Run, Sat, read_only
from twin.measures.counting.layout import Described
from twin.measures.counting.rows import add_up
from twin.measures.tally import SLOWEST_TENTH, Cover, Stock
from twin.trace import Trace
from twin.units import IntArray

_NO_BOOKINGS = np.zeros((0, 2), np.int64)


class Counts:
    """One run, and what is counted in it; a subject that the hospital does not have costs nothing."""

    def __init__(self, trace: Trace, known: Described, run: Run, cuts: Cuts, levels: Levels) -> None:
        self.trace, self.known, self.layout = trace, known, known.layout
        self.run, self.cuts, self.levels = run, cuts, levels
        sittings = trace.schedule.sittings
        session, opens, closes = map(read_only, (sittings.session, sittings.opens, sittings.closes))
        self.sat = Sat(session, opens, closes, np.zeros(opens.size, np.bool_))

    def _instants(self) -> IntArray:
        return np.empty(self.run.came.size, np.int64)

    def flow(self, booked: IntArray) -> tuple[flow.Doors, flow.Attendances, flow.Waits, tuple[int, int]]:
        """Who came, who attends, who waits; and the two waits for a bed nearest the 90th percentile."""
        boarding = np.empty(self.run.step.size, np.int64)
        doors, attendances, waits = flow.count_flow(
            self.run, self.layout, self.cuts, self.sat, booked, boarding
        )
        rank = int(SLOWEST_TENTH * max(waits.boarded - 1, 0))
        nearest = flow.neighbours(boarding, waits.boarded, rank) if waits.boarded else (0, 0)
        return doors, attendances, waits, nearest

    def beds(self, places: int, *, any_found: bool) -> tuple[beds.Beds, IntArray, IntArray]:
        """Ward stays and discharges; census and time by the hour in the first so many places."""
        run, layout, cuts = self.run, self.layout, self.cuts
        hourly = np.zeros((places, run.hours + 1, 2), np.int64)
        ward_rows = np.empty(run.step.size, np.int64)
        noted, begun, outside, by_outliers = beds.count_stays(run, layout, cuts, hourly, ward_rows)
        if any_found:
            beds.count_found(run, hourly, self._instants())
        left, before_noon = beds.count_discharges(run, layout, cuts, ward_rows, noted)
        delayed = beds.count_delayed(run) if self.known.there_is["medically_fit_beds"] else 0
        census, held = np.empty((2, places, run.hours), np.int64)
        add_up(hourly, census, held)
        return beds.Beds(left, before_noon, begun, outside, by_outliers, delayed), census, held

    def open_beds(self) -> IntArray:
        """Open bed time, by ward."""
        return self._level_times(0, self.layout.wards)

    def _level_times(self, first: int, n: int) -> IntArray:
        opened = np.empty(n, np.int64)
        staff.count_levels(self.run, self.levels, first, opened)
        return opened

    def moves(self) -> supplies.Moves:
        """Patients moved during a stay."""
        if not self.run.kind.size:
            return supplies.Moves(0, 0)
        return supplies.count_moves(self.run, self.layout)

    def waiting_lists(self) -> lists.Lists | None:
        """Who is listed, and for how long."""
        if not self.layout.scheduled.any():
            return None
        return lists.count_lists(self.run, self.layout, self._instants())

    def bookings(self) -> tuple[lists.Visits | None, lists.Sessions | None, IntArray]:
        """Bookings, sittings, and the last booking of each patient."""
        run, sat, layout, cuts = self.run, self.sat, self.layout, self.cuts
        if not layout.has_slots.size:
            return None, None, _NO_BOOKINGS
        lists.measure_sittings(run, sat, sat.measured)
        by_day = np.empty((layout.has_slots.size, run.day_starts.size), np.int64)
        booked = np.empty((run.came.size, 2), np.int64)
        visits = lists.book(run, sat, by_day, booked)
        begins = np.empty(sat.opens.size + 1, np.int64)
        taken = np.empty((lists.count_taken(run, layout, cuts, sat, booked, begins), 2), np.int64)
        lists.take(run, layout, cuts, sat, booked, begins, taken)  # each now begins where it ended
        return visits, lists.count_sessions(layout, self.levels, sat, begins, taken), booked

    def cover(self, census: IntArray) -> Cover | None:
        """People at work, on duty, short and lent."""
        run, groups = self.run, self.layout.pool.size
        if not groups:
            return None
        present, time = np.zeros((groups, run.hours + 1), np.int64), np.zeros(groups, np.int64)
        staff.count_work(run, self.layout, self.cuts, present, time)
        pooled = read_only(self.trace.workload.pooled)
        lent = 0
        if run.kind.size or pooled.size:
            lent = staff.count_lent(run, self.layout, self.cuts, pooled, present, time)
        ratios = self.known.patients_a_nurse(self.trace.workload.clock, run.base, run.hours)
        wanted, short, places = np.empty((2, groups)), np.zeros(groups), len(self.known.places)
        staff.count_short(run, self.layout, self.levels, places, present, census, ratios, wanted, short)
        return Cover(time, self._level_times(places, groups), short, lent)

    def kits(self) -> supplies.Kits | None:
        """Kits taken and missed."""
        if not self.known.hospital.kits:
            return None
        return supplies.count_kits(self.run, self.layout, self._instants(), self._instants())

    def stock(self) -> Stock | None:
        """Items over time."""
        items = self.known.hospital.items
        if not items:
            return None
        orders, expired, used = np.zeros((3, len(items)), np.int64)
        gained = np.zeros(len(items))
        supplies.count_stock(self.run, self.layout, orders, expired, used, gained)
        stock = self.trace.schedule.stock
        first = np.array([stock.get(name, item.stock) for name, item in items.items()], np.float64)
        span = max(self.run.end - self.run.start, 1)
        return Stock(orders, expired, used, first + gained / span)
