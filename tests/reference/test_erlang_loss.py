"""Refusals of specialties with beds of their own are Erlang's.

Erlang (1917): with Poisson arrivals the share refused is P(N = c) / P(N <= c) for a Poisson number N with
the offered load as mean, whatever the stays are (Sevastyanov 1957).
"""

import numpy as np
import pytest
from scipy import stats

from optimization.beds.allocation.costs import refused_share
from optimization.beds.allocation.loss_system import refusals
from optimization.beds.allocation.specialties import Specialty, hospital_of
from optimization.beds.allocation.week import weekly_costs
from tests.houses import START
from twin.case import Case, Window


@pytest.mark.parametrize("load", [0.3, 5.0, 40.0, 300.0])
def test_the_recursion_is_the_ratio_of_poisson_chances(load):
    beds = np.arange(401)
    ratio = np.exp(stats.poisson.logpmf(beds, load) - stats.poisson.logcdf(beds, load))

    assert refused_share(np.array(load), 400) == pytest.approx(ratio, rel=1e-9, abs=1e-300)


def test_a_published_value():
    """Erlang B table: 10 lines, 5 erlang: 0.0184; 20 lines, 12 erlang: 0.0098."""
    assert refused_share(np.array(5.0), 10)[10] == pytest.approx(0.0184, abs=5e-5)
    assert refused_share(np.array(12.0), 20)[20] == pytest.approx(0.0098, abs=5e-5)


@pytest.mark.parametrize("cv", [0.0, 0.8, 1.6])
def test_simulated_refusals_are_erlang_s_whatever_the_stays(cv):
    ward = Specialty("ward", arrivals_a_day=4, stay_days=3, stay_cv=cv)
    case = Case(hospital_of([ward], {"ward": 20}))

    counted = refusals(case, Window(START, 364, warm_up=56), seed=2, replications=range(12), most=18)

    said = ward.arrivals_a_day * refused_share(np.array(ward.offered), 18)
    measured = counted[:, 0].mean(axis=0) / 364
    error = 4 * counted[:, 0].std(axis=0, ddof=1) / np.sqrt(12) / 364
    assert (np.abs(measured - said) <= error + 1e-3).all()


def test_a_week_of_busy_days_is_refused_as_the_modified_offered_load_says():
    """Massey & Whitt (1994): an approximation, good where stays are longer than the swing of the week."""
    weekdays = (1.2, 1.2, 1.2, 1.2, 1.2, 0.5, 0.5)
    ward = Specialty("ward", arrivals_a_day=4, stay_days=8, stay_cv=0.8, weekdays=weekdays)
    case = Case(hospital_of([ward], {"ward": 40}))

    counted = refusals(case, Window(START, 364, warm_up=84), seed=3, replications=range(12), most=34)

    said = weekly_costs([ward], 34).weighted[0]
    measured = counted[:, 0].mean(axis=0) / 364
    assert measured[25:33] == pytest.approx(said[25:33], rel=0.06)
