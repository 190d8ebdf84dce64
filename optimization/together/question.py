"""What a joint plan is asked: the bed plan's question without the nurses' ceiling, and the nurses' terms."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from optimization.beds.limits import MOVE_TO_SHORT, SHORT_TO_OPEN, BedPrices
from optimization.beds.playing import SHORT_MORNINGS
from optimization.beds.question import BedQuestion, bed_question
from optimization.beds.targets import default_targets as bed_targets
from optimization.cover.house import ROSTER_NOTICE
from optimization.cover.playing import without_nurses
from optimization.cover.question import CoverQuestion, cover_question
from optimization.cover.targets import BEDS_CLOSED
from optimization.cover.targets import default_targets as cover_targets
from optimization.paths import TrainPaths, after
from optimization.proof.certificate import check_targets
from twin.case import Case, Window
from twin.hospital import Hospital
from twin.plan import Target
from twin.units import HOURS_DAY


@dataclass(frozen=True)
class Question:
    """A question that can be planned.

    Attributes
    ----------
    case : the house with its nurses
    beds : the question of the beds, in the same house where nurses close none
    nurses : the question of the nurses, for the beds as they are decided now
    targets : what to reach with beds and nurses together
    notes : what was assumed, in words
    """

    case: Case
    beds: BedQuestion
    nurses: CoverQuestion
    targets: tuple[Target, ...]
    notes: tuple[str, ...]

    @property
    def window(self) -> Window:
        """The days of the run."""
        return self.beds.window

    @property
    def names_groups(self) -> bool:
        """Whether the hospital names its nurses itself; else usual ones were laid over it."""
        return not self.nurses.notes

    @property
    def nurse_hour(self) -> float:
        """What an hour without a nurse costs who is needed: patients without a bed. [currency]"""
        nursed = [ward.nursing for ward in self.case.hospital.wards.values() if ward.nursing is not None]
        ratio = float(np.mean([nursing.patients_per_nurse for nursing in nursed]))
        return ratio * self.beds.prices.short_patient_day / HOURS_DAY

    @property
    def to_choose(self) -> TrainPaths:
        """Futures to choose on, which no pair was made for."""
        return after(self.beds.train, self.case)

    @property
    def words(self) -> str:
        """The question as options of ``twin optimize together``."""
        told, nurses = [self.beds.words], self.nurses
        told += [f"--people {group}={n}" for group, n in nurses.people.items()]
        told += [f"--pin-shift {group}@{day}@{shift}={n}" for (group, day, shift), n in nurses.pins.items()]
        if nurses.at_least is not None:
            told.append(f"--at-least {nurses.at_least:g}")
        if nurses.notice != ROSTER_NOTICE:
            told.append(f"--roster-notice {nurses.notice}")
        if self.targets != default_targets():
            told += [f'--target "{target.typed}"' for target in self.targets]
        return " ".join(told)


def default_targets() -> tuple[Target, ...]:
    """Those of the bed plan, and of the cover plan what the bed plan does not ask already."""
    beds = bed_targets()
    return (*beds, *(t for t in cover_targets() if t.measure not in {b.measure for b in beds}))


def question(
    case: Case,
    window: Window,
    *,
    replications: int,
    targets: Sequence[Target] | None = None,
    prices: BedPrices | None = None,
    nurses: Mapping[str, Any] | None = None,
    **beds: Any,
) -> Question:
    """Fill in what was left out and check the whole; parameters as of ``plan_together``.

    Raises
    ------
    ConfigError, UsageError
        What cannot be planned with, before any patient is simulated.
    """
    asked = default_targets() if targets is None else tuple(targets)
    check_targets(asked, also=(BEDS_CLOSED, SHORT_MORNINGS))
    of_nurses = cover_question(case, window, replications=replications, targets=(), **(nurses or {}))
    case, notes = of_nurses.case, of_nurses.notes
    if prices is None:
        prices, taken = _prices(case.hospital, of_nurses.wage)
        notes += taken
    bare = case.with_(hospital=without_nurses(case.hospital))
    of_beds = bed_question(bare, window, replications=replications, prices=prices, targets=(), **beds)
    return Question(case, of_beds, of_nurses, asked, (*of_beds.notes, *notes))


def _prices(hospital: Hospital, wage: float) -> tuple[BedPrices, tuple[str, ...]]:
    """The hospital's prices of beds or, where it names none, a bed-day at its nurses' basic pay.

    Beds and nurses are weighed against each other, so both need a price in money.
    """
    if hospital.money.open_bed_day > 0:
        return BedPrices.of(hospital), ()
    nursed = [ward.nursing for ward in hospital.wards.values() if ward.nursing is not None]
    ratio = float(np.mean([nursing.patients_per_nurse for nursing in nursed]))
    day, unit = wage * HOURS_DAY / ratio, hospital.money.currency
    note = (
        f"the hospital names no price of an open bed-day: its nurses' basic pay was taken, {day:,.0f} "
        f"{unit}; name money.open_bed_day"
    )
    short = SHORT_TO_OPEN * day
    return BedPrices(short, day, MOVE_TO_SHORT * short, unit), (note,)
