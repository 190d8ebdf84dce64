"""Bad inputs of time: nights on which the clocks change, dates of two readings, feeds that run ahead or fall
silent, a server's clock set back, and the days on which calendars go wrong.

Nothing is guessed: what has no one meaning is refused by row, and nothing of its file is kept.
"""

import csv
import io
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import event

from forecasting.features import COVARIATES, calendar_of
from forecasting.service import forecast
from tests.faults.bad_inputs import Book, Said, Twin
from twin.calendar import Clock
from twin.case import Case, Window, resolve
from twin.errors import BadData, NotFound
from twin.hospital import parse_hospital
from twin.records.history import history_of
from twin.store import StaleLease, Store, open_store
from twin.units import MS_DAY, MS_HOUR
from twin.workload import draw_workload
from twin.workspace import Workspace

BOOK = Book("time")
LONDON = "Europe/London"
SPRING, AUTUMN = date(2024, 3, 31), date(2024, 10, 27)  # London: 01:00-02:00 skipped, and there twice

SURGERY = """
name = "One doctor"
timezone = "Europe/London"
[profiles.night]
hours = [0, 1.0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]
[staff.doctor]
title = "Doctor"
on_duty = 1
[arrivals.door]
title = "Walk in"
daily_mean = 20
hour_profile = "night"
mix = { patient = 1.0 }
[classes.patient]
title = "Patient"
priority = 5
pathway = "see"
[[pathways.see.steps]]
name = "seen"
staff = { doctor = 1 }
duration = { mean = 10, unit = "minutes" }
"""
COLUMNS = ("encounter", "patient_class", "stream", "place", "step", "started", "ended")


@pytest.fixture
def twin(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> Twin:
    return Twin(capsys, tmp_path)


@pytest.fixture
def surgery(twin: Twin, monkeypatch: pytest.MonkeyPatch) -> "Surgery":
    monkeypatch.delenv("DATABASE_URL", raising=False)
    return Surgery(twin)


class Surgery:
    """A workspace with one doctor, whose records are written by hand."""

    def __init__(self, twin: Twin) -> None:
        self.twin, self.folder = twin, twin.folder / "ws"
        self.folder.mkdir()
        (self.folder / "hospital.toml").write_text(SURGERY, encoding="utf-8")

    def bring(self, *starts: datetime | str, minutes: int = 10, first: int = 0, **options: object) -> Said:
        """Import visits that started at these times and took so long, numbered from ``first``."""
        page = io.StringIO()
        rows = csv.writer(page)
        rows.writerow(COLUMNS)
        for n, start in enumerate(starts, first):
            end = start + timedelta(minutes=minutes) if isinstance(start, datetime) else ""
            shown = f"{start:%Y-%m-%d %H:%M}" if isinstance(start, datetime) else start
            rows.writerow([n, "patient", "door", "", "seen", shown, end and f"{end:%Y-%m-%d %H:%M}"])
        named = [word for key, value in options.items() for word in (f"--{key.replace('_', '-')}", value)]
        file = self.twin.file(page.getvalue(), "visits.csv")
        return self.twin("import", file, "--workspace", self.folder, *named)

    def days(self) -> dict[date, float]:
        """Arrivals of each day as the forecast reads them."""
        frame = Workspace(self.folder).history().frame
        return {stamp.date(): y for stamp, y in zip(frame["ds"], frame["y"], strict=True)}

    @property
    def kept(self) -> str:
        """What the records are, as one number."""
        return Workspace(self.folder).fingerprint()


def daily(first: date, days: int, each: int = 10) -> list[datetime]:
    """So many visits on each of these days, every half hour from 08:00."""
    return [
        datetime.combine(first + timedelta(days=day), datetime.min.time())
        + timedelta(hours=8, minutes=30 * visit)
        for day in range(days)
        for visit in range(each)
    ]


@pytest.mark.parametrize("name", BOOK.names())
def test_a_bad_input_is_answered(name: str, request: pytest.FixtureRequest):
    answer = BOOK.answer(name)
    wanted = answer.__code__.co_varnames[: answer.__code__.co_argcount]

    answer(**{fixture: request.getfixturevalue(fixture) for fixture in wanted})


def test_every_entry_of_the_list_is_answered_in_its_own_words():
    BOOK.hold_the_list()


# ---- the nights on which the clocks change -------------------------------------------------------


@BOOK.answers_to("B035", "arrivals in the DST gap (Europe/London 2024-03-31 01:30)")
def an_hour_that_never_was(surgery: Surgery) -> None:
    said = surgery.bring(datetime(2024, 3, 31, 0, 30), datetime(2024, 3, 31, 1, 30))
    said.is_refused("E_NONEXISTENT_TIME", "row 3, started", "2024-03-31 01:30", exit_code=3)
    assert "row 2" not in said.err, "the time before it was"

    clock = Clock(date(2024, 3, 30), LONDON, 3)
    assert (np.diff(clock.day_starts) // MS_HOUR).tolist() == [24, 23, 24]

    drawn = _arrivals_of_the_night(
        SPRING
    )  # those whom chance sends at 01:30 come an hour later by the clocks
    assert drawn.there == drawn.counted
    assert {at.hour for at in drawn.shown} == {2}

    hours = [at for at in pd.date_range("2024-03-30", periods=72, freq="h") if at != datetime(2024, 3, 31, 1)]
    history = history_of(pd.DataFrame({"unique_id": "ed", "ds": hours, "y": 2}))
    assert any("1 hour absent where clocks go forward" in repair for repair in history.repairs)
    assert history.daily().frame["y"].tolist() == [48, 46, 48], "23 hours are a whole day"


@BOOK.answers_to("B036", "arrivals in the DST fold (2024-10-27 01:30 twice)")
def an_hour_that_comes_twice(surgery: Surgery) -> None:
    """The rule: a local time without an offset is the first of the two hours; nobody is lost."""
    twice = [datetime(2024, 10, 27, 1, 30)] * 2
    assert surgery.bring(datetime(2024, 10, 26, 12), *twice, datetime(2024, 10, 28, 0, 30)).code == 0
    assert surgery.days() == {date(2024, 10, 26): 1, date(2024, 10, 27): 2}

    assert surgery.bring("2024-10-27 01:30+01:00", "2024-10-27 01:30+00:00", first=10).code == 0
    assert surgery.days()[AUTUMN] == 4, "an offset tells which of the two it was"

    clock = Clock(date(2024, 10, 26), LONDON, 3)
    assert (np.diff(clock.day_starts) // MS_HOUR).tolist() == [24, 25, 24]

    drawn = _arrivals_of_the_night(AUTUMN)
    assert drawn.there == drawn.counted

    stamps = [*pd.date_range("2024-10-26", periods=48, freq="h"), pd.Timestamp("2024-10-27 01:00")]
    with pytest.raises(BadData, match="comes twice where clocks go back; add the two counts into one row"):
        history_of(pd.DataFrame({"unique_id": "ed", "ds": stamps, "y": 2}))


@dataclass(frozen=True)
class _Drawn:
    """Patients drawn for one day, all of whom come at 01:00-02:00 on a usual one."""

    counted: int
    there: int  # within the day itself
    shown: list[datetime]  # on the hospital's clocks


def _arrivals_of_the_night(day: date) -> _Drawn:
    workload = draw_workload(Case(parse_hospital(SURGERY)), Window(day, days=1, tail=0), seed=1)
    inside = (workload.arrival >= 0) & (workload.arrival < workload.end)
    shown = [workload.clock.at(int(at)) for at in workload.arrival]
    assert workload.patients > 5
    assert {at.date() for at in shown} == {day}
    return _Drawn(workload.patients, int(inside.sum()), shown)


@pytest.mark.parametrize("night", [SPRING, AUTUMN])
@pytest.mark.parametrize(("start", "end"), [("22:00", "01:30"), ("01:30", "09:00"), ("01:00", "02:00")])
def test_a_shift_that_ends_or_begins_in_the_changing_hour_is_worked(night: date, start: str, end: str):
    shift = f'shifts.night = {{ from = "{start}", to = "{end}", on_duty = 1 }}'
    hospital = parse_hospital(SURGERY.replace("on_duty = 1", shift))
    window = Window(night - timedelta(days=2), days=5, tail=0)

    level = resolve(Case(hospital), window).levels["doctor"]

    assert (np.diff(level.times) > 0).all()
    assert set(level.values.tolist()) == {0, 1}
    clock, skipped = window.clock(hospital), (night, start, end) == (SPRING, "01:00", "02:00")
    for day in range(1, 4):
        begun = [t for t in level.times[level.values == 1] if clock.at(int(t)).date() == clock.date_of(day)]
        assert len(begun) == 1 or (skipped and clock.date_of(day) == night)


@pytest.mark.parametrize("zone", ["Europe/London", "America/New_York", "Europe/Berlin", "UTC"])
@given(start=st.dates(date(2000, 1, 1), date(2040, 11, 1)))
def test_every_day_of_forty_years_has_its_hours_its_weekday_and_its_way_back(zone: str, start: date):
    clock = Clock(start, zone, 60)

    lengths = np.diff(clock.day_starts)

    assert set((lengths // MS_HOUR).tolist()) <= {23, 24, 25}
    for day in range(60):
        there = clock.date_of(day)
        assert clock.weekdays[day] == there.weekday()
        assert clock.day_of(there) == day
        noon = clock.ms(datetime.combine(there, datetime.min.time()) + timedelta(hours=12))
        assert clock.at(noon) == datetime(there.year, there.month, there.day, 12)
        assert clock.day_starts[day] < noon < clock.day_starts[day + 1]
    from_utc = [datetime(d.year, d.month, d.day, tzinfo=ZoneInfo(zone)) for d in (start, clock.date_of(60))]
    assert clock.day_starts[60] == (from_utc[1].timestamp() - from_utc[0].timestamp()) * 1000


# ---- dates and feeds -----------------------------------------------------------------------------


@BOOK.answers_to("B038", "dd/mm vs mm/dd ambiguous file (all days <= 12)")
def two_ways_to_read_a_date(surgery: Surgery, twin: Twin) -> None:
    days = [f"{day:02}/{month:02}/2024" for month in (3, 4) for day in range(1, 13)]
    counts = "unique_id,ds,y\n" + "".join(f"ed,{day},5\n" for day in days)

    said = twin("forecast", twin.file(counts, "history.csv"), "--horizon", 7)
    said.is_refused("E_AMBIGUOUS_DATE", "row 2, ds", "01/03/2024", "write 2024-03-31", exit_code=3)

    said = surgery.bring(*(f"{day} 10:00" for day in days))
    said.is_refused("E_AMBIGUOUS_DATE", "row 2, started", "never guessed", exit_code=3)
    with pytest.raises(NotFound, match="holds no records"):
        surgery.days()


@BOOK.answers_to("B041", "timestamps in the future (clock of the feed 3 h ahead)")
def a_feed_that_runs_ahead(surgery: Surgery) -> None:
    now = datetime.now(ZoneInfo(LONDON)).replace(tzinfo=None, second=0, microsecond=0)
    past = daily(now.date() - timedelta(days=30), 29)
    assert surgery.bring(*past).code == 0
    before, counted = surgery.kept, surgery.days()

    said = surgery.bring(*past, now + timedelta(hours=3))

    row = len(past) + 2
    assert said.code == 0
    assert f"put aside: row {row}, started" in said.err
    for words in ("lies in the future", "clock of the feed", "[E_FUTURE]"):
        assert words in said.err
    assert f"row {row - 1}," not in said.err
    assert surgery.kept == before
    assert surgery.days() == counted, "what the forecast reads"

    ahead = f"{now + timedelta(days=3):%Y-%m-%dT%H:%M}"
    surgery.bring(*past, as_of=ahead).is_refused("E_FUTURE", "as_of", exit_code=3)
    early = surgery.bring(*past, as_of=f"{past[-2]:%Y-%m-%dT%H:%M}")
    assert early.code == 0
    assert f"put aside: row {len(past)}, ended" in early.err
    assert "the data end at" in early.err


@BOOK.answers_to("B042", "history with a 9-day gap (feed down)")
def a_feed_that_fell_silent(surgery: Surgery, twin: Twin) -> None:
    first = date(2025, 1, 6)
    silent = [first + timedelta(days=day) for day in range(30, 39)]
    visits = [at for at in daily(first, 71) if at.date() not in silent]
    assert surgery.bring(*visits).code == 0

    assert "2025-02-05" in twin("records", "--workspace", surgery.folder).out
    assert [day for day, y in surgery.days().items() if np.isnan(y)] == silent, "no count was invented"
    said = twin("forecast", "--horizon", 14, "--workspace", surgery.folder, "--json")
    rule = "no records of 9 days (2025-02-05 to 2025-02-13): kept as missing"
    assert any(rule in note for note in said.json["notes"])
    assert rule in said.err
    means = [row["mean"] for row in said.json["forecast"] if row["unique_id"] == "arrivals/stream/door"]
    assert 9.5 < min(means) and max(means) < 10.5, "ten came each day that is known"

    rows = [f"ed,{first + timedelta(days=day)},10\n" for day in range(70)]
    gap = "unique_id,ds,y\n" + "".join(row for row in rows if row[3:13] not in {str(day) for day in silent})
    said = twin("forecast", twin.file(gap, "history.csv"), "--horizon", 7, "--json")
    assert any("9 days absent (first 2025-02-05" in note for note in said.json["notes"])


def test_a_day_without_one_stream_is_a_quiet_day_and_stays_a_count(surgery: Surgery):
    sunday_closed = [at for at in daily(date(2025, 1, 6), 57) if at.weekday() != 6]

    surgery.bring(*sunday_closed)

    sundays = {y for day, y in surgery.days().items() if day.weekday() == 6}
    assert sundays == {0}


# ---- the server's clock --------------------------------------------------------------------------


@contextmanager
def clock_that_is_set(store: Store) -> Iterator[list[float]]:
    """The database's clock, off by as many hours as the list says."""
    off = [0.0]

    def julianday(_: str) -> float:
        return (datetime.now(ZoneInfo("UTC")).timestamp() / 86_400) + 2_440_587.5 + off[0] / 24

    def prepare(connection, _) -> None:
        connection.create_function("julianday", 1, julianday)

    store.database.engine.dispose()
    event.listen(store.database.engine, "connect", prepare)
    yield off


@BOOK.answers_to("B043", "server clock steps back 1 h during a nightly run")
def a_clock_that_is_set_back(surgery: Surgery) -> None:
    with open_store(surgery.folder) as store, clock_that_is_set(store) as hours:
        run_id = store.runs.add("nightly", {}, key="night 1")
        night = store.runs.claim(run_id, owner="night worker", lease_seconds=30)

        hours[0] = -1.0
        assert store.runs.claim(owner="second worker") is None, "its lease holds"
        store.runs.heartbeat(night)
        assert store.runs.claim(owner="second worker") is None
        store.runs.progress(night, 1, 2)
        assert (store.workers.seconds_since() or 0) >= 0
        store.runs.finish(night, {"beds": 600})

        run = store.runs.get(run_id)
        assert (run.state, run.owner) == ("done", "night worker")
        assert (run.ended - run.started).total_seconds() >= 0
        assert (run.started - run.created).total_seconds() >= 0
        assert store.audit.verify() >= 3


def test_a_clock_set_right_again_lets_one_worker_finish_and_no_other(surgery: Surgery):
    with open_store(surgery.folder) as store, clock_that_is_set(store) as hours:
        run_id = store.runs.add("nightly", {})
        hours[0] = -1.0
        first = store.runs.claim(run_id, owner="first", lease_seconds=30)
        hours[0] = 0.0

        second = store.runs.claim(run_id, owner="second", lease_seconds=30)

        with pytest.raises(StaleLease):
            store.runs.finish(first, {"by": "first"})
        store.runs.finish(second, {"by": "second"})
        assert store.runs.get(run_id).summary == {"by": "second"}


@pytest.mark.parametrize("end", ["fail", "cancel", "ask"])
def test_a_run_that_ends_badly_while_the_clock_is_set_back_took_no_negative_time(surgery: Surgery, end: str):
    with open_store(surgery.folder) as store, clock_that_is_set(store) as hours:
        run_id = store.runs.add("nightly", {})
        claim = store.runs.claim(run_id) if end != "ask" else None
        hours[0] = -1.0

        if claim is None:
            store.runs.cancel(run_id)
        elif end == "fail":
            store.runs.fail(claim, "no beds")
        else:
            store.runs.cancelled(claim)

        run = store.runs.get(run_id)
        assert run.ended >= (run.started or run.created)


# ---- leap days, year's ends, week 53 -------------------------------------------------------------

TURNS = st.one_of(
    st.dates(date(2000, 1, 1), date(2040, 10, 1)),
    st.integers(2000, 2040).map(lambda year: date(year, 2, 20)),
    st.integers(2000, 2039).map(lambda year: date(year, 12, 20)),
)


@BOOK.answers_to("B044", "leap day / year boundary / ISO week 53")
def the_days_on_which_calendars_go_wrong() -> None:
    _each_period_has_its_place_in_the_season()
    _a_monday_is_a_monday_in_every_run()
    leap = pd.DataFrame({"unique_id": "ed", "ds": pd.date_range("2024-02-01", "2024-02-28"), "y": 5})
    assert [str(day.date()) for day in history_of(leap).ahead(2)] == ["2024-02-29", "2024-03-01"]
    weeks = pd.date_range("2020-11-02", "2021-02-01", freq="7D")  # 2020 has a week 53
    assert 53 in set(weeks.isocalendar().week)
    history = history_of(pd.DataFrame({"unique_id": "ed", "ds": weeks, "y": 5}))
    assert (history.frequency, history.repairs) == ("W", ())
    assert str(history.ahead(1)[0].date()) == "2021-02-08"


@given(start=TURNS)
def _each_period_has_its_place_in_the_season(start: date) -> None:
    days = pd.date_range(start, periods=90, freq="D")
    by_day = calendar_of(days, "D")
    assert by_day.position.tolist() == [day.weekday() for day in days.date]

    hours = pd.date_range(start, periods=24 * 14, freq="h")
    assert calendar_of(hours, "h").position.tolist() == [24 * at.weekday() + at.hour for at in hours]

    months = pd.date_range(start.replace(day=1), periods=30, freq="MS")
    assert calendar_of(months, "MS").position.tolist() == [month.month - 1 for month in months]

    weeks = pd.date_range(start, periods=110, freq="7D")
    place = calendar_of(weeks, "W").position
    assert set(place) == set(range(52)), "no week of the year is left out"
    assert set(np.diff(place)) <= {0, 1, -51}, "each follows the one before; a 53rd week is the 52nd again"
    assert all(abs(7 * p - (d.timetuple().tm_yday - 1)) <= 8 for p, d in zip(place, weeks.date, strict=True))

    wave = by_day.covariates[:, [COVARIATES.index("year_sin"), COVARIATES.index("year_cos")]]
    assert np.isfinite(by_day.covariates).all()
    assert np.abs(np.diff(wave, axis=0)).max() < 0.035, (
        "the year goes round without a jump (2 pi / 365 a day)"
    )


@given(start=TURNS)
def _a_monday_is_a_monday_in_every_run(start: date) -> None:
    mondays = 'on_duty = 1\ncalendar = [{ days = ["mon"], on_duty = 7 }]'
    hospital = parse_hospital(SURGERY.replace("on_duty = 1", mondays))
    window = Window(start, days=30, tail=0)

    level, clock = resolve(Case(hospital), window).levels["doctor"], window.clock(hospital)

    for day in range(30):
        noon = int(clock.day_starts[day]) + MS_DAY // 2
        assert level.at(noon) == (7 if clock.date_of(day).weekday() == 0 else 1)


@pytest.mark.parametrize("origin", ["2000-02-26", "2024-02-25", "2023-02-25", "2020-12-27", "2032-12-28"])
def test_busy_mondays_stay_mondays_in_a_forecast_over_the_turn(origin: str):
    days = pd.date_range(end=origin, periods=84, freq="D")
    counts = np.where(days.day_of_week == 0, 80, 40) + np.arange(84) % 2
    history = history_of(pd.DataFrame({"unique_id": "ed", "ds": days, "y": counts}))

    table = forecast(history, 14, n_paths=0, country="none", made_by="base").table

    assert table["ds"].tolist() == list(pd.date_range(days[-1] + timedelta(days=1), periods=14))
    is_monday = table["ds"].dt.day_of_week == 0
    assert table.loc[is_monday, "mean"].min() > 70
    assert table.loc[~is_monday, "mean"].max() < 50
