"""The arithmetic closes before anything is simulated: arrivals x stays against beds, rooms and people."""

import json

import pytest

from twin.hospital import Hospital, parse_hospital, shipped, shipped_names
from twin.hospital.duration import mean_ms
from twin.hospital.load import class_rates, offered_load, visits
from twin.units import DAYS_WEEK, MS_DAY


@pytest.fixture(scope="module")
def reference() -> Hospital:
    return parse_hospital(shipped("reference"))


@pytest.fixture(scope="module")
def published(shared_data) -> dict:
    return json.loads((shared_data / "hospital" / "reference_hospital.json").read_text())["parameters"]


def value(published, path):
    """A parameter by dotted path, whether the table is nested or flat."""
    if path in published:
        return published[path]["value"]
    table = published
    for part in path.split("."):
        table = table[part]
    return table["value"]


def ward_flows(hospital: Hospital, member: str) -> list[tuple[str, float, float]]:
    """(first ward, stays a day, bed-days a day) of each ward step of one class."""
    pathway = hospital.pathways[hospital.classes[member].pathway]
    rate = class_rates(hospital)[member]
    return [
        (step.alternatives()[0].place, rate * times, rate * times * mean_ms(step.duration) / MS_DAY)
        for step, times in zip(pathway.steps, visits(pathway), strict=True)
        if step.places and step.alternatives()[0].place in hospital.wards
    ]


def general_beds(hospital: Hospital):
    return [
        x for x in offered_load(hospital) if x.kind == "ward" and not hospital.wards[x.name].critical_care
    ]


@pytest.mark.parametrize("name", shipped_names())
def test_nothing_is_asked_for_more_than_is_there(name):
    over = [
        (x.name, round(x.ratio, 2)) for x in offered_load(parse_hospital(shipped(name))) if x.ratio >= 0.99
    ]

    assert over == []


def test_little_closes_on_the_general_beds(reference):
    wards = general_beds(reference)

    assert sum(x.open for x in wards) == 600
    assert sum(x.offered for x in wards) == pytest.approx(552, rel=0.01)


def test_little_closes_on_critical_care(reference):
    (beds,) = [x for x in offered_load(reference) if x.name == "critical_care"]

    assert beds.open == 24
    assert beds.offered == pytest.approx(18.9, rel=0.02)


def test_the_small_hospital_is_a_tenth(reference):
    small = parse_hospital(shipped("small"))

    assert sum(x.open for x in general_beds(small)) == 60
    assert 0.80 < sum(x.offered for x in general_beds(small)) / 60 < 0.90
    assert small.arrivals["ed_attendances"].daily_mean == pytest.approx(26.4, abs=0.5)


def test_beds_match_what_is_published(reference, published):
    assert sum(w.staffed_beds for w in reference.wards.values() if not w.critical_care) == value(
        published, "beds.general_acute"
    )
    assert reference.wards["critical_care"].staffed_beds == value(published, "beds.icu_hdu_adult")
    planned, emergency = (
        reference.places["theatres"].physical,
        reference.places["emergency_theatres"].physical,
    )
    assert planned + emergency == value(published, "theatre.count")


def test_arrivals_match_what_is_published(reference, published):
    ed = reference.arrivals["ed_attendances"]
    assert ed.daily_mean == value(published, "ed.type1_attendances_per_day")
    assert ed.weekday_factors[0] / DAYS_WEEK == pytest.approx(value(published, "ed.monday_share"))
    assert sum(ed.weekday_factors) == pytest.approx(DAYS_WEEK)
    assert list(ed.mix.values()) == value(published, "ed.acuity_mix_5_level")
    assert list(reference.profiles["ed_arrivals"].hours) == value(published, "ed.hourly_profile")
    planned = class_rates(reference)["planned_inpatient"]
    assert planned == pytest.approx(value(published, "admissions.elective_overnight_per_day"), rel=0.01)
    seen_in_person = reference.arrivals["outpatients"].daily_mean * 253
    assert 0.817 < seen_in_person / value(published, "opd.attended_per_year") < 1


def test_admissions_match_what_is_published(reference, published):
    rates = class_rates(reference)
    admitted = overnight = 0.0
    for member in reference.arrivals["ed_attendances"].mix:
        pathway = reference.pathways[reference.classes[member].pathway]
        times, names = visits(pathway), [step.name for step in pathway.steps]
        inside = [i for i, s in enumerate(pathway.steps) if first_ward(reference, s) or s.name == "same_day"]
        for j in inside:
            into = sum(
                times[i] * share
                for i in range(len(names))
                if i not in inside and names[i] not in ("recovery", "fracture_recovery")
                for to, share in pathway.routes(i)
                if to == j
            )
            admitted += rates[member] * into
            overnight += rates[member] * into * (names[j] != "same_day")
    attendances = value(published, "ed.type1_attendances_per_day")
    assert admitted / attendances == pytest.approx(value(published, "ed.admission_fraction"), abs=0.003)
    assert overnight == pytest.approx(value(published, "admissions.emergency_overnight_per_day"), rel=0.02)


def first_ward(hospital, step) -> bool:
    return bool(step.places) and step.alternatives()[0].place in hospital.wards


def test_stays_match_what_is_published(reference, published):
    unplanned = [
        row for member in reference.arrivals["ed_attendances"].mix for row in ward_flows(reference, member)
    ]
    planned = ward_flows(reference, "planned_inpatient")
    emergency = value(published, "admissions.emergency_overnight_per_day")
    elective = value(published, "admissions.elective_overnight_per_day")
    assert sum(b for *_, b in unplanned) / emergency == pytest.approx(
        value(published, "los.emergency_mean"), rel=0.02
    )
    assert sum(b for *_, b in planned) / elective == pytest.approx(
        value(published, "los.elective_mean"), rel=0.02
    )


def test_critical_care_matches_what_is_published(reference, published):
    rows = [
        r for member in reference.classes for r in ward_flows(reference, member) if r[0] == "critical_care"
    ]
    admissions, beds = sum(n for _, n, _ in rows), sum(b for *_, b in rows)
    assert admissions == pytest.approx(value(published, "icu.admissions_per_day"), rel=0.02)
    assert beds / admissions == pytest.approx(value(published, "icu.mean_los_days"), rel=0.02)


def test_discharge_hours_match_what_is_published(reference, published):
    hours = reference.profiles["discharge"].hours
    assert sum(hours) == pytest.approx(1)
    assert sum(hours[:12]) == pytest.approx(value(published, "discharge.before_noon"))
    assert sum(hours[:15]) == pytest.approx(value(published, "discharge.before_15h"))
