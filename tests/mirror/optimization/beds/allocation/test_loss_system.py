"""What is no loss system is refused, with the rule that makes it something else."""

import pytest

from optimization.beds.allocation.loss_system import as_loss_system, refusals
from optimization.beds.allocation.specialties import Specialty, hospital_of
from tests.houses import START
from twin.case import Case, Window
from twin.errors import UsageError
from twin.hospital import Hospital

WARD = Specialty("ward", arrivals_a_day=3, stay_days=2)


def changed(**parts):
    """The one-ward house with some parts of its ward or of its only step changed."""
    table = hospital_of([WARD], {"ward": 5}).model_dump(by_alias=True)
    for name, value in parts.items():
        if name in table["wards"]["ward"]:
            table["wards"]["ward"][name] = value
        else:
            table["pathways"]["ward"]["steps"][0][name] = value
    return Case(Hospital.model_validate(table))


def test_specialties_that_refuse_are_one():
    as_loss_system(changed())


@pytest.mark.parametrize(
    ("parts", "rule"),
    [
        ({"if_full": "waits"}, "waits for a bed"),
        ({"waiting_room": 2}, "waiting room"),
        ({"calendar": [{"days": ["sat"], "staffed_beds": 2}]}, "calendar"),
    ],
)
def test_queues_and_calendars_are_not(parts, rule):
    with pytest.raises(UsageError, match=f"no separable loss system: .*{rule}"):
        as_loss_system(changed(**parts))


def test_two_wards_that_lend_beds_are_not(two_weeks):
    case, window = two_weeks

    with pytest.raises(UsageError, match="goes through 2 steps"):
        refusals(case, window, seed=1, replications=[0], most=3)


def test_a_bed_being_cleaned_is_no_free_bed():
    window = Window(START, 28, warm_up=7)

    clean, slow = (
        refusals(changed(turnaround_minutes=m), window, seed=1, replications=[0], most=6) for m in (0, 600)
    )

    assert slow.sum() > clean.sum()
