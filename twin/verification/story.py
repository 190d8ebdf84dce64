"""Stories: where each patient waited and stayed, told again by the rules of the hospital.

The identities compare what is counted from the trace's own columns with these stories. A story takes
from the trace only when a patient came, when his steps began and ended, and how his visit ended. When
he asked, how long he waited and when he gave up a place follow from the description: he asks as he comes
or as the step before ends, and keeps a place after its step only if the step says so. The log alone
tells where one was who was stopped or moved. For runs that begin with an empty house.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from twin.hospital import Hospital
from twin.hospital.pathway import Step
from twin.measures.stays import LATER
from twin.trace import UNSET, Kind, Outcome, Trace
from twin.units import IntArray
from twin.workload import NONE

#: what, from, to [ms]; ``what`` is a step of a wait, a place of a stay
Stretch = tuple[int, int, int]


@dataclass
class Story:
    """All patients of a run; ``LATER`` where a stretch goes on at the end. [ms]

    Attributes
    ----------
    waits : (step, asked, until)
    stays : (place, from, to); a place that the step does not go to is told as the first it may take
    steps : (step, from, to), stops included
    inside : whether each patient waits or is in a step when the run ends, by number in the workload
    """

    waits: list[Stretch] = field(default_factory=list)
    stays: list[Stretch] = field(default_factory=list)
    steps: list[Stretch] = field(default_factory=list)
    inside: dict[int, bool] = field(default_factory=dict)


def retell(trace: Trace, hospital: Hospital) -> Story:
    """The stories of all who came."""
    cuts: dict[int, list[tuple[Kind, int, int, int]]] = {}
    log = trace.log.only(Kind.STOPPED, Kind.RESUMED, Kind.MOVED)
    for at, kind, who, what, n in zip(
        *(column.tolist() for column in (log.at, log.kind, log.who, log.what, log.n)), strict=True
    ):
        cuts.setdefault(who, []).append((Kind(kind), at, what, n))
    steps = [hospital.pathways[key.pathway].steps[key.index] for key in trace.steps]
    story = Story()
    for patient in np.flatnonzero(trace.came != UNSET).tolist():
        _Visit(story, trace, steps, cuts).tell(patient)
    return story


class _Visit:
    """One visit, row by row."""

    def __init__(
        self,
        story: Story,
        trace: Trace,
        steps: list[Step],
        cuts: dict[int, list[tuple[Kind, int, int, int]]],
    ) -> None:
        self.story, self.trace, self.steps, self.cuts = story, trace, steps, cuts
        self.kept: tuple[int, int] | None = None  # place kept after its step, and since when he has it

    def tell(self, patient: int) -> None:
        """Tell what one patient did from his coming on."""
        trace, inside = self.trace, False
        now = int(trace.came[patient])
        first, last = trace.workload.first[patient : patient + 2].tolist()
        out = Outcome(int(trace.outcome[patient]))
        for row in range(first, last):
            number = int(trace.workload.step[row])
            started = int(trace.started[row])
            if started == UNSET:
                until = self._unserved(row, now, out)
                self.story.waits.append((number, now, until))
            else:
                self.story.waits.append((number, now, started))
                until = self._step(row, number, started)
            if until == LATER:
                inside = True
                break
            now = until
            if started == UNSET and not self._goes_on(row, last):
                break
        self.story.inside[patient] = inside
        self._give_up(LATER if inside else now)

    def _goes_on(self, row: int, last: int) -> bool:
        """Whether one who was not served goes on to a next row: his step says that he skips it."""
        step = self.steps[self.trace.workload.step[row]]
        out = self.trace.outcome[self.trace.patient[row]]
        here = row + 1 == last or self.trace.requested[row + 1] == UNSET
        gone = here and out in (Outcome.LEFT, Outcome.REFUSED, Outcome.BALKED)
        return not gone and "skips" in (step.if_full, step.out_of_patience)

    def _unserved(self, row: int, asked: int, out: Outcome) -> int:
        """When one who never started gave up waiting; ``LATER`` if he waits still."""
        step = self.steps[self.trace.workload.step[row]]
        goes_on = self._goes_on(row, int(self.trace.workload.first[self.trace.patient[row] + 1]))
        patience = int(self.trace.workload.patience[row])
        if out == Outcome.BALKED and not goes_on:
            return asked
        if step.if_full != "waits":
            return asked
        if patience != NONE and asked + patience < self.trace.end:
            return asked + patience
        return LATER

    def _step(self, row: int, number: int, started: int) -> int:
        """The step itself and the place it is in; gives its end."""
        trace, step = self.trace, self.steps[number]
        ended = LATER if trace.ended[row] == UNSET else int(trace.ended[row])
        self.story.steps.append((number, started, ended))
        place, since = -1, started
        if step.in_place and self.kept is not None:
            place, since = self.kept
            self.kept = None
        else:
            self._give_up(started)
            place = self._may_take(step, int(trace.place[row]))
        place, since = self._cut(row, place, since)
        if place >= 0:
            self.kept = (place, since)
            if ended != LATER and not step.keeps_place:
                self._give_up(ended)
        return ended

    def _cut(self, row: int, place: int, since: int) -> tuple[int, int]:
        """Follow one who is stopped or moved from place to place."""
        lost: list[bool] = []
        for kind, at, what, n in sorted(self.cuts.get(row, ()), key=lambda c: (c[1], c[0])):
            if kind == Kind.STOPPED:
                lost.append(n == 0)
                if n == 0 and place >= 0:
                    self.story.stays.append((place, since, at))
                    place = -1
            elif kind == Kind.MOVED or (lost and lost.pop(0)):
                if place >= 0:
                    self.story.stays.append((place, since, at))
                place, since = what, at
        return place, since

    def _may_take(self, step: Step, place: int) -> int:
        """The place taken, if it is one of the step's; else the first of these."""
        places = [self.trace.places.index(a.place) for a in step.alternatives()]
        if place in places or not places:
            return place if places else NONE
        return places[0]

    def _give_up(self, at: int) -> None:
        if self.kept is not None:
            place, since = self.kept
            self.story.stays.append((place, since, at))
            self.kept = None


def column(stretches: list[Stretch], number: int) -> IntArray:
    """One column of the stretches: 0 what, 1 from, 2 to; shape (stretch,)."""
    return np.array([stretch[number] for stretch in stretches], np.int64)
