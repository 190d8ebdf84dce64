"""Levels: at any instant what a person with the tables and a watch would count."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from math import floor

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.houses import case, hospital
from twin.calendar import DAY_NAMES, holidays
from twin.case import Window, resolve
from twin.hospital.base import Hours
from twin.plan import Plan
from twin.schedule import shift_spans
from twin.units import MS_DAY, MS_HOUR, MS_MINUTE

FIRST = date(2024, 12, 20)
DAYS = 15  # Christmas and New Year are among them
CHRISTMAS = holidays("GB-ENG", 2024, 2025)
STAY = {"stay": [{"name": "stay", "places": ["ward"]}]}
HALF_HOURS = st.integers(0, 47).map(lambda n: f"{n // 2:02d}:{n % 2 * 30:02d}")


@st.composite
def rows(draw, key: str, most: int, *, over_midnight: bool = False):
    """A row of a calendar: some days, some hours, perhaps some dates."""
    start, end = draw(HALF_HOURS), draw(HALF_HOURS)
    if not over_midnight and end <= start:
        start, end = (end, start) if end < start else (start, "24:00")
    row = {
        "days": draw(st.lists(st.sampled_from(DAY_NAMES), min_size=3, unique=True)),
        "from": start,
        "to": end,
        "holidays": draw(st.sampled_from(["also", "also", "only", "never"])),
        key: draw(st.integers(0, most)),
    }
    if draw(st.booleans()):
        row["first"] = FIRST + timedelta(days=draw(st.integers(0, DAYS - 1)))
    return row


@st.composite
def houses(draw):
    """A ward whose nurses come in shifts with ratios of their own, and rest."""
    shifts = {f"s{i}": draw(rows("on_duty", 5, over_midnight=True)) for i in range(draw(st.integers(1, 3)))}
    ratios = {name: draw(st.sampled_from([0.5, 2.0, 3.5])) for name in shifts if draw(st.booleans())}
    ward = {
        "physical_beds": 12,
        "staffed_beds": draw(st.integers(0, 12)),
        "calendar": draw(st.lists(rows("staffed_beds", 12), max_size=3)),
        "nursing": {"group": "nurses", "patients_per_nurse": 1.5, "by_shift": ratios},
    }
    nurses = {"shifts": shifts, "breaks": draw(st.lists(rows("away", 3), max_size=2))}
    made = hospital(wards={"ward": ward}, staff={"nurses": nurses}, pathways=STAY)
    return made.model_copy(update={"country": "GB-ENG", "timezone": "Europe/London"})


def holds(row: Hours, at: datetime) -> bool:
    """Whether a row holds at a local time; over midnight it is the row of the day on which it begins."""
    wall = at.hour * MS_HOUR + at.minute * MS_MINUTE
    start, end = row.span
    today = row.counts_on(at.date(), is_holiday=at.date() in CHRISTMAS)
    if start < end:
        return today and start <= wall < end
    before = at.date() - timedelta(days=1)
    yesterday = row.counts_on(before, is_holiday=before in CHRISTMAS)
    return (today and wall >= start) or (yesterday and wall < end)


def coming(name, shift, at: datetime, cover) -> int:
    """People of a shift that holds at a local time, by the plan if it names the day on which it began."""
    start, end = shift.span
    over_midnight = end <= start and at.hour * MS_HOUR + at.minute * MS_MINUTE < end
    return cover.get(at.date() - timedelta(days=over_midnight), {}).get(name, shift.on_duty)


def named(name, shift, at: datetime, cover) -> bool:
    """Whether the plan names the shift on a day so that it holds at a local time, worked usually or not."""
    start, end = shift.span
    wall = at.hour * MS_HOUR + at.minute * MS_MINUTE
    today, yesterday = (name in cover.get(at.date() - timedelta(days=d), {}) for d in (0, 1))
    if start < end:
        return today and start <= wall < end
    return (today and wall >= start) or (yesterday and wall < end)


def nurses_left(house, at: datetime, missing: dict[str, int], cover) -> list[tuple[float, int]]:
    """(ratio, people) of each shift, when those with the fewest patients rest first."""
    group, nursing = house.staff["nurses"], house.wards["ward"].nursing
    there = [
        (
            nursing.by_shift.get(n, nursing.patients_per_nurse),
            max(coming(n, s, at, cover) - missing.get(n, 0), 0),
        )
        for n, s in group.shifts.items()
        if holds(s, at) or named(n, s, at, cover)
    ]
    away = sum(row.away for row in group.breaks if holds(row, at))
    left = []
    for ratio, people in sorted(there, key=lambda entry: entry[0]):
        resting = min(people, away)
        away -= resting
        left.append((ratio, people - resting))
    return left


def beds_asked(house, at: datetime, plan: dict[date, int]) -> int:
    ward = house.wards["ward"]
    if at.date() in plan:
        return plan[at.date()]
    usual = [row for row in ward.calendar if not row.is_exception and holds(row, at)]
    dated = [row for row in ward.calendar if row.is_exception and holds(row, at)]
    return [ward.staffed_beds, *(r.staffed_beds for r in usual), *(r.staffed_beds for r in dated)][-1]


@settings(max_examples=150, deadline=None)
@given(
    house=houses(),
    planned=st.dictionaries(st.integers(0, DAYS - 1), st.integers(0, 14), max_size=3),
    asked=st.dictionaries(st.integers(-1, DAYS - 1), st.integers(0, 5), max_size=4),
    at=st.integers(0, DAYS * 48 - 1),
    missing=st.integers(0, 4),
    data=st.data(),
)
def test_levels_are_what_a_person_with_the_tables_would_count(house, planned, asked, at, missing, data):
    plan = {FIRST + timedelta(days=d): beds for d, beds in planned.items()}
    shifts = st.sampled_from(sorted(house.staff["nurses"].shifts))
    cover = {FIRST + timedelta(days=d): {data.draw(shifts): people} for d, people in asked.items()}
    both = Plan("p", {"ward": plan}, cover={"nurses": cover})
    window = Window(FIRST, days=DAYS, tail=0)
    clock = window.clock(house)
    spans = list(shift_spans(house, clock, "nurses", both))
    ms = at * MS_DAY // 48
    # somebody is absent from the first shift of the instant, if no other has the same hours
    of_now = [s for s in spans if s[1] <= ms < s[2]]
    alone = [s for s in of_now if sum((max(o[1], 0), o[2]) == (max(s[1], 0), s[2]) for o in spans) == 1][:1]
    absent = np.array([(0, s[1], s[2], missing) for s in alone], np.int64).reshape(-1, 4)

    levels = resolve(case(house, plan=both), window, absent).levels

    left = nurses_left(house, clock.at(ms), {s[0]: missing for s in alone}, cover)
    assert levels["nurses"].at(ms) == sum(people for _, people in left)
    staffed = floor(sum(ratio * people for ratio, people in left))
    assert levels["ward"].at(ms) == min(beds_asked(house, clock.at(ms), plan), 12, staffed)
    assert all(level.values.min() >= 0 and (np.diff(level.times) > 0).all() for level in levels.values())
