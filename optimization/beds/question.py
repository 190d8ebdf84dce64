"""What a bed plan is asked, checked as a whole before any patient is simulated."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from optimization.beds.levels import ceiling_of, decided, usual
from optimization.beds.limits import BedLimits, BedPrices, bed_limits
from optimization.beds.playing import SHORT_MORNINGS
from optimization.beds.targets import default_targets
from optimization.paths import CertifyPaths, TrainPaths, after, apart, split
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
    least_change : keep to the beds decided today wherever the rules allow it
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
    least_change: bool = False

    @property
    def choose_on(self) -> TrainPaths:
        """Further even futures to choose plans on, which none of them was made for."""
        return after(self.train, self.case)

    @property
    def words(self) -> str:
        """The question as options of ``twin optimize beds``."""
        limits, several = self.limits, []
        for option, asked in (("pin", limits.pins), ("team", limits.teams), ("flex", limits.flex)):
            several += [f"--{option} {ward}={beds}" for ward, beds in asked.items()]
        if self.least_change:
            several.append("--keep PLAN")
        several += [f"--pool {','.join(pool)}" for pool in limits.pools]
        single = {
            "cover": limits.cover,
            "moves": limits.most_moves,
            "notice": limits.notice_days if limits.notice_days > 1 else None,
            "period": self.period_days,
        }
        several += [f"--{name} {value:g}" for name, value in single.items() if value is not None]
        if self.targets != default_targets():
            several += [f'--target "{target.typed}"' for target in self.targets]
        return " ".join([f"--total {limits.total} --days {self.window.days}", *several])


def bed_question(
    case: Case,
    window: Window,
    *,
    replications: int,
    total: int | None = None,
    targets: Sequence[Target] | None = None,
    prices: BedPrices | None = None,
    period_days: int | None = None,
    least_change: bool = False,
    **rules: Any,
) -> BedQuestion:
    """Fill in what was left out and check the whole; parameters as of ``plan_beds``.

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
    limits, notes = bed_limits(case.hospital, ceiling_of(case, window), total=allowed, today=today, **rules)
    return BedQuestion(
        case,
        window,
        train,
        certify,
        targets,
        prices,
        limits,
        calendar,
        today,
        period_days,
        notes,
        least_change,
    )
