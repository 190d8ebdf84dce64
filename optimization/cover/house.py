"""A hospital's nurses as cover: groups, shifts, ratios and float pools become wards, shifts and pools.

Each staff group that nurses wards is one ward to cover: its nurses are needed by the patients of all its
wards, by the ratio of the shift. Groups are planned together where their shifts have the same hours; a
group's float pool is a pool of that family.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from math import ceil

import numpy as np

from optimization.beds.needs import WardNeeds
from optimization.cover.needs import StaffNeeds
from optimization.cover.numbers import CoverNumbers
from optimization.cover.patterns import RosterRules, ShiftKind, weekly_patterns
from optimization.cover.terms import CoverPrices, CoverTerms, Crew, PoolCover, WardCover, premiums
from twin.errors import UsageError
from twin.hospital import Hospital
from twin.hospital.places import Shift, Ward
from twin.hospital.week import Days, calendar_table, coming_to, ratios
from twin.plan import Plan
from twin.units import DAYS_WEEK, HOURS_DAY, MS_HOUR, IntArray

#: days after which a roster may still be made (DESIGN: notice of a roster) [days]
ROSTER_NOTICE = 28
#: basic pay of a nurse [currency/h]; assumed: about the middle of band 5, NHS Agenda for Change 2024/25
WAGE = 17.0
#: from agencies on one shift of one group, at most [people] (assumed: more are rarely to be had)
AGENCY_MOST = 6


@dataclass(frozen=True)
class Family:
    """Groups whose shifts have the same hours: what is planned together, and what they need."""

    groups: tuple[str, ...]
    pools: tuple[str, ...]
    terms: CoverTerms
    needs: Mapping[str, StaffNeeds]
    days: tuple[date, ...]


def nursing_groups(hospital: Hospital) -> tuple[str, ...]:
    """Staff groups that nurse wards, in the order of the wards.

    Raises
    ------
    UsageError
        No ward names its nurses, or a group that nurses a ward has no shifts.
    """
    nursed = {w: ward.nursing.group for w, ward in hospital.wards.items() if ward.nursing is not None}
    if not nursed:
        raise UsageError(
            "no ward says which nurses it needs, so there is no cover to plan; name them in "
            "wards.WARD.nursing = { group, patients_per_nurse } with shifts in staff.GROUP.shifts"
        )
    without = sorted({g for g in nursed.values() if not hospital.staff[g].shifts})
    if without:
        raise UsageError(
            f"{', '.join(without)}: a group without shifts cannot be planned; name staff.GROUP.shifts"
        )
    return tuple(dict.fromkeys(nursed.values()))


def families(
    hospital: Hospital,
    plan: Plan,
    needs: WardNeeds,
    *,
    first: date,
    notice: int = ROSTER_NOTICE,
    people: Mapping[str, int] | None = None,
    wage: float = WAGE,
    rules: RosterRules | None = None,
) -> list[Family]:
    """What a hospital asks of its nurses on the days of the needs.

    Parameters
    ----------
    first
        The day on which all this is asked; rosters of days within the notice are as decided.
    people
        Employed by group; as many as the usual shifts take when omitted. [people]

    Raises
    ------
    UsageError
        No ward names its nurses, or a group that nurses a ward has no shifts.
    """
    nursed = nursing_groups(hospital)
    alike: dict[tuple[tuple[str, tuple[int, int]], ...], list[str]] = {}
    for group in nursed:
        spans = tuple((name, shift.span) for name, shift in hospital.staff[group].shifts.items())
        alike.setdefault(spans, []).append(group)
    common = {
        "first": first,
        "notice": notice,
        "people": people or {},
        "wage": wage,
        "rules": rules or RosterRules(),
    }
    return [_family(hospital, plan, needs, tuple(groups), **common) for groups in alike.values()]  # type: ignore[arg-type]


def _family(
    hospital: Hospital,
    plan: Plan,
    needs: WardNeeds,
    groups: tuple[str, ...],
    *,
    first: date,
    notice: int,
    people: Mapping[str, int],
    wage: float,
    rules: RosterRules,
) -> Family:
    staff, days = hospital.staff, needs.days
    table = staff[groups[0]].shifts
    shifts = tuple(_kind(name, shift) for name, shift in table.items())
    lenders = dict.fromkeys(p for g in groups if (p := staff[g].float_pool) is not None)
    pools = [
        p
        for p in lenders
        if {n: s.span for n, s in staff[p].shifts.items()} == {n: s.span for n, s in table.items()}
    ]
    calendar = Days.between(days[0], days[-1], hospital.country)
    weekdays = np.where(
        np.isin(calendar.ordinals, list(calendar.holidays)), 6, (calendar.ordinals - 1) % DAYS_WEEK
    )
    begin = max((first.toordinal() + notice) - days[0].toordinal(), 0)
    weeks = tuple(d for d in range(begin, len(days) - 6) if days[d].weekday() == 0)

    def crew(name: str) -> Crew:
        cover = plan.cover.get(name, {})
        rostered = np.stack([coming_to(n, s, calendar, cover) for n, s in staff[name].shifts.items()], axis=1)
        paid = np.array([kind.paid for kind in shifts])
        usual = ceil(float((rostered @ paid).mean() * DAYS_WEEK / rules.contract_hours))
        return Crew(name, (people.get(name, usual),), rostered[:, :, None])

    wanted = {
        g: StaffNeeds(nurses_needed(hospital, needs, g, shifts, plan), staff[g].absence) for g in groups
    }
    terms = CoverTerms(
        wards=tuple(WardCover(crew(g), wanted[g].curves(shifts), (AGENCY_MOST,)) for g in groups),
        pools=tuple(PoolCover(crew(p), tuple(g for g in groups if staff[g].float_pool == p)) for p in pools),
        skills=("nurses",),
        patterns=weekly_patterns(shifts, rules),
        weeks=weeks,
        premium=premiums(weekdays, [s.is_night for s in shifts]),
        prices=CoverPrices.of_wages((wage,), hospital.money.currency),
    )
    return Family(groups, tuple(pools), terms, wanted, days)


def _kind(name: str, shift: Shift) -> ShiftKind:
    """A shift by its hours; all of them are paid."""
    start, end = (at / MS_HOUR for at in shift.span)
    end += HOURS_DAY if end <= start else 0
    return ShiftKind(name, start, end, end - start)


def nurses_needed(
    hospital: Hospital,
    needs: WardNeeds,
    group: str,
    shifts: tuple[ShiftKind, ...],
    plan: Plan | None = None,
) -> tuple[IntArray, ...]:
    """Nurses needed, for each shift (path, day, 1, hour): those of an hour come with the shift last begun.

    Patients beyond the beds that the plan opens on a day, or else the calendar, need none:
    they lie elsewhere.
    """
    starts = np.searchsorted(needs.day, np.arange(len(needs.days)))
    told = []
    for s, shift in enumerate(shifts):
        later = sorted((other.begins - shift.begins) % HOURS_DAY or HOURS_DAY for other in shifts)
        length = max(int(min(later[0], shift.ends - shift.begins)), 1)
        hours = np.minimum(starts[:, None] + int(shift.begins) + np.arange(length), needs.day.size - 1)
        wanted = np.zeros((needs.paths, *hours.shape), np.int64)
        for i, name in enumerate(needs.wards):
            ward = hospital.wards[name]
            if ward.nursing is None or ward.nursing.group != group:
                continue
            ratio = ratios(hospital.staff[group], ward.nursing)[s]
            patients = np.minimum(needs.beds[:, i], _open_beds(name, ward, hospital, needs, plan))[:, hours]
            wanted += np.ceil(patients / ratio - 1e-9).astype(np.int64)
        told.append(wanted[:, :, None, :])
    return tuple(told)


def _open_beds(name: str, ward: Ward, hospital: Hospital, needs: WardNeeds, plan: Plan | None) -> IntArray:
    """Beds open at each hour of the needs if nurses are there, shape (hour,). [beds]"""
    days = Days.between(needs.days[0], needs.days[-1], hospital.country)
    table = calendar_table(ward.usual, ward.exceptions(), days, np.arange(HOURS_DAY) * MS_HOUR)
    for d, day in enumerate(needs.days):
        planned = plan.open_beds(name, day) if plan is not None else None
        table[d] = table[d] if planned is None else planned
    starts = np.searchsorted(needs.day, np.arange(len(needs.days)))
    hour = np.minimum(np.arange(needs.day.size) - starts[needs.day], HOURS_DAY - 1)
    return np.minimum(table[needs.day, hour], ward.physical_beds)


def plan_of(parts: list[tuple[Family, CoverNumbers]], name: str, note: str = "") -> Plan:
    """Who comes to which shift: own people, those lent and those from agencies, where they then are."""
    cover: dict[str, dict[date, dict[str, int]]] = {}
    for family, numbers in parts:
        terms = family.terms
        there = {g: numbers.present(terms, g) for g in family.groups}
        for pool in terms.pools:
            out = sum(n for (lender, _), n in numbers.lent.items() if lender == pool.name)
            there[pool.name] = numbers.come(terms, pool.crew) - out
        for group, table in there.items():
            cover[group] = {
                day: {kind.name: int(table[d, s, 0]) for s, kind in enumerate(terms.patterns.shifts)}
                for d, day in enumerate(family.days)
            }
    return Plan(name, note=note, cover=cover)
