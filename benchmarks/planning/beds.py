"""Beds: an exact allocation of 569 beds to 24 specialties, with analytic and with simulated costs."""

import argparse
from time import perf_counter

import numpy as np

from benchmarks.planning.specialties import BEDS, LOAD, SPECIALTIES, WEIGHT, draw_specialties
from optimization.beds.allocation.costs import steady_costs
from optimization.beds.allocation.model import allocation_model, solve_allocation
from optimization.beds.allocation.planning import allocate, allocate_by_simulation
from optimization.beds.allocation.sharing import exactly
from optimization.solving import solver


def run(words):
    asked = argparse.ArgumentParser(prog="optimization.py beds", description=__doc__)
    asked.add_argument("--instances", type=int, default=10)
    asked.add_argument("--replications", type=int, default=40)
    given = asked.parse_args(words)
    print(f"{SPECIALTIES} specialties, {BEDS} beds, {LOAD:.0%} offered; {given.instances} drawn instances")
    analytic(given.instances)
    for title, kind in (
        (f"weights 1 to {WEIGHT:g}", {}),
        ("equal weights", {"weight": 1.0}),
        ("arrivals that follow the week", {"weekly": True}),
    ):
        simulated(title, given.instances, given.replications, **kind)


def analytic(instances: int) -> None:
    """Erlang costs: marginal analysis beside dynamic programming and the model of record."""
    quick, model, agree = [], [], 0
    for seed in range(instances):
        rows = draw_specialties(seed)
        began = perf_counter()
        plan = allocate(rows, BEDS)
        quick.append(perf_counter() - began)
        costs = steady_costs(rows, BEDS)
        began = perf_counter()
        beds, solved = solve_allocation(allocation_model(costs, BEDS), solver(time_limit=60))
        model.append(perf_counter() - began)
        assert solved.optimal
        same = [costs.of(beds), costs.of(exactly(costs, BEDS)), plan.cost]
        agree += bool(np.ptp(same) < 1e-9 * plan.cost)
    print("analytic costs (must: exact, <= 0.1 s)")
    print(f"  {np.median(quick):.4f} s (median), {max(quick):.4f} s (slowest); the model of record takes "
          f"{np.median(model):.2f} s")  # fmt: skip
    print(f"  marginal analysis, dynamic programming and the model agree in {agree} of {instances}")


def simulated(title: str, instances: int, replications: int, **kind) -> None:
    """Costs from the twin's patients; what is saved is counted on futures that no plan has seen."""
    seconds, fewer, gap, apart, short = [], [], [], [], []
    for seed in range(instances):
        rows = draw_specialties(seed, **kind)
        began = perf_counter()
        plan = allocate_by_simulation(rows, BEDS, replications=replications, seed=seed + 1)
        seconds.append(perf_counter() - began)
        assert plan.certificate.gap <= 1e-9
        fewer.append(plan.fewer)
        gap.append(plan.distance.gap)
        formula = allocate(rows, BEDS)
        apart.append(sum(abs(plan.beds[name] - n) for name, n in formula.beds.items()) // 2)
        short.append(formula.cost / plan.cost - 1)
    print(f"simulated costs, {title} (must: <= 60 s, >= 25 % fewer weighted refusals)")
    print(f"  {np.median(seconds):.1f} s (median), {max(seconds):.1f} s (slowest), "
          f"{replications} futures of a year")  # fmt: skip
    print(f"  fewer weighted refusals than shares in proportion, on fresh futures: {np.median(fewer):.1%} "
          f"(median), {min(fewer):.1%} (least)")  # fmt: skip
    print(f"  at most {np.median(gap):.1%} (median), {max(gap):.1%} (most) from the best possible, with 95 % "
          "confidence; on the training futures no gap")  # fmt: skip
    print(f"  {np.median(apart):.0f} beds elsewhere than the formula puts them; the formula says "
          f"{np.median(short):+.1%} of the refusals")  # fmt: skip
