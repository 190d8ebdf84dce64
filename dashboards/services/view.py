"""All that the first page shows at one moment, gathered in one look at the store."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from dashboards.services.answer import (
    Answer,
    Freshness,
    failed_since,
    freshness,
    latest_run,
    read_answer,
    running_job,
    worker_is_seen,
)
from dashboards.services.words import moment
from twin.errors import TwinError
from twin.store import KeptPlan, Run, Store

#: records this much newer than an answer are worth another run (assumed: the answers are by the hour)
NEWER = timedelta(hours=1)
#: tables that tell how far the records reach
VISITS = ("encounters", "ward_stays")


@dataclass(frozen=True)
class View:
    """One look: the last answer, the work under way, and whether anyone is there to do it.

    Attributes
    ----------
    answer, fresh
        None before the first finished run, or where its answer cannot be read; ``fault`` then says why.
    plan
        What became of the answer's own plan in the book; None where it is in none.
    newest
        Last instant of the records that are in now, on this machine's clock; None before the first import.
    running, failed
        The main job that waits or runs; the newest one, where it failed.
    """

    answer: Answer | None
    fresh: Freshness | None
    running: Run | None
    failed: Run | None
    worker_seen: bool
    fault: str = ""
    newest: datetime | None = None
    plan: KeptPlan | None = None

    @property
    def has_newer_records(self) -> bool:
        """Whether records came in that the answer does not know."""
        if self.answer is None or self.newest is None:
            return False
        return self.newest - moment(self.answer["as_of"]) > NEWER

    @property
    def shown(self) -> str:
        """Changes when another answer should stand on the page."""
        plan = self.plan.status if self.plan else ""
        answer = self.answer["run_id"] if self.answer else "none"
        return f"{answer} {self.fault} {self.has_newer_records} {plan}"

    @property
    def news(self) -> str:
        """Changes when a line above the page should change."""
        run = self.running
        at = f"{run.id} {run.state} {run.progress_done} {run.note} {run.cancel_asked}" if run else ""
        return f"{at}|{self.failed.id if self.failed else ''}|{self.worker_seen}|{self.shown}"


def look(store: Store, now: datetime | None = None) -> View:
    """Gather the view. A damaged or unreadable answer is told on the page, not thrown at the reader."""
    answer, fault = None, ""
    try:
        run = latest_run(store)
        answer = None if run is None else read_answer(store, run.id)
    except TwinError as wrong:
        fault = str(wrong)
    fresh = freshness(answer, now) if answer is not None else None
    plan = None if answer is None else _plan_of(store, answer["run_id"])
    seen = (running_job(store), failed_since(store), worker_is_seen(store))
    return View(answer, fresh, *seen, fault, _newest(store), plan)


def _plan_of(store: Store, run_id: str) -> KeptPlan | None:
    """The plan that a run proposed."""
    return next((entry for entry in store.plans.list() if entry.run_id == run_id), None)


def _newest(store: Store) -> datetime | None:
    """The last instant that the visits of the newest folding know of."""
    kept = store.records.tables()
    told = [table.said_at or table.last for name in VISITS if (table := kept.get(name)) is not None]
    last = max((at for at in told if at is not None), default=None)
    return (
        None if last is None else min(last.astimezone(), datetime.now(UTC).astimezone()).replace(tzinfo=None)
    )
