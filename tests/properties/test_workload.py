"""Patients are drawn by key: more demand moves nobody, a plan plays no part, a path's counts are kept."""

from __future__ import annotations

import hashlib
from datetime import date, datetime, timedelta

import numpy as np
import pytest
from scipy import stats

from tests.houses import START
from twin.case import Case, InHouse, Snapshot, Window
from twin.demand import DemandForecast
from twin.engine import simulate
from twin.hospital import Hospital
from twin.hospital.base import Duration
from twin.hospital.duration import quantile, share_below
from twin.plan import Plan
from twin.trace import UNSET
from twin.units import MS_DAY
from twin.workload import Workload, draw_workload

_HOURS = [0.0] * 7 + [0.02, 0.04, 0.06, 0.08, 0.1, 0.1, 0.12, 0.13, 0.12, 0.1, 0.06, 0.04, 0.03] + [0.0] * 4
PROFILES = {
    "flat": [1 / 24] * 24,
    "afternoon": _HOURS,
    "noon": [float(h == 12) for h in range(24)],
    "evening": [float(h == 20) for h in range(24)],
}
STAY = {"mean": 3, "cv": 1.2, "unit": "days"}


def house(
    *, timezone: str = "UTC", more_streams=(), stay=STAY, profile: str | None = None, **stream
) -> Hospital:
    """One ward with beds enough, emergency and planned patients, and further streams by name."""
    ward = {"title": "ward", "physical_beds": 100_000, "staffed_beds": 100_000}
    arrivals = {
        "door": {"title": "door", "daily_mean": 40, "mix": {"acute": 0.7, "minor": 0.3}, **stream},
        **{name: {"title": name, "daily_mean": 9, "mix": {"minor": 1.0}} for name in more_streams},
    }
    see = {
        "name": "see",
        "duration": {"mean": 1, "cv": 0.5, "unit": "hours"},
        "next": {"stay": 0.4, "home": 0.6},
    }
    return Hospital.model_validate(
        {
            "name": "a house",
            "timezone": timezone,
            "profiles": {k: {"hours": [x / sum(v) for x in v]} for k, v in PROFILES.items()},
            "wards": {"ward": ward if profile is None else {**ward, "discharge_profile": profile}},
            "arrivals": arrivals,
            "classes": {name: {"title": name, "priority": 1, "pathway": name} for name in ("acute", "minor")},
            "pathways": {
                "acute": {"steps": [{"name": "stay", "places": ["ward"], "duration": stay}]},
                "minor": {"steps": [see, {"name": "stay", "places": ["ward"], "duration": stay}]},
            },
        }
    )


def draw(hospital: Hospital, *, seed: int = 5, replication: int = 0, days: int = 20, **parts) -> Workload:
    return draw_workload(
        Case(hospital, **parts), Window(START, days=days), seed=seed, replication=replication
    )


def people(work: Workload) -> dict[int, tuple]:
    """Everything that chance decided about each patient, by key."""
    rows = {}
    for i in range(work.patients):
        own = slice(work.first[i], work.first[i + 1])
        facts = (
            int(work.patient_class[i]),
            int(work.arrival[i]),
            *work.step[own],
            *work.duration[own],
            *work.wall[own],
        )
        rows[int(work.key[i])] = facts
    return rows


def is_part_of(few: Workload, many: Workload) -> bool:
    """Everyone in the first is in the second, exactly as he was."""
    return people(few).items() <= people(many).items()


# ---- one future, one list of patients ------------------------------------------------------------


def test_the_same_seed_and_replication_draw_the_same_patients():
    assert people(draw(house())) == people(draw(house()))


@pytest.mark.parametrize("other", [{"seed": 6}, {"replication": 1}])
def test_another_seed_or_replication_draws_other_patients(other):
    assert not people(draw(house())).keys() & people(draw(house(), **other)).keys()


def test_the_plan_plays_no_part():
    plan = Plan("fewer", {"ward": {START + timedelta(days=d): 1 for d in range(20)}})

    assert people(draw(house(), plan=plan)) == people(draw(house()))


def test_a_longer_run_adds_days_and_moves_nobody():
    few, many = draw(house(), days=10), draw(house(), days=20)

    assert is_part_of(few, many)
    assert many.patients > few.patients


def digest(work: Workload) -> str:
    """A number for all that the patients of a workload are."""
    columns = (
        "key",
        "patient_class",
        "arrival",
        "first",
        "origin",
        "held",
        "since",
        "step",
        "duration",
        "wall",
    )
    whole = hashlib.sha256()
    for name in columns:
        column = getattr(work, name)
        whole.update(str(column.dtype).encode() + np.ascontiguousarray(column).tobytes())
    return whole.hexdigest()[:16]


MIDNIGHT = datetime(2025, 1, 6)
THERE = tuple(
    InHouse(
        f"p{i}", "minor", "stay", None if i % 3 else "ward", MIDNIGHT - timedelta(hours=i + 1), bool(i % 3)
    )
    for i in range(30)
)


@pytest.mark.parametrize(
    ("hospital", "snapshot", "patients"),
    [
        (house(), Snapshot.empty(), "6414de0c34d211be"),
        (
            house(timezone="Europe/London", profile="afternoon", factor=1.3),
            Snapshot.empty(),
            "233588c0c582954d",
        ),
        (
            house(more_streams=("clinic",), dispersion=2.5, factor=0.7),
            Snapshot(MIDNIGHT, THERE),
            "5931bfd5204b23b6",
        ),
    ],
    ids=["plain", "discharge hours", "with patients there"],
)
def test_rules_that_a_hospital_does_not_use_move_none_of_its_patients(hospital, snapshot, patients):
    """The digests are of the workloads drawn before parties, lists, trays and the like were known."""
    work = draw(hospital, snapshot=snapshot)

    assert digest(work) == patients


# ---- more or less demand -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("low", "high"), [(1.0, 1.1), (1.1, 1.7), (1.7, 3.0), (0.5, 1.0), (0.2, 0.5), (0.0, 0.2)]
)
def test_more_demand_moves_no_patient_who_was_there(low, high):
    few, many = draw(house(factor=low)), draw(house(factor=high))

    assert is_part_of(few, many)
    assert many.patients > few.patients


def test_demand_changes_by_the_factor_asked_for():
    usual = draw(house(), days=300).patients

    assert draw(house(factor=1.25), days=300).patients == pytest.approx(1.25 * usual, rel=0.005)
    assert draw(house(factor=0.8), days=300).patients == pytest.approx(0.8 * usual, rel=0.02)


def test_a_higher_daily_mean_adds_patients_and_moves_none():
    assert is_part_of(draw(house(daily_mean=40)), draw(house(daily_mean=46)))


def test_a_new_stream_moves_no_patient_of_another():
    alone, together = draw(house()), draw(house(more_streams=("clinic", "transfers")))

    assert is_part_of(alone, together)


def test_a_longer_stay_makes_every_stay_longer_and_changes_nobody_else():
    short, long = draw(house()), draw(house(stay={**STAY, "mean": 4}))

    assert np.array_equal(short.key, long.key)
    assert np.array_equal(short.arrival, long.arrival)
    assert (long.duration >= short.duration).all()


# ---- a day's count -------------------------------------------------------------------------------


@pytest.mark.parametrize("start", [START, date(2025, 3, 28), date(2025, 10, 24)])
def test_a_path_of_the_forecast_is_kept_to_the_patient_on_every_local_day(start):
    hospital = house(timezone="Europe/London", hour_profile="flat")  # the last two cross a change of clocks
    window = Window(start, days=4, tail=1)
    paths = np.random.default_rng(1).integers(0, 90, (3, 1, window.total))
    case = Case(hospital, demand=DemandForecast(start, ("door",), paths, "observed"))

    for replication in range(4):
        work = draw_workload(case, window, seed=9, replication=replication)
        local = [work.clock.at(int(ms)).date() for ms in work.arrival]

        counts = [local.count(start + timedelta(days=d)) for d in range(window.total)]
        assert counts == paths[replication % 3, 0].tolist()


@pytest.mark.parametrize("dispersion", [1.0, 2.5])
def test_without_a_forecast_the_days_counts_have_the_mean_and_the_spread_described(dispersion):
    work = draw(house(daily_mean=30, dispersion=dispersion), days=3_000)

    counts = np.bincount(work.arrival // MS_DAY)[:3_000]

    assert counts.mean() == pytest.approx(30, rel=4 * np.sqrt(dispersion / 30 / 3_000))
    assert counts.var() / counts.mean() == pytest.approx(dispersion, rel=0.12)


def test_arrivals_follow_the_hours_of_the_profile():
    work = draw(house(hour_profile="afternoon"), days=300)

    hour = (work.arrival % MS_DAY) * 24 // MS_DAY
    counts = np.bincount(hour, minlength=24)
    expected = np.asarray(_HOURS) / sum(_HOURS) * counts.sum()

    assert (counts[expected == 0] == 0).all()
    used = expected > 0
    assert stats.chisquare(counts[used], expected[used]).pvalue > 1e-4


# ---- stays ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("elapsed_days", [0.5, 3, 9])
def test_what_is_left_of_a_stay_is_the_stay_given_that_it_has_lasted_so_long(elapsed_days):
    midnight = datetime(2025, 1, 6)
    since = midnight - timedelta(days=elapsed_days)
    there = tuple(InHouse(f"p{i}", "acute", "stay", "ward", since) for i in range(4_000))
    stay = Duration.model_validate(STAY)

    work = draw(house(daily_mean=0), snapshot=Snapshot(midnight, there))
    whole = elapsed_days + work.duration / stay.ms
    reached = share_below(stay, np.asarray(elapsed_days))

    assert stats.kstest((share_below(stay, whole) - reached) / (1 - reached), "uniform").pvalue > 1e-4
    assert (whole > elapsed_days).all()


def test_each_patients_own_luck_decides_what_is_left():
    midnight = datetime(2025, 1, 6)
    stay = Duration.model_validate(STAY)

    def left(days: float) -> np.ndarray:
        there = tuple(
            InHouse(f"p{i}", "acute", "stay", "ward", midnight - timedelta(days=days)) for i in range(50)
        )
        work = draw(house(daily_mean=0), snapshot=Snapshot(midnight, there))
        return (days + work.duration / stay.ms)[np.argsort(work.key)]

    # the same patients, found later in their stay: the order of whole stays among them is the same
    assert np.array_equal(np.argsort(left(0.5)), np.argsort(left(4)))
    assert quantile(stay, np.asarray(0.5)) > 0


STAYS = [
    {"mean": 1, "cv": 0.5, "unit": "days"},
    {"mean": 2, "cv": 0.8, "unit": "days", "shape": "gamma"},
    {"mean": 3, "unit": "days", "shape": "exactly"},
    {"mean": 4, "unit": "days", "shape": "exponential"},
    {"mean": 5, "cv": 1.5, "unit": "days"},
    {"mean": 9, "cv": 0.7, "unit": "days", "at_most": 30},
]


@pytest.mark.parametrize("stay", STAYS, ids=lambda s: f"{s.get('shape', 'lognormal')} {s['mean']} days")
@pytest.mark.parametrize("profile", ["afternoon", "noon", "evening"])
def test_discharge_hours_keep_the_mean_of_occupied_beds(stay, profile):
    """To 0.5 %, three standard errors of this sample included, for admissions spread over the day."""
    hospital = house(stay=stay, profile=profile, daily_mean=1_200, mix={"acute": 1.0})
    case, window = Case(hospital), Window(START, days=60, tail=150)
    work = draw_workload(case, window, seed=8)

    trace = simulate(case, work)
    gone = (work.arrival < 60 * MS_DAY) & (trace.left != UNSET)
    extra = (trace.left - trace.started - work.duration)[gone]
    change = extra.mean() / work.duration[gone].mean()
    error = extra.std() / np.sqrt(extra.size) / work.duration[gone].mean()

    assert abs(change) < 0.005 and error < 0.0016
    assert abs(change) < 0.0005 + 4 * error


def test_everyone_leaves_in_an_hour_of_the_profile():
    case = Case(house(profile="noon"))
    work = draw(case.hospital)

    trace = simulate(case, work)

    gone = trace.left[(work.wall >= 0) & (trace.left != UNSET)]
    assert gone.size > 100
    assert set((gone % MS_DAY) * 24 // MS_DAY) == {12}
