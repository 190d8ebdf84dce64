"""A moved slider asks only what it touches; bound and cost are as true as before."""

from dataclasses import replace

import pytest

from optimization.cover.again import ask_again
from optimization.cover.counting import count_again
from optimization.cover.solving import solve_cover
from tests.mirror.optimization.cover.houses import THREE_SHIFTS, needs, two_wards
from twin.errors import UsageError


def test_the_cost_still_counts_and_the_bound_still_holds():
    asked, wanted = two_wards(pool=(1, 1))
    plan = solve_cover(asked, threads=1)
    dear = replace(asked, prices=replace(asked.prices, agency=tuple(1.2 * a for a in asked.prices.agency)))
    crew = asked.pools[0].crew
    big = replace(dear, pools=(replace(asked.pools[0], crew=replace(crew, people=(2, 2))),))
    quiet = needs([(1, 2)], shifts=3)
    calm = replace(big, wards=(replace(big.wards[0], short=quiet.curves(THREE_SHIFTS)), big.wards[1]))

    costs = []
    for terms_now, needs_now in ((dear, wanted), (big, wanted), (calm, {**wanted, "north": quiet})):
        plan = ask_again(plan, terms_now)
        costs.append(plan.solved.objective)
        assert count_again(terms_now, plan.numbers, needs_now).cost == pytest.approx(costs[-1], rel=1e-6)
        assert plan.solved.bound <= solve_cover(terms_now, threads=1).solved.objective + 1e-6

    assert costs[0] > costs[1] > costs[2]


def test_another_question_is_not_taken_for_a_moved_slider():
    asked, _ = two_wards()
    plan = solve_cover(asked, threads=1)

    with pytest.raises(UsageError, match="another question"):
        ask_again(plan, replace(asked, frozen=3))
    with pytest.raises(UsageError, match="only that of agencies"):
        ask_again(plan, replace(asked, prices=replace(asked.prices, short=(1.0, 1.0))))
