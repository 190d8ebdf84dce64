"""Queueing rules of thumb: levels block by block from stationary formulas, then the cheapest shifts.

These are what planners use today, and what a plan with proof must beat. Each rule turns the changing
rate into one offered load a block; the level is the least with which a stationary queue of that load
starts the target's share within the limit.

- *SIPP*: the block's own rate.
- *Lag-SIPP*: the rate one mean service earlier (Green, Kolesar & Soares 2001, Oper. Res. 49(4), 549-564,
  doi:10.1287/opre.49.4.549.11228: congestion follows the rate with about that lag).
- *MOL*: the load that unlimited people would have, m(t) = integral of rate(t - u) P(service > u) du
  (Jennings, Mandelbaum, Massey & Whitt 1996, Manag. Sci. 42(10), 1383-1394, doi:10.1287/mnsc.42.10.1383).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
import pyomo.environ as pyo
from scipy import special

from optimization.solving import solve, solver
from optimization.staffing.question import Question
from optimization.staffing.station import Station
from twin.errors import UsageError
from twin.units import FloatArray, IntArray

#: the finest steps in which a changing rate is followed [minutes]
_STEP = 1.0
#: a queue of more people than this is not staffed by a rule [people]
_MOST = 10_000


def delay_probability(servers: int, load: float) -> float:
    """Chance to wait in a stationary M/M/s queue (Erlang C). [fraction]

    References
    ----------
    Erlang (1917); Gross et al. (2008), Fundamentals of Queueing Theory, 4th ed., section 2.4.
    """
    if servers <= load:
        return 1.0
    blocked = 1.0
    for k in range(1, servers + 1):
        blocked = load * blocked / (k + load * blocked)  # Erlang B by its recursion
    return blocked / (1 - load / servers * (1 - blocked))


def within(servers: int, load: float, limit: float, mean: float, *, cv: float = 1.0) -> float:
    """Chance to start within a limit in a stationary queue of s servers. [fraction]

    Exact for M/M/s. For a service whose coefficient of variation is not 1 the delayed wait is stretched by
    (1 + cv^2) / 2, as in Allen and Cunneen's formula of the mean (Whitt 1993, Prod. Oper. Manag. 2(2),
    114-161).

    Parameters
    ----------
    limit, mean
        The limit and the mean service, in one unit of time.
    """
    if servers <= load:
        return 1.0 if load == 0 else 0.0
    stretch = (1 + cv**2) / 2
    delay = delay_probability(servers, load)
    return float(1 - delay * np.exp(-(servers - load) * limit / (mean * stretch))) if stretch else 1.0


def sipp(station: Station) -> FloatArray:
    """Offered load by block from the block's own rate, shape (block,) [people]."""
    return station.load


def lag_sipp(station: Station, *, greatest: bool = False) -> FloatArray:
    """Offered load by block from the rate one mean service earlier, shape (block,) [people].

    The mean over the block (Lag Avg), or its greatest value (Lag Max).
    """
    rate = _by_minute(station)
    lag = round(station.service_minutes / _STEP)
    earlier = np.r_[np.zeros(lag), rate][: rate.size]
    return _by_block(station, earlier * station.service_minutes, greatest)


def mol(station: Station, *, greatest: bool = False) -> FloatArray:
    """Offered load by block of a station with unlimited people, shape (block,) [people]."""
    rate = _by_minute(station)
    u = (np.arange(rate.size) + 0.5) * _STEP
    if station.service_cv == 0:
        longer = (u < station.service_minutes).astype(np.float64)
    else:
        sigma = np.sqrt(np.log1p(station.service_cv**2))
        longer = special.ndtr(-(np.log(u / station.service_minutes) + sigma**2 / 2) / sigma)
    load = np.convolve(rate, longer)[: rate.size] * _STEP
    return _by_block(station, load, greatest)


#: the rules by name
RULES: Mapping[str, Callable[[Station], FloatArray]] = {
    "SIPP": sipp,
    "Lag-SIPP": lag_sipp,
    "Lag-SIPP max": lambda s: lag_sipp(s, greatest=True),
    "MOL": mol,
    "MOL max": lambda s: mol(s, greatest=True),
}


def rule_levels(
    asked: Question, skill: str, load: FloatArray, *, scale: float = 1.0, general: bool = False
) -> IntArray:
    """Least people in each block with which the stationary queue meets the target, and the floor.

    Parameters
    ----------
    load
        Offered load by block, shape (block,) [people].
    scale
        The load is multiplied by this: what a planner turns up when the rule falls short.
    general
        Waits corrected for the service's coefficient of variation; else M/M/s.
    """
    station = asked.station(skill)
    cv = station.service_cv if general else 1.0
    floor = np.asarray(asked.floor.get(skill, [1] * asked.blocks), dtype=np.int64)
    levels = floor.copy()
    for b, a in enumerate(load * scale):
        while (
            within(int(levels[b]), float(a), asked.limit_minutes, station.service_minutes, cv=cv)
            < asked.target
        ):
            levels[b] += 1
            if levels[b] > _MOST:
                raise UsageError(
                    f"no rule staffs a load of {a:g} people within {_MOST} people", code="E_RANGE"
                )
    return levels


def cheapest_shifts(
    asked: Question, levels: Mapping[str, IntArray], *, time_limit: float = 20.0
) -> tuple[dict[tuple[str, str], int], float]:
    """The cheapest people by shift that cover levels by block, and what they cost.

    Parameters
    ----------
    levels
        skill -> people by block, shape (block,).
    """
    there = asked.there
    least = {}
    for skill in asked.skills:
        by_stretch = np.zeros(asked.stretches, dtype=np.int64)
        np.maximum.at(by_stretch, asked.stretch, levels[skill])
        least[skill] = by_stretch
    m = pyo.ConcreteModel("cover")
    m.SHIFTS = pyo.Set(initialize=list(there), dimen=2, ordered=True)
    m.NEEDS = pyo.Set(initialize=[(k, g) for k in asked.skills for g in range(asked.stretches)], dimen=2)
    m.people = pyo.Var(m.SHIFTS, domain=pyo.NonNegativeIntegers, doc="people who work the shift")

    @m.Constraint(m.NEEDS, doc="enough are there")
    def covered(m, k, g):  # type: ignore[no-untyped-def]
        working = [m.people[s] for s in m.SHIFTS if s[0] == k and g in there[s]]
        return sum(working) >= int(least[k][g]) if working else pyo.Constraint.Feasible

    m.cost = pyo.Objective(expr=sum(asked.pattern(*s).cost * m.people[s] for s in m.SHIFTS))
    solved = solve(m, solver(time_limit=time_limit), what="cover")
    return {s: round(pyo.value(m.people[s])) for s in m.SHIFTS}, solved.objective


def shift_levels(asked: Question, people: Mapping[tuple[str, str], int]) -> dict[str, IntArray]:
    """Levels by block of each skill's own station, from people by shift."""
    levels = {k: np.zeros(asked.stretches, dtype=np.int64) for k in asked.skills}
    for (skill, name), n in people.items():
        levels[skill][list(asked.there[skill, name])] += n
    return {k: each[asked.stretch] for k, each in levels.items()}


def only(asked: Question, skill: str) -> Question:
    """The same question of one skill by its own people."""
    return asked.only((skill,))


def _by_minute(station: Station) -> FloatArray:
    """Expected tasks a minute, from the warm-up on, shape (minute,)."""
    day = station.mean_rates / station.block_minutes
    rate = np.r_[day[station.blocks - station.warm_blocks :], day]
    return np.repeat(rate, round(station.block_minutes / _STEP))


def _by_block(station: Station, minutes: FloatArray, greatest: bool) -> FloatArray:
    blocks = minutes.reshape(-1, round(station.block_minutes / _STEP))[station.warm_blocks :]
    return blocks.max(axis=1) if greatest else blocks.mean(axis=1)
