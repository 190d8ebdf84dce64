"""The bed model finds what marginal analysis finds.

For a separable convex allocation under one total, giving out beds one by one, each where it saves
most, is exact: Fox (1966), Oper. Res. 14(2), 210-216, doi:10.1287/opre.14.2.210.
"""

import numpy as np
import pytest

from optimization.beds.limits import BedLimits, BedPrices
from optimization.beds.model import bed_model, solve_beds
from optimization.beds.parameters import bed_parameters
from optimization.solving import solver
from tests.mirror.optimization.conftest import needs_by_hand

WARDS, DAYS, FUTURES = 24, 14, 6


def marginal_analysis(needs, total, ceiling, prices):
    """Cost of opening beds one by one where the next saves most, until none saves."""
    level = dict.fromkeys(needs.wards, 0)
    beds = needs.beds.reshape(needs.paths, len(needs.wards), -1)

    def saves(i, ward):
        days = (beds[:, i] > level[ward]).mean(axis=0).sum() / 24
        return prices.short_patient_day * days - prices.open_bed_day * len(needs.days)

    for _ in range(total):
        worth = [(saves(i, w), w) for i, w in enumerate(needs.wards) if level[w] < ceiling[w]]
        if not worth or max(worth)[0] <= 0:
            break
        level[max(worth)[1]] += 1
    short = sum(np.maximum(beds[:, i] - level[w], 0).sum() for i, w in enumerate(needs.wards))
    cost = prices.short_patient_day * short / needs.paths / 24
    return cost + prices.open_bed_day * len(needs.days) * sum(level.values())


@pytest.mark.parametrize("share_of_need", [0.7, 0.95, 1.3])
def test_24_specialties_and_569_beds_are_allocated_exactly(share_of_need):
    draw = np.random.default_rng(569)
    mean = draw.gamma(3, 8, WARDS)
    needs = needs_by_hand({f"w{i}": draw.poisson(mean[i], (FUTURES, DAYS)).tolist() for i in range(WARDS)})
    ceiling = {w: int(1.1 * mean[i]) + 2 for i, w in enumerate(needs.wards)}
    prices = BedPrices(10.0, 1.0)
    total = int(share_of_need * mean.sum())

    given = bed_parameters(needs, BedLimits(total, ceiling), prices, dict.fromkeys(needs.wards, 0))
    levels, solved = solve_beds(bed_model(given), solver(time_limit=20))

    assert solved.objective == pytest.approx(marginal_analysis(needs, total, ceiling, prices), rel=1e-9)
    assert solved.gap == pytest.approx(0, abs=1e-9)
    assert sum(levels.open.values()) <= total
