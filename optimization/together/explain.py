"""Why beds and nurses are planned so: what moves, what it pays, and what planning one by one would cost."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from optimization.beds.explain import headline as beds_headline
from optimization.beds.explain import title
from optimization.beds.playing import Played, mean_waiting
from optimization.cover.targets import BEDS_CLOSED
from optimization.together.nurses import Nurses
from twin.hospital import Hospital
from twin.measures import paired
from twin.units import FloatArray


def headline(
    hospital: Hospital, today: Mapping[str, int], planned: Mapping[str, int], nurses: Nurses | None
) -> str:
    """The plan in one sentence."""
    beds = beds_headline(hospital, today, planned)
    if nurses is None:
        return f"{beds}; rosters as decided"
    hired = sum(int(n.sum()) for s in nurses.solved for n in s.numbers.agency.values())
    lent = sum(int(n.sum()) for s in nurses.solved for n in s.numbers.lent.values())
    return f"{beds}; {hired} shifts from agencies, {lent} lent by float pools"


def sentences(
    days: int,
    unit: str,
    paid: Mapping[str, float],
    costs: Mapping[str, FloatArray],
    played: Mapping[str, Sequence[Played]],
) -> tuple[str, ...]:
    """What the plan does on futures that it has not seen, beside today and beside planning one by one.

    Parameters
    ----------
    costs, played
        By name of what was played, the plan under "planned": what it cost in each certifying future
        [currency], and what was measured.
    """
    plan, now = played["planned"], played["today"]
    told = [
        f"In {len(plan)} futures the plan has not seen, {mean_waiting(plan) / days:.1f} patients wait for a "
        f"ward bed at any one time, {mean_waiting(now) / days:.1f} as decided now; "
        f"{_closed(plan):.1f} % of bed-hours close for lack of nurses, {_closed(now):.1f} % as decided now",
    ]
    for other, words in (
        ("today", "As decided now"),
        ("in sequence", "Beds planned first and nurses after them"),
    ):
        if other in costs:
            told.append(_beside(words, costs[other], costs["planned"], days, unit))
    parts = ", ".join(f"{name} {value:,.0f}" for name, value in paid.items())
    told.append(f"Beyond basic pay over {days} days, in {unit}: {parts}")
    return tuple(told)


def _closed(played: Sequence[Played]) -> float:
    return float(np.mean([p.measures[BEDS_CLOSED] for p in played]))


def _beside(words: str, other: FloatArray, planned: FloatArray, days: int, unit: str) -> str:
    """One way beside the plan, future by future."""
    if np.array_equal(other, planned):
        return f"{words}: the same"
    change = paired(list(planned), list(other))
    verdict = "more" if change.mean > 0 else "less"
    sure = f"clearly {verdict}" if change.is_clear else "no clear difference"
    return (
        f"{words}: {change.mean / days:+,.0f} {unit} a day, open beds, pay and patients without a bed "
        f"weighed together ({sure}; simulation error {change.margin95 / days:,.0f})"
    )


def on_paper_in_words(hospital: Hospital, on_paper: Mapping[str, int]) -> tuple[str, ...]:
    """Beds that a rule keeps open although nobody asked could look after them."""
    return tuple(
        f"{title(hospital, ward)}: {n} bed-days open on paper only, nobody asked could look after them"
        for ward, n in on_paper.items()
    )
