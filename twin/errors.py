"""Errors: what the twin says when something cannot be done, to a person with a problem.

Every error of the project descends from ``TwinError`` and carries the exit code that the
command line returns, so that a cron job can act on it, and a code that says what kind of fault it is,
whatever words it is told in: ``docs/errors.md`` has them all in one table.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

OK, FAILED, USAGE, BAD_DATA, INFEASIBLE, DEGRADED, LOCKED = 0, 1, 2, 3, 4, 5, 75

#: every code and what it means; a code is never given another meaning
CODES: dict[str, str] = {
    "E_FAILED": "the work could not be done, for the reason told",
    "E_USAGE": "an option or a question that cannot be asked this way",
    "E_DESCRIPTION": "a description with several faults, each told with its path",
    "E_DATA": "records or a history that cannot be used",
    "E_NOT_FOUND": "a name, a file or a run that is not there",
    "E_INFEASIBLE": "no plan meets the rules",
    "E_SOLVER": "the solver is not there, or stopped before it found anything",
    "E_LIMIT": "the time limit came before any plan was found; allow more",
    "E_SCALING": "prices so far apart that a solver's arithmetic cannot weigh them",
    "E_EMPTY_MODEL": "nothing to plan: no ward, no group, no specialty",
    "E_UNBOUNDED": "a plan that pays without end; the decision that does is named",
    "E_DEGRADED": "the work was done with a fallback",
    "E_LOCKED": "another run holds the workspace",
    "E_CANCELLED": "stopped on request before its end",
    "E_DEADLOCK": "patients wait for each other's places in a circle that no rule resolves",
    "E_UNSTABLE": "a steady state was asked for where queues grow without end",
    "E_CAPACITY": "patients ask for places or people of which there is never one",
    "E_RANGE": "a number outside its range, or a part where a whole number is needed",
    "E_NOT_FINITE": "not a number, or infinite: in a description, or drawn from a distribution",
    "E_NEGATIVE_DELAY": "a length of time that is, or can be drawn, below 0",
    "E_PROBABILITY": "a share outside 0 to 1, or shares that do not sum to one; never rescaled silently",
    "E_UNKNOWN_NAME": "a name that the description does not have",
    "E_CALENDAR": "hours that do not fit: an empty stretch, a session outside opening hours",
    "E_TIMEZONE": "no such time zone",
    "E_BUDGET": "more than a run may take, refused before it starts, with the estimate",
    "E_WARMUP": "a warm-up longer than the run",
    "E_HORIZON": "a forecast of no period, or of more than ten years",
    "E_COVARIATES": "a table of what is known beforehand that stops early, or does not fit the history",
    "E_BOOKED": "a booked theatre list that is too short, or a case in it that does not say what or when",
    "E_SEED": "a seed that is not a whole number from 0 to 2^63 - 1",
    "E_OUTPUT": "a file asked for cannot be written there; told before the work begins",
    "E_NONEXISTENT_TIME": "a local time in the hour that the clocks skip in spring",
    "E_AMBIGUOUS_DATE": "a date that is day/month or month/day; dates are written 2024-03-31",
    "E_FUTURE": "a time after the last instant of the data",
    "E_OVERLAP": "one patient in two places at once",
    "E_UNKNOWN_WARD": "a code of a ward or place that is no name of hospital.toml; no ward is ever made up",
    "E_TRANSFER_CYCLE": "a patient moved to and fro fifty times within a minute: the feed runs in a circle",
    "E_BALANCE": "wards whose census does not follow from the day before: rows or messages are missing",
    "E_DATE": "a time that is none, or is written in another way than the source's standard",
    "E_PARSE": "text that cannot be taken apart by the rules of its format",
    "E_NO_MSH": "a message of HL7 that does not begin with its header, MSH",
    "E_TOO_MANY_SEGMENTS": "a message of more segments than is allowed, refused before it is taken apart",
    "E_TOO_MANY_CONNECTIONS": "more connections to the listener than it takes; come again later",
    "E_TOO_LARGE": "a file, a row, a message or a value larger than is allowed",
    "E_CONTROL_CHAR": "a code with a character that cannot be seen",
    "E_NO_KEY": "a row or message that does not say which thing it is about",
    "E_CLUSTER": "no cluster at the address, or one whose workers would not compute the same",
    "E_STORE": "the store cannot be opened or written, for the reason told",
    "E_DISK_FULL": "no space left; what was kept before is whole, and the work succeeds once there is space",
    "E_READ_ONLY": "a folder, file or database that may be read and not written",
    "E_NETWORK_FOLDER": "a workspace on a network drive, where the locks of SQLite do not hold",
    "E_BUSY": "the database has no connection free, or is held by another for too long; try again",
    "E_NEWER": "a store or a backup of a newer version of the twin",
    "E_DAMAGED": "a kept file or a backup that is gone, cut short or altered",
    "E_AUDIT": "the audit was altered; the first bad row is named",
    "E_TOO_MANY_FAULTS": "more rows of a file cannot be used than may be put aside; all of it was refused",
    "E_NO_CLASS": "no visit of the records is of any class of the description",
    "E_MOVED": "another process published meanwhile; what was made of the state before does not hold",
    "E_LOST": "work that was lost several times with the process or worker that did it",
    "E_DEPTH": "JSON nested deeper than is allowed, refused before it is taken apart",
    "E_DUP_KEY": "an object of JSON with one name twice; which of the two holds is not guessed",
    "E_RESOURCE_TYPE": "a resource of FHIR whose resourceType is missing, or is none",
    "E_REFERENCE": "a reference of FHIR that names no resource; references are never followed",
    "E_DANGLING_REF": "a reference to something that the source does not hold",
    "E_CODE": "a code that the standard's required list does not have",
    "E_NUMBER": "a number with more figures than is allowed, or written in a way that is not read",
    "E_ENCODING": "text that is not UTF-8",
    "E_FORMAT": "a format that is not read",
    "E_NEGATIVE_LOS": "an end before its start",
    "E_HEADER": "a header that no mapping fits, or several alike, or with a column twice",
    "E_MISSING_COLUMN": "a column that the mapping needs and the file does not have",
    "E_NO_ROWS": "a file with nothing to read in it",
    "E_ROW_WIDTH": "a row with more or fewer fields than the header",
    "E_TOO_MANY_COLUMNS": "a table of more columns than is allowed",
    "E_INTEGER": "a part where a whole number is due",
    "E_SCHEMA": "a column of Parquet of another type than the mapping wants",
    "E_PII": "a value that seems to tell who somebody is, where a code should stand",
    "E_SERVER": "a FHIR server that does not answer, or whose answer is not taken",
    "E_ADDRESS": "an address that is never asked: not http, on another host, or of the machine itself",
    "E_NOT_REGULAR_FILE": "a folder, a pipe, a device or a link out of its folder where a file is asked for",
    "E_PERMISSION": "a file that this user may not read",
    "E_EMPTY": "a file without anything in it",
    "E_FILE_TYPE": "a file that is something else than its name, or than was told",
    "E_ARCHIVE": "an archive that is damaged, encrypted, nested, or holds nothing that can be read",
    "E_ARCHIVE_PATH": "an archive whose members lead out of it: a path with .., an absolute one, a link",
    "E_CHANGED": "a file that was written to or replaced while it was read",
    "E_TIME": "reading took more time than its size allows",
    "E_MODEL_CORRUPT": "a model's file that is gone, cut short, or not what a model is made of",
    "E_MODEL_HASH": "a model's file with other bytes than were registered",
    "E_MODEL_CONTRACT": "a model of other inputs: other features, another order, scale or width",
    "E_LEAKAGE": "a model that learned from days after the first one it is to forecast",
    "E_STALE": "a night that found no new data; the last forecast is kept and its age told",
    "E_CRASH": "reading ended by a fault of the reader; nothing was changed",
}


@dataclass(frozen=True)
class Problem:
    """One fault: where it stands, what stands there, the rule it breaks, the cure, and its code."""

    path: str
    value: object
    rule: str
    cure: str = ""
    code: str = ""

    def __str__(self) -> str:
        shown = "" if self.value is None else f" = {_short(self.value)}"
        return f"{self.path}{shown}    {self.remedy}"

    @property
    def remedy(self) -> str:
        """Rule, cure and code as one text."""
        cure = f"; {self.cure}" if self.cure else ""
        code = f"  [{self.code}]" if self.code else ""
        return f"{self.rule}{cure}{code}"


def _short(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 80 else text[:77] + "..."


def _json(value: object) -> object:
    whole = value is None or isinstance(value, bool | int | str)
    return value if whole else _short(value)


class TwinError(Exception):
    """Anything the twin refuses or fails to do, in words."""

    exit_code = FAILED
    code = "E_FAILED"

    def __init__(self, message: str, *, exit_code: int | None = None, code: str | None = None) -> None:
        super().__init__(message)
        if exit_code is not None:
            self.exit_code = exit_code
        if code is not None:
            self.code = code

    def __reduce__(self) -> tuple[Any, ...]:
        """Sent from another process, it is the same error with all that it carries."""
        return _remade, (type(self), self.args, self.__dict__)

    def told(self) -> str:
        """The message with the code; faults told one by one carry their own."""
        return str(self) if getattr(self, "problems", ()) else f"{self}  [{self.code}]"

    def as_table(self) -> dict[str, object]:
        """The error as a machine reads it, in JSON's own types."""
        problems = [
            {"path": p.path, "value": _json(p.value), "rule": p.rule, "cure": p.cure, "code": p.code}
            for p in getattr(self, "problems", ())
        ]
        return {
            "code": self.code,
            "exit_code": self.exit_code,
            "message": str(self),
            "problems": problems,
        }


def _remade(kind: type[TwinError], args: tuple[Any, ...], carried: dict[str, Any]) -> TwinError:
    error = kind.__new__(kind, *args)
    error.args = args
    error.__dict__.update(carried)
    return error


class ConfigError(TwinError):
    """A description (hospital, plan, scenario, option) with faults, all told at once."""

    exit_code = USAGE
    code = "E_DESCRIPTION"

    def __init__(self, source: str, problems: Iterable[Problem]) -> None:
        self.source, self.problems = source, tuple(problems)
        super().__init__(tell(source, self.problems), code=_common_code(self.problems))


class BadData(TwinError):
    """Records or a history that cannot be used; nothing of it was stored."""

    exit_code = BAD_DATA
    code = "E_DATA"

    def __init__(self, source: str, problems: Iterable[Problem] = ()) -> None:
        self.source, self.problems = source, tuple(problems)
        message = tell(source, self.problems) if self.problems else source
        super().__init__(message, code=_common_code(self.problems))


class UsageError(TwinError):
    """A question that cannot be asked this way: a wrong option, an impossible horizon."""

    exit_code = USAGE
    code = "E_USAGE"


class NotFound(UsageError):
    """A name, a file or a run that is not there."""

    code = "E_NOT_FOUND"


class Infeasible(TwinError):
    """No plan meets the rules; the message says what is short, where and by how much."""

    exit_code = INFEASIBLE
    code = "E_INFEASIBLE"


class Degraded(TwinError):
    """The work was done with a fallback, and the fallback is named."""

    exit_code = DEGRADED
    code = "E_DEGRADED"


class Locked(TwinError):
    """Another run holds the workspace; the message says who and since when."""

    exit_code = LOCKED
    code = "E_LOCKED"


class Overload(TwinError):
    """The patients cannot be carried: a queue would grow without end."""

    exit_code = USAGE
    code = "E_UNSTABLE"


class Deadlock(TwinError):
    """Patients wait for each other's places in a circle that no rule resolves."""

    code = "E_DEADLOCK"


class Cancelled(TwinError):
    """The work was stopped on request before its end."""

    code = "E_CANCELLED"


def tell(source: str, problems: Iterable[Problem]) -> str:
    """All faults of one source as one text: a headline and a line a fault."""
    rows = tuple(problems)
    width = max((len(f"{p.path}") for p in rows), default=0)
    lines = [f"{source} has {len(rows)} problem{'s' if len(rows) != 1 else ''}"]
    for p in rows:
        shown = "" if p.value is None else f" = {_short(p.value)}"
        lines.append(f"  {(p.path + shown):<{min(width + 14, 60)}}  {p.remedy}")
    return "\n".join(lines)


def _common_code(problems: tuple[Problem, ...]) -> str | None:
    """The code of all problems, where they have one and the same."""
    codes = {p.code for p in problems}
    return (codes.pop() or None) if len(codes) == 1 else None


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """A hint with the nearest known name, or the list of the known ones."""
    names = sorted(known)
    near = difflib.get_close_matches(name, names, n=1)
    if near:
        return f'did you mean "{near[0]}"?'
    return f"known: {', '.join(names[:12])}" if names else "none is known"
