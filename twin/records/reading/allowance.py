"""Allowance: memory, time and disk that a process for foreign files may take, and the limits that hold it.

Memory is held by ``RLIMIT_DATA``: it counts what a process may write to, close to what it really takes.
``RLIMIT_AS`` counts addresses, of which the libraries of tables take a third of a gigabyte to start with.
"""

from __future__ import annotations

import resource
import signal
from dataclasses import dataclass

from twin.records.reading.limits import GB, MB, USUAL, Limits

#: what a process may write, at least, and so many times the size of what it reads [bytes, -] (assumed: a
#: statement is never larger than the row it comes from, and tables are packed)
_WRITES, _WRITES_A_BYTE = 1 * GB, 4
#: open files: a source, and a part each for what is sorted outside of memory (assumed, generous)
_OPEN_FILES = 2_048
#: longest wait by the clock, in times the processor's seconds (assumed: others take four of five shares)
_SECONDS_A_CPU_SECOND = 5.0


@dataclass(frozen=True)
class Allowance:
    """What one process may take.

    Attributes
    ----------
    memory
        Beyond what it needs to start. [bytes]
    cpu_seconds
        Of processor time.
    seconds
        By the clock.
    writes
        The largest file it may write. [bytes]
    """

    memory: int
    cpu_seconds: float
    seconds: float
    writes: int

    @classmethod
    def for_size(cls, size: int, limits: Limits = USUAL) -> Allowance:
        """What reading a file of ``size`` bytes may take."""
        cpu = limits.child_seconds + limits.child_seconds_a_mb * size / MB
        return cls(
            memory=limits.child_bytes,
            cpu_seconds=cpu,
            seconds=cpu * _SECONDS_A_CPU_SECOND,
            writes=_WRITES + _WRITES_A_BYTE * size,
        )

    def hold(self) -> None:
        """Put this process under the limits, counted from what it takes already."""
        used = resource.getrusage(resource.RUSAGE_SELF)
        seconds = int(used.ru_utime + used.ru_stime + self.cpu_seconds) + 1
        # where the soft limit's signal is ignored, the hard one ends the process two seconds later
        _limit(resource.RLIMIT_CPU, seconds, seconds + 2)
        _limit(resource.RLIMIT_FSIZE, self.writes)
        _limit(resource.RLIMIT_NOFILE, _OPEN_FILES)
        _limit(resource.RLIMIT_CORE, 0)
        _limit(resource.RLIMIT_DATA, _data_bytes() + self.memory)
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)  # a write beyond the limit fails with EFBIG


def _limit(which: int, soft: int, hard: int | None = None) -> None:
    most = resource.getrlimit(which)[1]
    hard = soft if hard is None else hard
    if most != resource.RLIM_INFINITY:
        soft, hard = min(soft, most), min(hard, most)
    resource.setrlimit(which, (soft, hard))


def _data_bytes() -> int:
    """Memory that this process may write to now [bytes]; 0 where the system does not tell."""
    try:
        with open("/proc/self/status", encoding="ascii") as file:
            told = next((line.split()[1] for line in file if line.startswith("VmData:")), "0")
    except OSError:
        return 0
    return int(told) << 10
