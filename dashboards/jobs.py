"""Jobs: which function does which kind of run, and what a function sees of the run it does.

The functions are named, not imported, so that a page or a command that only queues work stays light.
"""

from __future__ import annotations

import importlib
import logging
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from twin.errors import Cancelled, TwinError, UsageError
from twin.store import Claim, Job, StaleLease, Store

__all__ = ["JOBS", "Job", "RunningJob", "Tell", "function_of", "repeating"]

JOBS: dict[str, str] = {
    "run": "dashboards.services.main_job:run_job",
    "nightly": "dashboards.services.main_job:run_job",
    "simulate": "dashboards.services.simulation_job:run_simulate",
    "whatif": "dashboards.services.whatif:run_whatif",
}
"""Each kind of run and the function ``(Job) -> summary`` that does it."""

WATCH_SECONDS = 0.5  # how soon a running job hears that it should stop, and how often progress is written
Tell = Callable[[float, float, str], None]

_log = logging.getLogger("twin.worker")


def function_of(kind: str) -> Callable[[Job], Mapping[str, Any]]:
    """Load the function that does this kind of run.

    Raises
    ------
    UsageError
        Nobody does this kind.
    """
    if kind not in JOBS:
        raise UsageError(f'no job does runs of kind "{kind}"; known: {", ".join(sorted(JOBS))}')
    module, name = JOBS[kind].split(":")
    function: Callable[[Job], Mapping[str, Any]] = getattr(importlib.import_module(module), name)
    return function


class RunningJob:
    """A claimed run while its function works on it; see ``twin.store.Job`` for what it promises.

    Parameters
    ----------
    tell
        Called with each progress too, at once and in this process (a terminal's progress bar).
    """

    def __init__(self, store: Store, claim: Claim, tell: Tell | None = None) -> None:
        self.store, self.claim = store, claim
        self.inputs: Mapping[str, Any] = claim.inputs
        self.workspace: Path = store.workspace
        self._tell = tell
        self._renewed = time.monotonic()
        self._unwritten: tuple[float, float, str] | None = None
        self._cancel_asked = self._lost = False

    def progress(self, done: float, total: float, note: str = "") -> None:
        """Tell how far the work is; the store is written twice a second at most, beside the work."""
        if self._tell is not None:
            self._tell(done, total, note)
        self._unwritten = (done, total, note)

    def check(self) -> None:
        """Raise ``Cancelled`` when somebody asked the run to stop, or another worker has taken it over."""
        if self._lost:
            raise Cancelled(f"run {self.claim.run_id} was taken over by another worker")
        if self._cancel_asked:
            raise Cancelled(f"run {self.claim.run_id} was cancelled")

    def put(self, name: str, data: bytes, media: str = "application/json") -> str:
        """Keep a file of this run; seen by others once the run is done."""
        return self.store.artefacts.put(self.claim, name, data, media)

    @contextmanager
    def alive(self) -> Iterator[None]:
        """Keep the lease and listen for a cancel, in a thread beside the work."""
        with repeating(self._watch, WATCH_SECONDS):
            yield

    def _watch(self) -> None:
        """Look at the row: asked to stop? Write progress; renew the lease when a third of it is gone."""
        try:
            self._cancel_asked = self.store.runs.cancel_asked(self.claim)
            waiting, self._unwritten = self._unwritten, None
            if waiting is not None:
                self.store.runs.progress(self.claim, *waiting)
            if time.monotonic() - self._renewed > self.claim.lease_seconds / 3:
                self.store.runs.heartbeat(self.claim)
                self._renewed = time.monotonic()
        except StaleLease:
            self._lost = True


@contextmanager
def repeating(action: Callable[[], None], seconds: float) -> Iterator[None]:
    """Do ``action`` now, every ``seconds`` while the block runs, and once at its end, in a thread of its own.

    A store that does not answer for a moment is told in the log and tried again at the next turn.
    """
    ended = threading.Event()

    def turn() -> None:
        is_last = False
        while not is_last:
            is_last = ended.is_set()
            try:
                action()
            except TwinError as error:
                _log.warning("%s", error)
            ended.wait(seconds)

    thread = threading.Thread(target=turn, daemon=True, name="twin-heartbeat")
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()
