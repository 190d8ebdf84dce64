"""Errors: what the twin says when something cannot be done, to a person with a problem.

Every error of the project descends from ``TwinError`` and carries the exit code that the
command line returns, so that a cron job can act on it.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from dataclasses import dataclass

OK, FAILED, USAGE, BAD_DATA, INFEASIBLE, DEGRADED, LOCKED = 0, 1, 2, 3, 4, 5, 75


@dataclass(frozen=True)
class Problem:
    """One fault: where it stands, what stands there, the rule it breaks and the cure."""

    path: str
    value: object
    rule: str
    cure: str = ""

    def __str__(self) -> str:
        shown = "" if self.value is None else f" = {_short(self.value)}"
        cure = f"; {self.cure}" if self.cure else ""
        return f"{self.path}{shown}    {self.rule}{cure}"


def _short(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 80 else text[:77] + "..."


class TwinError(Exception):
    """Anything the twin refuses or fails to do, in words."""

    exit_code = FAILED

    def __init__(self, message: str, *, exit_code: int | None = None) -> None:
        super().__init__(message)
        if exit_code is not None:
            self.exit_code = exit_code


class ConfigError(TwinError):
    """A description (hospital, plan, scenario, option) with faults, all told at once."""

    exit_code = USAGE

    def __init__(self, source: str, problems: Iterable[Problem]) -> None:
        self.source, self.problems = source, tuple(problems)
        super().__init__(tell(source, self.problems))


class BadData(TwinError):
    """Records or a history that cannot be used; nothing of it was stored."""

    exit_code = BAD_DATA

    def __init__(self, source: str, problems: Iterable[Problem] = ()) -> None:
        self.source, self.problems = source, tuple(problems)
        super().__init__(tell(source, self.problems) if self.problems else source)


class UsageError(TwinError):
    """A question that cannot be asked this way: a wrong option, an impossible horizon."""

    exit_code = USAGE


class NotFound(UsageError):
    """A name, a file or a run that is not there."""


class Infeasible(TwinError):
    """No plan meets the rules; the message says what is short, where and by how much."""

    exit_code = INFEASIBLE


class Degraded(TwinError):
    """The work was done with a fallback, and the fallback is named."""

    exit_code = DEGRADED


class Locked(TwinError):
    """Another run holds the workspace; the message says who and since when."""

    exit_code = LOCKED


class Overload(TwinError):
    """The patients cannot be carried: a queue would grow without end."""

    exit_code = USAGE


class Deadlock(TwinError):
    """Patients wait for each other's places in a circle that no rule resolves."""


class Cancelled(TwinError):
    """The work was stopped on request before its end."""


def tell(source: str, problems: Iterable[Problem]) -> str:
    """All faults of one source as one text: a headline and a line a fault."""
    rows = tuple(problems)
    width = max((len(f"{p.path}") for p in rows), default=0)
    lines = [f"{source} has {len(rows)} problem{'s' if len(rows) != 1 else ''}"]
    for p in rows:
        shown = "" if p.value is None else f" = {_short(p.value)}"
        cure = f"; {p.cure}" if p.cure else ""
        lines.append(f"  {(p.path + shown):<{min(width + 14, 60)}}  {p.rule}{cure}")
    return "\n".join(lines)


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """A hint with the nearest known name, or the list of the known ones."""
    names = sorted(known)
    near = difflib.get_close_matches(name, names, n=1)
    if near:
        return f'did you mean "{near[0]}"?'
    return f"known: {', '.join(names[:12])}" if names else "none is known"
