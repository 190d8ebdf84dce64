"""The schedule: shifts, breaks, absences and ratios decide who is there; sessions keep to the calendar."""

from datetime import date, datetime, timedelta

import numpy as np
import pytest

from tests.houses import START, case, hospital
from twin.case import Window, resolve
from twin.errors import ConfigError
from twin.hospital.sessions import Session
from twin.plan import Plan
from twin.schedule import Schedule, shift_spans
from twin.units import MS_DAY, MS_HOUR, MS_MINUTE

STAY = {"stay": [{"name": "stay", "places": ["ward"]}]}
WEEKDAYS = ["mon", "tue", "wed", "thu", "fri"]
ROUND_THE_CLOCK = {
    "early": {"from": "07:00", "to": "15:00", "on_duty": 6},
    "late": {"from": "14:30", "to": "22:00", "on_duty": 5},
    "night": {"from": "21:30", "to": "07:00", "on_duty": 3},
}


def house(*, nurses=None, ward=None, timezone="UTC", country=None, sessions=None, places=None):
    made = hospital(
        wards={"ward": {"physical_beds": 40, "staffed_beds": 40, **(ward or {})}},
        places=places,
        staff={"nurses": nurses or {"shifts": ROUND_THE_CLOCK}},
        pathways=STAY,
    )
    held = {
        name: Session.model_validate({"title": name, "classes": ["stay"], **s})
        for name, s in (sessions or {}).items()
    }
    return made.model_copy(update={"timezone": timezone, "country": country, "sessions": held})


def schedule(made, *, start=START, days=7, absent=None, **parts) -> Schedule:
    rows = None if absent is None else np.array(absent, np.int64).reshape(-1, 4)
    return resolve(case(made, **parts), Window(start, days=days, tail=0), rows)


def on_duty(made, hours, *, group="nurses", **window) -> list[int]:
    level = schedule(made, **window).levels[group]
    return [level.at(round(h * MS_HOUR)) for h in hours]


def beds(made, hours, **window) -> list[int]:
    return on_duty(made, hours, group="ward", **window)


# ---- shifts


def test_those_of_two_shifts_are_there_together_while_they_hand_over():
    made = house()

    there = on_duty(made, [8, 14, 14.5, 14.9, 15, 21.5, 22, 23.9])

    assert there == [6, 6, 11, 11, 5, 8, 3, 3]


def test_the_night_shift_of_the_day_before_works_into_the_first_morning():
    made = house()

    assert on_duty(made, [0, 6.9, 7]) == [3, 3, 6]


def test_a_night_shift_belongs_to_the_day_on_which_it_begins():
    shifts = {"friday_night": {"days": ["fri"], "from": "20:00", "to": "08:00", "on_duty": 4}}

    friday = 4 * 24
    there = on_duty(
        house(nurses={"shifts": shifts}), [friday, friday + 20, friday + 24 + 7, friday + 24 + 20]
    )

    assert there == [0, 4, 4, 0]


def test_a_shift_that_ends_when_it_begins_lasts_a_day_and_a_night():
    shifts = {"on_call": {"days": ["mon"], "from": "08:00", "to": "08:00", "on_duty": 2}}

    there = on_duty(house(nurses={"shifts": shifts}), [7, 8, 24, 31, 32])

    assert there == [0, 2, 2, 2, 0]


def test_the_night_in_which_the_clocks_go_back_is_an_hour_longer():
    autumn = date(2025, 10, 25)  # the clocks go back on Sunday the 26th
    made = house(timezone="Europe/London")

    spans = {
        (s, a, b) for s, a, b, _ in shift_spans(made, Window(autumn, days=2, tail=0).clock(made), "nurses")
    }

    assert ("night", 21.5 * MS_HOUR, 32 * MS_HOUR) in spans
    assert on_duty(made, [31.9, 32.1], start=autumn, days=2) == [3, 6]


def test_shifts_of_a_holiday_take_the_place_of_the_usual_ones():
    shifts = {
        "day": {"from": "08:00", "to": "20:00", "on_duty": 6, "holidays": "never"},
        "holiday": {"from": "08:00", "to": "20:00", "on_duty": 2, "holidays": "only"},
    }
    new_year = house(nurses={"shifts": shifts}, country="GB-ENG")

    there = on_duty(new_year, [12, 36, 60], start=date(2024, 12, 31))

    assert there == [6, 2, 6]


# ---- breaks


def test_who_has_a_break_is_not_on_duty():
    lunch = [{"from": "12:00", "to": "12:30", "away": 2}, {"from": "12:15", "to": "12:45", "away": 1}]

    there = on_duty(house(nurses={"shifts": ROUND_THE_CLOCK, "breaks": lunch}), [11.9, 12, 12.3, 12.6, 12.8])

    assert there == [6, 4, 3, 5, 6]


def test_more_on_a_break_than_there_are_leaves_nobody():
    fire_drill = [{"from": "12:00", "to": "12:30", "away": 20}]

    assert on_duty(house(nurses={"on_duty": 4, "breaks": fire_drill}), [12, 12.5]) == [0, 4]


# ---- absences


def test_who_is_absent_is_missed_on_that_shift_alone():
    absent = [(0, 7 * MS_HOUR, 15 * MS_HOUR, 2)]

    there = on_duty(house(), [6, 7, 14.6, 15, 31], absent=absent)

    assert there == [3, 4, 9, 5, 6]


def test_more_absent_than_were_to_come_leaves_the_other_shift_alone():
    absent = [(0, 7 * MS_HOUR, 15 * MS_HOUR, 9)]

    there = on_duty(house(), [7, 14.6, 15], absent=absent)

    assert there == [0, 5, 5]


def test_absence_from_the_night_that_began_before_the_run_counts():
    spans = list(shift_spans(house(), Window(START, days=1, tail=0).clock(house()), "nurses"))
    begins, ends = next((a, b) for shift, a, b, _ in spans if shift == "night" and a < 0)

    assert (begins, ends) == (-2.5 * MS_HOUR, 7 * MS_HOUR)
    assert on_duty(house(), [0, 7], absent=[(0, begins, ends, 1)]) == [2, 6]


def test_absence_that_names_no_shift_takes_from_the_group():
    absent = [(0, 10 * MS_HOUR, 11 * MS_HOUR, 1)]

    assert on_duty(house(nurses={"on_duty": 4}), [9, 10, 11], absent=absent) == [4, 3, 4]


def test_absence_in_one_group_is_not_missed_in_another():
    made = hospital(staff={"nurses": 4, "porters": 2}, pathways={"visit": [{"name": "see"}]})

    level = schedule(made, absent=[(1, 0, MS_HOUR, 1)]).levels

    assert (level["nurses"].at(0), level["porters"].at(0)) == (4, 1)


# ---- beds that nurses can staff


def ratio(**by_shift):
    return {"nursing": {"group": "nurses", "patients_per_nurse": 5, "by_shift": by_shift}}


def test_each_nurse_counts_with_the_ratio_of_the_shift_that_brought_him():
    made = house(ward=ratio(night=8))

    open_beds = beds(made, [8, 14.6, 16, 21.6, 23])

    assert open_beds == [30, 40, 25, 5 * 5 + 3 * 8 - 9, 24]  # 49 could be staffed, 40 stand there


def test_those_who_rest_are_those_with_the_fewest_patients():
    shifts = {
        "long_day": {"from": "08:00", "to": "20:00", "on_duty": 2},
        "support": {"from": "08:00", "to": "20:00", "on_duty": 2},
    }
    tea = [{"from": "15:00", "to": "15:30", "away": 3}]
    made = house(nurses={"shifts": shifts, "breaks": tea}, ward=ratio(long_day=8, support=3))

    assert beds(made, [14, 15]) == [2 * 8 + 2 * 3, 8]  # both of the support and one of the long day rest


def test_an_absent_nurse_counts_with_the_ratio_of_his_shift():
    made = house(ward=ratio(night=8))
    night = (0, 21.5 * MS_HOUR, 31 * MS_HOUR, 1)

    assert beds(made, [21.6, 23, 31], absent=[night]) == [5 * 5 + 2 * 8 - 1, 16, 30]


def test_a_ratio_that_is_no_binary_fraction_loses_no_bed():
    nursing = {"nursing": {"group": "nurses", "patients_per_nurse": 0.29}}

    assert beds(house(nurses={"on_duty": 100}, ward=nursing), [0]) == [29]


def test_what_a_break_costs_in_beds_is_told():
    lunch = [{"from": "12:00", "to": "12:30", "away": 2}]
    made = house(nurses={"on_duty": 8, "breaks": lunch}, ward=ratio())

    made_schedule = schedule(made)

    assert made_schedule.notes == (
        f"ward: 40 beds asked from {START}, cut to 30: only 30 beds that 6 nurses can staff",
    )


# ---- dates and holidays


def test_a_row_for_dates_counts_before_a_later_row_without():
    rows = [
        {"first": START + timedelta(days=2), "last": START + timedelta(days=3), "staffed_beds": 12},
        {"from": "08:00", "to": "20:00", "staffed_beds": 30},
    ]

    assert beds(house(ward={"calendar": rows}), [24 + 12, 48 + 12, 96 - 1, 96 + 12]) == [30, 12, 12, 30]


def test_a_row_for_holidays_counts_on_public_holidays_of_the_country_alone():
    rows = [{"holidays": "only", "staffed_beds": 10}, {"days": ["wed"], "staffed_beds": 20}]

    christmas = {"start": date(2024, 12, 24), "days": 4}
    english = beds(house(ward={"calendar": rows}, country="GB-ENG"), [12, 36, 60, 84], **christmas)
    nowhere = beds(house(ward={"calendar": rows}), [12, 36, 60, 84], **christmas)

    assert english == [40, 10, 10, 40]
    assert nowhere == [40, 20, 40, 40]


def test_a_plan_goes_over_a_row_for_dates():
    rows = [{"first": START, "last": START, "staffed_beds": 12}]

    made = schedule(house(ward={"calendar": rows}), plan=Plan("p", {"ward": {START: 35}}))

    assert made.levels["ward"].at(0) == 35


def test_dated_rows_of_places_and_people_count_too():
    made = house(
        nurses={"on_duty": 4, "calendar": [{"first": START, "last": START, "on_duty": 1}]},
        places={"room": {"physical": 3, "staffed": 3, "calendar": [{"last": START, "staffed": 0}]}},
    )

    levels = schedule(made).levels

    assert [levels["nurses"].at(t) for t in (0, MS_DAY)] == [1, 4]
    assert [levels["room"].at(t) for t in (0, MS_DAY)] == [0, 3]


# ---- people whom a plan asks

MONDAY, TUESDAY = START, START + timedelta(days=1)


def planned(cover, hours, *, nurses=None):
    return on_duty(house(nurses=nurses), hours, plan=Plan("p", cover={"nurses": cover}))


def test_a_plan_goes_over_the_shifts_it_names_and_over_no_other():
    there = planned({TUESDAY: {"early": 9, "night": 0}}, [8, 16, 24 + 8, 24 + 16, 24 + 23, 48 + 3, 48 + 8])

    assert there == [6, 5, 9, 5, 0, 0, 6]


def test_the_night_that_a_plan_names_is_that_which_begins_on_the_date():
    there = planned({MONDAY: {"night": 7}}, [3, 23, 24 + 3, 24 + 23])

    assert there == [3, 7, 7, 3]


def test_a_plan_for_the_night_before_the_run_counts_in_its_first_morning():
    assert planned({MONDAY - timedelta(days=1): {"night": 7}}, [3, 23]) == [7, 3]


def test_a_plan_may_ask_people_to_a_shift_that_is_not_worked_on_the_day():
    shifts = {"friday": {"days": ["fri"], "from": "08:00", "to": "20:00", "on_duty": 4}}

    assert planned({TUESDAY: {"friday": 2}}, [12, 24 + 12, 96 + 12], nurses={"shifts": shifts}) == [0, 2, 4]


def test_of_a_group_without_shifts_a_plan_names_hours_and_the_calendar_keeps_all_others():
    calendar = {"on_duty": 2, "calendar": [{"from": "08:00", "to": "20:00", "on_duty": 5}]}
    cover = {TUESDAY: {"06:00-14:00": 1, "10:00-18:00": 3, "22:00-02:00": 0}}

    there = planned(
        cover,
        [12, 24 + 5, 24 + 6, 24 + 9, 24 + 12, 24 + 15, 24 + 19, 24 + 22, 48 + 1, 48 + 2],
        nurses=calendar,
    )

    assert there == [5, 2, 1, 1, 4, 3, 5, 0, 0, 2]


def test_beds_follow_the_nurses_whom_the_plan_asks():
    plan = Plan("p", cover={"nurses": {MONDAY: {"early": 2}}})

    assert beds(house(ward=ratio()), [8, 16, 24 + 8], plan=plan) == [10, 25, 30]


def test_who_is_absent_is_missed_among_those_whom_the_plan_asks():
    plan = Plan("p", cover={"nurses": {MONDAY: {"early": 9}}})
    absent = [(0, 7 * MS_HOUR, 15 * MS_HOUR, 2)]

    assert on_duty(house(), [8, 14.6], absent=absent, plan=plan) == [7, 12]


def test_groups_and_shifts_that_are_not_there_are_all_told_with_hints():
    made = hospital(
        staff={"nurses": {"shifts": ROUND_THE_CLOCK}, "porters": 2}, pathways={"visit": [{"name": "see"}]}
    )
    cover = {
        "nurse": {MONDAY: {"early": 1}},
        "porters": {MONDAY: {"early": 1, "08:00-16:00": 1}},
        "nurses": {MONDAY: {"nite": 1}},
    }

    with pytest.raises(ConfigError) as told:
        schedule(made, plan=Plan("p", cover=cover))

    assert [p.path for p in told.value.problems] == [
        "cover.nurse",
        f"cover.porters.{MONDAY}.early",
        f"cover.nurses.{MONDAY}.nite",
    ]
    assert 'did you mean "nurses"' in str(told.value)


# ---- sessions


def minutes(values) -> list[float]:
    return [float(v) / MS_MINUTE for v in values]


def clinic(**parts):
    return {"days": ["wed"], "from": "09:00", "to": "12:00", "booked_at": "16:00", **parts}


def test_a_session_is_held_on_its_days_and_filled_the_days_before():
    made = house(sessions={"clinic": clinic(booked_days_ahead=2, overrun_minutes=30)})

    held = schedule(made).sittings

    wednesday = 2 * 24 * 60
    assert minutes(held.opens) == [wednesday + 9 * 60]
    assert minutes(held.closes) == [wednesday + 12 * 60]
    assert minutes(held.limit) == [wednesday + 12.5 * 60]
    assert minutes(held.books) == [16 * 60]
    assert held.slot_from.tolist() == [0, 0]


def test_a_session_filled_before_the_run_has_a_negative_instant():
    made = house(sessions={"clinic": clinic(booked_days_ahead=7)})

    held = schedule(made, days=6).sittings

    assert minutes(held.books)[0] == (2 - 7) * 24 * 60 + 16 * 60


def test_a_session_after_the_end_is_there_if_it_is_filled_in_the_run():
    made = house(sessions={"clinic": clinic(booked_days_ahead=3)})

    ends_on_saturday = schedule(made, days=6).sittings
    ends_on_sunday = schedule(made, days=7).sittings

    assert minutes(ends_on_saturday.opens) == [(2 * 24 + 9) * 60]
    assert minutes(ends_on_sunday.opens) == [(2 * 24 + 9) * 60, (9 * 24 + 9) * 60]


def test_slots_that_fit_are_given_to_so_many_patients_and_more_to_the_first():
    made = house(sessions={"clinic": clinic(slot_minutes=50, patients_a_slot=2, extra_at_start=1)})

    held = schedule(made, days=3).sittings

    opens = (2 * 24 + 9) * 60
    assert minutes(held.slot) == [opens, opens, opens, opens + 50, opens + 50, opens + 100, opens + 100]
    assert held.slot_from.tolist() == [0, 7]


def test_sittings_side_by_side_and_in_order_of_filling():
    made = house(
        sessions={
            "clinic": clinic(slot_minutes=90, sittings=2),
            "urgent": clinic(**{"from": "08:00", "booked_at": "16:00"}),
            "early": clinic(booked_days_ahead=2),
        }
    )

    held = schedule(made, days=3).sittings

    assert held.session.tolist() == [2, 1, 0, 0]
    assert held.slot_from.tolist() == [0, 0, 0, 2, 4]
    assert (np.diff(held.books) >= 0).all()


def test_a_session_keeps_to_local_time_when_the_clocks_change():
    made = house(sessions={"clinic": clinic(days=["sun"])}, timezone="Europe/London")
    window = Window(date(2025, 3, 29), days=2, tail=0)  # the clocks go forward on Sunday the 30th

    held = resolve(case(made), window).sittings

    clock = window.clock(made)
    assert clock.at(int(held.opens[0])) == datetime(2025, 3, 30, 9)
    assert clock.at(int(held.closes[0])) == datetime(2025, 3, 30, 12)
    assert held.opens[0] == 32 * MS_HOUR


def test_a_session_is_not_held_on_a_holiday_that_it_leaves_out():
    made = house(sessions={"clinic": clinic(days=WEEKDAYS, holidays="never")}, country="GB-ENG")

    held = schedule(made, start=date(2024, 12, 24), days=4).sittings

    assert [float(t) / MS_DAY // 1 for t in held.opens] == [0, 3]


def test_a_session_until_midnight_closes_with_the_day():
    made = house(sessions={"clinic": clinic(**{"from": "20:00", "to": "24:00"})})

    held = schedule(made, days=3).sittings

    assert minutes(held.closes) == [3 * 24 * 60]


@pytest.mark.parametrize("days", [1, 3])
def test_a_house_without_sessions_holds_none(days):
    held = schedule(house(), days=days).sittings

    assert (held.session.size, held.slot.size, held.slot_from.tolist()) == (0, 0, [0])
