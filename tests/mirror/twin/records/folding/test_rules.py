"""Each oddity of the tables is found, counted and told; records without it are not complained of."""

from datetime import datetime, timedelta

import pytest

from tests.mirror.twin.records.folding.telling import Outcome, folded, stay, told, visit
from twin.records.folding.rules import RULES
from twin.records.quality import Finding

D = "2025-03-01 "


def found(outcome: Outcome, code: str) -> Finding:
    return next(finding for finding in outcome.result.findings if finding.code == code)


def codes(outcome: Outcome) -> set[str]:
    return {finding.code for finding in outcome.result.findings}


def test_records_without_fault_have_no_findings():
    rows = [
        stay("cubicles", D + "10:00", D + "12:00", sex="female", age=40),
        stay("oak", D + "12:00", "2025-03-04 09:00", bed="1", sex="female", age=40),
        stay("oak", "2025-03-04 09:00", bed="1", visit="E2", sex="male", age=90),
    ]

    assert codes(folded(rows)) == set()


def test_two_patients_in_one_bed_are_found():
    rows = [
        stay("oak", D + "10:00", "2025-03-09", bed="1", visit="E1"),
        stay("oak", D + "11:00", D + "12:00", bed="2", visit="E2"),
        stay("oak", "2025-03-02", "2025-03-03", bed="1", visit="E3"),
        stay("oak", "2025-03-04", "2025-03-05", bed="1", visit="E4"),
        stay("elm", "2025-03-04", "2025-03-05", bed="1", visit="E5"),
    ]

    finding = found(folded(rows), "N_TWO_IN_A_BED")

    assert (finding.count, finding.of, finding.places, finding.severity) == (2, 5, {"oak": 2}, "error")
    assert finding.examples[0] == "encounter E3 on oak, 2025-03-02 00:00 to 2025-03-03 00:00"
    assert (finding.first, finding.last) == (datetime(2025, 3, 2), datetime(2025, 3, 4))


def test_a_stay_of_nine_hundred_days_is_flagged_and_kept():
    outcome = folded([stay("oak", "2022-08-01 10:00", "2025-01-17 10:00")])

    assert found(outcome, "N_LONG_STAY").count == 1
    assert outcome.stays() == [("oak", "08-01 11:00", "01-17 10:00")] or len(outcome.stays()) == 1


def test_a_stay_of_no_length_is_noted():
    assert found(folded([stay("oak", D + "10:00", D + "10:00")]), "N_NO_LENGTH").count == 1


def test_a_visit_that_never_ended_is_found():
    old = [stay("oak", "2024-03-01 10:00", said_at="2024-03-02")]
    new = [stay("oak", "2025-03-01 10:00", visit="E2", said_at="2025-03-02")]

    finding = found(folded(old, new), "N_NEVER_LEFT")

    assert (finding.count, finding.of) == (1, 2)
    assert finding.examples == ("encounter E1, 2024-03-01 10:00 goes on",)


def test_a_visit_that_never_ended_is_found_in_an_extract_that_does_not_tell_when_it_was_made():
    told = folded([stay("oak", "2024-03-01 10:00"), stay("oak", "2025-03-01 10:00", visit="E2")], as_of=None)

    assert found(told, "N_NEVER_LEFT").count == 1


def test_stays_of_which_no_place_is_told_are_looked_at_too():
    rows = [stay(None, f"2025-03-01 {hour}:00", visit=f"E{hour}") for hour in range(10, 20)]

    assert "N_MISSING_DAY" not in codes(folded(rows))


def test_a_hole_between_two_stays_is_found():
    rows = [stay("cubicles", D + "10:00", D + "12:00"), stay("oak", D + "18:01", "2025-03-02")]
    near = [stay("cubicles", D + "10:00", D + "12:00"), stay("oak", D + "18:00", "2025-03-02")]

    assert found(folded(rows), "N_HOLE").count == 1
    assert "N_HOLE" not in codes(folded(near))


def test_more_patients_than_beds_are_found():
    rows = [stay("oak", D + f"10:{n:02}", "2025-03-02 12:00", visit=f"E{n}") for n in range(23)]

    finding = found(folded(rows), "N_MORE_THAN_BEDS")

    assert finding.count == 1
    assert finding.examples == ("oak: 23 patients in 22 beds, 2025-03-02 00:00",)
    assert "N_MORE_THAN_BEDS" not in codes(folded(rows[1:]))


def hourly(days: int, missing: range = range(0)) -> list[dict]:
    """A patient an hour in the cubicles, but not in the hours that are missing."""
    begin = datetime(2025, 2, 1)
    rows = []
    for hour in range(24 * days):
        if hour not in missing:
            at = begin + timedelta(hours=hour)
            end = at + timedelta(minutes=30)
            rows.append(stay("cubicles", f"{at:%Y-%m-%d %H:%M}", f"{end:%Y-%m-%d %H:%M}", visit=f"E{hour}"))
    return rows


def test_a_feed_that_was_down_for_two_days_is_found_by_hour_and_by_day():
    outcome = folded(hourly(28, range(24 * 10, 24 * 12)))

    silent, missing = found(outcome, "N_SILENT"), found(outcome, "N_MISSING_DAY")
    assert silent.examples == ("2025-02-10 23:00 to 2025-02-13 00:00",)
    assert missing.examples == ("cubicles on 2025-02-11", "cubicles on 2025-02-12")
    assert {"N_SILENT", "N_MISSING_DAY"} & codes(folded(hourly(28))) == set()


def test_a_table_that_is_no_longer_fed_is_found():
    slot = told(thing="slot", key="S1", said="state", place="clinic", said_at="2025-03-01")

    outcome = folded([slot, stay("oak", D + "10:00", said_at="2025-03-15")])

    assert found(outcome, "N_OLD_TABLE").examples == ("slots: last word of 2025-03-01 00:00",)


def test_missing_ages_are_noted_with_their_share():
    finding = found(folded([visit("E1", age=4, sex="male"), visit("E2", sex="male")]), "N_NO_AGE_OR_SEX")

    assert (finding.count, finding.of) == (1, 2)
    assert finding.examples == ("age missing in 50%, sex in 0%",)


def test_a_past_appointment_that_is_still_booked_is_found():
    def appointment(key: str, status: str, at: str) -> dict:
        return told(
            thing="appointment", key=key, said="state", place="clinic", status=status, planned_start=at
        )

    rows = [
        appointment("A1", "booked", D + "10:00"),
        appointment("A2", "attended", D + "10:00"),
        appointment("A3", "booked", "2025-03-25 10:00"),
    ]

    assert (found(folded(rows), "N_STILL_BOOKED").count, found(folded(rows), "N_STILL_BOOKED").of) == (1, 2)


def test_stock_below_nothing_is_found_after_a_count_or_receipt():
    def movement(key: str, kind: str, quantity: float, item: str = "gloves") -> dict:
        return told(
            thing="supply_movement", key=key, said="state", kind=kind, item=item, quantity=quantity,
            at=f"2025-03-0{key} 10:00",
        )  # fmt: skip

    rows = [
        movement("1", "issue", -5.0),  # how much there was is not known
        movement("2", "count", 10.0),
        movement("3", "issue", -8.0),
        movement("4", "issue", -3.0),
        movement("5", "count", 4.0),
        movement("6", "issue", -4.0),
        movement("7", "issue", -4.0, item="gowns"),
    ]

    finding = found(folded(rows), "N_BELOW_NOTHING")

    assert finding.count == 1
    assert finding.examples == ("gloves: -1, 2025-03-04 10:00",)


def test_a_shift_of_more_than_sixteen_hours_is_found():
    def shift(key: str, end: str) -> dict:
        return told(
            thing="roster_shift", key=key, said="state", staff_group="nurses", planned_start=D + "07:00",
            planned_end=end,
        )  # fmt: skip

    outcome = folded([shift("R1", D + "19:30"), shift("R2", "2025-03-02 07:00")])

    assert found(outcome, "N_LONG_SHIFT").examples == ("R2, 2025-03-01 07:00 to 2025-03-02 07:00",)


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_no_rule_needs_any_table(rule):
    from tests.mirror.twin.records.folding.telling import NOW
    from tests.mirror.twin.records.house import house
    from twin.records.folding.looking import Tables

    assert rule(Tables({}, house(), NOW)) is None
