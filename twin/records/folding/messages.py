"""Messages: one visit as its ADT messages tell it, whatever order they came in.

What happened is ordered by when it happened (``at``); who is right, by when it was said. So the statements of
a visit are given in order of saying: first the cancels take back what they name, then what is left is walked
through in order of time.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import NamedTuple

from twin.records.events import Said

#: transfers within ``CYCLE_MS`` from which a visit's feed runs in circles: nobody is moved once a second
CYCLE_HOPS = 50
CYCLE_MS = 60_000

#: what each cancel takes back, the nearest kind first
CANCELS: dict[str, tuple[tuple[str, ...], ...]] = {
    Said.CANCEL_ADMIT: ((Said.ADMIT, Said.REGISTER), (Said.PREADMIT,)),
    Said.CANCEL_TRANSFER: ((Said.TRANSFER,),),
    Said.CANCEL_DISCHARGE: ((Said.DISCHARGE,),),
    Said.CANCEL_PREADMIT: ((Said.PREADMIT,),),
}
_COMING = (Said.ADMIT, Said.REGISTER)
_LEAVING = (Said.DISCHARGE, Said.CANCEL_DISCHARGE)
_TURNING = (Said.TO_INPATIENT, Said.TO_OUTPATIENT)
_MOVING = (*_COMING, *_TURNING, Said.TRANSFER, Said.DISCHARGE, Said.UPDATE)

#: what is counted of visits, by code
NO_OP, TWICE, NO_ADMISSION = "N_SAME_WARD", "N_ADMITTED_TWICE", "N_NO_ADMISSION"
BY_UPDATE, ELSEWHERE, NOTHING_TO_CANCEL = "N_MOVED_BY_UPDATE", "N_LEFT_ELSEWHERE", "N_CANCEL_OF_NOTHING"
AFTER_LEAVING = "N_AFTER_LEAVING"


class Verb(NamedTuple):
    """One message about a visit; instants in ms, names of places as in ``hospital.toml``."""

    said: str
    at: int
    place: str | None = None
    bed: str | None = None
    from_place: str | None = None
    started: int | None = None
    ended: int | None = None


@dataclass(slots=True)
class Stay:
    """One stay; ``told`` is the newest message about it, by its place in the order of saying."""

    place: str
    bed: str | None
    start: int
    end: int | None
    told: int
    messages: int = 1


@dataclass(slots=True)
class Lived:
    """What the messages of a visit come to.

    Attributes
    ----------
    stays
        In order of time.
    came, registered
        First instant of being there; the first that was told as coming, not as taking a bed.
    left, left_told
        When the patient left for good, and the newest message that says so.
    void
        Messages that were taken back.
    aside
        Messages that cannot be used, with the code of the reason.
    notes
        Codes of what is counted, with the message.
    """

    stays: list[Stay] = field(default_factory=list)
    came: int | None = None
    registered: int | None = None
    left: int | None = None
    left_told: int = -1
    void: set[int] = field(default_factory=set)
    aside: list[tuple[int, str]] = field(default_factory=list)
    notes: list[tuple[str, int]] = field(default_factory=list)


def live(verbs: Sequence[Verb]) -> Lived:
    """Walk through one visit.

    Parameters
    ----------
    verbs
        Its messages in order of saying; one that says what another says too is harmless.
    """
    lived = Lived()
    _take_back(verbs, lived)
    walk = [n for n, verb in enumerate(verbs) if verb.said in _MOVING and n not in lived.void]
    walk.sort(key=lambda n: (verbs[n].at, n))
    circling = _circling(verbs, walk)
    lived.aside += [(n, "E_TRANSFER_CYCLE") for n in circling]
    out = set(circling)
    way = _Way(verbs, lived, [n for n in walk if n not in out] if out else walk)
    way.go()
    return lived


def _take_back(verbs: Sequence[Verb], lived: Lived) -> None:
    """Each cancel, in order of saying, voids what it names: by its time, else the latest of its kind."""
    if not any(verb.said in CANCELS for verb in verbs):
        return
    said = _Said()
    for number, verb in enumerate(verbs):
        kinds = CANCELS.get(verb.said)
        if kinds is None:
            said.add(number, verb)
            continue
        found = next(filter(None, (said.event(kind, verb.at) for kind in kinds)), None)
        if not found:
            lived.notes.append((NOTHING_TO_CANCEL, number))
            continue
        said.void(found, lived.void)
        if verb.said == Said.CANCEL_ADMIT and not said.coming:
            lived.void.update(said.moving)
            said = _Said()


class _Said:
    """What has been said of a visit so far and not been taken back."""

    def __init__(self) -> None:
        self.latest: dict[str, list[tuple[int, int]]] = {}
        self.events: dict[tuple[str, int], list[int]] = {}
        self.coming: set[int] = set()
        self.moving: list[int] = []

    def add(self, number: int, verb: Verb) -> None:
        self.latest.setdefault(verb.said, []).append((number, verb.at))
        self.events.setdefault((verb.said, verb.at), []).append(number)
        if verb.said in _COMING:
            self.coming.add(number)
        if verb.said in _MOVING:
            self.moving.append(number)

    def event(self, kinds: tuple[str, ...], at: int) -> list[tuple[str, int]]:
        """The event that a cancel names, as keys of ``events``."""
        named = [(kind, at) for kind in kinds if (kind, at) in self.events]
        if named:
            return named
        ends = []
        for kind in kinds:
            told = self.latest.get(kind, [])
            while told and (kind, told[-1][1]) not in self.events:
                told.pop()
            if told:
                ends.append((told[-1][0], kind, told[-1][1]))
        return [max(ends)[1:]] if ends else []

    def void(self, found: list[tuple[str, int]], gone: set[int]) -> None:
        """Take an event back: all messages that told it."""
        for key in found:
            numbers = self.events.pop(key)
            self.coming.difference_update(numbers)
            gone.update(numbers)


def _circling(verbs: Sequence[Verb], walk: list[int]) -> list[int]:
    """Transfers of which ``CYCLE_HOPS`` or more fall within a minute."""
    hops = [n for n in walk if verbs[n].said == Said.TRANSFER]
    if len(hops) < CYCLE_HOPS:
        return []
    found: set[int] = set()
    for first in range(len(hops) - CYCLE_HOPS + 1):
        window = hops[first : first + CYCLE_HOPS]
        changes = sum(verbs[a].place != verbs[b].place for a, b in pairwise(window))
        if verbs[window[-1]].at - verbs[window[0]].at <= CYCLE_MS and changes >= CYCLE_HOPS // 2:
            found.update(window)
    return sorted(found)


class _Way:
    """The walk: where the patient is, message by message."""

    def __init__(self, verbs: Sequence[Verb], lived: Lived, walk: list[int]) -> None:
        self.verbs, self.lived, self.walk = verbs, lived, walk
        self.now: Stay | None = None
        self.is_admitted = any(verbs[n].said in _COMING for n in walk)

    def go(self) -> None:
        for number in self.walk:
            verb = self.verbs[number]
            _STEPS[verb.said](self, number, verb)
        if self.lived.left is None and not any(verb.said in _LEAVING for verb in self.verbs):
            self._left_unseen()

    def _left_unseen(self) -> None:
        """No discharge was ever told: a later message may know of one."""
        told = [n for n in self.walk if self.verbs[n].ended is not None]
        if not told:
            return
        number = max(told)
        ended = self.verbs[number].ended
        assert ended is not None
        if self.now is None or (ended >= self.now.start and number >= self.now.told):
            self.lived.left, self.lived.left_told = ended, number
            if self.now is not None:
                self._close(ended, number)

    def _note(self, code: str, number: int) -> None:
        self.lived.notes.append((code, number))

    def _comes(self, number: int, verb: Verb) -> None:
        lived = self.lived
        if lived.came is None:
            lived.came = verb.at
        if verb.said == Said.REGISTER and lived.registered is None:
            lived.registered = verb.at
        if self.now is not None and verb.said == Said.ADMIT and lived.registered is None:
            self._note(TWICE, number)
        if lived.left is not None and number < lived.left_told and lived.stays and verb.at > lived.left:
            self._note(AFTER_LEAVING, number)
            return
        lived.left = None
        if verb.place is not None:
            self._is_at(number, verb)

    def _moves(self, number: int, verb: Verb) -> None:
        lived = self.lived
        if lived.left is not None and number < lived.left_told:
            self._note(AFTER_LEAVING, number)
            return
        if verb.place is None:
            return
        if self.now is None and lived.came is None and not lived.stays:
            self._note(NO_ADMISSION, number)
            if verb.from_place is not None and verb.started is not None and verb.started < verb.at:
                lived.stays.append(Stay(verb.from_place, None, verb.started, None, number))
                self.now = lived.stays[-1]
                lived.came = verb.started
        if self.now is not None and self.now.place == verb.place and _same_bed(self.now, verb):
            self._note(NO_OP, number)
        lived.left = None
        self._is_at(number, verb)

    def _turns(self, number: int, verb: Verb) -> None:
        if self.lived.came is None:
            self.lived.came = verb.at
        if verb.place is not None and not (self.lived.left is not None and number < self.lived.left_told):
            self.lived.left = None
            self._is_at(number, verb)

    def _updates(self, number: int, verb: Verb) -> None:
        if verb.place is None or self.lived.left is not None:
            return
        if self.now is not None:
            if self.now.place != verb.place:
                if number < self.now.told:
                    return
                self._note(BY_UPDATE, number)
            self._is_at(number, verb)
        elif not self.is_admitted and not self.lived.stays:
            self._note(NO_ADMISSION, number)
            began = verb.at if verb.started is None else min(verb.started, verb.at)
            self.lived.came = began
            self._is_at(number, verb._replace(at=began))

    def _leaves(self, number: int, verb: Verb) -> None:
        lived = self.lived
        if self.now is not None:
            if verb.place is not None and verb.place != self.now.place:
                self._note(ELSEWHERE, number)
            self._close(verb.at, number)
        elif lived.left is not None:
            if number < lived.left_told:
                return  # an earlier message about the same leaving
            if lived.stays:
                lived.stays[-1].end, lived.stays[-1].told = verb.at, number
        elif not lived.stays and lived.came is None and self._came_later(number, verb):
            lived.aside.append((number, "E_NEGATIVE_LOS"))
            return
        elif not lived.stays and lived.came is None:
            self._note(NO_ADMISSION, number)
            if verb.place is not None and verb.started is not None and verb.started <= verb.at:
                lived.came = verb.started
                lived.stays.append(Stay(verb.place, verb.bed, verb.started, verb.at, number))
        lived.left, lived.left_told = verb.at, number

    def _came_later(self, number: int, verb: Verb) -> bool:
        """Whether the patient had been said to come, and at a later time than this leaving."""
        verbs = self.verbs
        return any(verbs[n].said in _COMING and verbs[n].at > verb.at and n < number for n in self.walk)

    def _is_at(self, number: int, verb: Verb) -> None:
        """The patient is there from now on, if not there already."""
        assert verb.place is not None
        now = self.now
        if now is not None and now.place == verb.place:
            now.bed = verb.bed or now.bed
            now.told = max(now.told, number)
            now.messages += 1
            return
        if now is not None:
            self._close(verb.at, number)
            if now.start == verb.at:
                self.lived.stays.pop()  # said otherwise of the same instant
                if self._goes_on(number, verb):
                    return
        self.now = Stay(verb.place, verb.bed, verb.at, None, number)
        self.lived.stays.append(self.now)

    def _goes_on(self, number: int, verb: Verb) -> bool:
        """Whether the stay before was in this very place up to now: then it was never left."""
        stays = self.lived.stays
        if not stays or stays[-1].end != verb.at or stays[-1].place != verb.place:
            return False
        self.now = stays[-1]
        self.now.end, self.now.told = None, max(self.now.told, number)
        return True

    def _close(self, at: int, number: int) -> None:
        assert self.now is not None
        self.now.end = at
        self.now.told = max(self.now.told, number)
        self.now.messages += 1
        self.now = None


def _same_bed(now: Stay, verb: Verb) -> bool:
    return verb.bed is None or verb.bed == now.bed


_STEPS: dict[str, Callable[[_Way, int, Verb], None]] = {
    Said.ADMIT: _Way._comes,
    Said.REGISTER: _Way._comes,
    Said.TRANSFER: _Way._moves,
    Said.TO_INPATIENT: _Way._turns,
    Said.TO_OUTPATIENT: _Way._turns,
    Said.DISCHARGE: _Way._leaves,
    Said.UPDATE: _Way._updates,
}
