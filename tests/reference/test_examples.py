"""The example pages against the figures that their sources publish.

Where the source is a simulation of so many runs, its own error counts as well; where theory is exact,
the mean lies within z = 4 of it.
"""

from __future__ import annotations

import json
import math
import tomllib
from collections.abc import Callable
from datetime import date
from typing import Any

import numpy as np
import pytest
from scipy.linalg import expm

from tests.architecture.test_every_number_has_a_source import KINDS, numbers, source_of
from twin.case import Case, Window
from twin.hospital import Hospital, parse_hospital
from twin.hospital.examples import example, example_names, example_run
from twin.replications import replicate
from twin.trace import UNSET, Trace
from twin.units import MS_DAY, MS_HOUR, FloatArray, minutes, to_minutes
from twin.verification import all_cases
from twin.verification.observe import Seen, Where, observe

MONDAY = date(2025, 1, 6)
#: what a command asks for that does not say more
RUN = {"--days": 28, "--warm-up": 56, "--replications": 20}


def page(name: str, **changes: Any) -> Hospital:
    """An example with some levels changed, by dotted path with "__" for the dots."""
    raw = tomllib.loads(example(name))
    for path, value in changes.items():
        *way, last = path.split("__")
        table = raw
        for part in way:
            table = table[part]
        table[last] = value
    return Hospital.model_validate(raw)


def played(
    hospital: Hospital,
    reduce: Callable[[Trace], Any],
    *,
    days: int,
    warm_up: int = 0,
    tail: int = 0,
    runs: int,
    seed: int,
) -> FloatArray:
    """What each run is reduced to, shape (run, ...)."""
    window = Window(MONDAY, days=days, warm_up=warm_up, tail=tail)
    rows = replicate(Case(hospital), window, seed=seed, replications=range(runs), reduce=reduce)
    return np.array(rows, dtype=np.float64)


def looking_at(hospital: Hospital, unit: str, *asked: tuple[str, Where]) -> Callable[[Trace], list[float]]:
    def reduce(trace: Trace) -> list[float]:
        seen = Seen(trace, hospital, unit)
        return [observe(seen, *one) for one in asked]

    return reduce


def z_score(values: FloatArray, exact: float) -> float:
    return float((values.mean() - exact) / (values.std(ddof=1) / math.sqrt(values.size)))


# ---- pages ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", example_names())
def test_an_example_can_be_read_and_is_one_page(name):
    text = example(name)

    assert parse_hospital(text).name
    assert text.startswith("# ")
    assert len(text.splitlines()) <= 125
    assert f"twin simulate --example {name}" in text


@pytest.mark.parametrize("name", example_names())
def test_the_command_on_the_page_asks_for_the_run_that_the_example_carries(name):
    (line,) = [line for line in example(name).splitlines() if "twin simulate --example" in line]

    words = line.split()
    asked = {flag: int(words[words.index(flag) + 1]) for flag in words if flag in RUN}
    carried = example_run(name)
    own = dict(zip(RUN, (carried.days, carried.warm_up, carried.replications), strict=True))
    assert {**RUN, **asked} == own
    assert carried.why


@pytest.mark.parametrize(
    "text", [example(n) for n in example_names()] + [c.page for c in all_cases() if not c.identity]
)
def test_every_number_of_a_page_has_a_source_of_a_kind(text):
    raw = tomllib.loads(text)

    assert [path for path in numbers(raw) if source_of(path, raw["sources"]) is None] == []
    assert [said for said in raw["sources"].values() if said.split(":")[0] not in KINDS] == []


# ---- M/M/c: the bank of the ciw tutorial ---------------------------------------------------------


def test_the_bank_waits_as_erlang_says():
    hospital = page("mmc")
    seen = looking_at(hospital, "minutes", ("Wq", Where()), ("P_wait", Where()), ("utilisation", Where()))

    wait, share, busy = played(hospital, seen, days=400, warm_up=3, tail=1, runs=24, seed=101).T

    assert abs(z_score(wait, 4.4444444)) < 4
    assert abs(z_score(share, 0.4444444)) < 4
    assert abs(z_score(busy, 0.6666667)) < 4


def test_the_bank_from_empty_waits_as_the_tutorial_saw():
    """200 runs of 500 minutes from an empty bank: 3.7622 minutes in the tutorial, of those served."""
    hospital = page("mmc")
    end = minutes(500)

    def mean_wait(trace: Trace) -> float:
        served = (trace.ended != UNSET) & (trace.ended <= end)
        return float(to_minutes(trace.started[served] - trace.requested[served]).mean())

    wait = played(hospital, mean_wait, days=1, runs=1_000, seed=102)

    error = math.sqrt(wait.var() / 200 + wait.var() / wait.size)  # of the tutorial's mean, and of ours
    assert abs(wait.mean() - 3.7622) < 4 * error


# ---- a ward: Monks et al. (2016), table 2 --------------------------------------------------------

#: beds -> share that finds no bed, as the re-implementation pydesrap_stroke prints it (outputs/table2.csv)
NO_BED = {9: 0.18, 10: 0.13, 11: 0.09, 12: 0.06, 13: 0.03, 14: 0.02}


def erlang_loss(load: float, beds: int) -> float:
    blocked = 1.0
    for n in range(1, beds + 1):
        blocked = load * blocked / (n + load * blocked)
    return blocked


@pytest.mark.parametrize("beds", NO_BED)
def test_a_ward_turns_away_as_many_as_published(beds):
    hospital = page("ward", wards__acute__staffed_beds=beds)
    seen = looking_at(hospital, "days", ("P_refused", Where()))

    turned_away = played(hospital, seen, days=1_825, warm_up=100, runs=24, seed=200 + beds)[:, 0]

    assert abs(z_score(turned_away, erlang_loss(8.3555, beds))) < 4
    assert abs(turned_away.mean() - NO_BED[beds]) < 0.015


# ---- a stroke pathway: Monks et al. (2016), table 3 ----------------------------------------------

#: (acute, rehabilitation, pooled beds) -> shares without a bed (acute, rehabilitation): published, repeated.
#: In partly pooled rows the two differ by up to 0.013; there the order alone is compared.
TABLE_3 = {
    (0, 0, 22): ((0.057, 0.057), (0.065, 0.065)),
    (0, 0, 26): ((0.016, 0.016), (0.016, 0.016)),
    (14, 12, 0): ((0.020, 0.117), (0.019, 0.110)),
    (11, 11, 4): ((0.031, 0.077), (0.043, 0.090)),
    (10, 10, 6): ((0.033, 0.057), (0.041, 0.066)),
    (9, 9, 8): ((0.035, 0.049), (0.041, 0.053)),
}


def split(acute: int, rehab: int, pooled: int) -> Hospital:
    levels = {"acute": acute, "rehab": rehab, "pooled": pooled}
    return page("stroke_pathway", **{f"places__{unit}__staffed": n for unit, n in levels.items()})


def without_a_bed(beds: tuple[int, int, int]) -> FloatArray:
    """Shares of those from outside for whom no bed is free: acute, rehabilitation; shape (run, 2)."""
    hospital = split(*beds)

    def shares(trace: Trace) -> list[float]:
        seen = Seen(trace, hospital, "days")
        first = np.zeros(trace.requested.size, dtype=bool)
        first[trace.workload.first[:-1]] = True
        refused = (trace.started == UNSET) & (trace.requested != UNSET)
        asked = {unit: first & seen.asked(Where(place=unit)) for unit in ("acute", "rehab")}
        return [float(refused[rows].mean()) for rows in asked.values()]

    return played(hospital, shares, days=1_825, warm_up=1_095, runs=60, seed=300)


def test_the_figures_of_table_3_are_those_that_are_kept(shared_data):
    cases = json.loads((shared_data / "verification" / "cases.json").read_text())["cases"]
    (kept,) = (case["expected"] for case in cases if case["id"] == "monks2016_table3")

    for (acute, rehab, pooled), figures in TABLE_3.items():
        row = f"{acute}/{rehab}/{pooled}" if acute else f"pooled_{pooled}"
        for told, found in zip(("published", "python_reproduction"), figures, strict=True):
            assert list(found) == np.broadcast_to(kept[told][row], 2).tolist(), (row, told)


def test_the_stroke_pathway_gives_table_3():
    found = {beds: without_a_bed(beds).mean(axis=0) for beds in TABLE_3}

    for beds in ((0, 0, 22), (0, 0, 26), (14, 12, 0)):
        for unit, figures in enumerate(zip(*TABLE_3[beds], strict=True)):
            assert min(figures) - 0.02 < found[beds][unit] < max(figures) + 0.02, (beds, found[beds])
    for pooled, exact in ((22, 0.06684475977212545), (26, 0.017429522020845748)):
        assert abs(found[0, 0, pooled][0] - exact) < 0.005
    # the more beds are pooled, the fewer are turned away from rehabilitation, and all together it is least
    rehab = [found[beds][1] for beds in ((14, 12, 0), (11, 11, 4), (10, 10, 6), (9, 9, 8), (0, 0, 26))]
    assert rehab == sorted(rehab, reverse=True)


# ---- an urgent-care centre: treat-sim 3.0.0 ------------------------------------------------------

#: mean waits of 50 runs from 06:00 to 01:00, notebooks/test_package.ipynb [minutes]
BASE = {
    ("minor", "registration"): 105.57,
    ("minor", "examination"): 25.55,
    ("minor", "treatment"): 136.66,
    ("trauma", "stabilisation"): 151.68,
    ("trauma", "trauma_treatment"): 14.31,
    (None, "triage"): 35.24,
}
SECOND_TRIAGE_NURSE = {
    ("minor", "registration"): 135.92,
    ("minor", "examination"): 26.69,
    ("minor", "treatment"): 138.58,
    ("trauma", "stabilisation"): 175.14,
    ("trauma", "trauma_treatment"): 15.00,
    (None, "triage"): 1.325,
}


def waits_of_a_day(hospital: Hospital) -> Callable[[Trace], list[float]]:
    """Mean wait of those of the day who began each step by 01:00, as treat-sim counts. [minutes]"""

    def reduce(trace: Trace) -> list[float]:
        seen = Seen(trace, hospital, "minutes")
        begun = (trace.started != UNSET) & (trace.started <= 25 * MS_HOUR)
        begun &= trace.workload.arrival[trace.patient] < MS_DAY
        rows = (begun & seen.rows(Where(c, s)) for c, s in BASE)
        return [float(to_minutes(trace.started[r] - trace.requested[r]).mean()) for r in rows]

    return reduce


@pytest.mark.parametrize(("nurses", "published"), [(1, BASE), (2, SECOND_TRIAGE_NURSE)])
def test_the_urgent_care_centre_waits_as_treat_sim(nurses, published):
    hospital = page("urgent_care", places__triage__staffed=nurses, places__triage__physical=nurses)

    waits = played(hospital, waits_of_a_day(hospital), days=2, runs=600, seed=400)

    for j, (step, theirs) in enumerate(published.items()):
        ours = waits[:, j][np.isfinite(waits[:, j])]
        error = math.sqrt(ours.var() / 50 + ours.var() / ours.size)
        assert abs(ours.mean() - theirs) < 4 * error, (step, ours.mean(), theirs, error)


# ---- a clinic with appointments: Bailey (1952) ---------------------------------------------------


def exact_morning(patients: int, *, together: int, phases: int = 4) -> tuple[float, float]:
    """Mean wait of a patient and the doctor's idle time between them, in mean consultations.

    One patient an interval of the mean consultation, ``together`` in the first slot; Erlang consultations.
    The state is the number of phases still to be done, which falls at the rate of the phases.
    """
    n = patients * phases + 1
    falls = np.diag(np.full(n, -float(phases))) + np.diag(np.full(n - 1, float(phases)), -1)
    falls[0] = 0
    clock = np.zeros((n + 1, n + 1))
    clock[:n, :n], clock[0, n] = falls, 1  # the last column gathers the time spent at nothing to do
    step = expm(clock)
    state, waits, idle = np.eye(n)[0], [], 0.0
    arrivals = [together] + [1] * (patients - together)
    for slot, come in enumerate(arrivals):
        if slot:
            idle += state @ step[:n, n]
            state = state @ step[:n, :n]
        for _ in range(come):
            waits.append(state @ np.arange(n) / phases)
            state = np.concatenate([np.zeros(phases), state[:-phases]])
    return float(np.mean(waits)), float(idle)


def mornings(trace: Trace, patients: int) -> list[float]:
    """Mean wait, and the doctor's idle time until the last patient begins, of full mornings. [minutes]"""
    day = np.where(trace.requested == UNSET, -1, trace.requested // MS_DAY)
    waits, idles = [], []
    for d in np.unique(day[day >= 0]):
        rows = np.flatnonzero(day == d)
        if rows.size == patients and (trace.ended[rows] != UNSET).all():
            began, ended = np.sort(trace.started[rows]), np.sort(trace.ended[rows])
            waits.append(to_minutes(trace.started[rows] - trace.requested[rows]).mean())
            idles.append(to_minutes(began[1:] - ended[:-1]).sum())
    return [float(np.mean(waits)), float(np.mean(idles))]


@pytest.mark.parametrize(("extra", "patients"), [(1, 25), (0, 24)])
def test_a_clinic_after_baileys_rule_waits_as_theory_says(extra, patients):
    hospital = page(
        "clinic", sessions__morning__extra_at_start=extra, arrivals__referrals__daily_mean=16.7 + extra * 0.8
    )
    exact_wait, exact_idle = exact_morning(patients, together=1 + extra)

    wait, idle = played(hospital, lambda trace: mornings(trace, patients), days=700, runs=30, seed=500).T

    assert abs(z_score(wait, 5 * exact_wait)) < 4
    assert abs(z_score(idle, 5 * exact_idle)) < 4


def test_the_page_of_the_clinic_says_what_theory_says():
    with_rule, without = (exact_morning(n, together=k) for n, k in ((25, 2), (24, 1)))

    for value in (*with_rule, *without):
        assert f"{5 * value:.2f}" in example("clinic")
