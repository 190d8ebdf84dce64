"""The common small model in idiomatic SimPy: a process a patient, a Resource for whatever is shared."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import accumulate
from random import Random

import simpy
import small_model as model
from small_model import Notes


class House:
    """What patients share."""

    def __init__(self, env: simpy.Environment) -> None:
        self.triage_nurses = simpy.Resource(env, model.TRIAGE_NURSES)
        self.doctors = simpy.Resource(env, model.DOCTORS)
        self.cubicles = simpy.Resource(env, model.CUBICLES)
        self.rooms = simpy.Resource(env, model.ROOMS)
        self.wards = [simpy.Resource(env, beds) for beds in model.BEDS]


HOME = len(model.WARDS)
WAYS = range(HOME + 1)
SHARES = list(accumulate([*model.TO_WARD, model.HOME]))


def emergency(env: simpy.Environment, house: House, random: Random, notes: Notes) -> Iterator[simpy.Event]:
    asked = env.now
    with house.triage_nurses.request() as nurse:
        yield nurse
        notes.triage.append((asked, env.now - asked))
        yield env.timeout(random.lognormvariate(*model.TRIAGE))

    asked = env.now
    cubicle = house.cubicles.request()
    yield cubicle
    with house.doctors.request() as doctor:
        yield doctor
        notes.cubicle.append((asked, env.now - asked))
        yield env.timeout(random.lognormvariate(*model.SEEN))

    ward = random.choices(WAYS, cum_weights=SHARES)[0]
    if ward == HOME:
        house.cubicles.release(cubicle)
        return
    asked = env.now
    with house.wards[ward].request() as bed:
        yield bed
        house.cubicles.release(cubicle)
        notes.boarding.append((asked, env.now - asked))
        stay = random.lognormvariate(*model.STAYS[ward])
        notes.beds.append((ward, env.now, env.now + stay))
        yield env.timeout(stay)


def planned(
    env: simpy.Environment, house: House, random: Random, notes: Notes, ward: int
) -> Iterator[simpy.Event]:
    asked = env.now
    with house.wards[ward].request() as bed:
        yield bed
        notes.planned.append((asked, env.now - asked))
        stay = random.lognormvariate(*model.STAYS[ward])
        notes.beds.append((ward, env.now, env.now + stay))
        yield env.timeout(stay)


def clinic(env: simpy.Environment, house: House, random: Random, notes: Notes) -> Iterator[simpy.Event]:
    asked = env.now
    with house.rooms.request() as room:
        yield room
        notes.clinic.append((asked, env.now - asked))
        yield env.timeout(random.lognormvariate(*model.CONSULTATION))


def arrivals(
    env: simpy.Environment, house: House, random: Random, notes: Notes, gap: model.Gap
) -> Iterator[simpy.Event]:
    while True:
        yield env.timeout(random.expovariate(1 / gap.mean))
        notes.patients += 1
        if gap.patient_class == "emergency":
            env.process(emergency(env, house, random, notes))
        elif gap.patient_class == "clinic":
            env.process(clinic(env, house, random, notes))
        else:
            env.process(planned(env, house, random, notes, model.PLANNED[gap.patient_class]))


def run(days: int, seed: int) -> Notes:
    """One run from an empty house."""
    env, notes = simpy.Environment(), Notes()
    house, random = House(env), Random(seed)
    for gap in model.GAPS:
        env.process(arrivals(env, house, random, notes, gap))
    env.run(until=days * model.DAY)
    return notes


if __name__ == "__main__":
    model.main(run, f"simpy {simpy.__version__}")
