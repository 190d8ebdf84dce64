"""A cover plan: as good as the whole model says, bounded by prices, counted again by other code."""

from dataclasses import replace

import numpy as np
import pytest

from optimization.arrays import run
from optimization.cover.counting import count_again
from optimization.cover.kept import Kept
from optimization.cover.model import ward_model, whole_model
from optimization.cover.pricing import priced_at
from optimization.cover.solving import solve_cover
from optimization.solving import solve, solver
from tests.mirror.optimization.cover.houses import THREE_SHIFTS, needs, terms, two_wards, ward
from twin.errors import TwinError


def test_apart_and_as_one_the_wards_cost_the_same_within_the_gap_told():
    asked, _ = two_wards()

    apart = solve_cover(asked, gap=1e-4, threads=1).solved
    whole = solve(whole_model(asked), solver(time_limit=60))

    assert whole.optimal or whole.gap < 1e-4
    assert apart.bound <= whole.objective + 1e-6
    assert whole.bound <= apart.objective + 1e-6
    assert apart.objective <= whole.objective * 1.02


def test_any_prices_prove_a_bound_and_none_is_above_a_plan():
    asked, _ = two_wards()
    kept = Kept.of(asked, threads=1)
    cost = solve_cover(asked, threads=1).solved.objective
    cells = asked.days * asked.shifts * len(asked.skills)

    for seed in range(5):
        assert priced_at(kept, np.random.default_rng(seed).uniform(0, 400, (1, cells))).bound <= cost


def test_the_cost_counted_person_by_person_is_that_of_the_model():
    asked, wanted = two_wards(weeks=2)

    plan = solve_cover(asked, threads=1)
    counted = count_again(asked, plan.numbers, wanted)

    assert counted.cost == pytest.approx(plan.solved.objective, rel=1e-6)
    assert counted.persons <= 6 + 6 + 5 + 7 + 2


def test_the_arrays_of_a_ward_say_what_its_page_says():
    asked, _ = two_wards(pool=None)
    kept = Kept.of(asked, threads=1)

    page = solve(ward_model(asked, asked.wards[0]), solver(time_limit=60)).objective

    assert run(kept.wards[0].whole).value == pytest.approx(page, rel=1e-6)


def test_a_pool_makes_a_plan_no_dearer_and_its_people_are_lent_once():
    with_pool, wanted = two_wards(pool=(2, 2))
    without, _ = two_wards(pool=None)

    plan, alone = solve_cover(with_pool, threads=1), solve_cover(without, gap=1e-4, threads=1)

    assert plan.solved.objective < alone.solved.objective
    assert sum(n.sum() for n in plan.numbers.lent.values()) > 0
    twice = replace(plan.numbers, lent={key: n + 5 for key, n in plan.numbers.lent.items()})
    with pytest.raises(TwinError, match="lent to two wards"):
        count_again(with_pool, twice, wanted)


def test_days_that_are_frozen_borrow_nobody_and_hire_nobody():
    asked, _ = two_wards(weeks=2, pool=(2, 2))
    frozen = replace(asked, frozen=7)

    numbers = solve_cover(frozen, threads=1).numbers

    assert all(not n[:7].any() for n in (*numbers.lent.values(), *numbers.agency.values()))
    assert any(n[7:].any() for n in (*numbers.lent.values(), *numbers.agency.values()))


def test_a_higher_skill_covers_a_lower_one():
    need = needs([(0, 2)], shifts=3)
    asked = terms([ward("north", (10, 0), need, shifts=THREE_SHIFTS, agency=(0, 0))], shifts=THREE_SHIFTS)

    plan = solve_cover(asked, threads=1)
    counted = count_again(asked, plan.numbers, {"north": need})

    assert counted.short_hours[0] == 0
    assert counted.short_hours[1] < 0.25 * 2 * 25 * 7  # registered nurses stand in for assistants


def test_more_people_who_may_come_never_cost_more():
    asked, _ = two_wards()
    north = asked.wards[0]
    more = replace(north, crew=replace(north.crew, people=(9, 9)))

    few = solve_cover(asked, gap=1e-4, threads=1).solved
    many = solve_cover(replace(asked, wards=(more, asked.wards[1])), gap=1e-4, threads=1).solved

    assert many.bound <= few.bound + 1e-6
