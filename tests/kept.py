"""What is kept of a trace in tests of replications: at the top of a module, so that it can be sent."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import Any

import numpy as np

from twin.trace import Trace


def story(trace: Trace) -> tuple[Any, ...]:
    """All of a trace that says what happened."""
    columns = (trace.place, trace.requested, trace.started, trace.ended, trace.left, trace.outcome)
    return (trace.workload.replication, *(column.tobytes() for column in columns))


def slowly(trace: Trace, *, seconds: float) -> tuple[Any, ...]:
    """The story, after a rest."""
    time.sleep(seconds)
    return story(trace)


def number(trace: Trace) -> int:
    """Which replication it was."""
    return trace.workload.replication


def who(trace: Trace, *, seconds: float = 0.0) -> int:
    """The process that played it."""
    time.sleep(seconds)
    return os.getpid()


def one_who_kills(trace: Trace, *, mark: Path, often: bool) -> int:
    """Ends its own process at replication 3, as a lack of memory would; once, or every time."""
    if trace.workload.replication == 3 and (often or not mark.exists()):
        mark.touch()
        os.kill(os.getpid(), 9)
    return trace.workload.replication


def broken(trace: Trace) -> float:
    """A fault of ours."""
    return float(np.float64(trace.workload.replication)) / 0


def lambda_of_ours() -> Any:
    """A function made inside another one."""
    return lambda trace: trace.workload.replication
