"""A station with a steady rate is the queue of the textbooks."""

from dataclasses import replace

import numpy as np
import pytest

from optimization.staffing.playing import start_times
from optimization.staffing.rules import delay_probability, within
from optimization.staffing.station import Station, draw_days
from twin.units import MS_MINUTE


@pytest.mark.parametrize(("servers", "load", "known"), [(1, 0.5, 0.5), (2, 1.0, 1 / 3), (10, 8.0, 0.4092)])
def test_erlang_c(servers, load, known):
    """Gross et al. (2008), section 2.4: C(1, a) = a; C(2, 1) = 1/3; C(10, 8) = 0.4092."""
    assert delay_probability(servers, load) == pytest.approx(known, abs=5e-5)


@pytest.mark.parametrize(("servers", "load"), [(2, 1.4), (4, 3.2)])
def test_waits_of_a_steady_station_are_those_of_an_m_m_s_queue(servers, load):
    half_hours, mean, limit = 400, 20.0, 10.0
    days = draw_days(
        Station("s", np.full(half_hours, load * 30 / mean), mean), seed=2, replications=range(200)
    )
    service = np.random.default_rng(1).exponential(mean * MS_MINUTE, days.service.size).astype(np.int64)
    exponential = replace(days, service=np.maximum(service, 1))

    waits = start_times(exponential, np.full(half_hours, servers)) - days.arrival

    steady = waits[days.block >= 80]  # forty hours after it began empty
    assert (steady > 0).mean() == pytest.approx(delay_probability(servers, load), abs=0.015)
    assert (steady > limit * MS_MINUTE).mean() == pytest.approx(
        1 - within(servers, load, limit, mean), abs=0.015
    )
