"""Plans: what a run proposes for named dates, who approved it, and what holds today.

A plan is proposed, approved, withdrawn or superseded. On any date at most one approved plan holds. A plan is
seen when its run is done, like everything that a run makes.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any

from sqlalchemy import ColumnElement, Connection, select, text, update

from twin.errors import NotFound, TwinError
from twin.store.artefacts import ArtefactDamaged, Artefacts
from twin.store.audit import append
from twin.store.columns import Now, clean
from twin.store.database import Database
from twin.store.runs import new_run_id
from twin.store.tables import DONE, artefact, run
from twin.store.tables_planning import plan

PROPOSED, APPROVED, WITHDRAWN, SUPERSEDED = "proposed", "approved", "withdrawn", "superseded"
TURN = 7_238_115  # any number, the same for every twin: PostgreSQL's name for "deciding on plans"


class PlanOverlaps(TwinError):
    """Another approved plan holds on some of the dates; ``numbers`` are theirs."""

    def __init__(self, number: int, others: Sequence[KeptPlan]) -> None:
        names = ", ".join(f'{p.number} "{p.name}" ({p.valid_from} to {p.valid_to})' for p in others)
        super().__init__(
            f"plan {number} cannot be approved beside {names}: on any date one plan holds; "
            "withdraw the other, or approve this one in its place"
        )
        self.numbers = tuple(p.number for p in others)


class NotOpen(TwinError):
    """A plan that is not in the state that a decision needs."""


@dataclass(frozen=True)
class KeptPlan:
    """A plan as it stands; ``sha256`` names its document, dates are local, first to last."""

    number: int
    run_id: str
    name: str
    sha256: str
    valid_from: dt.date
    valid_to: dt.date
    status: str
    proposed_at: dt.datetime
    decided_by: str | None
    decided_at: dt.datetime | None
    note: str


class Plans:
    """The book of plans of a store."""

    def __init__(self, database: Database, artefacts: Artefacts) -> None:
        self._database, self._artefacts = database, artefacts

    def propose(
        self,
        run_id: str,
        name: str,
        sha256: str,
        valid_from: dt.date,
        valid_to: dt.date,
        *,
        actor: str = "local",
    ) -> int:
        """Write down a plan of a run and return its number; the same again gives the same number.

        Parameters
        ----------
        run_id
            Until it is done nobody sees the plan, and a second attempt may put another in its place.
        sha256
            Of its document, which ``store.artefacts`` keeps already.

        Raises
        ------
        NotFound
            No such run.
        ArtefactDamaged
            The document is not there.
        NotOpen
            The run is done, and its plan of this name says something else.
        """
        if not self._artefacts.path(sha256).is_file():
            raise ArtefactDamaged(
                f'the plan "{name}" cannot be proposed: {self._artefacts.path(sha256)} is gone'
            )
        row: dict[str, Any] = {"run_id": run_id, "name": clean(name), "sha256": sha256}
        row |= {"valid_from": valid_from, "valid_to": valid_to}
        with self._database.writing() as connection:
            self._take_turn(connection)
            state = connection.scalar(select(run.c.state).where(run.c.id == run_id))
            if state is None:
                raise NotFound(f'no run "{run_id}" to propose a plan')
            mine = (plan.c.run_id == run_id, plan.c.name == row["name"])
            there = connection.execute(select(plan).where(*mine)).mappings().one_or_none()
            if there is None:
                return _insert(connection, row, actor)
            if any(there[key] != value for key, value in row.items()):
                if state == DONE:
                    raise NotOpen(f'run {run_id} proposed its plan "{name}" already, and with other content')
                connection.execute(update(plan).where(*mine).values(**row, proposed_at=Now()))
                append(connection, actor, "plan.propose", str(there["number"]), row)
            return int(there["number"])

    def record(
        self,
        kind: str,
        name: str,
        valid_from: dt.date,
        valid_to: dt.date,
        files: Mapping[str, tuple[bytes, str]],
        *,
        document: str,
        inputs: Mapping[str, Any] | None = None,
        summary: Mapping[str, Any] | None = None,
        actor: str = "local",
    ) -> tuple[KeptPlan, bool]:
        """Write down a plan that is made already, with a finished run of its own: all of it or nothing.

        Parameters
        ----------
        kind
            Of the run.
        files
            Name -> (content, media type): what the run made. Whole on disk before any row names it.
        document
            Which of them the plan is named by.

        Returns
        -------
        tuple
            The plan, and whether it is new: the same one for the same dates, while it is proposed or
            approved, is the one that is there.
        """
        kept = {at: (self._artefacts.keep(data), len(data), media) for at, (data, media) in files.items()}
        row: dict[str, Any] = {"name": clean(name), "sha256": kept[document][0]}
        row |= {"valid_from": valid_from, "valid_to": valid_to}
        with self._database.writing() as connection:
            self._take_turn(connection)
            open_now = plan.c.status.in_([PROPOSED, APPROVED])
            there = _find(connection, open_now, *(plan.c[key] == value for key, value in row.items()))
            if there:
                return there[0], False
            run_id = new_run_id()
            made = {"id": run_id, "kind": kind, "state": DONE, "actor": actor, "inputs": dict(inputs or {})}
            ended = {"created": Now(), "started": Now(), "ended": Now(), "summary": dict(summary or {})}
            connection.execute(run.insert().values(**made, **ended, token=1))
            for at, (digest, size, media) in kept.items():
                file = {"sha256": digest, "size": size, "media": media}
                connection.execute(artefact.insert().values(run_id=run_id, token=1, name=clean(at), **file))
            for at, (data, _) in files.items():
                if not self._artefacts.path(kept[at][0]).exists():  # swept away at this very moment
                    self._artefacts.keep(data)
            number = _insert(connection, {"run_id": run_id, **row}, actor)
            return _one(connection, number), True

    def approve(self, number: int, *, actor: str, note: str = "", supersede: bool = False) -> KeptPlan:
        """Make a proposed plan hold on its dates.

        Parameters
        ----------
        supersede
            Take the place of approved plans that share a date; they become superseded as a whole.

        Raises
        ------
        PlanOverlaps
            Without ``supersede``, another approved plan shares a date.
        NotOpen
            It was withdrawn or superseded; propose it again. An approved one stays approved.
        NotFound
            No such plan.
        """
        with self._database.writing() as connection:
            self._take_turn(connection)
            wanted = _one(connection, number)
            if wanted.status == APPROVED:
                return wanted
            _refuse_unless(wanted, PROPOSED)
            shares = (plan.c.valid_from <= wanted.valid_to) & (plan.c.valid_to >= wanted.valid_from)
            others = _find(connection, plan.c.status == APPROVED, shares)
            if others and not supersede:
                raise PlanOverlaps(number, others)
            for other in others:
                _decide(connection, other.number, SUPERSEDED, actor, f"superseded by plan {number}")
            _decide(connection, number, APPROVED, actor, note)
            replaced = [other.number for other in others]
            append(connection, actor, "plan.approve", str(number), {"note": note, "supersedes": replaced})
            return _one(connection, number)

    def withdraw(self, number: int, *, actor: str, note: str = "") -> KeptPlan:
        """Take a proposed or approved plan back; one withdrawn stays so.

        Raises
        ------
        NotOpen
            It was superseded.
        NotFound
            No such plan.
        """
        with self._database.writing() as connection:
            self._take_turn(connection)
            wanted = _one(connection, number)
            if wanted.status == WITHDRAWN:
                return wanted
            _refuse_unless(wanted, PROPOSED, APPROVED)
            _decide(connection, number, WITHDRAWN, actor, note)
            append(connection, actor, "plan.withdraw", str(number), {"note": note})
            return _one(connection, number)

    def get(self, number: int) -> KeptPlan:
        """The plan with this number, or ``NotFound``."""
        with self._database.reading() as connection:
            return _one(connection, number)

    def holds(self, day: dt.date) -> KeptPlan | None:
        """The approved plan of a date; None where none is."""
        with self._database.reading() as connection:
            on = (plan.c.status == APPROVED, plan.c.valid_from <= day, plan.c.valid_to >= day)
            return next(iter(_find(connection, *on)), None)

    def list(self, status: str | None = None) -> tuple[KeptPlan, ...]:
        """All plans, or those of one status, the newest first."""
        with self._database.reading() as connection:
            return tuple(_find(connection, *([] if status is None else [plan.c.status == status])))

    def _take_turn(self, connection: Connection) -> None:
        """One decision at a time; on SQLite a writer is alone anyway."""
        if not self._database.is_sqlite:
            connection.execute(text("SELECT pg_advisory_xact_lock(:turn)"), {"turn": TURN})


def _find(connection: Connection, *where: ColumnElement[bool]) -> list[KeptPlan]:
    """Plans of finished runs, the newest first."""
    rows = select(*[plan.c[entry.name] for entry in fields(KeptPlan)]).join(run, plan.c.run_id == run.c.id)
    rows = rows.where(run.c.state == DONE, *where).order_by(plan.c.number.desc())
    return [KeptPlan(*row) for row in connection.execute(rows)]


def _insert(connection: Connection, row: Mapping[str, Any], actor: str) -> int:
    values = {**row, "status": PROPOSED, "proposed_at": Now()}
    number = connection.execute(plan.insert().values(**values).returning(plan.c.number)).scalar_one()
    append(connection, actor, "plan.propose", str(number), row)
    return int(number)


def _one(connection: Connection, number: int) -> KeptPlan:
    found = _find(connection, plan.c.number == number)
    if not found:
        raise NotFound(f"no plan {number}")
    return found[0]


def _refuse_unless(found: KeptPlan, *states: str) -> None:
    if found.status not in states:
        raise NotOpen(f"plan {found.number} is {found.status}; it has to be {' or '.join(states)}")


def _decide(connection: Connection, number: int, status: str, actor: str, note: str) -> None:
    values = {"status": status, "decided_by": clean(actor), "decided_at": Now(), "note": clean(note)}
    connection.execute(update(plan).where(plan.c.number == number).values(**values))
