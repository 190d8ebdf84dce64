"""What a plan does where more or fewer patients come than was foretold."""

import numpy as np
import pytest

from optimization.paths import CertifyPaths
from optimization.proof.estimates import PerFuture
from optimization.proof.off_forecast import CHANGES, Lived, in_words, looked_at, off_forecast, with_demand
from tests.houses import START
from twin.demand import DemandForecast
from twin.errors import Overload, UsageError
from twin.plan import Target
from twin.workload import draw_workload

FOUR_HOURS = Target("Left within 4 h", "ed_within_4h", "%", at_least=80)


def forecast(days: int = 30) -> DemandForecast:
    counts = np.random.default_rng(5).poisson(4, (40, 1, days))
    return DemandForecast(START, ("emergency",), counts, "base")


def test_a_tenth_more_patients_come_from_the_first_day_of_the_plan_on(two_weeks):
    case, window = two_weeks
    foretold = case.with_(demand=forecast())

    more = with_demand(foretold, window, 0.1).demand.paths

    before, after = foretold.demand.paths, more
    assert (after[..., :14] == before[..., :14]).all()  # what came before the plan is known
    assert after[..., 14:].mean() == pytest.approx(1.1 * before[..., 14:].mean(), rel=0.02)


def test_a_stream_without_a_forecast_is_scaled_by_patients(two_weeks):
    case, window = two_weeks

    fewer = with_demand(case, window, -0.2)

    base, off = (set(draw_workload(each, window, seed=1, replication=1).key) for each in (case, fewer))
    assert off < base, "fewer of the same patients, and no others"
    assert len(off) == pytest.approx(0.8 * len(base), rel=0.15)


def test_demand_as_forecast_is_the_case_itself(two_weeks):
    case, window = two_weeks

    assert with_demand(case, window, 0.0) is case


@pytest.mark.parametrize("change", [-1.0, 5.0, float("nan")])
def test_a_change_that_leaves_no_demand_is_refused(two_weeks, change):
    case, window = two_weeks

    with pytest.raises(UsageError):
        with_demand(case, window, change)


def looks(levels: dict[float, float], case, window):
    asked = []

    def live(changed):
        factor = changed.hospital.arrivals["emergency"].factor
        asked.append(factor)
        level = levels[round(factor - 1, 6)]
        return Lived(1000 * factor, {"ed_within_4h": PerFuture.of([level, level + 1])})

    return off_forecast(live, case, window, [FOUR_HOURS]), asked


def test_each_demand_has_its_cost_and_its_two_numbers(two_weeks):
    told, asked = looks(dict(zip(CHANGES, (90, 88, 85, 78, 70), strict=True)), *two_weeks)

    assert [look.change for look in told] == list(CHANGES)
    assert len(asked) == len(CHANGES)
    assert [look.targets[0].expected for look in told] == [90.5, 88.5, 85.5, 78.5, 70.5]
    assert told[-1].cost == pytest.approx(1200)


def test_what_was_played_as_forecast_is_not_played_again(two_weeks):
    case, window = two_weeks
    known = Lived(7.0, {"ed_within_4h": PerFuture.of([85.0, 86.0])})
    asked = []

    def live(changed):
        asked.append(changed)
        return known

    told = off_forecast(live, case, window, [FOUR_HOURS], as_forecast=known)

    assert len(asked) == 4
    assert told[2].cost == 7.0


def test_words_say_from_where_on_a_target_is_missed(two_weeks):
    told, _ = looks(dict(zip(CHANGES, (90, 88, 85, 78, 70), strict=True)), *two_weeks)

    assert in_words(told) == (
        "If demand is off the forecast, from -20 % to +20 %: Left within 4 h 90.5 to 70.5 % "
        "(at least 80 asked, missed on average at +10 %, +20 %)"
    )


def test_a_demand_that_the_house_cannot_carry_says_so_and_stops_nothing(two_weeks):
    case, window = two_weeks

    def live(changed):
        if changed.hospital.arrivals["emergency"].factor > 1.1:
            raise Overload("a queue grows without end")
        return Lived(5.0, {"ed_within_4h": PerFuture.of([85.0, 86.0])})

    told = off_forecast(live, case, window, [FOUR_HOURS])

    assert [look.cost for look in told] == [5.0, 5.0, 5.0, 5.0, None]
    assert told[-1].note == "a queue grows without end"
    assert in_words(told).endswith("at +20 % a queue grows without end")


def test_a_look_takes_the_first_certifying_futures():
    assert looked_at(CertifyPaths(tuple(range(1, 60, 2)))).replications == tuple(range(1, 20, 2))
    assert looked_at(CertifyPaths((1, 3))).replications == (1, 3)
