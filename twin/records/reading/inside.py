"""Inside: what the process for foreign files does, from the job it is handed to its one answer.

It is told its job as a line of JSON on standard input, goes under its limits before it touches the file, asks
no network and starts nothing. It speaks in lines of JSON: how far it has come, and last what came of it. What
libraries print goes to standard error, which nobody is shown. An unforeseen fault is told by its kind and
place, never by its words: they could quote a patient.
"""

from __future__ import annotations

import ctypes
import errno
import gc
import importlib
import json
import os
import signal
import sys
import time
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any, NoReturn

import twin.errors
from twin.errors import Problem, TwinError
from twin.records.reading.allowance import Allowance

#: tells how many bytes of the source have been read
Say = Callable[[int], None]
#: what runs inside: from its job, as JSON's own types, to its answer
Work = Callable[[dict[str, Any], Say], dict[str, Any]]

#: what the interpreter is about to do, by the names of its audit
_GOES_OUT = frozenset(
    (
        "socket.connect",
        "socket.bind",
        "socket.sendto",
        "socket.getaddrinfo",
        "socket.gethostbyname",
        "subprocess.Popen",
        "os.system",
        "os.exec",
        "os.posix_spawn",
        "os.fork",
        "os.forkpty",
    )
)
_TELL_EVERY = 0.2  # seconds between two lines of progress
#: the system refuses to write, whatever is read
_OF_THE_PLACE = {errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EACCES, errno.EPERM, errno.EIO}
_PR_SET_PDEATHSIG = 1


def main(handed: dict[str, Any]) -> NoReturn:
    """Do the job, answer, and end without waiting for anything else."""
    _end_with_parent(handed["parent"])
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    _answer(answers, _outcome(handed, _teller(answers)))
    os._exit(0)


def load(name: str) -> Any:
    """What ``package.module:name`` names."""
    module, _, attribute = name.partition(":")
    return getattr(importlib.import_module(module), attribute)


def _outcome(handed: dict[str, Any], say: Say) -> dict[str, Any]:
    try:
        work: Work = load(handed["work"])
        for name in handed["warm"]:
            importlib.import_module(name)
        Allowance(**handed["allowance"]).hold()
        sys.addaudithook(_refuse_to_go_out)
        return {"done": work(handed["job"], say)}
    except TwinError as error:
        return {"refused": _as_json(error)}
    except MemoryError:
        gc.collect()
        return {"short_of": "memory"}
    except OSError as error:
        return _of_system(error)
    except RecursionError:
        return {"crashed": "RecursionError"}
    except Exception as error:  # noqa: BLE001 - a fault of a reader: told by kind and place, as any crash is
        return {"crashed": " ".join(filter(None, (type(error).__name__, _place_of(error))))}


def _refuse_to_go_out(what: str, _: object) -> None:
    """Reading needs neither the network nor another process, whatever a file asks for."""
    if what in _GOES_OUT:
        raise RuntimeError(f"{what} is not for a process that reads")


def _of_system(error: OSError) -> dict[str, Any]:
    if error.errno == errno.EFBIG:
        return {"short_of": "writes"}
    if error.errno in _OF_THE_PLACE:
        return {"system": error.errno}
    if error.errno == errno.ENOMEM:
        return {"short_of": "memory"}
    which = errno.errorcode.get(error.errno or 0, "")
    return {"crashed": " ".join(filter(None, (type(error).__name__, which, _place_of(error))))}


def _as_json(error: TwinError) -> dict[str, Any]:
    problems = getattr(error, "problems", ())
    return {
        "kind": type(error).__name__,
        "said": getattr(error, "source", None) or str(error),
        "code": error.code,
        "exit_code": error.exit_code,
        "problems": [[p.path, _plain(p.value), p.rule, p.cure, p.code] for p in problems],
    }


def as_error(told: dict[str, Any]) -> TwinError:
    """The error that was raised inside, as it is raised to the one who asked.

    Raises
    ------
    KeyError, TypeError, ValueError
        What was told is no error.
    """
    kind = getattr(twin.errors, str(told["kind"]), TwinError)
    if not (isinstance(kind, type) and issubclass(kind, TwinError)):
        raise ValueError("no error of ours")
    problems = [Problem(*map(_plain, row)) for row in told["problems"]]  # type: ignore[arg-type]
    said = str(told["said"])
    if issubclass(kind, (twin.errors.BadData, twin.errors.ConfigError)):
        error: TwinError = kind(said, problems)
    else:
        error = kind(said)
    error.code, error.exit_code = str(told["code"]), int(told["exit_code"])
    return error


def _plain(value: object) -> object:
    return value if value is None or isinstance(value, bool | int | float | str) else repr(value)


def _place_of(error: BaseException) -> str:
    """File and line in our own code where it came from."""
    ours = Path(twin.errors.__file__).parent
    frames = [f for f in traceback.extract_tb(error.__traceback__) if Path(f.filename).is_relative_to(ours)]
    return f"in {Path(frames[-1].filename).relative_to(ours)}, line {frames[-1].lineno}" if frames else ""


def _teller(answers: Any) -> Say:
    last = 0.0

    def say(count: int) -> None:
        nonlocal last
        now = time.monotonic()
        if now - last >= _TELL_EVERY:
            last = now
            _answer(answers, {"read": count})

    return say


def _answer(answers: Any, line: dict[str, Any]) -> None:
    answers.write(json.dumps(line) + "\n")
    answers.flush()


def _end_with_parent(parent: int) -> None:
    """Have the system end this process when the one that started it ends."""
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    if os.getppid() != parent:  # it ended before this line
        os._exit(1)
