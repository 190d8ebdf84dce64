"""The description of a hospital: read whole, or refused with every fault in one pass."""

import pytest

from twin.errors import ConfigError, NotFound
from twin.hospital import load_hospital, parse_hospital, shipped, shipped_names

SMALL = """
name = "two wards"
timezone = "Europe/London"

[wards.medical]
title = "Medical"
physical_beds = 20
staffed_beds = 18
discharge_profile = "out"

[profiles.out]
hours = [0,0,0,0,0,0,0,0,0,0.1,0.1,0.1,0.1,0.1,0.1,0.1,0.1,0.1,0.1,0,0,0,0,0]

[staff.doctors]
title = "Doctors"
on_duty = 3

[arrivals.door]
title = "Door"
daily_mean = 5
mix = { adult = 1.0 }

[classes.adult]
title = "Adult"
priority = 2
pathway = "stay"

[[pathways.stay.steps]]
name = "stay"
places = ["medical"]
duration = { mean = 3, cv = 1, unit = "days" }
"""


def faults(text: str) -> dict[str, str]:
    with pytest.raises(ConfigError) as told:
        parse_hospital(text)
    assert len(str(told.value).splitlines()) == 1 + len(told.value.problems)  # a headline and a line a fault
    return {p.path: f"{p.rule} {p.cure}" for p in told.value.problems}


def test_a_description_is_read_as_written():
    house = parse_hospital(SMALL)

    assert (house.wards["medical"].usual, house.wards["medical"].physical) == (18, 20)
    assert list(house.everywhere) == ["medical"]


def test_five_faults_are_told_at_once_in_five_lines():
    broken = (
        SMALL.replace("staffed_beds = 18", "staffed_beds = -2")
        .replace('places = ["medical"]', 'places = ["medicine"]')
        .replace("mix = { adult = 1.0 }", "mix = { adult = 0.9 }")
        .replace("priority = 2", "priority = 12")
        .replace("on_duty = 3", "on_duty = 3\ncolour = 'red'")
    )

    told = faults(broken)

    assert set(told) == {
        "wards.medical.staffed_beds",
        "pathways.stay.steps.stay.places",
        "arrivals.door.mix",
        "classes.adult.priority",
        "staff.doctors.colour",
    }
    assert 'did you mean "medical"?' in told["pathways.stay.steps.stay.places"]


def test_faults_are_told_in_the_order_of_the_file_whatever_kind_they_are_of():
    broken = (
        SMALL.replace("mean = 3,", "mean = -3,")  # of one table
        .replace("mix = { adult = 1.0 }", "mix = { child = 1.0 }")  # between tables
        .replace("on_duty = 3", "on_duty = 3.5")
        .replace('discharge_profile = "out"', 'discharge_profile = "in"')
    )

    with pytest.raises(ConfigError) as told:
        parse_hospital(broken)

    assert [p.path for p in told.value.problems] == [
        "wards.medical.discharge_profile",
        "staff.doctors.on_duty",
        "arrivals.door.mix.child",
        "pathways.stay.steps.stay.duration.mean",
    ]


def test_a_step_without_a_name_of_its_own_is_told_by_its_number():
    again = SMALL[SMALL.index("[[pathways.stay.steps]]") :]

    assert "pathways.stay.steps.0.name" in faults(SMALL.replace('name = "stay"\n', ""))
    assert "pathways.stay.steps.1.name" in faults(SMALL + again)


def test_a_bound_is_told_as_a_person_writes_it():
    told = faults(SMALL.replace("daily_mean = 5", "daily_mean = -5"))

    assert told["arrivals.door.daily_mean"].startswith("0 or more")


@pytest.mark.parametrize(
    ("old", "new", "path"),
    [
        ("staffed_beds = 18", "staffed_beds = 21", "wards.medical.staffed_beds"),
        ('timezone = "Europe/London"', 'timezone = "Europe/Londn"', "timezone"),
        ("0.1,0,0,0,0,0]", "0.2,0,0,0,0,0]", "profiles.out.hours"),
        ('discharge_profile = "out"', 'discharge_profile = "in"', "wards.medical.discharge_profile"),
        ('pathway = "stay"', 'pathway = "stray"', "classes.adult.pathway"),
        ("mean = 3, cv = 1,", "cv = 1,", "pathways.stay.steps.stay.duration.mean"),
        ("mean = 3,", "mean = nan,", "pathways.stay.steps.stay.duration.mean"),
        ("daily_mean = 5", "daily_mean = inf", "arrivals.door.daily_mean"),
        ('name = "stay"\n', 'name = "stay"\nnext = { stay = 1.0 }\n', "pathways.stay.steps.stay"),
        (
            'name = "stay"\n',
            'name = "stay"\nstaff = { surgeons = 1 }\n',
            "pathways.stay.steps.stay.staff.surgeons",
        ),
        ('name = "stay"\n', 'name = "stay"\nin_place = true\n', "pathways.stay.steps.stay.in_place"),
    ],
)
def test_each_fault_is_told_where_it_stands(old, new, path):
    assert old in SMALL

    assert path in faults(SMALL.replace(old, new))


def test_a_broken_file_names_the_line():
    with pytest.raises(ConfigError, match="line 2"):
        parse_hospital('name = "x"\nwards = = 3\n')


def test_a_file_that_is_not_there_is_named(tmp_path):
    with pytest.raises(NotFound, match=r"lost\.toml"):
        load_hospital(tmp_path / "lost.toml")


def test_equal_descriptions_have_equal_fingerprints():
    again = parse_hospital("# a remark\n" + SMALL)

    assert parse_hospital(SMALL).fingerprint == again.fingerprint
    assert parse_hospital(SMALL.replace("= 18", "= 17")).fingerprint != again.fingerprint


@pytest.mark.parametrize("name", shipped_names())
def test_the_hospitals_that_come_with_the_twin_have_no_fault(name):
    assert parse_hospital(shipped(name)).wards
