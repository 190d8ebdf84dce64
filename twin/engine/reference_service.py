"""Service in the reference engine: what a request would take, whether it can start, who is stopped for it.

Everything here looks and counts; what then happens, and when, is told in ``reference.py``.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from twin.engine.reference_supplies import Picked, Stock, pick
from twin.engine.reference_words import Entry, Line, Promise, State, Stay, shortest_circle
from twin.hospital import Hospital

#: a place or staff group by name, an item or tray
Resource = str | Stock


@dataclass(eq=False, slots=True)
class Bundle:
    """The people that a step would take now."""

    own: dict[str, int] = field(default_factory=dict)  # of each group itself
    lent: dict[str, int] = field(default_factory=dict)  # by group, from its float pool
    short: set[str] = field(default_factory=set)  # groups and pools without enough people


class Service:
    """What is there, what is used, who waits; and who can start."""

    def __init__(self, hospital: Hospital, level: dict[str, int]) -> None:
        self.level = level
        self.used = dict.fromkeys(level, 0)
        self.line = Line()
        self.stays: dict[Stay, None] = {}  # those in a step
        self.pools = {name: group.float_pool for name, group in hospital.staff.items() if group.float_pool}
        self.gates = {name: p.opens_when_full for name, p in hospital.everywhere.items() if p.opens_when_full}
        steps = [step for pathway in hospital.pathways.values() for step in pathway.steps]
        #: a start makes nobody else able to start, unless it frees a place
        self.starts_only_take = not (
            self.gates
            or any(step.holds_the_line for step in steps)
            or any(patient_class.preempts for patient_class in hospital.classes.values())
        )

    # ---- what is there ---------------------------------------------------------------------

    def free(self, name: str) -> int:
        """Units of a place, or people of a group, that are free."""
        return max(self.level[name] - self.used[name], 0)

    def is_full(self, place: str) -> bool:
        """No unit is free."""
        return self.used[place] >= self.level[place]

    def place_is_free(self, place: str | None) -> bool:
        """A unit is free and, of an escalation place, all those that must be full are full."""
        if place is None:
            return True
        return self.used[place] < self.level[place] and (
            place not in self.gates or all(self.is_full(other) for other in self.gates[place])
        )

    def people_are_free(self, staff: Mapping[str, int]) -> bool:
        """The whole bundle is there, float pools included."""
        if self.pools:
            return not self.bundle(staff).short
        for group, n in staff.items():
            if self.used[group] + n > self.level[group]:
                return False
        return True

    def bundle(self, staff: Mapping[str, int]) -> Bundle:
        """Of each group in turn what is free of it, and the rest from its float pool."""
        bundle, there = Bundle(), dict[str, int]()
        for group, n in staff.items():
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
        return not stay.task.contents or not self.pick_kit(stay).short

    def pick_kit(self, stay: Stay) -> Picked:
        """What this patient's kit would take now."""
        return pick(stay.task.contents, takes_reserve=stay.task.patient_class.takes_reserve)

    def promise_to_make(self, stay: Stay) -> Promise | None:
        """What is promised as this stay starts: nothing to one who still holds another promise."""
        promise, held = stay.task.promises, stay.patient.promise
        return promise if held is None or held.number == stay.task.number else None

    def promise_is_free(self, stay: Stay, place: str | None) -> bool:
        """The place to be promised has a free unit, beside the one that is taken now."""
        promise = self.promise_to_make(stay)
        return promise is None or self.free(promise.place) > (promise.place == place)

    # ---- who can start ---------------------------------------------------------------------

    def all_is_there(self, entry: Entry) -> bool:
        """All that the request would take is there at once."""
        if not self.place_is_free(entry.place):
            return False
        if entry.moves:
            return True
        stay = entry.stay
        if not self.people_are_free(stay.task.step.staff):
            return False
        return stay.state is State.STOPPED or (
            self.kit_is_there(stay) and self.promise_is_free(stay, entry.place)
        )

    def can_start(self, entry: Entry) -> bool:
        """All is there, and nobody earlier in order lacks any of it while holding the line."""
        return self.all_is_there(entry) and not (
            self.line.holders and self.takes_and_short(entry)[0] & self.lacked_before(entry)
        )

    def takes_and_short(self, entry: Entry) -> tuple[set[Resource], set[Resource]]:
        """What the request would take now, and what it would take but is not there."""
        takes, short = set[Resource](), set[Resource]()
        stay, place = entry.stay, entry.place
        if place is not None:
            takes.add(place)
            if not self.place_is_free(place):
                short.add(place)
        if not entry.moves:
            bundle = self.bundle(stay.task.step.staff)
            takes |= {*bundle.own, *(self.pools[group] for group in bundle.lent)}
            short |= bundle.short
        if stay.state is State.WAITS:
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
        if not entry.stay.task.patient_class.preempts or entry.moves or entry.place is None:
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
        self.used[place] -= 1
        self.give_people_back(last)
        enough = self.all_is_there(entry) and not self.takes_and_short(entry)[0] & lacked
        self.take_people_again(last)
        self.used[place] += 1
        return last if enough else None

    def last_in_order(self, stays: Iterable[Stay], now: int) -> Stay:
        """The least urgent; of these the last who started; then the largest key."""
        return max(stays, key=lambda stay: (stay.priority_at(now), stay.started, stay.patient.key))

    def give_people_back(self, stay: Stay) -> None:
        """The people of a stay are free, each in the own group or pool."""
        for group, n in stay.own.items():
            self.used[group] -= n
        for group, n in stay.lent.items():
            self.used[self.pools[group]] -= n

    def take_people_again(self, stay: Stay) -> None:
        """The people of a stay are at work."""
        for group, n in stay.own.items():
            self.used[group] += n
        for group, n in stay.lent.items():
            self.used[self.pools[group]] += n

    # ---- circles ---------------------------------------------------------------------------

    def circle(self) -> list[Entry]:
        """Patients who keep full places and wait in a circle, and can all move at once; else nobody.

        The first in order who closes a circle moves, with the shortest circle back to him.
        """
        edges: dict[tuple[str, str], Entry] = {}
        heads = [(queue[0].order, kept, queue[0]) for (kept, _), queue in self.line.keepers.items()]
        for _, kept, entry in sorted(heads, key=lambda head: head[0]):
            if entry.place is not None and self.takes_part(entry, entry.place):
                edges.setdefault((kept, entry.place), entry)
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
            for group, n in entry.stay.task.step.staff.items():
                need[group] = need.get(group, 0) + n
        return all(self.used[group] + n <= self.level[group] for group, n in need.items())
