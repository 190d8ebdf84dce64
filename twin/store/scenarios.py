"""Scenarios: named what-if questions as text, every version kept.

Putting the same text again changes nothing; other text is the next version. A scenario that is retired is
listed no more, and its versions stay.
"""

from __future__ import annotations

import datetime as dt
import hashlib
from dataclasses import dataclass, fields

from sqlalchemy import Connection, exc, func, select, update

from twin.errors import NotFound
from twin.store.audit import append
from twin.store.columns import Now, clean
from twin.store.database import Database
from twin.store.tables_planning import scenario


@dataclass(frozen=True)
class KeptScenario:
    """One version of a scenario; ``content`` is its text, ``sha256`` that of its UTF-8 bytes."""

    name: str
    version: int
    sha256: str
    content: str
    made_by: str
    at: dt.datetime
    retired: bool


class Scenarios:
    """The book of scenarios of a store."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def put(self, name: str, content: str, *, actor: str = "local") -> KeptScenario:
        """Keep a scenario and return its newest version; a retired one is there again."""
        name, content = clean(name), clean(content)
        digest = hashlib.sha256(content.encode()).hexdigest()
        while True:
            try:
                with self._database.writing() as connection:
                    newest = _newest(connection, name)
                    if newest is not None and newest.sha256 == digest and not newest.retired:
                        return newest
                    version = 1 if newest is None else newest.version + 1
                    row = {"name": name, "version": version, "sha256": digest, "content": content}
                    connection.execute(scenario.insert().values(**row, made_by=clean(actor), at=Now()))
                    append(connection, actor, "scenario.put", name, {"version": version, "sha256": digest})
            except exc.IntegrityError:
                if _is_there(self._database, name, version):
                    continue  # another put this very version at the same moment: look again
                raise
            return self.get(name, version)

    def get(self, name: str, version: int | None = None) -> KeptScenario:
        """A version of a scenario, the newest when omitted.

        Raises
        ------
        NotFound
            There is none, or it is retired and no version is named.
        """
        with self._database.reading() as connection:
            found = _newest(connection, name, version)
        if found is None or (version is None and found.retired):
            words = f", version {version}" if version is not None else ""
            raise NotFound(f'no scenario "{name}"{words}' + (": it was retired" if found else ""))
        return found

    def list(self, *, retired: bool = False) -> tuple[KeptScenario, ...]:
        """The newest version of every scenario by name; retired ones only if asked for."""
        newest = select(func.max(scenario.c.version)).where(
            scenario.c.name == (me := scenario.alias()).c.name
        )
        rows = select(*_columns(me)).where(me.c.version == newest.scalar_subquery()).order_by(me.c.name)
        with self._database.reading() as connection:
            found = [KeptScenario(*row) for row in connection.execute(rows)]
        return tuple(entry for entry in found if retired or not entry.retired)

    def retire(self, name: str, *, actor: str = "local") -> None:
        """Take a scenario off the list; one that is retired stays so.

        Raises
        ------
        NotFound
            There is none of this name.
        """
        with self._database.writing() as connection:
            newest = _newest(connection, name)
            if newest is None:
                raise NotFound(f'no scenario "{name}"')
            if not newest.retired:
                mine = (scenario.c.name == name, scenario.c.version == newest.version)
                connection.execute(update(scenario).where(*mine).values(retired=True))
                append(connection, actor, "scenario.retire", name, {"version": newest.version})


def _columns(table: object = scenario) -> list:
    return [table.c[entry.name] for entry in fields(KeptScenario)]  # type: ignore[attr-defined]


def _newest(connection: Connection, name: str, version: int | None = None) -> KeptScenario | None:
    rows = select(*_columns()).where(scenario.c.name == name)
    rows = rows if version is None else rows.where(scenario.c.version == version)
    row = connection.execute(rows.order_by(scenario.c.version.desc()).limit(1)).one_or_none()
    return None if row is None else KeptScenario(*row)


def _is_there(database: Database, name: str, version: int) -> bool:
    with database.reading() as connection:
        return _newest(connection, name, version) is not None
