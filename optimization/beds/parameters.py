"""The numbers of the bed model, read from the needs and the rules."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from optimization.beds.limits import BedLimits, BedPrices
from optimization.beds.needs import WardNeeds
from twin.errors import UsageError
from twin.units import FloatArray, IntArray

#: beds by ward and period
Levels = Mapping[tuple[str, int], int]


@dataclass(frozen=True)
class BedParameters:
    """The numbers of the model.

    Attributes
    ----------
    wards : the wards
    periods : for each period the days in it, as places in ``WardNeeds.days``
    blocks : for each period the block of periods in which staffed beds stay; flex beds may differ
    needed : (ward, period) -> expected days on which 1, 2, ... beds or more are needed, shape (bed,) [days]
    pooled : (place in ``limits.pools``, period) -> the same of all wards of the pool together [days]
    floor : (ward, period) -> beds that must be open [beds]
    today : ward -> beds open today, from which moves are counted [beds]
    limits, prices : the rules
    frozen : (ward, period) -> beds, where staffed beds can no longer be changed [beds]
    """

    wards: tuple[str, ...]
    periods: tuple[range, ...]
    blocks: tuple[int, ...]
    needed: Mapping[tuple[str, int], FloatArray]
    pooled: Mapping[tuple[int, int], FloatArray]
    floor: Levels
    today: Mapping[str, int]
    limits: BedLimits
    prices: BedPrices
    frozen: Levels = field(default_factory=dict)

    def most(self, ward: str, period: int) -> int:
        """Beds that can be open at most. [beds]"""
        return max(self.limits.ceiling[ward], self.frozen.get((ward, period), 0))


@dataclass(frozen=True)
class Piece:
    """Beds next to each other that are worth the same.

    Attributes
    ----------
    beds : how many [beds]
    worth : expected days on which each of them is needed [days]
    """

    beds: int
    worth: float


def pieces(needed: FloatArray, most: int) -> tuple[Piece, ...]:
    """The first ``most`` beds of a table of days needed, in pieces of equal worth, the worthiest first."""
    worth, beds = np.unique(needed[:most], return_counts=True)
    return tuple(Piece(int(n), float(w)) for w, n in zip(worth[::-1], beds[::-1], strict=True))


def bed_parameters(
    needs: WardNeeds,
    limits: BedLimits,
    prices: BedPrices,
    today: Mapping[str, int],
    *,
    period_days: int | None = None,
    calendar: IntArray | None = None,
) -> BedParameters:
    """Read the model's numbers from the needs.

    Parameters
    ----------
    today
        Ward -> beds open today. [beds]
    period_days
        Staffed beds may change after so many days; one level all along when omitted. [days]
    calendar
        Open beds as decided now, int (ward, day): kept on days within the notice. [beds]

    Raises
    ------
    UsageError
        The notice leaves no day to decide.
    """
    days = len(needs.days)
    late = limits.notice_days - 1  # planned days that begin within the notice; the first day is not planned
    if late >= days:
        raise UsageError(
            f"a notice of {limits.notice_days} days leaves none of {days + 1} days to decide: plan more days"
        )
    periods, blocks = _periods(days, late, days if period_days is None else period_days, bool(limits.flex))
    frozen: dict[tuple[str, int], int] = {}
    if late:
        table = calendar if calendar is not None else np.array([[today[w]] * days for w in needs.wards])
        frozen = {(w, p): int(table[i, p]) for i, w in enumerate(needs.wards) for p in range(late)}
    most = 1 + max(  # one more bed can be asked about
        int(needs.beds.max(initial=0)), *limits.ceiling.values(), *frozen.values()
    )
    keys = [(ward, p) for ward in needs.wards for p in range(len(periods))]
    return BedParameters(
        needs.wards,
        periods,
        blocks,
        {(w, p): needs.days_needed((w,), periods[p], most) for w, p in keys},
        {
            (i, p): needs.days_needed(pool, days, most * len(pool))
            for i, pool in enumerate(limits.pools)
            for p, days in enumerate(periods)
        },
        {(w, p): 0 if (w, p) in frozen else _floor(needs, limits, w, periods[p]) for w, p in keys},
        dict(today),
        limits,
        prices,
        frozen,
    )


def _periods(days: int, late: int, step: int, daily: bool) -> tuple[tuple[range, ...], tuple[int, ...]]:
    """Periods and their blocks: frozen days one by one, then steps; with flex beds every day is a period."""
    steps = [range(i, min(i + step, days)) for i in range(late, days, step)]
    blocks = [range(i, i + 1) for i in range(late)] + steps
    if not daily:
        return tuple(blocks), tuple(range(len(blocks)))
    of_day = tuple(b for b, days_of in enumerate(blocks) for _ in days_of)
    return tuple(range(d, d + 1) for d in range(days)), of_day


def _floor(needs: WardNeeds, limits: BedLimits, ward: str, days: range) -> int:
    if ward in limits.pins:
        return limits.pins[ward]
    if limits.cover is None:
        return 0
    return needs.covered(ward, days, limits.cover)
