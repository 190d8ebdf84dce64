"""People at work, out of the trace alone."""

from __future__ import annotations

import numpy as np

from twin.measures.stays import worked
from twin.trace import Kind
from twin.units import IntArray


def at_work(run, group: str) -> tuple[IntArray, IntArray, IntArray]:
    """When people of a group were taken and given back, and how many: for its own steps, and floated."""
    trace, hospital = run.trace, run.case.hospital
    names = list(hospital.staff)
    resumed, line = trace.log.only(Kind.RESUMED), trace.log.only(Kind.FLOATED)
    again = set(zip(resumed.who.tolist(), resumed.at.tolist(), strict=True))
    floated = {
        (r, t, g): n
        for r, t, g, n in zip(
            *(column.tolist() for column in (line.who, line.at, line.what, line.n)), strict=True
        )
    }
    before = {(int(p), int(g)): int(n) for p, g, n in trace.workload.pooled}
    found: list[list[int]] = []
    row, begin, end = worked(trace)
    last = {}  # a move cuts a stretch; the people go with the patient
    for i in np.lexsort((begin, row)):
        r, t = int(row[i]), int(begin[i])
        if r in last and found[last[r]][1] == t and (r, t) not in again:
            found[last[r]][1] = int(end[i])
            continue
        people = 0
        for wanted, n in run.steps[trace.workload.step[r]].staff.items():
            number = names.index(wanted)
            by_pool = (
                before.get((int(trace.patient[r]), number), 0) if t < 0 else floated.get((r, t, number), 0)
            )
            if wanted == group:
                people += n - by_pool
            elif hospital.staff[wanted].float_pool == group:
                people += by_pool
        last[r] = len(found)
        found.append([t, int(end[i]), people])
    table = np.array(found, np.int64).reshape(-1, 3)
    taken = table[:, 2] > 0
    return table[taken, 0], table[taken, 1], table[taken, 2]
