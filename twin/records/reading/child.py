"""Child: foreign files are read in a process of their own, so that none can take this one down.

A hostile file, or a fault of a reader, costs that process and nothing else. Whatever becomes of it (too much
memory or time, a crash, an answer that makes no sense) is told in words with a code, and nothing that it
wrote stays. It is ended when the one who asked ends, or wants no more.
"""

from __future__ import annotations

import json
import os
import selectors
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict
from pathlib import Path
from typing import IO, Any

from twin.errors import BadData, Cancelled, Problem, TwinError
from twin.files import sync_folder
from twin.records.reading.allowance import Allowance
from twin.records.reading.asked import Asked
from twin.records.reading.inside import as_error, load
from twin.records.reading.limits import MB
from twin.records.reading.source import Source
from twin.records.reading.told import Told

#: tells bytes read and bytes in all
Progress = Callable[[int, int], None]

#: folders of a reading begin so; one that a power cut left behind is nobody's
SCRATCH = ".reading-"
READ = "twin.records.reading.reading_job:read"

_BOOT = (
    "import sys, json; handed = json.loads(sys.stdin.buffer.readline()); sys.path[:] = handed['modules'];"
    "from twin.records.reading.inside import main; main(handed)"
)
#: the longest answer taken: two thousand faults are below 1 MB [bytes]
_ANSWER_BYTES = 32 * MB
_LOOK_EVERY = 0.1  # seconds between two looks at the clock and at who asked
_KEPT_OF_STDERR = 64 << 10


def read_in_child(
    sources: Source | Sequence[Source],
    asked: Asked,
    out: Path,
    *,
    progress: Progress | None = None,
    cancelled: Callable[[], bool] | None = None,
    reader: str | None = None,
) -> tuple[Told, Any]:
    """Read a source, or the parts of an archive, into one segment at ``out``.

    Parameters
    ----------
    out
        Where the segment comes to stand, whole, when all went well; its folder is there.
    progress
        Told bytes read and bytes in all.
    cancelled
        Asked ten times a second; True ends the reading.
    reader
        ``package.module:function`` of another reader than the kind's own.

    Returns
    -------
    told, info
        The account of the rows, of all parts together, and that of the segment (``SegmentInfo``).

    Raises
    ------
    BadData
        Nothing of a part can be read, or reading took more than it may (``E_TOO_LARGE``, ``E_TIME``),
        broke (``E_CRASH``), or the file changed meanwhile (``E_CHANGED``). Nothing is at ``out``.
    Cancelled
        ``cancelled`` said so.
    """
    from twin.records.reading.reading_job import SEGMENTS, info_of, job_of, warm

    parts = (sources,) if isinstance(sources, Source) else tuple(sources)
    size = sum(part.size for part in parts)
    with scratch(out.parent) as folder:
        written = folder / "segment.parquet"
        job = job_of(parts, asked, written, reader)
        answer = run_in_child(
            READ,
            job,
            asked.source,
            Allowance.for_size(size, asked.limits),
            folder,
            progress=None if progress is None else lambda done: progress(min(done, size), size),
            cancelled=cancelled,
            warm=warm(job),
        )
        with _in_sense(asked.source):
            told = Told.of_json(answer["told"])
            info = info_of(answer["info"], load(f"{SEGMENTS}:SegmentInfo"))
            written.stat()
        os.replace(written, out)
        sync_folder(out.parent)
    return told, info


def run_in_child(
    work: str,
    job: dict[str, Any],
    name: str,
    allowance: Allowance,
    folder: Path,
    *,
    progress: Callable[[int], None] | None = None,
    cancelled: Callable[[], bool] | None = None,
    warm: tuple[str, ...] = (),
) -> dict[str, Any]:
    """Do ``work`` in a process of its own and give its answer.

    Parameters
    ----------
    work
        ``package.module:function``, of type ``inside.Work``.
    job
        What it is handed, in JSON's own types; passed over a pipe, never in arguments or environment.
    name
        What it works on, for the words of faults.
    folder
        Where it may write; its temporary files stand there too.
    warm
        Modules that it imports before its memory is counted.

    Raises
    ------
    BadData, Cancelled
        As ``read_in_child``.
    TwinError
        Whatever of ours ``work`` raises; the disk is full (``E_DISK_FULL``).
    """
    handed = {
        "work": work,
        "job": job,
        "warm": warm,
        "allowance": asdict(allowance),
        "parent": os.getpid(),
        "modules": [os.path.abspath(place) for place in sys.path],
    }
    with _started(folder) as process:
        ended = _Conversation(process, name, allowance, progress, cancelled).held(handed)
    return _answer_of(ended, name, allowance)


@contextmanager
def scratch(folder: Path) -> Iterator[Path]:
    """A folder for what is not done yet; whatever is left in it goes."""
    made = Path(tempfile.mkdtemp(prefix=SCRATCH, dir=folder))
    try:
        yield made
    finally:
        shutil.rmtree(made)


@contextmanager
def _in_sense(name: str) -> Iterator[None]:
    """An answer that cannot be taken apart is a crash of whoever gave it."""
    try:
        yield
    except (KeyError, TypeError, ValueError, AttributeError, AssertionError, OSError):
        raise _crashed(name, "an answer that makes no sense") from None


class _Ended:
    """How the process ended: its last word, its exit code, what ended it early, processor time."""

    def __init__(self) -> None:
        self.line: dict[str, Any] | None = None
        self.nonsense = False
        self.late = False
        self.code = 0
        self.cpu_seconds = 0.0
        self.complaints = b""


class _Conversation:
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
        self._ended, self._pending, self._heard = _Ended(), b"", 0

    def held(self, handed: dict[str, Any]) -> _Ended:
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
        *lines, self._pending = (self._pending + piece).split(b"\n")
        for line in lines:
            self._take(line)
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
def _started(folder: Path) -> Iterator[subprocess.Popen[bytes]]:
    """A fresh interpreter in a session of its own; gone when this is left."""
    process = subprocess.Popen(
        [sys.executable, "-I", "-c", _BOOT],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        bufsize=0,
        cwd=folder,
        env=_environment(folder),
        start_new_session=True,
    )
    try:
        yield process
    finally:
        _end(process)
        process.wait()
        for pipe in (process.stdin, process.stdout, process.stderr):
            _close(pipe)


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
        "OMP_NUM_THREADS": "1",
        "OPENBLAS_NUM_THREADS": "1",
    }


def _answer_of(ended: _Ended, name: str, allowance: Allowance) -> dict[str, Any]:
    """The answer of a process that has ended, or what became of it."""
    if ended.late:
        raise _too_long(name, f"{allowance.seconds:,.0f} seconds")
    if ended.nonsense:
        raise _crashed(name, "an answer that makes no sense")
    if ended.code != 0 or ended.line is None:
        raise _of_exit(ended, name, allowance)
    with _in_sense(name):
        (word, told), *_ = ended.line.items()
        error = as_error(told) if word == "refused" else None
    if error is not None:
        raise error
    if word == "short_of":
        raise _short_of(told, name, allowance)
    if word != "done" or not isinstance(told, dict):
        raise _crashed(name, str(told) if word == "crashed" else "an answer that makes no sense")
    return told


def _of_exit(ended: _Ended, name: str, allowance: Allowance) -> TwinError:
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


def _short_of(what: object, name: str, allowance: Allowance) -> TwinError:
    if what == "disk":
        rule = "no space is left where it is read to; nothing was changed"
        return TwinError(f"{name}: {rule}", code="E_DISK_FULL")
    most = allowance.memory if what == "memory" else allowance.writes
    rule = f"needs more {'memory' if what == 'memory' else 'space'} than {most / MB:,.0f} MB to be read"
    return BadData(name, [Problem("file", None, rule, "split it, by month say", "E_TOO_LARGE")])


def _too_long(name: str, most: str) -> BadData:
    rule = f"takes longer than {most} to be read, far more than its size asks for"
    return BadData(name, [Problem("file", None, rule, "split it, by month say", "E_TIME")])


def _crashed(name: str, how: str) -> BadData:
    cure = "nothing was changed; please report it with the shape of the file"
    return BadData(name, [Problem("file", how, "the reader broke on it", cure, "E_CRASH")])
