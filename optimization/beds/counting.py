"""Counting a bed plan again: its cost and its rules, bed by bed and hour by hour, without the model."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from optimization.beds.limits import BedPrices
from optimization.beds.needs import WardNeeds
from optimization.beds.parameters import BedParameters
from twin.errors import TwinError
from twin.hospital import Hospital
from twin.units import HOURS_DAY, IntArray

#: the model's cost and the cost counted again may differ by rounding only [fraction]
SAME_COST = 1e-6


@dataclass(frozen=True)
class Tables:
    """Levels as tables of planned days.

    Attributes
    ----------
    open : int (ward, day), flex beds among them [beds]
    flex : int (ward, day) [beds]
    moves : staffed beds opened or closed, from today on [beds]
    """

    open: IntArray
    flex: IntArray
    moves: int

    @classmethod
    def kept(cls, open_beds: IntArray, moves: int = 0) -> Tables:
        """Levels without flex beds."""
        return cls(open_beds, np.zeros_like(open_beds), moves)


def cost_again(
    needs: WardNeeds, prices: BedPrices, tables: Tables, pools: Sequence[Sequence[str]] = ()
) -> float:
    """What levels cost in given futures, counted hour by hour. [currency]"""
    short, outliers = short_and_outliers(needs, tables.open, pools)
    return (
        prices.short_patient_day * short
        + prices.outlier_day * outliers
        + prices.open_bed_day * float(tables.open.sum())
        + (prices.flex_bed_day - prices.open_bed_day) * float(tables.flex.sum())
        + prices.for_nurses(needs.wards, tables.open)
        + prices.move * tables.moves
    )


def short_and_outliers(
    needs: WardNeeds, open_beds: IntArray, pools: Sequence[Sequence[str]] = ()
) -> tuple[float, float]:
    """Expected patient-days without a bed and in another ward of the pool, for levels (ward, day)."""
    spare = open_beds[:, needs.day][None, :, :] - needs.beds
    beyond = np.maximum(-spare, 0)
    outliers = 0
    for pool in pools:
        rows = [needs.wards.index(ward) for ward in pool]
        free = np.maximum(spare[:, rows], 0).sum(axis=1)
        outliers += np.minimum(beyond[:, rows].sum(axis=1), free).sum()
    days = needs.paths * HOURS_DAY
    return float((beyond.sum() - outliers) / days), float(outliers / days)


def short_and_open(needs: WardNeeds, open_beds: IntArray) -> tuple[float, float]:
    """Expected patient-days beyond the ward's open beds, and bed-days opened, for levels (ward, day)."""
    return short_and_outliers(needs, open_beds)[0], float(open_beds.sum())


def broken_rules(given: BedParameters, tables: Tables) -> tuple[str, ...]:
    """The rules that levels break, in words; none if the plan may be carried out."""
    limits, broken = given.limits, []
    staffed = tables.open - tables.flex
    for p, period in enumerate(given.periods):
        day = period.start
        decided = {w: given.frozen[w, p] for w in given.wards if (w, p) in given.frozen}
        if tables.open[:, day].sum() > max(limits.total, sum(decided.values())):
            broken.append(f"the total of {limits.total} beds on day {day}")
        for i, ward in enumerate(given.wards):
            opened, by_teams = int(tables.open[i, day]), int(staffed[i, day])
            if ward in decided and by_teams != decided[ward]:
                broken.append(f"the notice in {ward} on day {day}")
            elif ward not in decided:
                highest = limits.pins.get(ward, limits.ceiling[ward])
                if not given.floor[ward, p] <= opened <= highest:
                    broken.append(f"the floor or ceiling of {ward} on day {day}")
                if by_teams and (by_teams - given.today[ward]) % limits.teams.get(ward, 1):
                    broken.append(f"whole teams in {ward} on day {day}")
            if not 0 <= tables.flex[i, day] <= limits.flex.get(ward, 0):
                broken.append(f"the flex beds of {ward} on day {day}")
            if p and given.blocks[p] == given.blocks[p - 1] and by_teams != staffed[i, day - 1]:
                broken.append(f"the same staffed beds for a whole block in {ward} on day {day}")
    if limits.most_moves is not None:
        broken += [
            f"at most {limits.most_moves} beds moved at a time; {moved} on day {day}"
            for day, moved in moves_by_day(given, staffed).items()
            if moved > limits.most_moves
        ]
    return tuple(broken)


def moves_by_day(given: BedParameters, staffed: IntArray) -> dict[int, int]:
    """Staffed beds opened and closed at the start of each block that is not frozen, by its day. [beds]"""
    moved = {}
    before = np.array([given.today[w] for w in given.wards])
    for p, period in enumerate(given.periods):
        now = staffed[:, period.start]
        if (given.wards[0], p) not in given.frozen and (p == 0 or given.blocks[p] != given.blocks[p - 1]):
            moved[period.start] = int(np.abs(now - before).sum())
        before = now
    return moved


def proportional(
    needs: WardNeeds, hospital: Hospital, ceiling: Mapping[str, int], total: int
) -> dict[str, int]:
    """The rule of thumb to beat: the total shared out by mean need, largest remainders first. [beds]"""
    mean = needs.beds.mean(axis=(0, 2))
    levels = dict.fromkeys(hospital.wards, 0)
    for _ in range(min(total, sum(ceiling.values()))):
        owed = [
            (mean[i] * total / max(mean.sum(), 1e-12) - levels[w], w)
            for i, w in enumerate(needs.wards)
            if levels[w] < ceiling[w]
        ]
        levels[max(owed)[1]] += 1
    return levels


def agreed(again: float, objective: float) -> float:
    """The cost counted again, if the model says the same.

    Raises
    ------
    TwinError
        They differ by more than rounding.
    """
    if abs(again - objective) > SAME_COST * max(1.0, abs(objective)):
        raise TwinError(
            f"the model says that the plan costs {objective:,.2f}, counted again it is {again:,.2f}"
        )
    return again


def beds_a_day(prices: BedPrices, **open_beds: IntArray) -> dict[str, float]:
    """What open beds cost, without any weight of a shortage, for levels (ward, day). [currency a day]"""
    return {name: prices.open_bed_day * float(beds.sum(axis=0).mean()) for name, beds in open_beds.items()}
