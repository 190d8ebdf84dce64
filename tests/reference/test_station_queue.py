"""A station with a steady rate is the queue of the textbooks."""

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
    class_of = _Exponential(np.full(200, load * 30 / 20.0), servers)

    delayed, beyond = class_of.shares(limit=10.0)

    assert delayed == pytest.approx(delay_probability(servers, load), abs=0.02)
    assert beyond == pytest.approx(1 - within(servers, load, 10.0, 20.0), abs=0.02)


class _Exponential:
    """Drawn days whose times of service are exponential, by the same uniforms' place in order."""

    def __init__(self, rates, servers):
        from dataclasses import replace

        days = draw_days(Station("s", rates, 20.0), seed=2, replications=range(60))
        draw = np.random.default_rng(1).exponential(20.0 * MS_MINUTE, days.service.size)
        self.days = replace(days, service=np.maximum(draw.astype(np.int64), 1))
        self.waits = start_times(self.days, np.full(200, servers)) - self.days.arrival
        self.steady = self.days.block >= 40

    def shares(self, *, limit):
        waits = self.waits[self.steady]
        return (waits > 0).mean(), (waits > limit * MS_MINUTE).mean()
