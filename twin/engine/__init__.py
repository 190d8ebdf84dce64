"""The engines: the same patients, the same rules, the same trace; one to read, one to run."""

from __future__ import annotations

from typing import Literal

from twin.case import Case, Schedule, resolve
from twin.engine.deadlock import refuse_deadlock
from twin.errors import UsageError
from twin.trace import Trace
from twin.workload import Workload, absences_under

Engine = Literal["kernel", "reference"]
ENGINES: tuple[Engine, ...] = ("kernel", "reference")


def simulate(
    case: Case, workload: Workload, *, engine: Engine = "kernel", schedule: Schedule | None = None
) -> Trace:
    """Play one replication.

    Parameters
    ----------
    case
        Hospital, demand, plan and today's state.
    workload
        The patients, drawn for this hospital (any plan).
    engine
        ``kernel`` to run, ``reference`` to read; the trace is the same bit for bit.
    schedule
        Levels already resolved for this case and window, to save the work; where staff may be absent,
        for this replication.

    Raises
    ------
    UsageError
        No such engine.
    Deadlock
        Patients wait for each other's places in a circle that no rule can resolve.
    """
    if schedule is None:
        absent = absences_under(case.hospital, case.plan, workload)
        schedule = resolve(case, workload.window, absent)
    if engine == "kernel":
        from twin.engine.kernel import simulate_kernel

        trace = simulate_kernel(case, workload, schedule)
    elif engine == "reference":
        from twin.engine.reference import simulate_reference

        trace = simulate_reference(case, workload, schedule)
    else:
        raise UsageError(f'no engine "{engine}"; there are {", ".join(ENGINES)}')
    refuse_deadlock(trace, case.hospital)
    return trace
