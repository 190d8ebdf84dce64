"""What a staffing plan costs, counted again from the plan itself: hour by hour, by code of its own.

Nothing here knows stations, weeks or the model: a person on a shift is paid for each quarter of an hour
between its begin and its end, and unsocial ones cost more.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime, time, timedelta

from optimization.cover.terms import SATURDAY_OR_NIGHT, SUNDAY
from optimization.staffing.pay import NIGHT
from twin.calendar import holidays
from twin.errors import TwinError
from twin.hospital import Hospital
from twin.hospital.week import span_of
from twin.plan import Plan
from twin.units import MS_MINUTE

#: two countings of the same cost may differ by so much [fraction]
SAME_COST = 1e-9
_QUARTER = timedelta(minutes=15)


def count_again(
    plan: Plan, hospital: Hospital, wages: Mapping[str, float], dates: Sequence[date]
) -> dict[str, float]:
    """Group -> what its shifts that begin on these dates cost. [currency]

    Parameters
    ----------
    wages
        Basic pay of each group counted [currency/h].
    """
    years = [day.year for day in dates]
    off = set(holidays(hospital.country, min(years), max(years) + 1)) if dates else set()
    cost = dict.fromkeys(wages, 0.0)
    for group, wage in wages.items():
        for day in dates:
            for shift, people in plan.cover.get(group, {}).get(day, {}).items():
                cost[group] += people * wage * _paid_hours(hospital, group, shift, day, off)
    return cost


def _paid_hours(hospital: Hospital, group: str, shift: str, day: date, off: set[date]) -> float:
    """Hours of a shift, unsocial ones at their rate. [h]"""
    known = hospital.staff[group].shifts
    start, end = known[shift].span if shift in known else span_of(shift)
    now = datetime.combine(day, time()) + timedelta(minutes=start // MS_MINUTE)
    stop = datetime.combine(day, time()) + timedelta(minutes=end // MS_MINUTE)
    if stop <= now:
        stop += timedelta(days=1)
    hours = 0.0
    while now < stop:
        hours += (1 + _more(now, off)) * _QUARTER / timedelta(hours=1)
        now += _QUARTER
    return hours


def _more(now: datetime, off: set[date]) -> float:
    """What an instant costs above basic pay. [fraction]"""
    if now.date() in off or now.isoweekday() == 7:
        return SUNDAY
    if now.isoweekday() == 6 or now.hour >= NIGHT[0] or now.hour < NIGHT[1]:
        return SATURDAY_OR_NIGHT
    return 0.0


def agreed(cost: float, objective: float) -> float:
    """The cost counted again, if it is what the plan was made for.

    Raises
    ------
    TwinError
        It is not.
    """
    if abs(cost - objective) > SAME_COST * max(1.0, abs(cost)):
        raise TwinError(f"the staffing was planned to cost {objective:,.2f}, counted again it is {cost:,.2f}")
    return cost
