"""What a study counts of a run is what the definitions say: ``measure`` equals ``summarise``."""

from __future__ import annotations

import math
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from random import Random

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.houses import START, case
from tests.random_houses import random_case, random_workload
from twin.case import Case, Window, resolve
from twin.engine.kernel import simulate_kernel
from twin.hospital import Hospital, parse_hospital, shipped
from twin.hospital.examples import example, example_names, example_run
from twin.measures import MEASURES, measure, need, summarise, tally
from twin.trace import Log, Trace
from twin.units import MS_HOUR
from twin.workload import draw_workload


def agree(trace: Trace, hospital: Hospital) -> dict[str, float]:
    """The measures, after a look that both ways of getting them say the same."""
    defined, counted = summarise(trace, hospital), measure(trace, hospital)

    assert list(counted) == list(defined) == list(MEASURES)
    for key, value in defined.items():
        assert counted[key] == pytest.approx(value, rel=1e-9, abs=1e-9, nan_ok=True), key
    return counted


def with_what_is_measured(rng: Random, any_case: Case) -> Case:
    """The same hospital, some of whose places are the emergency department or a clinic, with prices."""

    def priced(thing, *names):
        return thing.model_copy(update={name: rng.choice((0.0, 0.25, 3.0)) for name in names})

    hospital = any_case.hospital
    departments = (None, "emergency", "emergency", "outpatients")
    changed = hospital.model_copy(
        update={
            "places": {
                name: place.model_copy(update={"department": rng.choice(departments)})
                for name, place in hospital.places.items()
            },
            "wards": {
                name: ward.model_copy(update={"critical_care": rng.random() < 0.25})
                for name, ward in hospital.wards.items()
            },
            "items": {
                name: priced(item, "unit_cost", "order_cost", "holding_cost_a_day")
                for name, item in hospital.items.items()
            },
            "money": priced(hospital.money, "open_bed_day"),
        }
    )
    return replace(any_case, hospital=changed)


def random_run(seed: int) -> tuple[Trace, Hospital]:
    """A few days of a hospital in which the rules meet, on a clock of whole minutes or not."""
    rng = Random(seed)
    any_case = with_what_is_measured(rng, random_case(rng, crowded=rng.random() < 0.4))
    work = random_workload(rng, any_case, whole_minutes=rng.random() < 0.5)
    return simulate_kernel(any_case, work, resolve(any_case, work.window, work.absent)), any_case.hospital


@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True)
@given(st.integers(0, 2**32))
def test_what_is_counted_is_what_is_defined_in_any_hospital(seed):
    agree(*random_run(seed))


@pytest.mark.long
@settings(max_examples=2_000, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.integers(0, 2**40))
def test_what_is_counted_is_what_is_defined_in_thousands_of_hospitals(seed):
    agree(*random_run(seed))


def test_every_measure_is_met_in_some_random_hospital():
    some = {key for seed in range(400) for key, value in measure(*random_run(seed)).items() if value > 0}

    assert set(MEASURES) - some <= {"kit_postponements_a_day"}


@pytest.mark.parametrize(("name", "days", "warm_up"), [("small", 28, 7), ("reference", 7, 2)])
def test_what_is_counted_is_what_is_defined_in_the_shipped_hospitals(name, days, warm_up):
    any_case = case(parse_hospital(shipped(name)))
    work = draw_workload(any_case, Window(START, days=days, warm_up=warm_up), seed=7)

    told = agree(simulate_kernel(any_case, work, resolve(any_case, work.window)), any_case.hospital)

    assert told["occupancy"] > 0 and told["ed_within_4h"] > 0 and told["staff_use"] > 0


@pytest.mark.parametrize("name", example_names())
def test_what_is_counted_is_what_is_defined_in_the_examples(name):
    any_case, run = case(parse_hospital(example(name))), example_run(name)
    window = Window(START, days=min(run.days, 60), warm_up=min(run.warm_up, 30))
    work = draw_workload(any_case, window, seed=7)

    told = agree(simulate_kernel(any_case, work, resolve(any_case, work.window)), any_case.hospital)

    assert told["arrivals_a_day"] > 0


@pytest.mark.parametrize("most", [0, 2, 6, 12])
def test_a_run_that_a_guard_stopped_is_measured_as_far_as_it_went(most, monkeypatch):
    monkeypatch.setattr("twin.engine.kernel.MOST_WAITING", most)
    runs = [random_run(seed) for seed in range(40)]
    stopped = [(trace, hospital) for trace, hospital in runs if trace.stopped_at is not None]

    for trace, hospital in stopped:
        agree(trace, hospital)

    assert len(stopped) >= 5


def test_a_run_in_which_nobody_came_has_measures_too():
    for seed in range(12):
        trace, hospital = random_run(seed)
        quiet = Case(
            hospital.model_copy(
                update={
                    "arrivals": {
                        name: stream.model_copy(update={"daily_mean": 0.0})
                        for name, stream in hospital.arrivals.items()
                    },
                    "populations": {},
                }
            )
        )
        work = draw_workload(quiet, trace.workload.window, seed=seed)
        assert not work.patients

        told = agree(simulate_kernel(quiet, work, resolve(quiet, work.window, work.absent)), quiet.hospital)

        assert told["arrivals_a_day"] == 0


def test_lines_of_the_log_at_the_edges_of_the_measured_days_count_as_defined():
    for seed in range(12):
        trace, hospital = random_run(seed)
        log = trace.log
        starts = trace.workload.clock.day_starts
        for edge in (starts[0], starts[1], trace.end - 1):
            agree(replace(trace, log=_pulled(log, int(edge))), hospital)


def _pulled(log: Log, edge: int) -> Log:
    """The log, whose lines within some hours of an instant are told at that very instant."""
    at = np.where(abs(log.at - edge) < 4 * MS_HOUR, edge, log.at)
    return Log.of(np.column_stack([at, log.kind, log.who, log.what, log.n]))


def test_the_census_of_a_tally_is_that_of_the_trace():
    for seed in range(40):
        trace, hospital = random_run(seed)
        known, shown = tally(trace, hospital), need(trace, hospital)
        hours = range(-(-known.start // MS_HOUR), -(-known.end // MS_HOUR))

        counted = known.census[: len(hospital.wards), -len(hours) :] if hours else known.census[:0]

        assert counted.tolist() == (shown.in_beds[:, hours.start : hours.stop].tolist() if hours else [])


def test_time_in_each_place_adds_up_over_the_hours():
    from twin.measures import stays

    for seed in range(40):
        trace, hospital = random_run(seed)

        known = tally(trace, hospital)

        whole = stays(trace).time_by_place(len(trace.places), known.start, known.end)
        assert known.held.sum(axis=1).tolist() == whole.tolist()


def test_hospitals_are_not_mistaken_for_each_other():
    runs = [random_run(seed) for seed in range(30)]

    again = [measure(trace, hospital) for trace, hospital in runs]

    for (trace, hospital), told in zip(runs, again, strict=True):
        defined = summarise(trace, hospital)
        assert all(math.isclose(told[k], v, abs_tol=1e-9) for k, v in defined.items() if not math.isnan(v))


_CHECKED = """
from numba import config
from tests.parity.test_measures_agree import agree, random_run

assert config.BOUNDSCHECK
for seed in range(300):
    agree(*random_run(seed))
print("300 runs agree")
"""


@pytest.mark.long
def test_the_passes_stay_within_their_columns(tmp_path):
    house = Path(__file__).resolve().parents[2]
    checked = {
        **os.environ,
        "NUMBA_BOUNDSCHECK": "1",
        "XDG_CACHE_HOME": str(tmp_path),  # code compiled without the checks is not taken
        "PYTHONPATH": str(house),
    }

    told = subprocess.run(
        [sys.executable, "-c", _CHECKED],
        cwd=house,
        env=checked,
        capture_output=True,
        text=True,
        timeout=1_800,
    )

    assert told.returncode == 0, told.stderr[-2_000:]
    assert "300 runs agree" in told.stdout
