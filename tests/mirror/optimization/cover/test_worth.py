"""What one more nurse who is needed costs: nothing where one is spare, the agency's price where none is."""

from datetime import timedelta

import pytest

from optimization.cover.house import families
from optimization.cover.solving import solve_cover
from optimization.cover.worth import bed_in_nurses, worth_of_one
from tests.houses import START
from tests.mirror.optimization.cover.test_house import house, needs
from twin.plan import Plan


def test_who_comes_anyway_costs_nothing_and_who_is_hired_costs_what_agencies_ask():
    made = house(float_pool=None)
    plan = Plan("p", cover={"nurses": {START + timedelta(days=d): {"early": 9} for d in range(7)}})
    (family,) = families(made, plan, needs([16, 16], 7), first=START)

    solution = solve_cover(family.terms, threads=1)
    worth = worth_of_one(solution)["nurses"][:, :, 0]

    assert worth[:, 0].max() == 0  # nine come, four are needed
    agency = family.terms.agency_shift(0, 1, 0)
    assert worth[0, 1] == pytest.approx(agency)  # three come, four are needed: one is hired
    assert worth[0, 2] == 0  # two come at night, and two are needed
    beds = bed_in_nurses(family, solution, made)
    assert beds["ward"] == pytest.approx((worth[:, 1] / 4 + worth[:, 2] / 8).mean())
