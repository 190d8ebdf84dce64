"""The common small model in cimba: compiled Python on its engine in C, with a process a patient.

Waits are its own datasets, occupancy the mean use of its own resources. One core, compiled before the time is
taken.
"""

from __future__ import annotations

import json
import time

import cimba as cb
import small_model as model
from cimba import random

# compiled code reads plain numbers
TRIAGE_MU, TRIAGE_SIGMA = model.TRIAGE
SEEN_MU, SEEN_SIGMA = model.SEEN
CONSULTATION_MU, CONSULTATION_SIGMA = model.CONSULTATION
#: chance to go to each ward or one before it in the list
TO_WARD_AT_MOST = [sum(model.TO_WARD[: number + 1]) for number in range(len(model.WARDS))]
GAP = {gap.patient_class: gap.mean for gap in model.GAPS}
EMERGENCY_GAP, CLINIC_GAP = GAP["emergency"], GAP["clinic"]


class Ward(cb.Model):
    """Beds, and how long patients stay in them."""

    mu: cb.Param[float]
    sigma: cb.Param[float]
    at_most: cb.Param[float]  # of the share of emergencies
    beds: cb.Resource
    occupancy: cb.Output[float]

    def __init__(self, number: int) -> None:
        self.mu, self.sigma = model.STAYS[number]
        self.at_most = TO_WARD_AT_MOST[number]
        self.beds = cb.Resource(capacity=model.BEDS[number])

    @cb.on_end
    def measure(self):
        self.occupancy = self.beds.mean_in_use() / self.beds.capacity()


class House(cb.Model):
    """What patients share, and how they come."""

    triage_nurses: cb.Resource = cb.Resource(capacity=model.TRIAGE_NURSES)
    doctors: cb.Resource = cb.Resource(capacity=model.DOCTORS)
    cubicles: cb.Resource = cb.Resource(capacity=model.CUBICLES)
    rooms: cb.Resource = cb.Resource(capacity=model.ROOMS)
    wards: list[Ward]
    planned: list[Planned]
    triage: cb.Dataset
    cubicle: cb.Dataset
    boarding: cb.Dataset
    waiting_at_home: cb.Dataset
    clinic: cb.Dataset
    triage_wait: cb.Output[float]
    cubicle_wait: cb.Output[float]
    boarding_wait: cb.Output[float]
    planned_wait: cb.Output[float]
    clinic_wait: cb.Output[float]
    patients: cb.Output[int]

    def __init__(self) -> None:
        self.wards = [Ward(number) for number in range(len(model.WARDS))]
        self.planned = [
            Planned(self, self.wards[ward], GAP[patient_class])
            for patient_class, ward in model.PLANNED.items()
        ]

    @cb.process
    def emergencies(self):
        while True:
            cb.hold(random.exponential(EMERGENCY_GAP))
            self.patients += 1
            cb.spawn(Emergency, house=self)

    @cb.process
    def clinics(self):
        while True:
            cb.hold(random.exponential(CLINIC_GAP))
            self.patients += 1
            cb.spawn(ClinicPatient, house=self)

    @cb.on_end
    def measure(self):
        self.triage_wait = self.triage.sample_mean()
        self.cubicle_wait = self.cubicle.sample_mean()
        self.boarding_wait = self.boarding.sample_mean()
        self.planned_wait = self.waiting_at_home.sample_mean()
        self.clinic_wait = self.clinic.sample_mean()


class Planned(cb.Model):
    """Planned admissions to one ward."""

    house: cb.Ref[House]
    ward: cb.Ref[Ward]
    gap: cb.Param[float]

    def __init__(self, house: House, ward: Ward, gap: float) -> None:
        self.house, self.ward, self.gap = house, ward, gap

    @cb.process
    def come(self):
        while True:
            cb.hold(random.exponential(self.gap))
            self.house.patients += 1
            cb.spawn(PlannedPatient, house=self.house, ward=self.ward)


class PlannedPatient(cb.Model):
    """Waits for a bed, and stays."""

    house: cb.Ref[House]
    ward: cb.Ref[Ward]

    @cb.process
    def visit(self):
        asked = cb.now()
        self.ward.beds.acquire(1)
        self.house.waiting_at_home.record(cb.now() - asked)
        cb.hold(random.lognormal(self.ward.mu, self.ward.sigma))
        self.ward.beds.release(1)


class ClinicPatient(cb.Model):
    """Waits for a room, and is seen."""

    house: cb.Ref[House]

    @cb.process
    def visit(self):
        asked = cb.now()
        self.house.rooms.acquire(1)
        self.house.clinic.record(cb.now() - asked)
        cb.hold(random.lognormal(CONSULTATION_MU, CONSULTATION_SIGMA))
        self.house.rooms.release(1)


class Emergency(cb.Model):
    """Triage, cubicle and doctor, then home or a ward bed; boards in the cubicle."""

    house: cb.Ref[House]

    @cb.process
    def visit(self):
        house = self.house
        asked = cb.now()
        house.triage_nurses.acquire(1)
        house.triage.record(cb.now() - asked)
        cb.hold(random.lognormal(TRIAGE_MU, TRIAGE_SIGMA))
        house.triage_nurses.release(1)

        asked = cb.now()
        house.cubicles.acquire(1)
        house.doctors.acquire(1)
        house.cubicle.record(cb.now() - asked)
        cb.hold(random.lognormal(SEEN_MU, SEEN_SIGMA))
        house.doctors.release(1)

        chance = random.uniform()
        for i in range(len(house.wards)):
            ward = house.wards[i]
            if chance < ward.at_most:
                asked = cb.now()
                ward.beds.acquire(1)
                house.cubicles.release(1)
                house.boarding.record(cb.now() - asked)
                cb.hold(random.lognormal(ward.mu, ward.sigma))
                ward.beds.release(1)
                return
        house.cubicles.release(1)


def played(days: int, runs: int, seed: int) -> dict[str, object]:
    """Some runs: processor seconds of the simulation alone, patients, and the measures of each run."""
    house = House()
    warm_up = model.WARM_UP_DAYS * model.DAY
    window = cb.Window(warmup=warm_up, duration=days * model.DAY - warm_up)
    short = cb.Window(warmup=0, duration=model.DAY)
    cb.Experiment(house, window=short, seed=seed).run(workers=1)  # compiles
    experiment = cb.Experiment(house, replications=runs, window=window, seed=seed)
    began = time.process_time()
    found = experiment.run(workers=1)
    seconds = time.process_time() - began
    waits = {
        "wait: triage": "triage_wait",
        "wait: cubicle and doctor": "cubicle_wait",
        "wait: ward bed, boarding": "boarding_wait",
        "wait: ward bed, planned": "planned_wait",
        "wait: clinic": "clinic_wait",
    }
    if found.failed.any():
        raise SystemExit(f"cimba gave up: {found.failure_reasons}")
    columns = {name: getattr(found[house], field)[0] for name, field in waits.items()}
    for name, ward in zip(model.WARDS, house.wards, strict=True):
        columns[f"occupancy: {name}"] = found[ward].occupancy[0]
    measures = [{name: float(values[run]) for name, values in columns.items()} for run in range(runs)]
    return {"seconds": seconds, "patients": int(found[house].patients[0].sum()), "measures": measures}


if __name__ == "__main__":
    asked = model.options().parse_args()
    print(json.dumps({"version": f"cimba {cb.__version__}", **played(asked.days, asked.runs, asked.seed)}))
