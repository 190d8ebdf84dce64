"""What a bed plan is asked, checked as a whole before any patient is simulated."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from optimization.beds.levels import ceiling_of, decided, usual
from optimization.beds.limits import BedLimits, BedPrices, bed_limits
from optimization.beds.playing import SHORT_MORNINGS, default_targets
from optimization.paths import CertifyPaths, TrainPaths, apart, split
from optimization.proof.certificate import check_targets
from twin.case import Case, Window
from twin.errors import TwinError
from twin.plan import Target
from twin.units import IntArray


@dataclass(frozen=True)
class BedQuestion:
    """A question that can be planned.

    Attributes
    ----------
    case, window : the house, and the days
    train, certify : futures to learn from, and to prove with
    targets, prices, limits : what to reach, what it costs, what is allowed
    calendar : open beds as decided now, int (ward, day) [beds]
    today : ward -> its usual level among them [beds]
    period_days : days after which levels may change; None for one level all along [days]
    notes : what was cut, in words
    """

    case: Case
    window: Window
    train: TrainPaths
    certify: CertifyPaths
    targets: tuple[Target, ...]
    prices: BedPrices
    limits: BedLimits
    calendar: IntArray
    today: Mapping[str, int]
    period_days: int | None
    notes: tuple[str, ...]


def bed_question(
    case: Case,
    window: Window,
    *,
    replications: int,
    total: int | None = None,
    targets: Sequence[Target] | None = None,
    prices: BedPrices | None = None,
    pins: Mapping[str, int] | None = None,
    cover: float | None = None,
    period_days: int | None = None,
) -> BedQuestion:
    """Fill in what was left out and check the whole; the parameters are those of ``plan_beds``.

    Raises
    ------
    ConfigError, UsageError, TwinError
        Numbers that cannot be planned with.
    """
    case = apart(case)
    train, certify = split(replications)
    prices = prices if prices is not None else BedPrices.of(case.hospital)
    targets = default_targets() if targets is None else tuple(targets)
    check_targets(targets, also=(SHORT_MORNINGS,))
    if period_days is not None and period_days < 1:
        raise TwinError(f"a planning period is 1 day or longer; got {period_days}", exit_code=2)
    calendar = decided(case, window)
    today = usual(case, calendar)
    allowed = sum(today.values()) if total is None else total
    limits, notes = bed_limits(case.hospital, ceiling_of(case, window), total=allowed, pins=pins, cover=cover)
    return BedQuestion(
        case, window, train, certify, targets, prices, limits, calendar, today, period_days, notes
    )
