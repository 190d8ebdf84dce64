"""The verification cases: all of the published table, with its numbers; each holds, and a fault shows.

The values that the table computed (a chain of boarding, the costs of stock) are worked out once more here.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy.stats import poisson

from twin.case import Case, resolve
from twin.engine import simulate
from twin.hospital import Hospital
from twin.hospital.duration import mean_ms
from twin.units import MS_DAY, MS_HOUR, MS_IN, FloatArray
from twin.verification import VerificationCase, all_cases, judge, verify
from twin.verification.by_hand import visitors
from twin.verification.cases import Expect
from twin.verification.random_hospitals import random_case

CASES = {case.id: case for case in all_cases()}
#: cases beyond the published table, with their own sources
OF_OUR_OWN = {"hunt_unequal_rooms", "muth_two_erlang_rooms", "rQ_5_8", "sS_4_7"}


# ---- every case holds ----------------------------------------------------------------------------


@pytest.mark.parametrize("name", CASES)
def test_a_case_holds_in_one_short_round(name):
    verdicts = verify(CASES[name], quick=True)

    assert verdicts
    assert [v for v in verdicts if not v.holds] == []


@pytest.mark.long
@pytest.mark.parametrize("name", CASES)
def test_a_case_holds_with_every_mean_known_to_one_per_cent(name):
    verdicts = verify(CASES[name])

    assert [v for v in verdicts if not v.holds] == []


# ---- and would show a fault ----------------------------------------------------------------------


def expecting(case: VerificationCase, **are: float) -> VerificationCase:
    return case.model_copy(update={"expect": (Expect(are=are),), "days": 20})


def test_a_value_that_is_wrong_by_a_tenth_misses():
    case = expecting(CASES["mm1_lam0.5_mu1.0"], Wq=1.1)

    (verdict,) = verify(case, quick=True)

    assert not verdict.holds
    assert verdict.z < -4


def test_a_mean_that_is_not_known_well_enough_misses():
    case = expecting(CASES["mm1_lam0.5_mu1.0"], Wq=1.0).model_copy(update={"days": 2, "most": 24})

    (verdict,) = verify(case)

    assert not verdict.holds
    assert verdict.half_width > 0.01
    assert abs(verdict.z) < 4


def test_replications_are_added_until_the_mean_is_known():
    case = expecting(CASES["mm1_lam0.5_mu1.0"], Wq=1.0)

    (verdict,) = verify(case)

    assert verdict.replications > case.least
    assert verdict.half_width <= 0.01
    assert verdict.holds


def test_the_same_case_says_the_same_twice():
    case = expecting(CASES["mmc_c3_a2"], P_wait=0.4444444444444445)

    assert verify(case, quick=True) == verify(case, quick=True)


def test_a_start_that_is_not_as_by_hand_misses_in_both_engines():
    case = CASES["hand_lindley"]
    wrong = case.exactly[0].model_copy(update={"are": (0.0, 4.0, 5.0, 8.0, 11.0)})

    verdicts = verify(case.model_copy(update={"exactly": (wrong,)}))

    assert [v.holds for v in verdicts] == [False, False]


def test_a_mean_of_nothing_misses_in_words():
    case = expecting(CASES["mm1_lam0.5_mu1.0"], boarding_time=1.0)  # nobody goes on from the only room

    (verdict,) = verify(case.model_copy(update={"days": 2}))

    assert not verdict.holds
    assert verdict.in_words == "MISSES: 24 of 24 replications have no value"


def test_runs_that_a_guard_stopped_miss_in_words(monkeypatch):
    partial = replace(simulate(*random_case(0)), stopped_at=5 * MS_HOUR)
    monkeypatch.setattr(
        judge, "replicate", lambda *_, replications, reduce, **__: [reduce(partial) for _ in replications]
    )

    (verdict,) = verify(expecting(CASES["mm1_lam0.5_mu1.0"], Wq=1.0))

    assert not verdict.holds
    assert verdict.in_words == "MISSES: a guard stopped 24 of 24 replications"


def test_tail_probabilities_are_those_of_rare_states_and_of_waits_beyond_a_limit():
    for case in CASES.values():
        for e in case.expect:
            shares = {q for q in e.are if q.startswith(("P_", "census_is@"))} - set(e.loose)
            rare = {q for q in shares if e.are[q] < 0.1 or q.startswith("P_wait_over@")}

            assert set(e.tail) == rare, case.id


# ---- the published table -------------------------------------------------------------------------


@pytest.fixture(scope="module")
def published(shared_data: Path) -> dict[str, dict[str, Any]]:
    table = json.loads((shared_data / "verification" / "cases.json").read_text())
    return {case["id"]: case for case in table["cases"]}


def test_the_cases_are_those_of_the_published_table_and_some_of_our_own(published):
    assert set(CASES) == set(published) | OF_OUR_OWN


def test_every_published_value_is_expected_in_its_part_of_the_house(published):
    for name, case in published.items():
        values: dict[str, list[float]] = {}
        for quantity, value in expected_values(name, case["expected"]):
            values.setdefault(quantity, []).append(value)
        for quantity, wanted in values.items():
            ours = expected_here(name, quantity)
            # a value for the house comes once for each shape of stay; a list comes class by class, in order
            parts = shapes(case["inputs"]) if len(wanted) == 1 else 1

            assert ours == pytest.approx(wanted * parts, rel=1e-12), (name, quantity)


def shapes(inputs: dict[str, Any]) -> int:
    return len(inputs.get("service_dists", inputs.get("turnaround_dists", [0])))


def test_every_page_has_the_published_inputs(published):
    differences = [
        (name, key, value, found)
        for name, case in published.items()
        for key, value, found in compared_inputs(name, case["inputs"])
        if not np.allclose(value, found, rtol=1e-12)
    ]

    assert differences == []


def test_traces_by_hand_are_the_published_ones(published):
    for name in (name for name in published if name.startswith("hand_")):
        columns = {(e.column, e.step): list(e.are) for e in CASES[name].exactly}

        for key, values in published[name]["expected"].items():
            for column, wanted in hand_columns(name, key, values):
                assert columns[column] == wanted, (name, key)


def test_patients_by_hand_are_the_published_ones(published):
    for name in (name for name in published if name.startswith("hand_")):
        case, inputs = CASES[name], dict(published[name]["inputs"])

        for key, wanted in inputs.items():
            assert hand_input(case, key) == wanted, (name, key)


def test_the_best_policies_are_the_published_ones(shared_data):
    known = json.loads((shared_data / "inventory" / "known_optima.json").read_text())["cases"]
    best = {case["id"]: case["expected"] for case in known}

    rq, ss = (CASES[n].hospital("cheapest").items["gloves"].policy for n in ("rQ_5_8", "sS_4_7"))

    assert (rq.reorder_point, rq.order_quantity) == (best["rQ_5_8"]["r"], best["rQ_5_8"]["Q"])
    assert (ss.reorder_point, ss.order_up_to) == (best["sS_4_7"]["s"], best["sS_4_7"]["S"])
    for name in ("rQ_5_8", "sS_4_7"):
        (value,) = CASES[name].expect[0].are.values()
        assert math.isclose(value, best[name]["cost"], rel_tol=1e-12)


#: name in the published table -> name of the estimator
ESTIMATOR = {
    "W_p95": "W_quantile@0.95",
    "P0": "P_empty",
    "offered_load": "occupied",
    "P_block": "P_refused",
    "mean_occupied": "occupied",
    "Wq_all": "Wq",
    "Wq_overall": "Wq",
    "P_abandon": "P_left",
    "mean": "census",
    "var": "census_variance",
    "mean_total": "arrivals",
    "var_total": "arrivals_variance",
    "W_total": "time_in_house",
    "P_turned_away": "P_refused",
    "mean_boarding": "boarding",
    "mean_in_treatment": "in_treatment",
    "mean_ward": "occupied",
    "mean_boarding_time_per_admission": "boarding_time",
    "P_ward_full": "P_full",
    "stockout_probability": "P_refused",
    "mean_in_reprocessing": "occupied",
    "mean_backorders": "backorders",
    "mean_on_hand": "on_hand",
    "Wq_by_class": "Wq",
    "W_by_class": "W",
}
#: in the loss system of trays, a case is filled when it is not turned away
TRAYS = {"fill_rate": "served"}
HAND_COLUMNS = {
    "start": ("start", None),
    "end": ("end", None),
    "wait": ("wait", None),
    "cubicle_start": ("start", "treatment"),
    "bed_start": ("start", "ward"),
    "boarding": ("boarding", "treatment"),
    "overtime_hours": ("overtime", None),
}

Column = tuple[str, str | None]


def hand_columns(name: str, key: str, values: Any) -> Iterator[tuple[Column, list[Any]]]:
    """What a published column of a trace by hand says, in columns of ours; none is passed over."""
    if (name, key) == ("hand_boarding", "end"):
        yield ("house_left", None), values
    elif key == "order_of_service":  # numbers of patients, the first served first
        starts = next(list(e.are) for e in CASES[name].exactly if e.column == "start")
        assert [patient + 1 for patient in np.argsort(starts)] == values
    elif key == "outcome":  # "served", "reneged at 4", "served at 5 (why)"
        told = [words.split(" (")[0].split(" at ") for words in values]
        yield ("outcome", None), [{"served": "served", "reneged": "left"}[what] for what, *_ in told]
        for column, outcome in (("start", "served"), ("house_left", "reneged")):
            ours = next(list(e.are) for e in CASES[name].exactly if e.column == column)
            at = [
                float(when[0]) if what == outcome and when else v
                for (what, *when), v in zip(told, ours, strict=True)
            ]
            yield (column, None), at
    else:
        listed = values if isinstance(values, list) else [values]
        yield HAND_COLUMNS[key], ["-" if v is None else v for v in listed]


def hand_input(case: VerificationCase, key: str) -> Any:
    """A published input of a trace by hand, read from our page and our patients."""
    hospital, patients = case.hospital(), case.patients
    steps = [step for pathway in hospital.pathways.values() for step in pathway.steps]
    if key == "arrivals":
        return [p.at for p in patients]
    if key == "service":
        return [length for p in patients for length in p.steps.values()]
    if key in ("treatment", "los"):
        return [p.steps.get("ward" if key == "los" else key) for p in patients]
    if key == "admit":
        return ["ward" in p.steps for p in patients]
    if key == "acuity":
        return [hospital.classes[p.patient_class].priority for p in patients]
    if key == "patience":
        (patience,) = {p.patience for p in patients}
        return patience
    if key == "ward_beds":
        return sum(ward.usual for ward in hospital.wards.values())
    if key in ("cubicles", "servers"):
        return sum(unit.usual for unit in (*hospital.places.values(), *hospital.staff.values()))
    if key == "schedule":
        (level,) = resolve(Case(hospital), visitors(hospital, patients, MS_HOUR).window).levels.values()
        return [[hour, hour + 8, level.at((hour + 1) * MS_HOUR)] for hour in (0, 8, 16)]
    if key == "mode":
        return {"finish": "finish in progress"}[next(iter(hospital.everywhere.values())).on_fall]
    if key == "preemption":
        assert any(c.preempts for c in hospital.classes.values())
        return "resume" if any(step.can_be_stopped for step in steps) else "none"
    raise KeyError(f"{case.id}: the published input {key} is not compared with anything")


def expected_values(name: str, table: dict[str, Any]) -> Iterator[tuple[str, float]]:
    """Every published number of a case with its quantity here."""
    if name.startswith("hand_") or "identity" in table:
        return
    if "analytic_fully_pooled" in table:
        exact = table["analytic_fully_pooled"]
        yield from (("P_refused", exact[key]) for key in ("22_with_7.4", "26_with_7.4"))
        return
    for key, value in sorted(table.items(), key=lambda item: not item[0].endswith("_overall")):
        if key == "pmf":
            yield from ((f"census_is@{n}", p) for n, p in value.items())
        elif key == "stations":
            yield from (pair for station in value for pair in station.items())
        elif key.startswith("mean_census_day_"):
            yield f"census_at_day@{key.removeprefix('mean_census_day_')}", value
        elif key == "P_Wq_gt_half_service_time":
            yield f"P_wait_over@{half_a_visit(name):g}", value
        elif isinstance(value, list):
            yield from ((ESTIMATOR[key], v) for v in value)
        elif isinstance(value, float):
            yield (
                (TRAYS if name.startswith("spd_basestock_lost") else {}).get(key, ESTIMATOR.get(key, key)),
                value,
            )


def half_a_visit(name: str) -> float:
    return service_means(CASES[name])[0] / 2


def expected_here(name: str, quantity: str) -> list[float]:
    return [e.are[quantity] for e in CASES[name].expect if quantity in e.are]


def rates(case: VerificationCase) -> list[float]:
    """Arrivals of each stream, a unit of time."""
    units = MS_DAY / MS_IN[case.unit]
    return [stream.daily_mean / units for stream in case.hospital().arrivals.values()]


def service_means(case: VerificationCase) -> list[float]:
    """Mean length of every step, in the case's unit."""
    hospital = case.hospital()
    steps = [step for pathway in hospital.pathways.values() for step in pathway.steps]
    return [mean_ms(step.duration) / MS_IN[case.unit] for step in steps]


def servers(case: VerificationCase) -> list[int]:
    return [
        place.usual for place in case.hospital().everywhere.values() if not getattr(place, "unlimited", False)
    ]


def compared_inputs(name: str, inputs: dict[str, Any]) -> Iterator[tuple[str, Any, Any]]:
    """Each published input beside what the page says."""
    case = CASES[name]
    if name.startswith(("hand_", "little", "conservation")):
        return
    if name.startswith(("mginf", "monks")):
        yield from stroke_inputs(case, inputs)
        return
    if name.startswith("nhpp"):
        hours = case.hospital().profiles["day"].hours
        yield "hourly", inputs["hourly_rates_per_hour"], np.array(hours[6:]) * sum(rates(case)) * 24
        return
    if name.startswith("mminf"):
        yield (
            "rates",
            [inputs["arrival_rate_per_day"], inputs["mean_los_days"]],
            rates(case) + service_means(case),
        )
        return
    if name.startswith("hunt"):
        chairs = [inputs["buffer_between"]] if inputs["buffer_between"] else []
        yield "rooms", [inputs["servers"][0], *chairs, inputs["servers"][1]], servers(case)
        yield "rates", inputs["service_rate"], [1 / m for m in service_means(case) if m > 0.001]
        return
    if name.startswith("spd"):
        yield from stock_inputs(case, inputs)
        return
    yield from line_inputs(case, inputs)


def line_inputs(case: VerificationCase, inputs: dict[str, Any]) -> Iterator[tuple[str, Any, Any]]:
    """Waiting lines, loss, priorities and networks."""
    shapes = len(inputs.get("service_dists", [0]))
    if "arrival_rate" in inputs:
        yield "arrivals", [inputs["arrival_rate"]] * shapes, rates(case)
    if "arrival_rates" in inputs:
        yield "arrivals", inputs["arrival_rates"], rates(case)
    if "servers" in inputs:
        yield "servers", [inputs["servers"]] * shapes, servers(case)
    if "stations" in inputs:
        yield "stations", [s["c"] for s in inputs["stations"]], servers(case)
        yield "services", [s["mu"] for s in inputs["stations"]], [1 / m for m in service_means(case)]
    if "service_rate" in inputs:
        yield "service", [1 / inputs["service_rate"]], service_means(case)
    if "mean_service" in inputs and isinstance(inputs["mean_service"], list):
        yield "service", inputs["mean_service"][:1], service_means(case)
    elif "mean_service" in inputs:
        yield "service", [inputs["mean_service"]] * shapes, service_means(case)
    step = next(iter(case.hospital().pathways.values())).steps[0]
    if "service" in inputs and isinstance(inputs["service"], dict):
        yield "service", [inputs["service"]["mean"]], service_means(case)
        yield "cv", [inputs["service"]["cv"]], [step.duration.cv]
    if "patience_rate" in inputs:
        assert step.patience is not None
        yield "patience", [1 / inputs["patience_rate"]], [mean_ms(step.patience) / MS_IN[case.unit]]
    if "cubicles" in inputs:
        yield "places", sorted([inputs["cubicles"], inputs["ward_beds"]]), sorted(servers(case))
        means = [1 / inputs["treatment_rate"], 1 / inputs["ward_discharge_rate"]]
        yield "means", means, service_means(case)
        yield "admitted", [inputs["p_admit"]], [step.next["ward"]]


def stock_inputs(case: VerificationCase, inputs: dict[str, Any]) -> Iterator[tuple[str, Any, Any]]:
    """Trays and items."""
    hospital = case.hospital()
    if "trays" in inputs:
        yield "trays", [inputs["trays"]] * 3, [tray.owned for tray in hospital.trays.values()]
        yield "demand", [inputs["demand_rate"]] * 3, rates(case)
        yield "turnaround", [inputs["mean_turnaround"]] * 3, [m for m in service_means(case) if m > 0.001]
        return
    item = hospital.items["gloves"]
    yield "demand", [inputs["demand_rate"]], rates(case)
    yield "lead", [inputs["lead_time"]], [mean_ms(item.lead_time) / MS_IN[case.unit]]
    if "base_stock" in inputs:
        levels = [inputs["base_stock"], inputs["base_stock"] - 1]
        yield "levels", levels, [item.policy.order_up_to, item.policy.reorder_point]
    else:
        levels = [inputs["order_quantity"], inputs["reorder_point"]]
        yield "levels", levels, [item.policy.order_quantity, item.policy.reorder_point]


def stroke_inputs(case: VerificationCase, inputs: dict[str, Any]) -> Iterator[tuple[str, Any, Any]]:
    """Arrivals, stays and routes of the stroke pages."""
    hospital = case.hospital()
    for name, days in inputs["acute_interarrival_days"].items():
        yield name, [days], [1 / hospital.arrivals[name].daily_mean]
    for name, days in inputs.get("rehab_external_interarrival_days", {}).items():
        yield f"rehab {name}", [days], [1 / hospital.arrivals[f"rehab_{name}"].daily_mean]
    yield (
        "supported",
        [inputs["acute_routing"]["stroke"]["esd"]],
        [hospital.arrivals["stroke"].mix["stroke_esd"]],
    )
    stays = {
        ("acute", k.removesuffix("_no_esd")): v for k, v in inputs["acute_los"].items() if "mort" not in k
    }
    for (unit, name), (mean, sd) in stays.items():
        step = next(s for s in hospital.pathways[name].steps if s.name == unit)
        yield f"{unit} {name}", [mean, sd], [step.duration.mean, step.duration.mean * step.duration.cv]
    for name, (mean, sd) in inputs.get("rehab_los", {}).items():
        kind, step_name = name.split("_")[0], "rehab_esd" if name == "stroke_esd" else "rehab"
        step = next(s for s in hospital.pathways[kind].steps if s.name == step_name)
        yield f"rehab {name}", [mean, sd], [step.duration.mean, step.duration.mean * step.duration.cv]
    if "rehab_los" in inputs:
        yield from stroke_routes(hospital, inputs)
        beds = [case.hospital(v).everywhere["pooled"].usual for v in ("pooled_22", "pooled_26")]
        yield "beds", inputs["pooled_only"], beds


def stroke_routes(hospital: Hospital, inputs: dict[str, Any]) -> Iterator[tuple[str, Any, Any]]:
    for name, routes in inputs["acute_routing"].items():
        own = hospital.arrivals[name].mix[name]  # those without early supported discharge
        to = hospital.pathways[name].steps[0].next
        found = own * sum(share for step, share in to.items() if step.startswith("rehab"))
        yield f"{name} to rehabilitation", [routes["rehab"]], [found]
    supported = hospital.arrivals["rehab_stroke"].mix["rehab_stroke_esd"]
    yield "supported after rehabilitation", [inputs["rehab_routing"]["stroke"]["esd"]], [supported]


# ---- values worked out once more -----------------------------------------------------------------


def steady_state(rate: FloatArray) -> FloatArray:
    """Stationary distribution of a chain with these rates from row to column."""
    n = rate.shape[0]
    balance = (rate - np.diag(rate.sum(axis=1))).T
    balance[-1] = 1
    return np.linalg.solve(balance, np.append(np.zeros(n - 1), 1.0))


def test_boarding_is_the_chain_solved_again():
    cubicles, beds, arrive, treat, admit, leave = 8, 10, 3.0, 0.5, 0.3, 0.1
    # (in treatment, boarding, in the ward); somebody boards only while the ward is full
    states = [
        (t, b, w) for t in range(cubicles + 1) for b in range(cubicles + 1 - t) for w in range(beds + 1)
    ]
    states = [(t, b, w) for t, b, w in states if b == 0 or w == beds]
    number = {state: i for i, state in enumerate(states)}
    rate = np.zeros((len(states), len(states)))
    for (t, b, w), i in number.items():
        moves = {(t + 1, b, w): arrive * (t + b < cubicles), (t - 1, b, w): t * treat * (1 - admit)}
        moves[(t - 1, b, w + 1) if w < beds else (t - 1, b + 1, w)] = t * treat * admit
        moves[(t, b - 1, w) if b else (t, b, w - 1)] = w * leave
        for state, r in moves.items():
            if r > 0:
                rate[i, number[state]] += r

    share = steady_state(rate)

    t, b, w = (np.array(column) for column in zip(*states, strict=True))
    admitted = treat * admit * (share @ t)
    exact = {
        "P_refused": share[t + b == cubicles].sum(),
        "boarding": share @ b,
        "in_treatment": share @ t,
        "boarding_time": share @ b / admitted,
        "occupied": share @ w,
        "P_full": share[w == beds].sum(),
    }
    for quantity, value in exact.items():
        assert expected_here("boarding_ctmc_c8_w10", quantity) == [pytest.approx(value, rel=1e-9)]


def cost_of_rq(r: int, q: int) -> float:
    """K lambda / Q + the mean over positions r + 1 .. r + Q of h E[(y - D)+] + p E[(D - y)+]."""
    d = np.arange(200)
    demand = poisson.pmf(d, 1.5 * 2)
    at = [
        20 * demand @ np.maximum(y - d, 0) + 150 * demand @ np.maximum(d - y, 0)
        for y in range(r + 1, r + q + 1)
    ]
    return float((100 * 1.5 + sum(at)) / q)


def cost_of_ss(s: int, big_s: int) -> float:
    """(K + sum of m(j) G(S - j)) / sum of m(j), j < S - s; m: how often a cycle stands j below S."""
    d = np.arange(200)
    demand = poisson.pmf(d, 6)
    m = np.zeros(big_s - s)
    m[0] = 1 / (1 - demand[0])
    for j in range(1, m.size):
        m[j] = m[:j] @ demand[j:0:-1] / (1 - demand[0])
    day = [demand @ np.maximum(y - d, 0) + 4 * demand @ np.maximum(d - y, 0) for y in range(big_s, s, -1)]
    return float((5 + m @ day) / m.sum())


@pytest.mark.parametrize(
    ("name", "policy", "cost"),
    [
        ("rQ_5_8", ("reorder_point", "order_quantity"), cost_of_rq),
        ("sS_4_7", ("reorder_point", "order_up_to"), cost_of_ss),
    ],
)
def test_the_cost_of_stock_and_of_its_neighbours_is_exact(name, policy, cost):
    costs = {}
    for e in CASES[name].expect:
        chosen = CASES[name].hospital(e.variant).items["gloves"].policy
        exact = cost(*(getattr(chosen, key) for key in policy))
        (costs[e.variant],) = e.are.values()
        assert costs[e.variant] == pytest.approx(exact, rel=1e-9)

    assert min(costs, key=costs.get) == "cheapest"


def test_blocking_without_chairs_is_the_mean_of_the_longer_visit():
    slow, fast = 1.0, 2.0
    longer = 1 / slow + 1 / fast - 1 / (slow + fast)

    assert expected_here("hunt_unequal_rooms", "throughput") == [pytest.approx(1 / longer)]
    # two Erlang-2 visits of mean 1: E[max] = integral of 1 - F(t)^2, F(t) = 1 - (1 + 2t) exp(-2t)
    t = np.linspace(0, 40, 400_001)
    below = 1 - (1 + 2 * t) * np.exp(-2 * t)
    assert expected_here("muth_two_erlang_rooms", "throughput") == [
        pytest.approx(1 / np.trapezoid(1 - below**2, t), rel=1e-6)
    ]
