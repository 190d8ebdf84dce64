"""Outcome: what a process for foreign files answered, or in words what became of it."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from twin.errors import BadData, Problem, TwinError
from twin.files import code_of
from twin.records.reading.allowance import Allowance
from twin.records.reading.inside import as_error
from twin.records.reading.limits import MB
from twin.records.reading.process import Ended


def answer_of(ended: Ended, name: str, allowance: Allowance) -> dict[str, Any]:
    """The answer of a process that has ended.

    Raises
    ------
    TwinError
        What it refused with; its memory, time or space did not do (``E_TOO_LARGE``, ``E_TIME``,
        ``E_DISK_FULL``); it broke (``E_CRASH``).
    """
    if ended.late:
        raise _too_long(name, f"{allowance.seconds:,.0f} seconds")
    if ended.nonsense:
        raise _crashed(name, "an answer that makes no sense")
    if ended.code != 0 or ended.line is None:
        raise _of_exit(ended, name, allowance)
    with in_sense(name):
        (word, told), *_ = ended.line.items()
        error = as_error(told) if word == "refused" else None
    if error is not None:
        raise error
    if word == "system":
        raise _of_system(told, name)
    if word == "short_of":
        raise _short_of(told, name, allowance)
    if word != "done" or not isinstance(told, dict):
        raise _crashed(name, str(told) if word == "crashed" else "an answer that makes no sense")
    return told


@contextmanager
def in_sense(name: str) -> Iterator[None]:
    """An answer that cannot be taken apart is a crash of whoever gave it."""
    try:
        yield
    except (KeyError, TypeError, ValueError, AttributeError, AssertionError, OSError):
        raise _crashed(name, "an answer that makes no sense") from None


def _of_exit(ended: Ended, name: str, allowance: Allowance) -> TwinError:
    spent = ended.cpu_seconds >= allowance.cpu_seconds
    if -ended.code == signal.SIGXCPU or (-ended.code == signal.SIGKILL and spent):
        return _too_long(name, f"{allowance.cpu_seconds:,.0f} seconds of a processor")
    if b"bad_alloc" in ended.complaints or b"MemoryError" in ended.complaints:
        return _short_of("memory", name, allowance)
    if ended.code < 0:
        return _crashed(name, f"ended by {_signal(-ended.code)}")
    return _crashed(name, f"ended without an answer (exit code {ended.code})")


def _signal(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"


def _of_system(number: object, name: str) -> TwinError:
    error = OSError(number, os.strerror(number)) if isinstance(number, int) else OSError()
    said = f"{name}: what is read of it cannot be written: {error.strerror}; nothing was changed"
    return TwinError(said, code=code_of(error) or "E_STORE")


def _short_of(what: object, name: str, allowance: Allowance) -> TwinError:
    most = allowance.memory if what == "memory" else allowance.writes
    rule = f"needs more {'memory' if what == 'memory' else 'space'} than {most / MB:,.0f} MB"
    return BadData(name, [Problem("file", None, rule, "split it, by month say", "E_TOO_LARGE")])


def _too_long(name: str, most: str) -> BadData:
    rule = f"takes longer than {most}, far more than its size asks for"
    return BadData(name, [Problem("file", None, rule, "split it, by month say", "E_TIME")])


def _crashed(name: str, how: str) -> BadData:
    cure = "nothing was changed; please report it with the shape of the file"
    return BadData(
        name, [Problem("file", how, "the work on it broke off by a fault of the twin", cure, "E_CRASH")]
    )
