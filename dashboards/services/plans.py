"""The book of plans as the app asks it: which plans there are, what holds, and the decision on one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from dashboards.services import words
from dashboards.services.plan_words import KINDS
from dashboards.services.view import View
from scenarios.plan_book import approve
from twin.errors import TwinError
from twin.store import KeptPlan, PlanOverlaps, Store

PROPOSED, APPROVED = "proposed", "approved"
#: shown one by one before the others are folded away
SHOWN = 8


@dataclass(frozen=True)
class Line:
    """One plan of the list: what it is, and whether its certificate holds (None where nobody said)."""

    entry: KeptPlan
    kind: str
    holds: bool | None

    @property
    def dates(self) -> str:
        """``24 Nov to 21 Dec 2026``."""
        return words.days([self.entry.valid_from, self.entry.valid_to], span=True)


@dataclass(frozen=True)
class Book:
    """The plans that wait, those that hold or will, and all others.

    ``today`` is the day that the data have reached; None where there are none, and then no plan is gone by.
    """

    today: date | None
    waiting: tuple[Line, ...]
    holding: tuple[Line, ...]
    before: tuple[Line, ...]

    @property
    def now(self) -> Line | None:
        """The plan that holds today."""
        if self.today is None:
            return None
        on = (line for line in self.holding if line.entry.valid_from <= self.today <= line.entry.valid_to)
        return next(on, None)


@dataclass(frozen=True)
class Decided:
    """What came of a decision: done, or refused in words; ``overlaps`` where it may take another's place."""

    said: str
    done: bool
    overlaps: bool = False


def today_of(view: View) -> date | None:
    """The day that the data of the last main job have reached; None before the first."""
    return words.moment(view.answer["as_of"]).date() if view.answer else None


def read_book(store: Store, today: date | None) -> Book:
    """All plans, newest first, sorted by what is to be done about them."""
    lines = [_line(store, entry) for entry in store.plans.list()]
    ahead = [line for line in lines if today is None or line.entry.valid_to >= today]
    waiting = tuple(line for line in ahead if line.entry.status == PROPOSED)
    holding = tuple(line for line in ahead if line.entry.status == APPROVED)
    others = tuple(line for line in lines if line not in waiting and line not in holding)
    return Book(today, waiting, tuple(sorted(holding, key=lambda x: x.entry.valid_from)), others)


def book_words(book: Book) -> tuple[str, str]:
    """The sentence a manager can act on, and the one that follows it."""
    count = len(book.waiting)
    first = f"{words.plural(count, 'plan')} {'waits' if count == 1 else 'wait'} for a decision."
    now = book.now
    if now is not None:
        until = words.days([now.entry.valid_to])
        return first.capitalize(), f"Plan {now.entry.number}, “{now.entry.name}”, holds until {until}."
    later = book.holding[0] if book.holding else None
    if later is not None and book.today is None:
        return first.capitalize(), f"Plan {later.entry.number} is approved for {later.dates}."
    if later is not None:
        since = words.days([later.entry.valid_from])
        return first.capitalize(), f"The calendar holds until plan {later.entry.number} begins on {since}."
    return first.capitalize(), "No plan holds: beds and people are the calendar's."


def decide(
    store: Store, number: int, act: str, who: str | None, note: str | None, *, supersede: bool = False
) -> Decided:
    """Approve or withdraw a plan for somebody who is named; a refusal is words, not a fault."""
    actor = (who or "").strip()
    if not actor:
        return Decided("Say who decides: the name is kept with the decision and in the audit.", False)
    why = (note or "").strip()
    try:
        if act == "withdraw":
            store.plans.withdraw(number, actor=actor, note=why)
            return Decided(f"Plan {number} is withdrawn.", True)
        _, replaced = approve(store, number, actor=actor, note=why, supersede=supersede)
    except PlanOverlaps as refused:
        return Decided(_overlap(store, refused.numbers), False, overlaps=True)
    except TwinError as refused:
        return Decided(str(refused), False)
    instead = f", in the place of plan {words.listed([str(n) for n in replaced])}" if replaced else ""
    return Decided(f"Plan {number} is approved{instead}. It is what “today” means from its first day.", True)


def _overlap(store: Store, numbers: Sequence[int]) -> str:
    """Which plans stand in the way, and what becomes of them."""
    others = [store.plans.get(number) for number in numbers]
    named = words.listed(
        [f"plan {o.number}, “{o.name}” ({words.days([o.valid_from, o.valid_to], span=True)})" for o in others]
    )
    verb = "holds" if len(others) == 1 else "hold"
    return (
        f"{named[:1].upper()}{named[1:]} {verb} on some of its dates. Approved in that place, this plan "
        "supersedes it as a whole: what it does not name keeps the calendar."
    )


def _line(store: Store, entry: KeptPlan) -> Line:
    summary = store.runs.get(entry.run_id).summary or {}
    kind = summary.get("kind", "beds")
    return Line(entry, KINDS.get(kind, kind), summary.get("plan_holds"))
