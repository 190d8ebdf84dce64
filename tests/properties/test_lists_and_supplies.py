"""What holds of every list, session, store and promise: nothing is booked, taken or promised twice."""

from __future__ import annotations

from collections import defaultdict

import numpy as np

from tests.properties.people import at_work
from twin.engine.rules import expected_lengths
from twin.hospital.supply import Item
from twin.measures.stays import LATER, departures, stays, wait_ends
from twin.trace import UNSET, Kind, Outcome
from twin.units import IntArray, days, hours, minutes
from twin.workload import BOOKED, IN_STEP, NONE, STOPPED, WAITING


def told(run, *kinds: Kind) -> list[tuple[int, ...]]:
    """Lines of the log: (at, kind, who, what, n)."""
    log = run.trace.log.only(*kinds)
    columns = (log.at, log.kind, log.who, log.what, log.n)
    return list(zip(*(column.tolist() for column in columns), strict=True))


# ---- lists and sessions --------------------------------------------------------------------------


def test_each_booking_is_followed_by_one_coming_one_absence_or_one_cancellation(runs):
    for run in runs:
        trace, work = run.trace, run.trace.workload
        open_bookings = np.zeros(work.patients, np.int64)
        open_bookings[work.origin == BOOKED] = 1
        there = np.isin(work.origin, (IN_STEP, WAITING, STOPPED))
        open_bookings[there] = 1  # one who came to an appointment before the run may be cancelled
        for _, kind, who, _, _ in sorted(told(run, Kind.BOOKED, Kind.NO_SHOW, Kind.CANCELLED)):
            open_bookings[who] += 1 if kind == Kind.BOOKED else -1
            assert open_bookings[who] in (0, 1), run.seed

        classes = [c.booking is not None for c in run.case.hospital.classes.values()]
        scheduled = np.array(classes)[work.patient_class]
        assert not (trace.came != UNSET)[scheduled & (open_bookings == 0)].any(), run.seed
        absent = {line[2] for line in told(run, Kind.NO_SHOW)}
        assert absent == set(np.flatnonzero(trace.outcome == Outcome.NO_SHOW).tolist()), run.seed


def test_listed_are_those_who_wait_are_booked_came_or_left_the_list(runs):
    for run in runs:
        trace, work = run.trace, run.trace.workload
        lines = told(run, Kind.BOOKED, Kind.NO_SHOW, Kind.CANCELLED)
        for number, entry in enumerate(run.case.hospital.classes.values()):
            if entry.booking is None:
                continue
            own = np.flatnonzero(work.patient_class == number)
            count = {kind: sum(line[1] == kind and line[2] in own for line in lines) for kind in Kind}
            begun = np.isin(work.origin[own], (BOOKED, IN_STEP, WAITING, STOPPED)).sum()
            in_hand = count[Kind.BOOKED] + int(begun) - count[Kind.CANCELLED] - count[Kind.NO_SHOW]
            came = int((trace.came[own] != UNSET).sum())

            assert 0 <= came <= in_hand <= own.size, run.seed


def test_a_session_books_no_more_than_its_slots_or_its_time(runs):
    for run in runs:
        trace, sittings = run.trace, run.trace.schedule.sittings
        lengths = expected_lengths(run.case.hospital)
        booked = defaultdict(list)
        for at, _, who, sitting, appointment in told(run, Kind.BOOKED):
            booked[sitting].append((appointment, who))
            assert at == sittings.books[sitting], run.seed
        for sitting, rows in booked.items():
            slots = sittings.slot[sittings.slot_from[sitting] : sittings.slot_from[sitting + 1]].tolist()
            opens, closes = int(sittings.opens[sitting]), int(sittings.closes[sitting])
            if slots:
                assert sorted(a for a, _ in rows) == sorted(slots)[: len(rows)], run.seed
                continue
            at = opens
            for appointment, who in sorted(rows, key=lambda row: row[0]):
                assert appointment == at, run.seed
                at += lengths[int(trace.workload.patient_class[who])]
            assert at <= closes, run.seed


def test_nobody_is_cancelled_before_his_limit_and_nobody_starts_after_it(runs):
    for run in runs:
        trace, limits = run.trace, run.trace.schedule.sittings.limit
        for at, _, _, sitting, _ in told(run, Kind.CANCELLED):
            assert sitting == NONE or at >= limits[sitting], run.seed
        last = {who: sitting for _, _, who, sitting, _ in sorted(told(run, Kind.BOOKED))}
        for patient, sitting in last.items():
            entry = list(run.case.hospital.classes.values())[trace.workload.patient_class[patient]]
            if entry.booking is None or entry.booking.limit_step is None:
                continue
            for row in range(*trace.workload.first[patient : patient + 2]):
                if trace.steps[trace.workload.step[row]].name == entry.booking.limit_step:
                    assert trace.started[row] <= limits[sitting], run.seed


# ---- promises ------------------------------------------------------------------------------------


def test_each_promise_is_of_the_first_place_of_the_step_it_is_for(runs):
    for run in runs:
        trace, names = run.trace, list(run.case.hospital.everywhere)
        for at, _, row, place, _ in told(run, Kind.PROMISED):
            key = trace.steps[trace.workload.step[row]]
            steps = run.case.hospital.pathways[key.pathway].steps
            wanted = next(s for s in steps if s.name == steps[key.index].needs_next)

            assert wanted.alternatives()[0].place == names[place], run.seed
            assert trace.started[row] == UNSET or at <= trace.started[row], run.seed


def test_who_was_promised_a_place_has_it(runs):
    """The next row of the promised step starts there; nobody else's promise is taken away."""
    for run in runs:
        trace = run.trace
        stopped = {line[2] for line in told(run, Kind.STOPPED)}
        for at, _, row, place, _ in told(run, Kind.PROMISED):
            if trace.started[row] != at:
                continue  # promised in a visit that was cancelled
            patient = trace.patient[row]
            name = run.steps[trace.workload.step[row]].needs_next
            later = range(row + 1, trace.workload.first[patient + 1])
            following = next((r for r in later if trace.steps[trace.workload.step[r]].name == name), None)
            if following is not None and trace.started[following] != UNSET and following not in stopped:
                assert trace.place[following] == place, run.seed


# ---- supplies ------------------------------------------------------------------------------------


def _movements(run, number: int, name: str, item: Item) -> list[tuple[int, int, int]]:
    """(at, order within the instant, units) of all that comes and goes of an item."""
    names = list(run.case.hospital.supplies)
    stands_in_for = [n for n, i in run.case.hospital.items.items() if i.substitute == name]
    signs = {Kind.DELIVERED: (0, 1), Kind.EXPIRED: (1, -1), Kind.TAKEN: (2, -1), Kind.SUBSTITUTED: (2, -1)}
    found = []
    for at, kind, _, what, n in told(run, *signs):
        own = names[what] in stands_in_for if kind == Kind.SUBSTITUTED else what == number
        if own:
            found.append((at, signs[Kind(kind)][0], signs[Kind(kind)][1] * n))
    return sorted(found)


def _first_stock(run, name: str, item: Item) -> int:
    batches = run.case.snapshot.stock.get(name)
    return item.stock if batches is None else sum(batch.units for batch in batches)


def test_stock_is_what_was_there_and_came_less_what_was_taken_and_thrown_away(runs):
    for run in runs:
        for number, (name, item) in enumerate(run.case.hospital.items.items()):
            on_hand = _first_stock(run, name, item)
            for _, _, units in _movements(run, number, name, item):
                on_hand += units
                assert on_hand >= 0, (run.seed, name)


def test_nothing_older_than_its_shelf_life_is_on_hand(runs):
    """What came less than a shelf life ago, and what never expires, is all that there can be."""
    for run in runs:
        for number, (name, item) in enumerate(run.case.hospital.items.items()):
            if item.shelf_life_days is None or name in run.case.snapshot.stock:
                continue
            on_hand, came = item.stock, [(0, item.stock)]
            movements = _movements(run, number, name, item)
            for i, (at, order, units) in enumerate(movements):
                on_hand += units
                if order == 0:
                    came.append((at, units))
                fresh = sum(n for d, n in came if d + days(item.shelf_life_days) > at)
                last_of_instant = i + 1 == len(movements) or movements[i + 1][0] > at
                assert not last_of_instant or on_hand <= fresh, (run.seed, name)


def test_deliveries_are_orders_that_were_placed_before(runs):
    for run in runs:
        orders = list(run.case.snapshot.orders)
        for number, (name, item) in enumerate(run.case.hospital.items.items()):
            due = {run.trace.workload.clock.ms(o.due): 0 for o in orders if o.item == name}
            on_order = sum(o.units for o in orders if o.item == name)
            lines = told(run, Kind.ORDERED, Kind.DELIVERED)
            for at, kind, _, what, n in sorted(lines, key=lambda line: (line[0], line[1])):
                if what == number:
                    on_order += n if kind == Kind.ORDERED else -n
                    assert on_order >= 0, (run.seed, name)
                    assert kind == Kind.DELIVERED or item.policy is not None, (run.seed, name, due, at)
                    assert kind == Kind.DELIVERED or n % item.pack == 0, (run.seed, name)


def _wanted(run, name: str) -> int:
    """Units that waiting patients want at the end."""
    trace, hospital = run.trace, run.case.hospital
    gone = trace.outcome != Outcome.OPEN
    rows = np.flatnonzero((trace.requested != UNSET) & (trace.started == UNSET) & ~gone[trace.patient])
    following = np.minimum(rows + 1, trace.place.size - 1)
    skipped = (trace.patient[following] == trace.patient[rows]) & (following > rows)
    rows = rows[~(skipped & (trace.requested[following] != UNSET))]
    total = 0
    for row in rows:
        kit = run.steps[trace.workload.step[row]].kit
        total += hospital.kits[kit].contents.get(name, 0) if kit is not None else 0
    return total


def test_an_item_that_is_always_watched_is_above_its_reorder_point(runs):
    """On hand + on order - wanted, at the end of the run, is above the point at which more is ordered."""
    for run in runs:
        trace = run.trace
        if trace.stopped_at is not None:
            continue
        for number, (name, item) in enumerate(run.case.hospital.items.items()):
            if item.policy is None or item.policy.review_days is not None:
                continue
            movements = _movements(run, number, name, item)
            ordered = sum(n for _, kind, _, what, n in told(run, Kind.ORDERED) if what == number)
            ordered += sum(o.units for o in run.case.snapshot.orders if o.item == name)
            delivered = sum(n for _, kind, _, what, n in told(run, Kind.DELIVERED) if what == number)
            on_hand = _first_stock(run, name, item) + sum(units for _, _, units in movements)

            position = on_hand + ordered - delivered - _wanted(run, name)
            assert position > item.policy.reorder_point, (run.seed, name)


def test_no_tray_is_in_two_kits(runs):
    """Trays in use and in SPD are never more than are owned, but for those found in use at the start."""
    for run in runs:
        trace, work, hospital = run.trace, run.trace.workload, run.case.hospital
        gone = departures(trace)
        for number, (name, tray) in enumerate(hospital.trays.items()):
            supply = len(hospital.items) + number
            changes: list[tuple[int, int, int]] = []
            for at, _, _, what, n in told(run, Kind.TAKEN):
                if what == supply:
                    changes.append((at, 1, n))
            found = _found_in_use(run, name, number)
            back = gone[(work.tray == number) & (gone != LATER)]
            changes += [(int(at), 0, -1) for at in back]
            used = found
            for _, _, n in sorted(changes):
                used += n
                assert 0 <= used, (run.seed, name)
                assert n < 0 or used <= tray.owned, (run.seed, name)


def _found_in_use(run, name: str, number: int) -> int:
    """Trays in use or in SPD as the run begins."""
    work, hospital = run.trace.workload, run.case.hospital
    in_spd = (work.tray == number) & np.isin(work.origin, (IN_STEP, WAITING, STOPPED))
    total = int(in_spd.sum())
    first: IntArray = work.first[:-1]
    for patient in np.flatnonzero(np.isin(work.origin, (IN_STEP, STOPPED))):
        kit = run.steps[work.step[first[patient]]].kit
        total += hospital.kits[kit].contents.get(name, 0) if kit is not None else 0
    return total


def test_a_kit_is_taken_in_full_when_its_step_starts(runs):
    for run in runs:
        trace, hospital = run.trace, run.case.hospital
        taken: dict[int, int] = defaultdict(int)
        for _, _, row, _, n in told(run, Kind.TAKEN, Kind.SUBSTITUTED):
            taken[row] += n
        again = set(trace.log.only(Kind.ABANDONED).who.tolist())
        cancelled = {line[2] for line in told(run, Kind.CANCELLED)}
        for row in np.flatnonzero((trace.started != UNSET) & (trace.started >= 0)):
            patient = int(trace.patient[row])
            stopped_before = (
                trace.workload.origin[patient] == STOPPED and row == trace.workload.first[patient]
            )
            kit = run.steps[trace.workload.step[row]].kit
            if kit is None or stopped_before or row in again or patient in cancelled:
                continue
            assert taken[row] == sum(hospital.kits[kit].contents.values()), run.seed


def test_what_lies_in_the_reserve_goes_to_those_who_may_take_it(runs):
    for run in runs:
        classes = list(run.case.hospital.classes.values())
        for _, _, row, _, n in told(run, Kind.RESERVE, Kind.SUBSTITUTED):
            patient_class = run.trace.workload.patient_class[run.trace.patient[row]]

            assert n > 0 and classes[patient_class].takes_reserve, run.seed


def test_a_line_tells_of_something(runs):
    """Units, people and patients that the log names are there; what a kind does not say is 0."""
    for run in runs:
        log, work = run.trace.log, run.trace.workload
        of_patients = np.isin(log.kind, (Kind.BOOKED, Kind.NO_SHOW, Kind.CANCELLED))
        of_none = np.isin(log.kind, (Kind.ORDERED, Kind.DELIVERED, Kind.EXPIRED))
        units = np.isin(log.kind, (Kind.MISSED, Kind.FLOATED, Kind.TAKEN)) | of_none

        assert (log.who[of_patients] < work.patients).all() and (log.who[of_none] == NONE).all(), run.seed
        assert ((log.at >= 0) & (log.at < run.trace.end)).all(), run.seed
        assert (log.n[units] > 0).all(), run.seed


# ---- nothing lies idle ---------------------------------------------------------------------------


def _free_places(run) -> dict[str, bool]:
    """Whether each place surely has a free unit, and its gate is open, as the run ends."""
    trace, everywhere = run.trace, run.case.hospital.everywhere
    promised = set(trace.log.only(Kind.PROMISED).what.tolist()) | set(trace.workload.promised.tolist())
    found, free = stays(trace), {}
    for number, (name, entry) in enumerate(everywhere.items()):
        clean = minutes(entry.turnaround_minutes)
        until = np.where(found.end == LATER, LATER, np.minimum(found.end, LATER - clean) + clean)
        used = int(((found.place == number) & (until >= trace.end)).sum())
        cleaning = trace.workload.cleaning
        used += int(((cleaning[:, 0] == number) & (cleaning[:, 1] >= trace.end)).sum())
        level = trace.schedule.levels[name].at(trace.end - 1)
        late = (trace.place == number) & (trace.started != UNSET) & (trace.started + clean >= trace.end)
        sure = number not in promised and not entry.opens_when_full
        free[name] = sure and used + int(late.sum()) < level  # one who went on at once is cleaned after, too
    return free


def _free_people(run) -> dict[str, int]:
    """People of each group who are surely free as the run ends, its pool not counted."""
    free = {}
    for group in run.case.hospital.staff:
        _, end, people = at_work(run, group)
        on_duty = run.trace.schedule.levels[group].at(run.trace.end - 1)
        free[group] = on_duty - int(people[end >= run.trace.end].sum())
    return free


def _on_hand(run) -> dict[str, int]:
    """Units of each item and tray that everybody may take as the run ends."""
    trace, hospital = run.trace, run.case.hospital
    free = {}
    for number, (name, item) in enumerate(hospital.items.items()):
        movements = _movements(run, number, name, item)
        free[name] = _first_stock(run, name, item) + sum(n for _, _, n in movements) - item.reserve
    gone = departures(trace)
    for number, (name, tray) in enumerate(hospital.trays.items()):
        taken = sum(n for _, _, _, what, n in told(run, Kind.TAKEN) if what == len(hospital.items) + number)
        back = int(((trace.workload.tray == number) & (gone < trace.end)).sum())
        free[name] = tray.owned - tray.reserve - taken - _found_in_use(run, name, number) + back
    return free


def test_nobody_waits_for_what_is_free(runs):
    """As the run ends, whoever waits lacks something: what was taken has all come back."""
    for run in runs:
        trace, hospital = run.trace, run.case.hospital
        if trace.stopped_at is not None or any(s.holds_the_line for s in run.steps):
            continue  # he may wait for what another lacks
        if told(run, Kind.CANCELLED):
            continue  # what people did for a cancelled visit is told only where it had a place
        places, people, supplies = _free_places(run), _free_people(run), _on_hand(run)
        waits = (trace.requested != UNSET) & (trace.started == UNSET) & (wait_ends(trace) == LATER)
        for row in np.flatnonzero(waits):
            step = run.steps[trace.workload.step[row]]
            waited = trace.end - 1 - trace.requested[row]
            open_to_him = [a.place for a in step.alternatives() if hours(a.after_hours) <= waited]
            kit = hospital.kits[step.kit].contents if step.kit is not None else {}

            could = (not step.places or any(places[p] for p in open_to_him)) and step.needs_next is None
            could &= all(people[group] >= n for group, n in step.staff.items())
            could &= all(supplies[name] >= n for name, n in kit.items())
            assert not could, (run.seed, step.name)
