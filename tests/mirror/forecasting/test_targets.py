"""What a workspace's records give to forecast."""

from datetime import date, datetime

import numpy as np
import pandas as pd
import pytest

from forecasting.targets.foretold import foretell
from forecasting.targets.material import material_from
from forecasting.targets.of_records import targets_of
from forecasting.targets.target import LEVELS_OF
from tests.houses import hospital
from twin.errors import UsageError
from twin.records.encounters import COLUMNS, Encounters

BEGINS, AS_OF = date(2025, 1, 6), datetime(2025, 3, 3)  # eight weeks from a Monday


def a_house(**more):
    """An emergency department, two medical wards with two beds each, a surgical one, and a clinic."""
    steps = [
        {"name": "seen", "places": ["majors"], "duration": {"mean": 1, "unit": "hours"}},
        {"name": "bed", "places": ["oak", "elm", "ash"], "duration": {"mean": 2, "unit": "days"}},
    ]
    clinic = [{"name": "talk", "places": ["clinic"], "duration": {"mean": 20, "unit": "minutes"}}]
    wards = {
        name: {"physical_beds": 2, "staffed_beds": 2, "department": of}
        for name, of in {"oak": "medicine", "elm": "medicine", "ash": "surgery"}.items()
    }
    opens = {"days": ["mon", "tue", "wed", "thu", "fri"], "from": "09:00", "to": "17:00", "staffed": 2}
    places = {
        "majors": 5,
        "clinic": {"physical": 2, "staffed": 0, "calendar": [opens, *more.pop("closed", [])]},
    }
    house = hospital(pathways={"urgent": steps, "outpatient": clinic}, places=places, wards=wards, **more)
    arrivals = {
        name: {"title": name, "daily_mean": 2, "mix": {one: 1.0}}
        for name, one in {"door": "urgent", "letters": "outpatient"}.items()
    }
    return type(house).model_validate(
        house.model_dump(by_alias=True) | {"arrivals": arrivals, "timezone": "Europe/London"}
    )


def a_stay(visit, stream, place, started, ended, step="bed", arrived=None, requested=None):
    of = {"door": "urgent", "letters": "outpatient"}[stream]
    begun = pd.Timestamp(started) if started else None
    return {
        "encounter": visit,
        "patient_class": of,
        "stream": stream,
        "place": place,
        "step": step,
        "requested": pd.Timestamp(requested) if requested else begun,
        "started": begun,
        "ended": pd.Timestamp(ended) if ended else pd.NaT,
        "arrived": pd.Timestamp(arrived) if arrived else begun,
        "outcome": "home" if ended else None,
    }


def records(*stays) -> Encounters:
    frame = pd.DataFrame(list(stays), columns=list(COLUMNS))
    return Encounters(frame, BEGINS, AS_OF, "simulated")


def of_day(target, name, day):
    row = target.history.ids.index(name)
    return target.history.values[row, target.history.stamps.get_loc(pd.Timestamp(day))]


def a_transfer():
    """Mary comes on the 7th, lies in oak, moves to ash on the 9th and goes home on the 10th."""
    return [
        a_stay("mary", "door", "majors", "2025-01-07 09:00", "2025-01-07 11:00", "seen"),
        a_stay("mary", "door", "oak", "2025-01-07 11:00", "2025-01-09 15:00", arrived="2025-01-07 09:00"),
        a_stay("mary", "door", "ash", "2025-01-09 15:00", "2025-01-10 12:00", arrived="2025-01-07 09:00"),
    ]


def test_who_moves_is_admitted_once_leaves_once_and_lies_in_one_ward_at_a_time():
    targets = targets_of(material_from(records(*a_transfer())), a_house())

    admitted, left, census = (targets.of(kind) for kind in ("admissions", "discharges", "census"))
    assert admitted.history.ids == ("admissions/ward/oak",)
    assert of_day(admitted, "admissions/ward/oak", "2025-01-07") == 1
    assert left.history.ids == ("discharges/ward/ash",)
    assert of_day(left, "discharges/ward/ash", "2025-01-10") == 1
    assert [of_day(census, "census/ward/oak", f"2025-01-{d:02}") for d in (6, 7, 8, 9)] == [0, 1, 1, 0]
    assert [of_day(census, "census/ward/ash", f"2025-01-{d:02}") for d in (8, 9, 10)] == [0, 1, 0]


def test_arrivals_are_counted_by_stream_and_hour_and_the_hour_that_spring_skips_is_missing():
    frame = records(*a_transfer())
    frame = Encounters(frame.frame, BEGINS, datetime(2025, 4, 7), "simulated")

    target = targets_of(material_from(frame), a_house(), "h").of("arrivals")

    assert target.frequency == "h"
    assert of_day(target, "arrivals/stream/door", "2025-01-07 09:00") == 1
    assert np.isnan(of_day(target, "arrivals/stream/door", "2025-03-30 01:00"))
    assert np.nansum(target.history.values) == 1


def test_a_wards_specialty_is_its_department():
    census = targets_of(material_from(records(*a_transfer())), a_house()).of("census")

    assert census.levels == LEVELS_OF["census"]
    of = dict(zip(census.history.ids, census.groups["specialty"], strict=True))
    assert of == {
        "census/ward/oak": "census/specialty/medicine",
        "census/ward/ash": "census/specialty/surgery",
    }


def test_who_still_lies_there_is_not_discharged():
    stay = a_stay("ben", "door", "oak", "2025-02-20 10:00", None)

    targets = targets_of(material_from(records(*a_transfer(), stay)), a_house())

    assert targets.of("discharges").history.ids == ("discharges/ward/ash",)
    assert of_day(targets.of("census"), "census/ward/oak", "2025-03-02") == 1


def test_on_a_full_day_admissions_are_missing_and_the_census_stays_as_counted():
    two = [a_stay(f"p{k}", "door", "oak", "2025-01-20 01:00", "2025-01-21 20:00") for k in range(2)]
    more = [
        a_stay(f"q{k}", "door", "oak", f"2025-02-{k + 1:02} 10:00", f"2025-02-{k + 1:02} 18:00")
        for k in range(9)
    ]

    targets = targets_of(material_from(records(*two, *more)), a_house())

    admitted, census = targets.of("admissions"), targets.of("census")
    assert np.isnan(of_day(admitted, "admissions/ward/oak", "2025-01-20"))
    assert of_day(admitted, "admissions/ward/oak", "2025-02-03") == 1
    assert of_day(census, "census/ward/oak", "2025-01-20") == 2
    assert census.capped[0].sum() == 2
    assert "oak: full in 2 of 56 periods, left out as missing" in admitted.history.repairs


def test_a_ward_that_is_full_most_days_keeps_its_counts_and_says_so():
    always = [a_stay(f"p{k}", "door", "oak", "2025-01-05 01:00", "2025-02-28 20:00") for k in range(2)]
    more = [
        a_stay(f"q{k}", "door", "oak", f"2025-02-{k + 1:02} 10:00", f"2025-02-{k + 1:02} 18:00")
        for k in range(9)
    ]

    admitted = targets_of(material_from(records(*always, *more)), a_house()).of("admissions")

    assert np.isfinite(admitted.history.values).all()
    assert any("too many to leave out" in line for line in admitted.history.repairs)


def a_clinic(closed=()):
    days = pd.bdate_range("2025-01-06", "2025-02-28")
    return [
        a_stay(
            f"v{day:%m%d}{k}",
            "letters",
            "clinic",
            day + pd.Timedelta(hours=10),
            day + pd.Timedelta(hours=11),
            "talk",
        )
        for day in days
        if f"{day:%Y-%m-%d}" not in closed
        for k in range(8)
    ]


def test_a_clinic_closed_for_once_is_missing_that_day_and_empty_on_sundays():
    closed = [{"first": date(2025, 2, 12), "last": date(2025, 2, 12), "staffed": 0}]
    seen = material_from(records(*a_clinic({"2025-02-12"})))

    target = targets_of(seen, a_house(closed=closed)).of("attendances")

    assert of_day(target, "attendances/clinic/clinic", "2025-02-11") == 8
    assert np.isnan(of_day(target, "attendances/clinic/clinic", "2025-02-12"))
    assert of_day(target, "attendances/clinic/clinic", "2025-02-16") == 0


def test_what_the_records_do_not_hold_is_said():
    targets = targets_of(material_from(records(*a_transfer())), a_house())

    assert targets.of("supplies") is None and targets.of("bookings") is None
    words = " | ".join(targets.told)
    assert "no supply movements: no supply targets" in words
    assert "no appointment book: no bookings" in words
    assert "letters: no arrivals in the records" in words
    assert "elm: no stay in the records" in words


def test_bookings_are_what_was_not_cancelled_and_attendances_what_was_kept():
    start = pd.to_datetime(["2025-01-08 10:00"] * 4 + ["2025-01-09 10:00"])
    book = pd.DataFrame(
        {
            "place": "clinic",
            "planned_start": start,
            "started": pd.NaT,
            "status": ["attended", "attended", "no_show", "cancelled", "attended"],
        }
    )
    material = material_from(
        records(*a_transfer()), {"appointments": book}, known_until=datetime(2025, 1, 20)
    )

    targets = targets_of(material, a_house())

    assert of_day(targets.of("bookings"), "bookings/clinic/clinic", "2025-01-08") == 3
    assert of_day(targets.of("attendances"), "attendances/clinic/clinic", "2025-01-08") == 2
    assert len(targets.of("bookings").history.stamps) == 12, "from the first appointment on"


def movements(*rows):
    return pd.DataFrame(rows, columns=["kind", "item", "quantity", "place", "at"]).astype(
        {"at": "datetime64[ns]"}
    )


def test_use_is_what_was_issued_less_what_came_back_and_a_day_without_stock_is_missing():
    moved = movements(
        ("issue", "gloves", 5.0, "store", "2025-01-07 10:00"),
        ("return", "gloves", 2.0, "store", "2025-01-07 18:00"),
        ("count", "gloves", 0.0, "store", "2025-01-08 08:00"),
        ("receipt", "gloves", 50.0, "store", "2025-01-09 00:00"),
        ("issue", "gloves", 4.0, "store", "2025-01-09 10:00"),
        ("issue", "stent", 1.0, "theatre", "2025-01-09 11:00"),
    )
    house = a_house(items={"gloves": 10, "stent": 1}, kits={"basic": {"gloves": 2}})
    material = material_from(
        records(*a_transfer()), {"supply_movements": moved}, known_until=datetime(2025, 1, 20)
    )

    target = targets_of(material, house).of("supplies")

    assert [of_day(target, "supplies/item/gloves", f"2025-01-0{d}") for d in (7, 9)] == [3, 4]
    assert np.isnan(of_day(target, "supplies/item/gloves", "2025-01-08"))
    assert target.groups["kit"] == ("supplies/kit/basic", "supplies/kit/no_kit")
    assert target.groups["store"] == ("supplies/store/store", "supplies/store/theatre")


@pytest.fixture(scope="module")
def busy():
    """Eight weeks: three a day through the door, each two days in one of the wards."""
    chance = np.random.default_rng(3)
    stays = []
    for day in pd.date_range("2025-01-06", "2025-03-02"):
        for k in range(chance.poisson(3)):
            at = day + pd.Timedelta(hours=float(chance.uniform(0, 23.9)))
            ward = ("oak", "elm", "ash")[chance.integers(3)]
            stays.append(a_stay(f"{day:%m%d}{k}", "door", ward, at, at + pd.Timedelta(days=2)))
    stays = [stay | {"ended": pd.NaT, "outcome": None} if stay["ended"] > AS_OF else stay for stay in stays]
    return targets_of(material_from(records(*stays)), a_house())


def test_wards_specialties_and_the_hospital_agree(busy):
    told = foretell(busy.of("census"), 5, made_by="base", country="none")

    means = told.table.set_index(["unique_id", "ds"])["mean"].unstack("ds")
    wards = means[means.index.str.contains("/ward/")].sum()
    np.testing.assert_allclose(wards, means.loc["census/hospital"])
    np.testing.assert_allclose(
        means[means.index.str.contains("/specialty/")].sum(), means.loc["census/hospital"]
    )
    at = {name: row for row, name in enumerate(told.ids)}
    sums = told.paths[:, [at[f"census/ward/{name}"] for name in ("ash", "elm", "oak")]].sum(axis=1)
    np.testing.assert_array_equal(sums, told.paths[:, at["census/hospital"]])


def test_weeks_and_months_are_sums_of_days(busy):
    weeks = foretell(
        busy.of("arrivals"), 2, frequency="W", made_by="base", country="none", levels=["hospital"]
    )
    months = foretell(
        busy.of("arrivals"), 2, frequency="MS", made_by="base", country="none", levels=["hospital"]
    )

    assert [str(stamp.date()) for stamp in weeks.stamps] == ["2025-03-03", "2025-03-10"]
    assert [str(stamp.date()) for stamp in months.stamps] == ["2025-04-01", "2025-05-01"]
    assert 14 < weeks.table["mean"].min() and weeks.table["mean"].max() < 28, "about 21 come in a week"
    assert (weeks.paths == np.rint(weeks.paths)).all()


def test_a_level_or_frequency_that_is_not_there_is_told(busy):
    with pytest.raises(UsageError, match='no level "ward"'):
        foretell(busy.of("arrivals"), 2, levels=["ward"])
    with pytest.raises(UsageError, match='no forecast by "h"'):
        foretell(busy.of("arrivals"), 2, frequency="h")


def a_new_ward(daily, opened="2025-02-21"):
    """Eight weeks of oak and ash with six patients a day; elm opened ten days ago, the 5th is untold."""
    chance = np.random.default_rng(5)
    begins = {"oak": ("2025-01-06", 6), "ash": ("2025-01-06", 6), "elm": (opened, daily)}
    stays = []
    for ward, (begin, mean) in begins.items():
        for day in pd.date_range(begin, "2025-03-02"):
            if day == pd.Timestamp("2025-02-05"):
                continue
            for k in range(chance.poisson(mean if day.day_of_week < 5 else mean / 3)):
                came = day + pd.Timedelta(hours=float(chance.uniform(8, 20)))
                gone = came + pd.Timedelta(hours=float(chance.exponential(24)))
                name = f"{ward}{day:%m%d}{k}"
                stays.append(a_stay(name, "door", ward, came, gone if gone < AS_OF else None, arrived=came))
    return targets_of(material_from(records(*stays)), a_house())


def test_a_ward_that_opened_ten_days_ago_is_forecast_from_its_days_and_its_kin():
    targets = a_new_ward(daily=6)

    for kind in ("census", "admissions"):
        means = foretell(targets.of(kind), 7, made_by="base", country="none", levels=["ward"]).table
        means = means.pivot(index="ds", columns="unique_id", values="mean")
        kin = means[[f"{kind}/ward/oak", f"{kind}/ward/ash"]].mean(axis=1)
        elm = means[f"{kind}/ward/elm"]
        assert (elm / kin).between(0.5, 1.6).all(), f"{kind}: the day's kin have {kin.tolist()}"
        weekend = elm.index.day_of_week > 4
        assert elm[weekend].mean() < 0.8 * elm[~weekend].mean(), "the kin's weekends, though it saw one"
    assert np.isnan(of_day(targets.of("census"), "census/ward/oak", "2025-02-05"))
    said = " ".join(targets.told)
    assert "2025-02-05" in said, "the day without records is named"
    assert "elm: its first patient came on 2025-02-21" in said


def test_a_ward_of_few_patients_is_not_called_new_for_its_first_quiet_week():
    targets = a_new_ward(daily=0.6, opened="2025-01-10")

    assert "first patient came" not in " ".join(targets.told)
    assert of_day(targets.of("census"), "census/ward/elm", "2025-01-06") == 0
