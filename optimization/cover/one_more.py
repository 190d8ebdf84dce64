"""What one more nurse brings: each shift shared out again with her, exactly, not by a slope."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from optimization.cover.drafts import own_people, people_to_lend
from optimization.cover.house import Family
from optimization.cover.sharing import shared_shift
from optimization.cover.solving import CoverSolution
from optimization.cover.worth import worth_of_one
from twin.hospital import Hospital

#: groups and shifts asked about, those of the greatest shadow price (assumed: as many as are read)
MOST_ASKED = 5


@dataclass(frozen=True)
class OneMore:
    """One more nurse of a group on one shift of every day, by exact re-solve around the rosters as planned.

    Attributes
    ----------
    saves : over the planned days, her own pay left out [currency]
    fewer_hired : people on shifts from agencies that are then not needed, all groups [people on shifts]
    """

    group: str
    shift: str
    saves: float
    fewer_hired: int


def one_more_nurse(solution: CoverSolution) -> tuple[OneMore, ...]:
    """Share every shift again with one more nurse of a group on it; most useful first."""
    kept, draft = solution.kept, solution.draft
    terms = kept.terms
    has = people_to_lend(kept, draft.on[len(kept.wards) :])
    come = [own_people(terms, w, on) for w, on in zip(kept.wards, draft.on, strict=False)]
    days = range(terms.frozen, terms.days)
    worth = worth_of_one(solution)
    mean = {(i, s): worth[w.name][:, s].sum() for i, w in enumerate(terms.wards) for s in range(terms.shifts)}
    asked = sorted((key for key in mean if mean[key] > 0), key=lambda key: -mean[key])[:MOST_ASKED]
    told = []
    for ward, shift in asked:
        more = list(come)
        more[ward] = come[ward].copy()
        more[ward][:, shift, -1] += 1

        def shared(own: list[np.ndarray], shift: int = shift) -> tuple[float, int]:
            each = kept.each(lambda d: shared_shift(kept, d, shift, own, has), days)
            return sum(e.cost for e in each), sum(int(n.sum()) for e in each for n in e.agency)

        (before, hired), (after, then) = shared(come), shared(more)
        kind = terms.patterns.shifts[shift].name
        told.append(OneMore(terms.wards[ward].name, kind, before - after, hired - then))
    return tuple(sorted(told, key=lambda each: -each.saves))


def one_more_in_words(
    parts: Sequence[Family], solved: Sequence[CoverSolution], hospital: Hospital
) -> tuple[tuple[str, str], ...]:
    """(what one more nurse, what she brings)."""
    rows = []
    for family, solution in zip(parts, solved, strict=True):
        terms = family.terms
        for more in one_more_nurse(solution):
            kind = next(k for k in terms.patterns.shifts if k.name == more.shift)
            paid = terms.prices.wage[-1] * kind.paid * (terms.days - terms.frozen)
            what = f"one more nurse of {hospital.staff[more.group].title} on every {more.shift}"
            hired = f", {more.fewer_hired} fewer shifts from agencies" if more.fewer_hired > 0 else ""
            verdict = "worth her basic pay" if more.saves > paid else "less than her basic pay"
            saves = f"saves {more.saves:,.0f} {terms.prices.currency} in {terms.days} days{hired}"
            rows.append((more.saves, what, f"{saves}; {verdict}"))
    rows.sort(key=lambda row: -row[0])
    return tuple((what, brings) for _, what, brings in rows[:MOST_ASKED])
