"""Users: who may do what. Whoever is not on the list, or is not active, may do nothing.

Passwords are kept as hashes that others make (argon2, as "$argon2id$..."); a plain one is refused. Every
change is a line of the audit, without the hash.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field, fields
from typing import Literal

from sqlalchemy import exc, select, update

from twin.errors import NotFound, UsageError
from twin.store.audit import append
from twin.store.columns import Now, clean
from twin.store.database import Database
from twin.store.tables_planning import user_account

Role = Literal["viewer", "planner", "admin"]
ROLES: tuple[Role, ...] = ("viewer", "planner", "admin")  # each may do what those before it may


@dataclass(frozen=True)
class User:
    """One person's account."""

    name: str
    role: Role
    active: bool
    at: dt.datetime
    password_hash: str | None = field(default=None, repr=False)


class Users:
    """The book of users of a store."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def may(self, name: str, role: Role) -> bool:
        """Whether an active user has this role or a higher one; no for anybody unknown."""
        found = self.get(name)
        return found is not None and found.active and ROLES.index(found.role) >= ROLES.index(_known(role))

    def get(self, name: str) -> User | None:
        """The account of this name; None where there is none."""
        return next((user for user in self.list() if user.name == name), None)

    def list(self) -> tuple[User, ...]:
        """All accounts by name, active or not."""
        rows = select(*[user_account.c[entry.name] for entry in fields(User)]).order_by(user_account.c.name)
        with self._database.reading() as connection:
            return tuple(User(*row) for row in connection.execute(rows))

    def add(self, name: str, role: Role = "viewer", *, password_hash: str | None = None, actor: str) -> None:
        """Add a person.

        Raises
        ------
        UsageError
            The name is taken or empty, the role is none of the three, the password is not a hash.
        """
        name = clean(name).strip()
        if not name or len(name) > 200:
            raise UsageError(f"not a name for a user: {name[:40]!r}; 1 to 200 characters")
        row = {"name": name, "role": _known(role), "password_hash": _hashed(password_hash)}
        try:
            with self._database.writing() as connection:
                connection.execute(user_account.insert().values(**row, active=True, at=Now()))
                append(connection, actor, "user.add", name, {"role": role})
        except exc.IntegrityError:
            if self.get(name) is None:
                raise
            raise UsageError(f'there is a user "{name}" already') from None

    def set_role(self, name: str, role: Role, *, actor: str) -> None:
        """Give a person another role."""
        self._change(name, actor, "user.role", {"role": role}, role=_known(role))

    def set_password_hash(self, name: str, password_hash: str | None, *, actor: str) -> None:
        """Keep the hash of a new password; None: no password opens this account."""
        self._change(name, actor, "user.password", {}, password_hash=_hashed(password_hash))

    def deactivate(self, name: str, *, actor: str) -> None:
        """Take every right from a person; the account stays, so that the audit's names keep their meaning."""
        self._change(name, actor, "user.deactivate", {}, active=False)

    def activate(self, name: str, *, actor: str) -> None:
        """Give a person the rights of his role back."""
        self._change(name, actor, "user.activate", {}, active=True)

    def _change(self, name: str, actor: str, action: str, told: dict[str, object], **values: object) -> None:
        with self._database.writing() as connection:
            if not connection.execute(
                update(user_account).where(user_account.c.name == name).values(**values)
            ).rowcount:
                raise NotFound(f'no user "{name}"')
            append(connection, actor, action, name, told)


def _known(role: str) -> Role:
    if role not in ROLES:
        raise UsageError(f'no role "{role}"; known: {", ".join(ROLES)}')
    return role


def _hashed(password_hash: str | None) -> str | None:
    if password_hash is not None and not (password_hash.startswith("$") and password_hash.count("$") >= 3):
        raise UsageError("a password is kept as its hash alone, like $argon2id$v=19$...; nothing was changed")
    return password_hash
