"""The beds that wards need in the next three days."""

import numpy as np
import pandas as pd
import pytest

from forecasting.targets.bedboard import beds_ahead
from forecasting.targets.beds_now import beds_known, beds_needed, huddles_after
from forecasting.targets.material import material_from
from forecasting.targets.spells import next_spell, rows_of
from tests.mirror.forecasting.test_targets import AS_OF, a_house, a_stay, a_transfer, records
from twin.calendar import holidays
from twin.errors import UsageError


def at(*times):
    return pd.DatetimeIndex([pd.Timestamp(time) for time in times])


def of(*stays):
    return rows_of(material_from(records(*stays)), a_house())


def test_who_moves_needs_one_bed_at_a_time():
    rows = of(*a_transfer())

    needed = beds_known(
        rows, at("2025-01-07 10:00", "2025-01-07 12:00", "2025-01-09 16:00", "2025-01-10 13:00")
    )

    assert rows.wards == ("oak", "elm", "ash")
    assert needed.tolist() == [[0, 1, 0, 0], [0, 0, 0, 0], [0, 0, 1, 0]]
    assert next_spell(rows).tolist() == [1, 2, -1]


def test_who_waits_in_the_emergency_department_needs_the_bed_already():
    rows = of(
        a_stay("ben", "door", "majors", "2025-01-07 09:00", "2025-01-07 20:00", "seen"),
        a_stay("ben", "door", "oak", "2025-01-07 20:00", "2025-01-08 20:00", requested="2025-01-07 11:00"),
    )

    assert beds_known(rows, at("2025-01-07 10:00", "2025-01-07 12:00"))[0].tolist() == [0, 1]


def test_who_waits_in_a_wards_bed_needs_that_bed_until_the_move():
    rows = of(
        a_stay("ann", "door", "oak", "2025-01-07 09:00", "2025-01-08 20:00"),
        a_stay("ann", "door", "ash", "2025-01-08 20:00", "2025-01-09 20:00", requested="2025-01-08 08:00"),
    )

    assert beds_known(rows, at("2025-01-08 12:00", "2025-01-08 21:00")).tolist() == [[1, 0], [0, 0], [0, 1]]


def test_what_was_not_known_yet_plays_no_part():
    rows = of(*a_transfer())

    known = rows.until((pd.Timestamp("2025-01-09 09:00") - rows.origin) / pd.Timedelta(hours=1))

    assert len(known.visit) == 2 and np.isnan(known.ended[1])
    assert not known.over[0], "that Mary went home is not known yet"


def test_huddles_are_the_hours_named_within_the_horizon():
    found = huddles_after(AS_OF.replace(hour=10), (6, 15), 24)

    assert [f"{time:%d %H}" for time in found] == ["03 15", "04 06"]
    with pytest.raises(UsageError, match="1 to 72 hours"):
        huddles_after(AS_OF, (6,), 73)
    with pytest.raises(UsageError, match="0 to 23, not 24"):
        huddles_after(AS_OF, (24,), 24)
    with pytest.raises(UsageError, match="no huddle at 6 within 2 hours"):
        huddles_after(AS_OF.replace(hour=10), (6,), 2)


@pytest.fixture(scope="module")
def house():
    """Eight weeks: eight a day through the emergency department, half need a bed of oak or ash for a day."""
    chance = np.random.default_rng(3)
    stays = []
    for day in pd.date_range("2025-01-06", "2025-03-02"):
        for k in range(chance.poisson(8)):
            came = day + pd.Timedelta(hours=float(chance.uniform(0, 23.9)))
            seen = came + pd.Timedelta(hours=2)
            name = f"{day:%m%d}{k}"
            if k % 2:
                stays.append((name, "majors", came, seen, "seen", came))
                continue
            asked, gone = seen, seen + pd.Timedelta(hours=float(chance.exponential(24)))
            stays.append((name, "majors", came, seen, "seen", came))
            stays.append((name, ("oak", "ash")[k // 2 % 2], asked, gone, "bed", came))
    rows = []
    for name, place, begun, ended, step, came in stays:
        if begun < AS_OF:
            rows.append(
                a_stay(name, "door", place, begun, ended if ended < AS_OF else None, step, arrived=came)
            )
    return material_from(records(*rows))


def test_beds_of_wards_add_up_on_every_path_and_start_from_those_in_bed_now(house):
    board = beds_ahead(house, a_house(), horizon=24, n_paths=100, country="none", made_by="base")

    rows = {name: k for k, name in enumerate(board.ids)}
    wards = board.paths[:, [rows[f"beds/ward/{name}"] for name in ("oak", "elm", "ash")]]
    np.testing.assert_array_equal(wards.sum(axis=1), board.paths[:, rows["beds/hospital"]])
    medicine = board.paths[:, rows["beds/specialty/medicine"]]
    np.testing.assert_array_equal(medicine, wards[:, :2].sum(axis=1))
    now = beds_known(rows_of(house, a_house()), at(AS_OF))[:, 0]
    np.testing.assert_array_equal(board.beds.in_beds + board.beds.waiting, now)
    assert board.open_beds[rows["beds/hospital"]].tolist() == [6] * len(board.stamps)
    assert ((board.chance_over >= 0) & (board.chance_over <= 1)).all()
    chances = board.beds.chance_of("oak", 0, 20)
    assert chances.sum() == pytest.approx(1) and (chances >= 0).all()


def test_with_nobody_to_come_beds_are_only_left(house):
    rows = rows_of(house, a_house())
    soon = huddles_after(AS_OF, range(24), 72)

    beds = beds_needed(rows, AS_OF, soon, np.zeros((50, 1, 73)), ["door"]).paths

    late = beds.sum(axis=1)[:, 6:]  # those in the emergency department now have been admitted or left
    assert (np.diff(late, axis=1) <= 0).all()
    assert late[:, -1].mean() < 0.2 * beds[:, :, 0].sum(axis=1).mean(), "few stay three days longer"


def test_the_same_seed_gives_the_same_beds(house):
    first, again = (
        beds_ahead(house, a_house(), horizon=12, n_paths=20, seed=5, country="none", made_by="base")
        for _ in range(2)
    )

    np.testing.assert_array_equal(first.paths, again.paths)


def test_records_without_a_ward_give_no_beds():
    clinic = a_stay("v", "letters", "clinic", "2025-01-07 10:00", "2025-01-07 11:00", "talk")

    with pytest.raises(UsageError, match="no stay in a ward"):
        beds_ahead(material_from(records(clinic)), a_house())


def left_in(first, as_of, *, shut_on_holidays, country="GB-ENG"):
    """Mean beds at 13:00 the day after ``as_of``, over those in bed then: oak lets its patients go at noon.

    Twelve come each day at eight and leave one to four days later; on weekends nobody leaves.
    """
    off = set(holidays("GB-ENG", 2024, 2026)) if shut_on_holidays else set()
    stays = []
    for day in pd.date_range(first, as_of.normalize()):
        for k in range(12):
            gone = day + pd.Timedelta(days=1 + k % 4, hours=12, minutes=k)
            while gone.day_of_week > 4 or gone.date() in off:
                gone += pd.Timedelta(days=1)
            came = day + pd.Timedelta(hours=8)
            ended = gone if gone < as_of else None
            stays.append(a_stay(f"{day:%y%m%d}{k}", "door", "oak", came, ended, arrived=came))
    rows = of(*stays)
    soon = at(as_of.normalize() + pd.Timedelta(days=1, hours=13))
    told = beds_needed(rows, as_of, soon, np.zeros((50, 1, 73)), ["door"], country=country)
    return told.paths[:, 0, 0].mean() / told.in_beds[0]


def test_a_ward_that_has_seen_no_holiday_is_thought_to_discharge_on_one_as_on_sundays():
    thursday = pd.Timestamp("2025-04-17 18:00")  # tomorrow is Good Friday, the first holiday seen

    known = left_in("2025-01-06", thursday, shut_on_holidays=True)
    unknown = left_in("2025-01-06", thursday, shut_on_holidays=True, country=None)

    assert known > 0.9, "nobody leaves on Sundays"
    assert unknown < known - 0.15


def test_a_ward_that_was_seen_to_discharge_on_holidays_is_believed():
    christmas_eve = pd.Timestamp("2025-12-24 18:00")

    open_then = left_in("2025-03-03", christmas_eve, shut_on_holidays=False)
    shut_then = left_in("2025-03-03", christmas_eve, shut_on_holidays=True)

    assert shut_then > 0.9
    assert open_then < shut_then - 0.15


def test_records_of_three_days_give_beds_for_the_days_of_the_week_that_they_never_saw():
    friday = pd.Timestamp("2025-03-07 18:00")

    still = left_in("2025-03-05", friday, shut_on_holidays=False)

    assert 0.2 < still < 0.9, "some of those in bed leave on the first Saturday, not all of them at once"
