"""The worker: takes queued runs of a workspace, one at a time, and does them.

A worker that is told to end (Ctrl-C, SIGTERM) puts its run back in the queue. One that dies is noticed by its
lease, and another worker starts the run again.
"""

from __future__ import annotations

import logging
import os
import signal
import socket
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path
from typing import Any

from dashboards.jobs import JOBS, RunningJob, Tell, function_of, repeating
from twin.errors import Cancelled, Locked, TwinError
from twin.replications.where import on_cluster
from twin.store import Claim, KeyTaken, Run, StaleLease, Store, StoreUnusable, open_store
from twin.store.tables import DONE, RUNNING

POLL_SECONDS = 0.5  # how long a queued run waits for an idle worker at most
ALIVE_SECONDS = 3.0  # the page calls a worker missing after 10 seconds without a sign

_log = logging.getLogger("twin.worker")


class Stopping(KeyboardInterrupt):
    """The worker was told to end."""


def work(
    workspace: Path | str, once: bool = False, *, with_parent: bool = False, cluster: str | None = None
) -> int:
    """Do the queued runs of a workspace until told to end.

    Parameters
    ----------
    once
        Do what waits now and return when the queue is empty.
    with_parent
        End when the process that started this one has ended.
    cluster
        Address of the Dask cluster on which replications are played; this machine when omitted.

    Returns
    -------
    int
        How many runs it took.
    """
    name, parent, taken = worker_name(), os.getppid(), 0
    with open_store(workspace) as store, _Signals() as signals:
        store.workers.heartbeat(name)
        with repeating(lambda: store.workers.heartbeat(name), ALIVE_SECONDS):
            _log.info("worker %s waits for runs in %s", name, store.workspace)
            try:
                while not signals.asked and not (with_parent and os.getppid() != parent):
                    claim = _next(store, name, patient=not once)
                    if claim is not None:
                        taken += 1
                        _do(store, claim, signals, cluster)
                    elif once:
                        break
                    else:
                        with signals.interruptible():
                            time.sleep(POLL_SECONDS)
            except Stopping:
                pass
        store.workers.gone(name)
    _log.info("worker %s ends", name)
    return taken


def run_now(
    workspace: Path | str | Store,
    kind: str,
    inputs: Mapping[str, Any],
    key: str | None = None,
    *,
    actor: str = "local",
    tell: Tell | None = None,
) -> Run:
    """Write a run's row and do it in this process.

    A run with the same ``key`` that is done is returned as it is; one that waits, or whose worker died, is
    done here.

    Raises
    ------
    Locked
        Another process is doing the run with this key.
    TwinError
        Whatever the job raises, after the row says that it failed.
    """
    with nullcontext(workspace) if isinstance(workspace, Store) else open_store(workspace) as store:
        claim = _own_claim(store, kind, inputs, key, actor)
        if isinstance(claim, Run):
            return claim
        try:
            return execute(store, claim, tell=tell)
        except KeyboardInterrupt:
            store.runs.cancelled(claim)
            raise


def execute(
    store: Store,
    claim: Claim,
    *,
    tell: Tell | None = None,
    interruptible: Callable[[], AbstractContextManager[None]] = nullcontext,
    cluster: str | None = None,
) -> Run:
    """Do a claimed run to its end, write how it ended, and raise what it raised."""
    job = RunningJob(store, claim, tell)
    try:
        with job.alive(), interruptible(), on_cluster(cluster):
            summary = function_of(claim.kind)(job)
        store.runs.finish(claim, summary)
    except StaleLease:
        raise
    except Cancelled:
        store.runs.cancelled(claim)
        raise
    except TwinError as error:
        store.runs.fail(claim, str(error))
        raise
    except Exception as error:
        store.runs.fail(claim, f"something went wrong inside the twin: {type(error).__name__}: {error}")
        raise
    return store.runs.get(claim.run_id)


def main() -> None:
    """Work beside the app: ``python -m dashboards.worker WORKSPACE``, a child of ``twin serve``."""
    log_to_stderr()
    try:
        work(Path(sys.argv[1]), with_parent=True, cluster=os.environ.get("TWIN_CLUSTER"))
    except TwinError as error:
        _log.error("%s", error)
        sys.exit(error.exit_code)


def log_to_stderr() -> None:
    """Say what the worker does on standard error, a line a run."""
    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(message)s", datefmt="%H:%M:%S")
    _log.setLevel(logging.INFO)


def worker_name() -> str:
    """Machine and process number: how the store knows this process."""
    return f"{socket.gethostname()}-{os.getpid()}"


def _own_claim(
    store: Store, kind: str, inputs: Mapping[str, Any], key: str | None, actor: str
) -> Claim | Run:
    """A claim on a new run, or on the one with this key that is not done; the done one itself."""
    try:
        return store.runs.start(kind, inputs, owner=worker_name(), key=key, actor=actor)
    except KeyTaken as taken:
        held = taken.run_id
    claim = store.runs.claim(held, owner=worker_name())
    if claim is not None:
        return claim
    run = store.runs.get(held)
    if run.state == DONE:
        return run
    if run.state != RUNNING:  # it ended, or was given back, between the two looks
        return _own_claim(store, kind, inputs, key, actor)
    raise Locked(
        f"run {run.id} is already under way: held by {run.owner} since {run.started:%Y-%m-%d %H:%M:%S} UTC"
    )


def _next(store: Store, name: str, patient: bool) -> Claim | None:
    """The next run to do; a patient worker waits for a store that does not answer."""
    try:
        return store.runs.claim(kinds=JOBS, owner=name)
    except StoreUnusable as error:
        if not patient:
            raise
        _log.warning("%s; trying again", error)
        return None


def _do(store: Store, claim: Claim, signals: _Signals, cluster: str | None) -> None:
    """One run, whatever becomes of it: the worker lives on, the row tells how it ended."""
    _log.info("run %s (%s) begins", claim.run_id, claim.kind)
    try:
        execute(store, claim, interruptible=signals.interruptible, cluster=cluster)
        _log.info("run %s is done", claim.run_id)
    except Stopping:
        store.runs.release(claim)
        _log.info("run %s is back in the queue", claim.run_id)
        raise
    except TwinError as error:
        _log.error("run %s ended: %s", claim.run_id, error)
    except Exception:  # noqa: BLE001 - told in the row and the log; the next run must not suffer
        _log.exception("run %s failed", claim.run_id)


class _Signals:
    """SIGTERM and SIGINT, let through only where nothing is half-written."""

    def __init__(self) -> None:
        self.asked = False
        self._open = False
        self._before: dict[int, Any] = {}

    def __enter__(self) -> _Signals:
        if threading.current_thread() is threading.main_thread():
            for number in (signal.SIGTERM, signal.SIGINT):
                self._before[number] = signal.signal(number, self._hear)
        return self

    def __exit__(self, *error: object) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)

    @contextmanager
    def interruptible(self) -> Iterator[None]:
        """Let a signal end the block; one that came before ends it at once."""
        self._open = True
        try:
            if self.asked:
                raise Stopping
            yield
        finally:
            self._open = False

    def _hear(self, number: int, frame: object) -> None:
        first, self.asked = not self.asked, True
        if first and self._open:
            raise Stopping


if __name__ == "__main__":
    main()
