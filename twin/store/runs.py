"""Runs: a row for each piece of long work, from asking for it to its end.

``queued -> running -> done | failed | cancelled``. Who runs it holds a lease, judged by the database's clock;
a lease that lapses puts the run back in the queue once, a second lapse fails it. Where that clock is set back
a lease lasts longer, never shorter, and nothing ends before it started. Each claim has a higher
token than the one before, so a worker that wakes up late cannot write over its successor.
"""

from __future__ import annotations

import datetime as dt
import secrets
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, case, exc, func, insert, select, update

from twin.errors import NotFound, TwinError
from twin.store.audit import append
from twin.store.columns import Now, clean
from twin.store.database import Database
from twin.store.tables import CANCELLED, DONE, FAILED, QUEUED, RUNNING, run
from twin.units import MS_SECOND

LEASE_SECONDS = 30.0
LAPSED_TWICE = "its worker stopped answering twice, so it was not tried a third time"


class StaleLease(TwinError):
    """The run is no longer held by this claim: it lapsed, was taken over, or has ended."""


class KeyTaken(TwinError):
    """A run with this key is waiting, running or done; ``run_id`` and ``state`` say which."""

    def __init__(self, key: str, run_id: str, state: str) -> None:
        super().__init__(f'run {run_id} with the key "{key}" is already {state}')
        self.run_id, self.state = run_id, state


@dataclass(frozen=True)
class Claim:
    """The hold of one worker on one run; ``token`` tells it from every other hold on the same run."""

    run_id: str
    kind: str
    inputs: Mapping[str, Any]
    token: int
    owner: str = ""
    lease_seconds: float = LEASE_SECONDS


@dataclass(frozen=True)
class Run:
    """A run as it stands: what was asked, how far it is, how it ended."""

    id: str
    kind: str
    state: str
    inputs: Mapping[str, Any]
    progress_done: float
    progress_total: float
    note: str
    created: dt.datetime
    started: dt.datetime | None
    ended: dt.datetime | None
    error: str | None
    summary: Mapping[str, Any] | None
    key: str | None
    actor: str
    owner: str | None
    cancel_asked: bool

    @property
    def is_over(self) -> bool:
        """Whether it is done, failed or cancelled."""
        return self.state in (DONE, FAILED, CANCELLED)


_SHOWN = [run.c[field.name] for field in fields(Run)]


class Runs:
    """The run book of a store."""

    def __init__(self, database: Database) -> None:
        self._database = database

    # Asking for work

    def add(
        self, kind: str, inputs: Mapping[str, Any], *, key: str | None = None, actor: str = "local"
    ) -> str:
        """Queue a run and return its id.

        Parameters
        ----------
        kind
            Which job does it.
        inputs
            JSON values; dates and NumPy numbers are turned into them.
        key
            What makes two askings the same work (a date and the hash of the data, say). A failed or cancelled
            run frees its key.
        actor
            Who asks; written to the audit.

        Raises
        ------
        KeyTaken
            A run with this key is queued, running or done.
        """
        return self._insert(kind, inputs, key, actor, state=QUEUED)

    def start(
        self,
        kind: str,
        inputs: Mapping[str, Any],
        *,
        owner: str,
        key: str | None = None,
        actor: str = "local",
        lease_seconds: float = LEASE_SECONDS,
    ) -> Claim:
        """Write a run that its asker does himself: added and claimed in one step, before any worker.

        Raises
        ------
        KeyTaken
            As for ``add``.
        """
        held = {"owner": owner, "token": 1, "started": Now(), "lease_until": _lease(lease_seconds)}
        run_id = self._insert(kind, inputs, key, actor, state=RUNNING, **held)
        return Claim(run_id, kind, self.get(run_id).inputs, 1, owner, lease_seconds)

    def cancel(self, run_id: str, actor: str = "local") -> None:
        """Ask a run to stop.

        A queued one is cancelled at once, a running one is told, one that is over stays as it is.

        Raises
        ------
        NotFound
            No such run.
        """
        waits = run.c.state == QUEUED
        change = update(run).where(run.c.id == run_id, run.c.state.in_([QUEUED, RUNNING]))
        change = change.values(
            cancel_asked=True,
            state=case((waits, CANCELLED), else_=run.c.state),
            ended=case((waits, _not_before(run.c.created)), else_=run.c.ended),
        )
        with self._database.writing() as connection:
            if connection.execute(change).rowcount:
                append(connection, actor, "run.cancel", run_id)
            elif connection.scalar(select(run.c.id).where(run.c.id == run_id)) is None:
                raise NotFound(f'no run "{run_id}"')

    # Doing work

    def claim(
        self,
        run_id: str | None = None,
        kinds: Iterable[str] | None = None,
        owner: str = "local",
        lease_seconds: float = LEASE_SECONDS,
    ) -> Claim | None:
        """Take the run named, or the one that waits longest; None when there is none to take.

        Runs whose lease lapsed are put back in the queue first.
        """
        wanted = select(run.c.id, run.c.kind, run.c.inputs, run.c.token).where(run.c.state == QUEUED)
        if run_id is not None:
            wanted = wanted.where(run.c.id == run_id)
        if kinds is not None:
            wanted = wanted.where(run.c.kind.in_(list(kinds)))
        wanted = wanted.order_by(run.c.number).limit(1).with_for_update(skip_locked=True)
        with self._database.writing() as connection:
            lapsed = _sweep(connection)
            row = connection.execute(wanted).one_or_none()
            if row is not None:
                values = {"state": RUNNING, "owner": owner, "token": row.token + 1, "note": ""}
                values |= {
                    "started": _not_before(run.c.created),
                    "lease_until": _lease(lease_seconds),
                    "progress_done": 0,
                }
                connection.execute(update(run).where(run.c.id == row.id).values(**values))
            for lapsed_id, outcome in lapsed:  # the audit last: it holds the end of the chain
                append(connection, "store", f"run.lapsed.{outcome}", lapsed_id)
            if row is None:
                return None
            append(connection, owner, "run.claim", row.id, {"token": row.token + 1})
        return Claim(row.id, row.kind, row.inputs, row.token + 1, owner, lease_seconds)

    def heartbeat(self, claim: Claim) -> None:
        """Renew the lease.

        Raises
        ------
        StaleLease
            The claim no longer holds the run (so for every method that takes a claim).
        """
        self._change(claim, lease_until=_lease(claim.lease_seconds))

    def progress(self, claim: Claim, done: float, total: float, note: str = "") -> None:
        """Write how far the run is: ``done`` of ``total``, in any unit, and what it does now."""
        self._change(claim, progress_done=float(done), progress_total=float(total), note=clean(note))

    def finish(self, claim: Claim, summary: Mapping[str, Any]) -> None:
        """Publish: the run is done, and its artefacts and forecasts are seen from now on, all in one step."""
        done = {"progress_done": run.c.progress_total, "summary": dict(summary)}
        self._change(claim, "run.done", state=DONE, ended=_ended(), lease_until=None, **done)

    def fail(self, claim: Claim, error_text: str) -> None:
        """The run ended with an error, told in ``error_text``."""
        self._change(
            claim, "run.failed", state=FAILED, ended=_ended(), lease_until=None, error=clean(error_text)
        )

    def cancelled(self, claim: Claim) -> None:
        """The run stopped on request."""
        self._change(claim, "run.cancelled", state=CANCELLED, ended=_ended(), lease_until=None)

    def release(self, claim: Claim) -> None:
        """Put the run back in the queue, untouched: its worker is told to end."""
        self._change(claim, "run.released", state=QUEUED, started=None, lease_until=None, owner=None)

    def cancel_asked(self, claim: Claim) -> bool:
        """Whether somebody asked this run to stop."""
        with self._database.reading() as connection:
            asked = connection.scalar(select(run.c.cancel_asked).where(_held(claim)))
        if asked is None:
            raise _stale(claim)
        return bool(asked)

    # Looking

    def get(self, run_id: str) -> Run:
        """The run with this id, or ``NotFound``."""
        found = self._one(run.c.id == run_id)
        if found is None:
            raise NotFound(f'no run "{run_id}"')
        return found

    def latest(self, kind: str, state: str = DONE) -> Run | None:
        """The run of this kind that reached ``state`` last."""
        newest = run.c.ended if state in (DONE, FAILED, CANCELLED) else run.c.created
        return self._one(run.c.kind == kind, run.c.state == state, order=(newest.desc(), run.c.number.desc()))

    def by_key(self, key: str, state: str | None = DONE) -> Run | None:
        """The run with this key that is done (or in another ``state``; None: in any, the newest)."""
        where = [run.c.key == key] + ([run.c.state == state] if state is not None else [])
        return self._one(*where, order=(run.c.number.desc(),))

    def list(self, limit: int = 20, kind: str | None = None, state: str | None = None) -> tuple[Run, ...]:
        """The newest runs first, at most ``limit``."""
        rows = select(*_SHOWN).order_by(run.c.number.desc()).limit(limit)
        rows = rows if kind is None else rows.where(run.c.kind == kind)
        rows = rows if state is None else rows.where(run.c.state == state)
        with self._database.reading() as connection:
            return tuple(_as_run(row) for row in connection.execute(rows))

    # Inside

    def _insert(self, kind: str, inputs: Mapping[str, Any], key: str | None, actor: str, **more: Any) -> str:
        run_id = new_run_id()
        values = {
            "id": run_id,
            "kind": kind,
            "key": key,
            "actor": actor,
            "inputs": dict(inputs),
            "created": Now(),
        }
        try:
            with self._database.writing() as connection:
                connection.execute(insert(run).values(**values, **more))
                append(connection, actor, "run.add", run_id, {"kind": kind, "key": key})
        except exc.IntegrityError:
            held = (run.c.key == key) & run.c.state.in_([QUEUED, RUNNING, DONE])
            holder = self._one(held) if key is not None else None
            if key is None or holder is None:
                raise
            raise KeyTaken(key, holder.id, holder.state) from None
        return run_id

    def _change(self, claim: Claim, action: str = "", **values: Any) -> None:
        """Change the row while the claim holds it; in the audit too when ``action`` is named."""
        with self._database.writing() as connection:
            if not connection.execute(update(run).where(_held(claim)).values(**values)).rowcount:
                raise _stale(claim)
            if action:
                append(connection, claim.owner or "local", action, claim.run_id, {"token": claim.token})

    def _one(self, *where: ColumnElement[bool], order: Iterable[Any] = ()) -> Run | None:
        with self._database.reading() as connection:
            row = connection.execute(select(*_SHOWN).where(*where).order_by(*order).limit(1)).one_or_none()
        return None if row is None else _as_run(row)


def new_run_id() -> str:
    """An id that no other run has: when it was asked, and chance."""
    return f"{dt.datetime.now(dt.UTC):%Y%m%d-%H%M%S}-{secrets.token_hex(4)}"


def hold(connection: Connection, claim: Claim) -> None:
    """Keep the run with this claim to the end of the transaction, or raise ``StaleLease``."""
    if connection.scalar(select(run.c.id).where(_held(claim)).with_for_update()) is None:
        raise _stale(claim)


def _sweep(connection: Connection) -> list[tuple[str, str]]:
    """Queue the runs whose lease lapsed, once; fail those it happens to again; end those asked to stop."""
    lapsed = (run.c.state == RUNNING) & (run.c.lease_until <= Now())
    rows = (
        select(run.c.id, run.c.expiries, run.c.cancel_asked).where(lapsed).with_for_update(skip_locked=True)
    )
    outcomes = []
    for row in connection.execute(rows).all():
        outcome = CANCELLED if row.cancel_asked else FAILED if row.expiries else QUEUED
        values: dict[str, Any] = {"state": outcome, "expiries": row.expiries + 1, "lease_until": None}
        if outcome != QUEUED:
            values["ended"] = _ended()
        if outcome == FAILED:
            values["error"] = LAPSED_TWICE
        connection.execute(update(run).where(run.c.id == row.id).values(**values))
        outcomes.append((row.id, outcome))
    return outcomes


def _not_before(instant: ColumnElement[Any]) -> ColumnElement[Any]:
    """The database's clock; where that was set back in between, the instant that was written before."""
    return case((instant > Now(), instant), else_=Now())


def _ended() -> ColumnElement[Any]:
    """When a run ended: never before it started."""
    return _not_before(func.coalesce(run.c.started, run.c.created))


def _lease(seconds: float) -> ColumnElement[int]:
    return Now() + round(seconds * MS_SECOND)


def _held(claim: Claim) -> ColumnElement[bool]:
    return (run.c.id == claim.run_id) & (run.c.token == claim.token) & (run.c.state == RUNNING)


def _stale(claim: Claim) -> StaleLease:
    return StaleLease(
        f"run {claim.run_id} is no longer held by {claim.owner or 'this worker'} (claim {claim.token})"
    )


def _as_run(row: Row[Any]) -> Run:
    return Run(**row._mapping)
