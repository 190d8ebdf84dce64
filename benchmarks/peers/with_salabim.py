"""The common small model in salabim, yieldless: a component a patient, a Resource for whatever is shared.

Monitors of the resources are off: the processes note down what is compared, like those of the other peers.
"""

from __future__ import annotations

from itertools import accumulate
from random import Random

import salabim
import small_model as model
from small_model import Notes

HOME = len(model.WARDS)
WAYS = range(HOME + 1)
SHARES = list(accumulate([*model.TO_WARD, model.HOME]))


class House:
    """What patients share."""

    def __init__(self, env: salabim.Environment, seed: int) -> None:
        self.env, self.random, self.notes = env, Random(seed), Notes()
        self.triage_nurses = self.resource(model.TRIAGE_NURSES)
        self.doctors = self.resource(model.DOCTORS)
        self.cubicles = self.resource(model.CUBICLES)
        self.rooms = self.resource(model.ROOMS)
        self.wards = [self.resource(beds) for beds in model.BEDS]

    def resource(self, capacity: int) -> salabim.Resource:
        return salabim.Resource(capacity=capacity, monitor=False, env=self.env)


class Patient(salabim.Component):
    """Somebody on the way through the house."""

    def setup(self, house: House) -> None:
        self.house = house

    def lie(self, ward: int) -> None:
        """The stay in a ward bed."""
        stay = self.house.random.lognormvariate(*model.STAYS[ward])
        self.house.notes.beds.append((ward, self.env.now(), self.env.now() + stay))
        self.hold(stay)
        self.release(self.house.wards[ward])


class Emergency(Patient):
    """Triage, cubicle and doctor, then home or a ward bed; boards in the cubicle."""

    def process(self) -> None:
        house, env = self.house, self.env
        asked = env.now()
        self.request(house.triage_nurses)
        house.notes.triage.append((asked, env.now() - asked))
        self.hold(house.random.lognormvariate(*model.TRIAGE))
        self.release(house.triage_nurses)

        asked = env.now()
        self.request(house.cubicles)
        self.request(house.doctors)
        house.notes.cubicle.append((asked, env.now() - asked))
        self.hold(house.random.lognormvariate(*model.SEEN))
        self.release(house.doctors)

        ward = house.random.choices(WAYS, cum_weights=SHARES)[0]
        if ward == HOME:
            self.release(house.cubicles)
            return
        asked = env.now()
        self.request(house.wards[ward])
        self.release(house.cubicles)
        house.notes.boarding.append((asked, env.now() - asked))
        self.lie(ward)


class Planned(Patient):
    """Waits for a ward bed, and stays."""

    def setup(self, house: House, ward: int) -> None:
        self.house, self.ward = house, ward

    def process(self) -> None:
        asked = self.env.now()
        self.request(self.house.wards[self.ward])
        self.house.notes.planned.append((asked, self.env.now() - asked))
        self.lie(self.ward)


class Clinic(Patient):
    """Waits for a room, and is seen."""

    def process(self) -> None:
        house, env = self.house, self.env
        asked = env.now()
        self.request(house.rooms)
        house.notes.clinic.append((asked, env.now() - asked))
        self.hold(house.random.lognormvariate(*model.CONSULTATION))
        self.release(house.rooms)


class Arrivals(salabim.Component):
    """Patients of one class come."""

    def setup(self, house: House, gap: model.Gap) -> None:
        self.house, self.gap = house, gap

    def process(self) -> None:
        house, mean, ward = self.house, self.gap.mean, model.PLANNED.get(self.gap.patient_class)
        while True:
            self.hold(house.random.expovariate(1 / mean))
            house.notes.patients += 1
            if self.gap.patient_class == "emergency":
                Emergency(house=house)
            elif self.gap.patient_class == "clinic":
                Clinic(house=house)
            else:
                Planned(house=house, ward=ward)


def run(days: int, seed: int) -> Notes:
    """One run from an empty house."""
    env = salabim.Environment(trace=False, random_seed=seed)
    house = House(env, seed)
    for gap in model.GAPS:
        Arrivals(house=house, gap=gap)
    env.run(till=days * model.DAY)
    return house.notes


if __name__ == "__main__":
    salabim.yieldless(True)
    model.main(run, f"salabim {salabim.__version__}")
