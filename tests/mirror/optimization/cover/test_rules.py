"""Rules of single shifts: a least cover, pins, and a plan that is kept to; each is met or told."""

from dataclasses import replace

import numpy as np
import pytest

from optimization.cover.counting import broken_rules, count_again
from optimization.cover.model import whole_model
from optimization.cover.solving import solve_cover
from optimization.cover.terms import Asked
from optimization.solving import solve, solver
from tests.mirror.optimization.cover.houses import two_wards
from twin.errors import TwinError


def asking(terms, ward, *, least=None, most=None, near=None):
    """The same terms with rules for one ward."""
    nothing = Asked.nothing(terms.days, terms.shifts)
    asked = Asked(nothing.least if least is None else least, nothing.most if most is None else most, near)
    wards = tuple(replace(w, asked=asked) if w.name == ward else w for w in terms.wards)
    return replace(terms, wards=wards)


def people(plan, ward):
    return plan.numbers.present(plan.terms, ward).sum(axis=2)


def test_a_least_cover_is_met_on_every_shift_and_never_costs_less():
    free, wanted = two_wards(pool=(1, 1))
    least = np.full((free.days, free.shifts), 4)

    plan = solve_cover(asking(free, "north", least=least), threads=1)

    assert (people(plan, "north") >= 4).all()
    assert plan.solved.bound >= solve_cover(free, threads=1).solved.bound
    assert count_again(plan.terms, plan.numbers, wanted).cost == pytest.approx(plan.solved.objective)


def test_a_pinned_shift_has_its_number_and_the_page_agrees_on_the_cost():
    free, _ = two_wards(pool=(1, 1))
    pinned = Asked.nothing(free.days, free.shifts)
    pinned.least[2, 1] = pinned.most[2, 1] = 5

    plan = solve_cover(asking(free, "north", least=pinned.least, most=pinned.most), gap=1e-4, threads=1)
    page = solve(whole_model(plan.terms), solver(time_limit=60))

    assert people(plan, "north")[2, 1] == 5
    assert plan.solved.bound <= page.objective + 1e-6
    assert page.bound <= plan.solved.objective + 1e-6
    assert plan.solved.objective <= page.objective * 1.02


def test_a_plan_that_is_kept_to_changes_only_where_a_rule_asks_for_it():
    free, wanted = two_wards(pool=(1, 1))
    before = people(solve_cover(free, threads=1), "north")
    least = np.zeros((free.days, free.shifts), int)
    least[3, 0] = before[3, 0] + 1

    plan = solve_cover(asking(free, "north", least=least, near=before), threads=1)
    counted = count_again(plan.terms, plan.numbers, wanted)

    assert people(plan, "north")[3, 0] == before[3, 0] + 1
    assert counted.changed == 1
    assert counted.cost == pytest.approx(plan.solved.objective)


def test_more_than_anybody_could_send_is_named_by_ward_day_and_shift_and_never_counted_as_a_plan():
    free, wanted = two_wards(pool=(1, 1))
    least = np.zeros((free.days, free.shifts), int)
    least[4, 2] = 40

    plan = solve_cover(asking(free, "south", least=least), threads=1)
    (broken,) = broken_rules(plan.terms, plan.numbers)

    assert (broken.ward, broken.day, broken.shift, broken.rule) == ("south", 4, "night", 40)
    assert broken.short == 40 - broken.people > 0
    with pytest.raises(TwinError, match="day 4, night"):
        count_again(plan.terms, plan.numbers, wanted)
