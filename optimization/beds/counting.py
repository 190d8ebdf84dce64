"""Counting a bed plan again: its cost from the needs, bed by bed and hour by hour, without the model."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from optimization.beds.limits import BedPrices
from optimization.beds.needs import WardNeeds
from twin.errors import TwinError
from twin.hospital import Hospital
from twin.units import HOURS_DAY, IntArray

#: the model's cost and the cost counted again may differ by rounding only [fraction]
SAME_COST = 1e-6


def cost_again(needs: WardNeeds, prices: BedPrices, open_beds: IntArray, moves: int = 0) -> float:
    """What levels cost in given futures, counted hour by hour. [currency]

    Parameters
    ----------
    open_beds
        Shape (ward, day). [beds]
    moves
        Beds opened or closed against today, once a period. [beds]
    """
    short_days, bed_days = short_and_open(needs, open_beds)
    return prices.short_patient_day * short_days + prices.open_bed_day * bed_days + prices.move * moves


def short_and_open(needs: WardNeeds, open_beds: IntArray) -> tuple[float, float]:
    """Expected patient-days beyond the open beds, and bed-days opened, for levels (ward, day)."""
    by_hour = open_beds[:, needs.day]
    beyond = np.maximum(needs.beds - by_hour[None, :, :], 0).sum() / needs.paths / HOURS_DAY
    return float(beyond), float(open_beds.sum())


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
