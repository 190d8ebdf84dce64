"""Counts: the passes over one run in turn, with the room that they work in."""

from __future__ import annotations

import numpy as np

from twin.hospital import Hospital
from twin.measures.counting import beds, flow, staff
from twin.measures.counting.columns import Cuts, Sat, read_only, run_of
from twin.measures.counting.cuts import cut, what_is_there
from twin.measures.counting.layout import all_levels, described, patients_a_nurse
from twin.measures.counting.room import room
from twin.measures.counting.rows import add_up
from twin.measures.counting.told import Attendances, Beds, Doors, Kits, Lists, Moves, Sessions, Visits, Waits
from twin.measures.tally import SLOWEST_TENTH, Cover, Stock
from twin.trace import Trace
from twin.units import IntArray

_NO_BOOKINGS = np.zeros((0, 2), np.int64)
_NO_CUTS = Cuts(np.zeros(0, np.int64), np.zeros((0, 6), np.int64))


class Counts:
    """One run, and what is counted in it.

    A subject that the hospital does not have costs nothing: not even its passes are loaded.
    """

    def __init__(self, trace: Trace, hospital: Hospital) -> None:
        self.trace, self.hospital, self.known = trace, hospital, described(hospital)
        self.layout = self.known.layout
        self.run, self.levels = run_of(trace), all_levels(trace.schedule, hospital)
        lines, stopped, self._waited = what_is_there(self.run)
        self.cuts = self._cuts(lines, stopped) if lines or stopped else _NO_CUTS
        sittings = trace.schedule.sittings
        session, opens, closes = map(read_only, (sittings.session, sittings.opens, sittings.closes))
        self.sat = Sat(session, opens, closes, np.zeros(opens.size, np.bool_))

    def _cuts(self, lines: int, stopped: int) -> Cuts:
        """Rows that so many lines cut, and those of so many patients who were stopped as the run began."""
        of_row, pieces = room.of("of_row", self.run.step.size), room.of("pieces", 3 * lines + 2 * stopped, 6)
        following, of_one = room.of("following", self.run.kind.size), room.of("of_one", lines + 1, 4)
        return Cuts(of_row, pieces[: cut(self.run, of_row, following, of_one, pieces)])

    def _instants(self, name: str) -> IntArray:
        return room.of(name, self.run.came.size)

    def flow(self, booked: IntArray) -> tuple[Doors, Attendances, Waits, tuple[int, int]]:
        """Who came, who attends, who waits; and the two waits for a bed nearest the 90th percentile."""
        boarding = room.of("boarding", self.run.step.size)
        doors, attendances, waits = flow.count_flow(
            self.run, self.layout, self.cuts, self.sat, booked, boarding
        )
        rank = int(SLOWEST_TENTH * max(waits.boarded - 1, 0))
        nearest = flow.neighbours(boarding, waits.boarded, rank) if waits.boarded else (0, 0)
        return doors, attendances, waits, nearest

    def beds(self, places: int) -> tuple[Beds, IntArray, IntArray]:
        """Ward stays and discharges; census and time by the hour in the first so many places."""
        run, layout, cuts = self.run, self.layout, self.cuts
        hourly = room.of("hourly", places, run.hours + 1, 2)
        hourly[:] = 0
        ward_rows = room.of("ward_rows", run.step.size)
        noted, begun, outside, by_outliers = beds.count_stays(run, layout, cuts, hourly, ward_rows)
        if self._waited:
            beds.count_found(run, hourly, self._instants("until"))
        left, before_noon = beds.count_discharges(run, layout, cuts, ward_rows, noted)
        delayed = beds.count_delayed(run) if self.known.there_is["medically_fit_beds"] else 0
        census, held = np.empty((2, places, run.hours), np.int64)
        add_up(hourly, census, held)
        return Beds(left, before_noon, begun, outside, by_outliers, delayed), census, held

    def open_beds(self) -> IntArray:
        """Open bed time, by ward."""
        return self._level_times(0, self.layout.wards)

    def _level_times(self, first: int, n: int) -> IntArray:
        opened = np.empty(n, np.int64)
        staff.count_levels(self.run, self.levels, first, opened)
        return opened

    def moves(self) -> Moves:
        """Patients moved during a stay."""
        if not self.run.kind.size:
            return Moves(0, 0)
        from twin.measures.counting import supplies

        return supplies.count_moves(self.run, self.layout)

    def waiting_lists(self) -> Lists | None:
        """Who is listed, and for how long."""
        if not self.layout.scheduled.any():
            return None
        from twin.measures.counting import lists

        return lists.count_lists(self.run, self.layout, self._instants("off"))

    def bookings(self) -> tuple[Visits | None, Sessions | None, IntArray]:
        """Bookings, sittings, and the last booking of each patient."""
        run, sat, layout, cuts = self.run, self.sat, self.layout, self.cuts
        if not layout.has_slots.size:
            return None, None, _NO_BOOKINGS
        from twin.measures.counting import lists

        lists.measure_sittings(run, sat, sat.measured)
        by_day = room.of("by_day", layout.has_slots.size, run.day_starts.size)
        booked = room.of("booked", run.came.size, 2)
        visits = lists.book(run, sat, by_day, booked)
        last, most = room.of("last", sat.opens.size), run.step.size + cuts.piece.shape[0]
        taken, own = room.of("taken", most, 3), room.of("own", most, 2)
        lists.take(run, layout, cuts, sat, booked, last, taken)
        return visits, lists.count_sessions(layout, self.levels, sat, last, taken, own), booked

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
        ratios = patients_a_nurse(self.hospital, self.trace.workload.clock, run.base, run.hours)
        wanted, short, places = np.empty(run.hours), np.empty(groups), self.known.places
        staff.count_short(run, self.layout, self.levels, places, present, census, ratios, wanted, short)
        return Cover(time, self._level_times(places, groups), short, lent)

    def kits(self) -> Kits | None:
        """Kits taken and missed."""
        if not self.hospital.kits:
            return None
        from twin.measures.counting import supplies

        missed, cancelled = self._instants("missed"), self._instants("cancelled")
        return supplies.count_kits(self.run, self.layout, missed, cancelled)

    def stock(self) -> Stock | None:
        """Items over time."""
        items = self.hospital.items
        if not items:
            return None
        from twin.measures.counting import supplies

        orders, expired, used = np.zeros((3, len(items)), np.int64)
        gained = np.zeros(len(items))
        supplies.count_stock(self.run, self.layout, orders, expired, used, gained)
        stock = self.trace.schedule.stock
        first = np.array([stock.get(name, item.stock) for name, item in items.items()], np.float64)
        span = max(self.run.end - self.run.start, 1)
        return Stock(orders, expired, used, first + gained / span)
