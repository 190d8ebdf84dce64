"""Child: foreign files are read in a process of their own, so that none can take this one down.

A hostile file, or a fault of a reader, costs that process and nothing else. Whatever becomes of it (too much
memory or time, a crash, an answer that makes no sense) is told in words with a code, and nothing that it
wrote stays. It is ended when the one who asked ends, or wants no more.
"""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from twin.errors import TwinError
from twin.files import code_of, sync_folder
from twin.records.reading.allowance import Allowance
from twin.records.reading.asked import Asked
from twin.records.reading.outcome import answer_of, in_sense
from twin.records.reading.process import Conversation, started
from twin.records.reading.source import Source
from twin.records.reading.told import Told

if TYPE_CHECKING:
    from twin.records.folding.segments import SegmentInfo

#: tells bytes read and bytes in all
Progress = Callable[[int, int], None]

#: folders of a reading begin so; one that a power cut left behind is nobody's
SCRATCH = ".reading-"
READ = "twin.records.reading.reading_job:read"


def read_in_child(
    sources: Source | Sequence[Source],
    asked: Asked,
    out: Path,
    *,
    progress: Progress | None = None,
    cancelled: Callable[[], bool] | None = None,
    reader: str | None = None,
) -> tuple[Told, SegmentInfo]:
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
        The account of the rows, of all parts together, and that of the segment.

    Raises
    ------
    BadData
        Nothing of a part can be read, or reading took more than it may (``E_TOO_LARGE``, ``E_TIME``),
        broke (``E_CRASH``), or the file changed meanwhile (``E_CHANGED``). Nothing is at ``out``.
    Cancelled
        ``cancelled`` said so.
    TwinError
        The folder of ``out`` cannot be written to (``E_DISK_FULL``, ``E_READ_ONLY``).
    """
    from twin.records.folding.segments import SegmentInfo
    from twin.records.reading.reading_job import info_of, job_of, warm

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
        with in_sense(asked.source):
            told = Told.of_json(answer["told"])
            info = SegmentInfo(*info_of(answer["info"]))
            written.stat()
        with _in_words(out.parent):
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
        Whatever of ours ``work`` raises; the system refuses to start it, or to write for it.
    """
    handed = {
        "work": work,
        "job": job,
        "warm": warm,
        "allowance": asdict(allowance),
        "parent": os.getpid(),
        "modules": [os.path.abspath(place) for place in sys.path],
    }
    with started(folder) as process:
        ended = Conversation(process, name, allowance, progress, cancelled).held(handed)
    return answer_of(ended, name, allowance)


@contextmanager
def scratch(folder: Path) -> Iterator[Path]:
    """A folder for what is not done yet; whatever is left in it goes.

    Raises
    ------
    TwinError
        It cannot be made.
    """
    with _in_words(folder):
        made = Path(tempfile.mkdtemp(prefix=SCRATCH, dir=folder))
    try:
        yield made
    finally:
        # what cannot go now is nobody's, and goes when the staging folder is swept
        shutil.rmtree(made, ignore_errors=True)


@contextmanager
def _in_words(folder: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        said = f"{folder}: cannot be written: {error.strerror}; nothing was changed"
        raise TwinError(said, code=code_of(error) or "E_STORE") from None
