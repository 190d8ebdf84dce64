"""The common small model in idiomatic SimPy, writing the trace that the twin's engines write.

As with_simpy.py, but what is noted down is not a wait here and there: for each step of each patient the
place, when it was asked for, started, ended and left, and for each patient when he came and how he went.
"""

from __future__ import annotations

from collections.abc import Iterator
from random import Random

import simpy
import small_model as model
from small_model import Notes
from with_simpy import HOME, SHARES, WAYS, House

UNSET = -1.0
STAFF_ONLY, CUBICLES, ROOMS, FIRST_WARD = range(-1, 3)
OPEN, DONE = range(2)


class Trace(Notes):
    """Columns with a row for each step asked for, and with a row for each patient."""

    def __init__(self) -> None:
        super().__init__()
        self.patient: list[int] = []
        self.place: list[int] = []
        self.requested: list[float] = []
        self.started: list[float] = []
        self.ended: list[float] = []
        self.left: list[float] = []
        self.came: list[float] = []
        self.outcome: list[int] = []
        self.kind: list[list[tuple[float, float]] | None] = []

    def come(self, now: float) -> int:
        """A patient comes; the row of his."""
        self.patients += 1
        self.came.append(now)
        self.outcome.append(OPEN)
        return len(self.came) - 1

    def ask(self, patient: int, waits: list[tuple[float, float]], now: float) -> int:
        """A patient asks for a step; the row of it."""
        self.patient.append(patient)
        self.kind.append(waits)
        self.requested.append(now)
        for column in (self.place, self.started, self.ended, self.left):
            column.append(UNSET)
        return len(self.requested) - 1

    def measures(self, days: int) -> dict[str, float]:
        """What the plain notes say, read from the columns when the run is over."""
        end = days * model.DAY
        for row, waits in enumerate(self.kind):
            if self.started[row] != UNSET:
                waits.append((self.requested[row], self.started[row] - self.requested[row]))
                if self.place[row] >= FIRST_WARD:
                    until = end if self.left[row] == UNSET else self.left[row]
                    self.beds.append((int(self.place[row]) - FIRST_WARD, self.started[row], until))
        return super().measures(days)


def emergency(
    env: simpy.Environment, house: House, random: Random, trace: Trace, patient: int
) -> Iterator[simpy.Event]:
    row = trace.ask(patient, trace.triage, env.now)
    with house.triage_nurses.request() as nurse:
        yield nurse
        trace.started[row] = env.now
        yield env.timeout(random.lognormvariate(*model.TRIAGE))
        trace.ended[row] = trace.left[row] = env.now

    row = trace.ask(patient, trace.cubicle, env.now)
    cubicle = house.cubicles.request()
    yield cubicle
    with house.doctors.request() as doctor:
        yield doctor
        trace.started[row], trace.place[row] = env.now, CUBICLES
        yield env.timeout(random.lognormvariate(*model.SEEN))
        trace.ended[row] = env.now

    ward = random.choices(WAYS, cum_weights=SHARES)[0]
    if ward == HOME:
        house.cubicles.release(cubicle)
        trace.left[row] = env.now
        trace.outcome[patient] = DONE
        return
    seen, row = row, trace.ask(patient, trace.boarding, env.now)
    with house.wards[ward].request() as bed:
        yield bed
        house.cubicles.release(cubicle)
        trace.left[seen] = trace.started[row] = env.now
        trace.place[row] = FIRST_WARD + ward
        yield env.timeout(random.lognormvariate(*model.STAYS[ward]))
        trace.ended[row] = trace.left[row] = env.now
        trace.outcome[patient] = DONE


def planned(
    env: simpy.Environment, house: House, random: Random, trace: Trace, patient: int, ward: int
) -> Iterator[simpy.Event]:
    row = trace.ask(patient, trace.planned, env.now)
    with house.wards[ward].request() as bed:
        yield bed
        trace.started[row], trace.place[row] = env.now, FIRST_WARD + ward
        yield env.timeout(random.lognormvariate(*model.STAYS[ward]))
        trace.ended[row] = trace.left[row] = env.now
        trace.outcome[patient] = DONE


def clinic(
    env: simpy.Environment, house: House, random: Random, trace: Trace, patient: int
) -> Iterator[simpy.Event]:
    row = trace.ask(patient, trace.clinic, env.now)
    with house.rooms.request() as room:
        yield room
        trace.started[row], trace.place[row] = env.now, ROOMS
        yield env.timeout(random.lognormvariate(*model.CONSULTATION))
        trace.ended[row] = trace.left[row] = env.now
        trace.outcome[patient] = DONE


def arrivals(
    env: simpy.Environment, house: House, random: Random, trace: Trace, gap: model.Gap
) -> Iterator[simpy.Event]:
    while True:
        yield env.timeout(random.expovariate(1 / gap.mean))
        patient = trace.come(env.now)
        if gap.patient_class == "emergency":
            env.process(emergency(env, house, random, trace, patient))
        elif gap.patient_class == "clinic":
            env.process(clinic(env, house, random, trace, patient))
        else:
            env.process(planned(env, house, random, trace, patient, model.PLANNED[gap.patient_class]))


def run(days: int, seed: int) -> Trace:
    """One run from an empty house."""
    env, trace = simpy.Environment(), Trace()
    house, random = House(env), Random(seed)
    for gap in model.GAPS:
        env.process(arrivals(env, house, random, trace, gap))
    env.run(until=days * model.DAY)
    return trace


if __name__ == "__main__":
    model.main(run, f"simpy {simpy.__version__}")
