"""Service in the reference engine: what a request would take, whether it can start, who is stopped for it.

Everything here looks and counts; what then happens, and when, is told in ``reference.py``.
"""

from __future__ import annotations

from collections.abc import Iterable

from twin.engine.reference_supplies import Picked, Stock, pick
from twin.engine.reference_words import (
    Bundle,
    Entry,
    Line,
    Promise,
    Queue,
    State,
    Stay,
    Task,
    shortest_circle,
)
from twin.hospital import Hospital

#: a place or staff group by name, an item or tray
Resource = str | Stock


class Service:
    """What is there, what is used, who waits; and who can start."""

    def __init__(self, hospital: Hospital, level: dict[str, int]) -> None:
        self.level = level
        self.used = dict.fromkeys(level, 0)
        self.line = Line()
        self.stays: dict[Stay, None] = {}  # those in a step
        self.pools = {name: group.float_pool for name, group in hospital.staff.items() if group.float_pool}
        self.gates = {name: p.opens_when_full for name, p in hospital.everywhere.items() if p.opens_when_full}
        #: the escalation places that may open when this one is full
        self.opens = {
            full: [name for name, others in self.gates.items() if full in others]
            for full in {other for others in self.gates.values() for other in others}
        }

    # ---- what is there ---------------------------------------------------------------------

    def take(self, name: str, n: int = 1) -> None:
        """Units of a place or people of a group are used; a place that fills up may open another."""
        self.used[name] += n
        if name in self.opens:
            self.may_have_opened(name)

    def give_back(self, name: str, n: int = 1) -> None:
        """Units or people are free, unless more are used than are there; who waits for them is asked."""
        self.used[name] -= n
        self.line.ask_again(name)

    def set_level(self, name: str, level: int) -> None:
        """From now on so many are there."""
        self.level[name] = level
        self.line.ask_again(name)
        self.may_have_opened(name)

    def may_have_opened(self, full: str) -> None:
        """Who waits for an escalation place that opens when this one is full is asked again."""
        for name in self.opens.get(full, ()):
            self.line.ask_again(name)

    def free(self, name: str) -> int:
        """Units of a place, or people of a group, that are free."""
        return max(self.level[name] - self.used[name], 0)

    def is_full(self, place: str) -> bool:
        """No unit is free."""
        return self.used[place] >= self.level[place]

    def place_is_free(self, place: str) -> bool:
        """A unit is free and, of an escalation place, all those that must be full are full."""
        return not self.is_full(place) and (place not in self.gates or self.gate_is_open(place))

    def gate_is_open(self, place: str) -> bool:
        """All places that must be full, before this escalation place may be used, are full."""
        return all(self.is_full(other) for other in self.gates[place])

    def people_are_free(self, task: Task) -> bool:
        """The whole bundle is there, float pools included."""
        if task.people is None:
            return not self.bundle(task).short
        for group, n in task.staff.items():
            if self.used[group] + n > self.level[group]:
                return False
        return True

    def bundle(self, task: Task) -> Bundle:
        """Of each group in turn what is free of it, and the rest from its float pool."""
        bundle, there = Bundle({}, {}, set()), dict[str, int]()
        for group, n in task.staff.items():
            rest, pool = n, self.pools.get(group)
            own = min(rest, there.get(group, self.free(group)))
            there[group] = there.get(group, self.free(group)) - own
            rest -= own
            if own:
                bundle.own[group] = own
            if rest and pool:
                lent = min(rest, there.get(pool, self.free(pool)))
                there[pool] = there.get(pool, self.free(pool)) - lent
                rest -= lent
                if lent:
                    bundle.lent[group] = lent
            if rest:
                bundle.short |= {group, pool} if pool else {group}
        return bundle

    def kit_is_there(self, stay: Stay) -> bool:
        """All of the kit is there for this patient."""
        return not self.pick_kit(stay).short

    def pick_kit(self, stay: Stay) -> Picked:
        """What this patient's kit would take now."""
        return pick(stay.task.contents, takes_reserve=stay.task.patient_class.takes_reserve)

    def promise_to_make(self, stay: Stay) -> Promise | None:
        """What is promised as this stay starts: nothing to one who still holds another promise."""
        promise = stay.task.promises
        if promise is None:
            return None
        held = stay.patient.promise
        return promise if held is None or held.number == stay.task.number else None

    def promise_is_free(self, stay: Stay, place: str | None) -> bool:
        """The place to be promised has a free unit, beside the one that is taken now."""
        promise = self.promise_to_make(stay)
        return promise is None or self.free(promise.place) > (promise.place == place)

    # ---- who is asked ----------------------------------------------------------------------
    # Who could not start can start later only because units that he needs are given back, a level rises, or
    # a place fills up that opens another. Who needs supplies, or may stop somebody, is always asked; and all
    # are, while somebody holds the line.

    def queue_for(self, stay: Stay, place: str | None, *, moves: bool = False) -> Queue:
        """The queue in which a stay waits for a place: for its start, to resume, or to go on there."""
        task, state = stay.task, stay.state
        promise = self.promise_to_make(stay) if state == State.WAITS else None
        key = (task.number, place, state, promise is not None)
        queue = self.line.queues.get(key)
        if queue is not None:
            return queue
        needs: set[str | None] = {place, promise and promise.place}
        if not moves:
            needs |= {*task.staff, *(self.pools.get(group) for group in task.staff)}
        always_asked = bool(task.contents) or task.preempts
        return self.line.add_queue(key, {name for name in needs if name}, always_asked=always_asked)

    # ---- who can start ---------------------------------------------------------------------

    def all_is_there(self, entry: Entry) -> bool:
        """All that the request would take is there at once."""
        stay, place = entry.stay, entry.place
        task = stay.task
        if place is not None and self.used[place] >= self.level[place]:
            return False
        if place in self.gates and not self.gate_is_open(place):
            return False
        if entry.moves:
            return True
        if task.staff and not self.people_are_free(task):
            return False
        if stay.state == State.STOPPED or not (task.contents or task.promises):
            return True
        return self.kit_is_there(stay) and self.promise_is_free(stay, place)

    def can_start(self, entry: Entry) -> bool:
        """All is there, and nobody earlier in order lacks any of it while holding the line."""
        if not self.all_is_there(entry):
            return False
        return not (self.line.holders and self.takes_and_short(entry)[0] & self.lacked_before(entry))

    def takes_and_short(self, entry: Entry) -> tuple[set[Resource], set[Resource]]:
        """What the request would take now, and what it would take but is not there."""
        takes, short = set[Resource](), set[Resource]()
        stay, place = entry.stay, entry.place
        if place is not None:
            takes.add(place)
            if not self.place_is_free(place):
                short.add(place)
        if not entry.moves:
            bundle = self.bundle(stay.task)
            takes |= {*bundle.own, *(self.pools[group] for group in bundle.lent)}
            short |= bundle.short
        if stay.state == State.WAITS:
            picked = self.pick_kit(stay)
            takes |= picked.takes
            short |= picked.short
            promise = self.promise_to_make(stay)
            if promise is not None:
                takes.add(promise.place)
                if not self.promise_is_free(stay, place):
                    short.add(promise.place)
        return takes, short

    def lacked_before(self, entry: Entry) -> set[Resource]:
        """What those lack who hold the line and come earlier in order."""
        lacked = set[Resource]()
        for holder in self.line.holders:
            if holder.order >= entry.order:
                break
            if holder.stay is not entry.stay:
                shorts = {e: self.takes_and_short(e)[1] for e in holder.stay.entries}
                if all(shorts.values()):
                    lacked |= shorts[holder]
        return lacked

    # ---- whose turn it is ------------------------------------------------------------------

    def turn_of(self, entry: Entry, now: int) -> tuple[Entry, Stay | None] | None:
        """How the patient of this entry can start: (where, whom to stop for it); None if he cannot."""
        if self.can_start(entry):
            return entry, None
        if not entry.stay.task.preempts or entry.moves or entry.place is None:
            return None
        whom = self.whom_to_stop(entry, entry.place, now)
        if whom is None:
            return None
        by_list = sorted(entry.stay.entries, key=lambda other: other.order)
        without = next((other for other in by_list if self.can_start(other)), None)
        return (without, None) if without is not None else (entry, whom)

    def whom_to_stop(self, entry: Entry, place: str, now: int) -> Stay | None:
        """The last in order of those less urgent in the place who can be stopped, if that is enough."""
        priority = entry.order[0]
        may_be = [
            stay
            for stay in self.stays
            if stay.took == place and stay.task.step.can_be_stopped and stay.priority_at(now) > priority
        ]
        if not may_be:
            return None
        last = self.last_in_order(may_be, now)
        lacked = self.lacked_before(entry)
        freed = [(place, 1), *last.people.own.items()]
        freed += [(self.pools[group], n) for group, n in last.people.lent.items()]
        for name, n in freed:
            self.used[name] -= n
        enough = self.all_is_there(entry) and not self.takes_and_short(entry)[0] & lacked
        for name, n in freed:
            self.used[name] += n
        return last if enough else None

    def last_in_order(self, stays: Iterable[Stay], now: int) -> Stay:
        """The least urgent; of these the last who started; then the largest key."""
        return max(stays, key=lambda stay: (stay.priority_at(now), stay.started, stay.patient.key))

    def give_people_back(self, stay: Stay) -> None:
        """The people of a stay are free, each in the own group or pool."""
        for group, n in stay.people.own.items():
            self.give_back(group, n)
        for group, n in stay.people.lent.items():
            self.give_back(self.pools[group], n)

    def take_people(self, stay: Stay) -> None:
        """The people of a stay are at work."""
        for group, n in stay.people.own.items():
            self.take(group, n)
        for group, n in stay.people.lent.items():
            self.take(self.pools[group], n)

    # ---- circles ---------------------------------------------------------------------------

    def circle(self) -> list[Entry]:
        """Patients who keep full places and wait in a circle, and can all move at once; else nobody.

        The first in order who closes a circle moves, with the shortest circle back to him.
        """
        edges: dict[tuple[str, str], Entry] = {}
        keepers = self.line.keepers
        if not {kept for kept, _ in keepers} & {entries[0].place for entries in keepers.values()}:
            return []
        for entry in sorted([entries[0] for entries in keepers.values()], key=lambda entry: entry.order):
            if entry.kept is not None and entry.place is not None and self.takes_part(entry, entry.place):
                edges.setdefault((entry.kept, entry.place), entry)
        for first in edges:
            circle = [edges[edge] for edge in shortest_circle(first, list(edges))]
            if circle and self.people_are_free_for(circle):
                return circle
        return []

    def takes_part(self, entry: Entry, place: str) -> bool:
        """Whether a request may be part of a circle: an ordinary one, for a full place without a gate."""
        stay = entry.stay
        return (
            not stay.task.contents
            and stay.task.promises is None
            and place not in self.gates
            and self.is_full(place)
            and self.people_are_free_for([entry])
        )

    def people_are_free_for(self, entries: list[Entry]) -> bool:
        """The bundles of all of them together are there, without float pools."""
        need: dict[str, int] = {}
        for entry in entries:
            for group, n in entry.stay.task.staff.items():
                need[group] = need.get(group, 0) + n
        return all(self.used[group] + n <= self.level[group] for group, n in need.items())
