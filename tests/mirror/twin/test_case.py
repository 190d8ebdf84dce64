"""Case: what decides a level is the smallest of what is asked, what stands there and what can be staffed."""

from datetime import date, timedelta

import numpy as np
import pytest

from tests.houses import START, case, hospital
from twin.case import Window, resolve
from twin.errors import ConfigError, UsageError
from twin.plan import Plan
from twin.units import MS_DAY, MS_HOUR

STAY = {"stay": [{"name": "stay", "places": ["ward"]}]}
TUESDAY = START + timedelta(days=1)


def levels(house, *, days: int = 7, **parts):
    return resolve(case(house, **parts), Window(START, days=days, tail=0))


def ward(**parts):
    return {"physical_beds": 10, "staffed_beds": 8, **parts}


def test_without_a_plan_the_calendar_decides():
    weekend = [{"days": ["sat", "sun"], "from": "08:00", "to": "20:00", "staffed_beds": 5}]

    level = levels(hospital(wards={"ward": ward(calendar=weekend)}, pathways=STAY)).levels["ward"]

    saturday = 5 * MS_DAY
    assert [level.at(saturday + h * MS_HOUR) for h in (7, 8, 19, 20)] == [8, 5, 5, 8]
    assert level.at(2 * MS_DAY + 12 * MS_HOUR) == 8


def test_a_later_row_of_the_calendar_goes_over_an_earlier_one():
    rows = [{"staffed_beds": 6}, {"from": "12:00", "to": "14:00", "staffed_beds": 2}]

    level = levels(hospital(wards={"ward": ward(calendar=rows)}, pathways=STAY)).levels["ward"]

    assert [level.at(h * MS_HOUR) for h in (11, 12, 14)] == [6, 2, 6]


@pytest.mark.parametrize(("start", "end"), [("02:00", "03:00"), ("02:30", "03:00"), ("02:15", "02:45")])
def test_a_stretch_in_the_hour_that_the_clocks_skip_leaves_no_level_behind(start, end):
    rows = [{"from": start, "to": end, "staffed_beds": 10}]
    house = hospital(wards={"ward": ward(calendar=rows)}, pathways=STAY).model_copy(
        update={"timezone": "Europe/London"}
    )

    level = resolve(case(house), Window(date(2025, 3, 30), days=1, tail=0)).levels["ward"]

    assert (np.diff(level.times) > 0).all()
    assert [level.at(h * MS_HOUR) for h in (0, 4, 12)] == [8, 8, 8]


def test_a_plan_goes_over_the_calendar_on_the_dates_it_names():
    plan = Plan("p", {"ward": {TUESDAY: 10}})

    level = levels(hospital(wards={"ward": ward()}, pathways=STAY), plan=plan).levels["ward"]

    assert [level.at(day * MS_DAY) for day in range(3)] == [8, 10, 8]


def test_more_beds_than_stand_there_are_cut_and_the_cut_is_told():
    plan = Plan("p", {"ward": {TUESDAY: 14}})

    schedule = levels(hospital(wards={"ward": ward()}, pathways=STAY), plan=plan)

    assert schedule.levels["ward"].at(MS_DAY) == 10
    assert schedule.notes == (f"ward: 14 beds asked from {TUESDAY}, cut to 10: only 10 beds stand there",)


def test_beds_beyond_what_the_nurses_can_staff_are_cut_and_the_cut_is_told():
    nursing = {"group": "nurses", "patients_per_nurse": 2.5}
    night = [{"from": "20:00", "to": "24:00", "on_duty": 2}]
    staff = {"nurses": {"on_duty": 4, "calendar": night}}

    schedule = levels(hospital(wards={"ward": ward(nursing=nursing)}, staff=staff, pathways=STAY))

    assert [schedule.levels["ward"].at(h * MS_HOUR) for h in (12, 21)] == [8, 5]
    assert schedule.notes == (
        f"ward: 8 beds asked from {START}, cut to 5: only 5 beds that 2 nurses can staff",
    )


def test_a_plan_for_a_ward_that_is_not_there_is_refused_with_a_hint():
    with pytest.raises(ConfigError, match='did you mean "ward"'):
        levels(hospital(wards={"ward": ward()}, pathways=STAY), plan=Plan("p", {"wards": {TUESDAY: 1}}))


@pytest.mark.parametrize("days", [{"days": 0}, {"days": 1, "warm_up": -1}, {"days": 10_000}])
def test_a_window_that_cannot_be_run_is_refused_before_the_run(days):
    with pytest.raises(UsageError):
        Window(date(2025, 1, 6), **days)
