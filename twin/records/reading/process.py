"""Process: a fresh interpreter for foreign files, what is said to it and heard from it, and its end."""

from __future__ import annotations

import json
import os
import selectors
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

from twin.errors import Cancelled, TwinError
from twin.records.reading.allowance import Allowance
from twin.records.reading.limits import MB

_BOOT = (
    "import sys, json; handed = json.loads(sys.stdin.buffer.readline()); sys.path[:] = handed['modules'];"
    "from twin.records.reading.inside import main; main(handed)"
)
#: the longest answer taken: two thousand faults are below 1 MB [bytes]
_ANSWER_BYTES = 32 * MB
_LOOK_EVERY = 0.1  # seconds between two looks at the clock and at who asked
_KEPT_OF_STDERR = 64 << 10


@dataclass
class Ended:
    """How the process ended.

    Attributes
    ----------
    line
        Its last word, None where it gave none.
    nonsense, late
        Why it was ended early, if it was.
    code
        Exit code; a signal's number below 0.
    cpu_seconds
        Processor time.
    complaints
        The end of what it wrote to standard error; it may quote a patient and is shown to nobody.
    """

    line: dict[str, Any] | None = None
    nonsense: bool = False
    late: bool = False
    code: int = 0
    cpu_seconds: float = 0.0
    complaints: bytes = field(default=b"", repr=False)


class Conversation:
    """What is said to the process and heard from it, until it ends or is ended."""

    def __init__(
        self,
        process: subprocess.Popen[bytes],
        name: str,
        allowance: Allowance,
        progress: Callable[[int], None] | None,
        cancelled: Callable[[], bool] | None,
    ) -> None:
        self._process, self._name, self._allowance = process, name, allowance
        self._progress, self._cancelled = progress, cancelled
        self._ended, self._pending, self._heard = Ended(), bytearray(), 0

    def held(self, handed: dict[str, Any]) -> Ended:
        """Hand over a job and listen to the end.

        Raises
        ------
        Cancelled
            ``cancelled`` said so; the process is left as it is.
        """
        assert self._process.stdin is not None
        with suppress(BrokenPipeError):  # it ended at once: its exit code tells
            self._process.stdin.write(json.dumps(handed).encode() + b"\n")
            self._process.stdin.close()
        self._listen(time.monotonic() + self._allowance.seconds)
        _, status, usage = os.wait4(self._process.pid, 0)
        self._process.returncode = os.waitstatus_to_exitcode(status)
        self._ended.code = self._process.returncode
        self._ended.cpu_seconds = usage.ru_utime + usage.ru_stime
        return self._ended

    def _listen(self, until: float) -> None:
        out, err = self._process.stdout, self._process.stderr
        assert out is not None and err is not None
        with selectors.DefaultSelector() as ears:
            ears.register(out, selectors.EVENT_READ, self._hear)
            ears.register(err, selectors.EVENT_READ, self._overhear)
            while ears.get_map():
                for key, _ in ears.select(_LOOK_EVERY):
                    if not key.data(os.read(key.fd, 1 << 16)):
                        ears.unregister(key.fileobj)
                if self._cancelled is not None and self._cancelled():
                    raise Cancelled(f"{self._name}: reading was stopped; nothing was changed")
                if time.monotonic() > until:
                    self._ended.late = True
                if self._ended.late or self._ended.nonsense:
                    _end(self._process)
                    return

    def _hear(self, piece: bytes) -> bool:
        self._heard += len(piece)
        self._ended.nonsense |= self._heard > _ANSWER_BYTES
        begun, *ends = piece.split(b"\n")
        self._pending += begun
        for end in ends:
            self._take(bytes(self._pending))
            self._pending = bytearray(end)
        return bool(piece)

    def _take(self, line: bytes) -> None:
        try:
            said = json.loads(line)
            count = said.get("read")
        except (ValueError, AttributeError, RecursionError):
            self._ended.nonsense = True
            return
        if count is None:
            self._ended.line = said
        elif self._progress is not None and isinstance(count, int):
            self._progress(count)

    def _overhear(self, piece: bytes) -> bool:
        self._ended.complaints = (self._ended.complaints + piece)[-_KEPT_OF_STDERR:]
        return bool(piece)


@contextmanager
def started(folder: Path) -> Iterator[subprocess.Popen[bytes]]:
    """A fresh interpreter in a session of its own; gone when this is left.

    Raises
    ------
    TwinError
        The system starts none.
    """
    try:
        process = _process(folder)
    except OSError as error:
        raise TwinError(f"a process to read in cannot be started: {error.strerror}") from None
    try:
        yield process
    finally:
        _end(process)
        process.wait()
        for pipe in (process.stdin, process.stdout, process.stderr):
            _close(pipe)


def _process(folder: Path) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-I", "-c", _BOOT],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        bufsize=0,
        cwd=folder,
        env=_environment(folder),
        start_new_session=True,
    )


def _close(pipe: IO[bytes] | None) -> None:
    if pipe is not None:
        with suppress(BrokenPipeError):
            pipe.close()


def _end(process: subprocess.Popen[bytes]) -> None:
    """End it and all that it started; one that has ended stays as it is."""
    if process.returncode is None:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)


def _environment(folder: Path) -> dict[str, str]:
    """Little: no secrets of ours, and allocators that give memory back and take no more than they fill."""
    kept = {name: os.environ[name] for name in ("PATH", "LD_LIBRARY_PATH") if name in os.environ}
    return kept | {
        "LC_ALL": "C.UTF-8",
        "TMPDIR": str(folder),
        "ARROW_DEFAULT_MEMORY_POOL": "system",
        "MALLOC_ARENA_MAX": "2",
        "MALLOC_MMAP_THRESHOLD_": "262144",  # [bytes] larger pieces go back to the system at once
        "MALLOC_TRIM_THRESHOLD_": "262144",
        "OMP_NUM_THREADS": "1",
        "OPENBLAS_NUM_THREADS": "1",
    }
