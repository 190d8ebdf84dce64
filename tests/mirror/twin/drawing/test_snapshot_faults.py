"""A snapshot that does not fit its hospital is refused with all its faults at once."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from tests.mirror.twin.drawing.house import draw
from tests.mirror.twin.drawing.test_in_house import MIDNIGHT, clinic, patient
from twin.case import Batch, Cleaning, Order, Snapshot
from twin.errors import ConfigError

BEFORE, AFTER = MIDNIGHT - timedelta(hours=1), MIDNIGHT + timedelta(hours=1)
PLANNED = patient("x", "planned", place=None)


def faults(snapshot: Snapshot) -> dict[str, str]:
    with pytest.raises(ConfigError) as caught:
        draw(clinic(items={"gauze": {"title": "g", "stock": 5}}), snapshot=snapshot)
    return {p.path: p.rule for p in caught.value.problems}


@pytest.mark.parametrize(
    ("found", "path", "rule"),
    [
        (patient("x", "acut"), "patients.x.patient_class", "no such patient class"),
        (patient("x", step="sea"), "patients.x.step", "no such step on this patient's pathway"),
        (patient("x", place="bey"), "patients.x.place", "no such place"),
        (patient("x", place=None), "patients.x.place", "is needed for a patient who is in this step"),
        (patient("x", promised="bey"), "patients.x.promised", "no such place"),
        (patient("x", visits={"sea": 1}), "patients.x.visits", "no such step on this patient's pathway"),
        (patient("x", visits={"see": -1}), "patients.x.visits.see", "0 or more times"),
        (patient("x", pooled={"nurse": 1}), "patients.x.pooled.nurse", "no such staff group"),
        (patient("x", pooled={"bank": 1}), "patients.x.pooled.bank", "this group has no float pool"),
        (
            patient("x", pooled={"nurses": 3}),
            "patients.x.pooled.nurses",
            "between 0 and the 2 that the step takes",
        ),
        (patient("x", identity=-1), "patients.x.identity", "a whole number of 64 bits"),
        (patient("x", remaining_ms=-1), "patients.x.remaining_ms", "0 ms or more"),
        (patient("x", waiting=True, remaining_ms=1), "patients.x.remaining_ms", "the step has not begun"),
        (
            patient("x", place=None, listed=True),
            "patients.x.patient_class",
            "no scheduled class (it has no booking)",
        ),
        (replace(PLANNED, listed=True, place="bay"), "patients.x.place", "who is on a list holds no place"),
        (
            replace(PLANNED, listed=True, waiting=True),
            "patients.x.listed",
            "who is on a list is neither booked nor waiting in the house",
        ),
        (
            replace(PLANNED, listed=True, step="stay"),
            "patients.x.step",
            'who has not come begins with the first step, "see"',
        ),
        (
            replace(PLANNED, appointment=AFTER),
            "patients.x.session",
            "is needed for a patient with an appointment",
        ),
        (replace(PLANNED, appointment=AFTER, session="lists"), "patients.x.session", "no such session"),
        (patient("x", session="list"), "patients.x.session", "takes no patients of class acute"),
    ],
)
def test_a_patient_who_cannot_be_there_is_told_with_path_and_rule(found, path, rule):
    assert faults(Snapshot(MIDNIGHT, (found,)))[path] == rule


@pytest.mark.parametrize(
    ("snapshot", "path", "rule"),
    [
        (Snapshot(stock={"gauz": ()}), "stock.gauz", "no such item"),
        (Snapshot(stock={"gauze": (Batch(-1),)}), "stock.gauze.0.units", "0 units or more"),
        (
            Snapshot(stock={"gauze": (Batch(1, BEFORE),)}),
            "stock.gauze.0.expires",
            "expired before the run begins",
        ),
        (Snapshot(orders=(Order("gauz", 1, AFTER),)), "orders.0.item", "no such item"),
        (Snapshot(orders=(Order("gauze", 0, AFTER),)), "orders.0.units", "1 unit or more"),
        (Snapshot(orders=(Order("gauze", 1, BEFORE),)), "orders.0.due", "due before the run begins"),
        (Snapshot(orders_placed={"gauz": 1}), "orders_placed.gauz", "no such item"),
        (Snapshot(orders_placed={"gauze": -1}), "orders_placed.gauze", "0 orders or more"),
        (Snapshot(cleaning=(Cleaning("bey", AFTER),)), "cleaning.0.place", "no such place"),
        (Snapshot(cleaning=(Cleaning("bay", BEFORE),)), "cleaning.0.until", "over before the run begins"),
    ],
)
def test_supplies_and_places_that_cannot_be_so_are_told(snapshot, path, rule):
    assert faults(snapshot)[path] == rule


def test_an_encounter_is_there_once():
    found = faults(Snapshot(MIDNIGHT, (patient("x"), patient("x"))))

    assert found == {"patients.x": "an encounter is there once"}


def test_what_is_left_is_known_at_one_instant_only():
    snapshot = Snapshot(datetime(2025, 1, 5), (patient("x", remaining_ms=5),))

    assert "the run begins at 2025-01-06" in faults(snapshot)["patients.x.remaining_ms"]


def test_all_faults_are_told_in_one_pass():
    snapshot = Snapshot(
        MIDNIGHT,
        (patient("a", step="sea"), patient("b", place="bey", promised="bey")),
        stock={"gauz": ()},
        cleaning=(Cleaning("bay", BEFORE),),
    )

    assert len(faults(snapshot)) == 5


def test_an_outlier_is_no_fault():
    """A patient may rightly be in a place that is not on the list of the step."""
    hospital = clinic(wards={"oak": {"title": "oak", "physical_beds": 1, "staffed_beds": 1}})

    work = draw(hospital, snapshot=Snapshot(MIDNIGHT, (patient("x", step="stay", place="oak"),)))

    assert work.held.tolist() == [0]
