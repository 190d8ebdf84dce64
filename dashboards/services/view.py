"""All that the first page shows at one moment, gathered in one look at the store."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

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
from twin.errors import TwinError
from twin.store import Run, Store


@dataclass(frozen=True)
class View:
    """One look: the last answer, the work under way, and whether anyone is there to do it.

    Attributes
    ----------
    answer, fresh
        None before the first finished run, or where its answer cannot be read; ``fault`` then says why.
    running, failed
        The main job that waits or runs; the newest one, where it failed.
    """

    answer: Answer | None
    fresh: Freshness | None
    running: Run | None
    failed: Run | None
    worker_seen: bool
    fault: str = ""

    @property
    def shown(self) -> str:
        """Changes when another answer should stand on the page."""
        return f"{self.answer['run_id'] if self.answer else 'none'} {self.fault}"

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
    return View(answer, fresh, running_job(store), failed_since(store), worker_is_seen(store), fault)
