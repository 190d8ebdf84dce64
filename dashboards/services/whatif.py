"""What if: ask for a changed hospital, follow the run, stop it, and read what it found.

A question is a row of the run table. Whoever knows the run's id sees the same progress and the same answer,
in this browser or another, before and after a reload.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from dashboards.controls import ARRIVALS, CONTROLS, DISCHARGE, EXTRA_BEDS
from dashboards.services.answer import Answer
from dashboards.services.words import is_nothing, mean, mean_span, plural
from twin.errors import ConfigError, NotFound, Problem
from twin.store import Job, Run, Store

KIND = "whatif"
DAYS = 28
REPLICATIONS = 20  # a minute at most for 600 beds on two busy cores; the margins say what they are worth
SEED = 1
RESULT = "comparison.json"
NO_CHANGE = (
    "Every 95 % margin includes zero: the change does nothing, or too little to see in so many replications."
)


def levers_of(
    answer: Answer, ward: str | None, stream: str | None, values: Mapping[str, float | None]
) -> list[dict[str, Any]]:
    """The levers that a planner's numbers move; controls at rest are left out.

    Parameters
    ----------
    ward, stream
        Where the extra beds stand; which arrivals are scaled.
    values
        By the name of the control; None counts as at rest.

    Raises
    ------
    ConfigError
        Every number out of range, told at once; or nothing was changed.
    """
    asked = {
        control.name: control.neutral
        if values.get(control.name) is None
        else float(values[control.name] or 0)
        for control in CONTROLS
    }
    problems = [
        Problem(
            control.label,
            f"{asked[control.name]:g}",
            f"from {control.low:g} to {control.high:g} {control.unit}",
        )
        for control in CONTROLS
        if not control.holds(asked[control.name])
    ]
    problems += _place_faults(answer, ward, stream, asked)
    levers = _levers(ward, stream, asked)
    if not levers and not problems:
        problems.append(Problem("levers", "none changed", "change at least one number before running"))
    if problems:
        raise ConfigError("this what-if", problems)
    return levers


def submit(store: Store, levers: Sequence[Mapping[str, Any]]) -> str:
    """Put the question in the queue and give its run's id."""
    inputs = {
        "levers": [dict(lever) for lever in levers],
        "days": DAYS,
        "replications": REPLICATIONS,
        "seed": SEED,
    }
    return store.runs.add(KIND, inputs)


def find(store: Store, run_id: str) -> Run:
    """The what-if run of this id.

    Raises
    ------
    NotFound
        No such run, or it is no what-if.
    """
    run = store.runs.get(run_id)
    if run.kind != KIND:
        raise NotFound(f"run {run_id} is not a what-if but a {run.kind}")
    return run


def cancel(store: Store, run_id: str) -> None:
    """Ask the run to stop; what it has done until then is dropped."""
    store.runs.cancel(find(store, run_id).id)


def result(store: Store, run_id: str) -> dict[str, Any]:
    """What a finished what-if found."""
    return dict(json.loads(store.artefacts.get(run_id, RESULT)))


@dataclass(frozen=True)
class Filled:
    """What stands in the form: a ward, a stream, and the numbers by the name of their control."""

    ward: str | None = None
    stream: str | None = None
    values: Mapping[str, float] = field(default_factory=dict)


def filled(inputs: Mapping[str, Any]) -> Filled:
    """The form as a run was asked with it."""
    values = {control.name: control.neutral for control in CONTROLS}
    ward = stream = None
    for lever in inputs.get("levers", []):
        if lever["lever"] == EXTRA_BEDS.lever:
            ward, values[EXTRA_BEDS.name] = lever["ward"], lever["beds"]
        elif lever["lever"] == ARRIVALS.lever:
            stream, values[ARRIVALS.name] = lever["stream"], round(lever["factor"] * 100, 2)
        elif lever["lever"] == DISCHARGE.lever:
            values[DISCHARGE.name] = lever["hours"]
    return Filled(ward, stream, values)


def lever_words(lever: Mapping[str, Any], names: Mapping[str, str]) -> str:
    """One lever as a planner says it."""
    if lever["lever"] == EXTRA_BEDS.lever:
        beds = f"{lever['beds']:g} more bed{'s' if lever['beds'] != 1 else ''}"
        return f"{beds} in {names.get(lever['ward'], lever['ward'])}"
    if lever["lever"] == ARRIVALS.lever:
        change = round((lever["factor"] - 1) * 100)
        stream = names.get(lever["stream"], lever["stream"])
        return f"{abs(change)} % {'more' if change > 0 else 'fewer'}: {stream}"
    return f"discharges {lever['hours']:g} h earlier"


def scenario_words(inputs: Mapping[str, Any], answer: Answer | None) -> str:
    """All levers of a run in one line."""
    names: dict[str, str] = {}
    if answer is not None:
        names |= {row["ward"]: row["name"] for row in answer["wards"]}
        names |= {row["stream"]: row["name"] for row in answer["streams"]}
    said = ", ".join(lever_words(lever, names) for lever in inputs.get("levers", []))
    return said[:1].upper() + said[1:]


def seconds_left(run: Run, now: datetime | None = None) -> float | None:
    """How long the run should still take at its pace so far; None before it has one. [seconds]"""
    if run.started is None or run.progress_done <= 0 or run.progress_total <= 0:
        return None
    started = run.started if run.started.tzinfo else run.started.replace(tzinfo=UTC)
    spent = ((now or datetime.now(UTC)) - started).total_seconds()
    return max(spent, 0.0) * (run.progress_total - run.progress_done) / run.progress_done


def finding(rows: Sequence[Mapping[str, Any]]) -> tuple[str, str]:
    """The result in one sentence, and how many measures get better or worse in another.

    Measures without a better side (occupancy, say) and those known without a margin (beds, cost) are not
    counted.
    """
    judged = [row for row in rows if row["better"] and row["margin95"] > 0]
    clear = [row for row in judged if row["clear"]]
    if not clear:
        return "No clear change in any measure.", NO_CHANGE
    worse = [row for row in clear if (row["difference"] > 0) == (row["better"] == "down")]
    better = [row for row in clear if row not in worse]
    first = max(better or worse, key=_clarity)
    unit = first["unit"]
    levels = f"{mean(first['changed'], unit)} instead of {mean(first['base'], unit)} {unit}"
    said = f"{first['label']}: {levels} ({_signed(first)})."
    rest = f"{plural(len(better), 'measure').capitalize()} of {len(judged)} clearly better"
    rest += (
        f"; clearly worse: {', '.join(row['label'] for row in worse)}." if worse else ", none clearly worse."
    )
    return said, " ".join([rest, _price(rows)]).strip()


def _clarity(row: Mapping[str, Any]) -> float:
    """How far a difference stands out of its margin; one too small to be told stands out of nothing."""
    return 0.0 if is_nothing(row["difference"], row["unit"]) else abs(row["difference"]) / row["margin95"]


def _price(rows: Sequence[Mapping[str, Any]]) -> str:
    """``Open beds cost £1,950 more a day.``"""
    row = next((row for row in rows if row["measure"] == "open_bed_cost" and row["difference"]), None)
    if row is None:
        return ""
    sign, side = row["unit"].removesuffix(" a day"), "more" if row["difference"] > 0 else "less"
    return f"Open beds cost {sign}{abs(row['difference']):,.0f} {side} a day."


def run_whatif(job: Job) -> dict[str, Any]:
    """Do the work of a what-if run: the base and the changed hospital on the same patients, compared.

    Called by the worker. Progress is told by replication; a request to stop is seen between replications.
    """
    from scenarios.study import comparison_document, study_workspace

    asked = job.inputs
    comparison = study_workspace(
        job.workspace,
        job.store,
        asked["levers"],
        days=int(asked.get("days", DAYS)),
        replications=int(asked.get("replications", REPLICATIONS)),
        seed=int(asked.get("seed", SEED)),
        progress=job.progress,
        check=job.check,
    )
    document = comparison_document(comparison, run_id=job.claim.run_id)
    job.put(RESULT, json.dumps(document).encode())
    return {"finding": finding(document["rows"])[0], "replications": document["replications"]}


def _levers(ward: str | None, stream: str | None, asked: Mapping[str, float]) -> list[dict[str, Any]]:
    levers: list[dict[str, Any]] = []
    if asked[EXTRA_BEDS.name] != EXTRA_BEDS.neutral:
        levers.append({"lever": EXTRA_BEDS.lever, "ward": ward, "beds": int(asked[EXTRA_BEDS.name])})
    if asked[ARRIVALS.name] != ARRIVALS.neutral:
        levers.append({"lever": ARRIVALS.lever, "stream": stream, "factor": asked[ARRIVALS.name] / 100})
    if asked[DISCHARGE.name] != DISCHARGE.neutral:
        levers.append({"lever": DISCHARGE.lever, "hours": asked[DISCHARGE.name]})
    return levers


def _place_faults(
    answer: Answer, ward: str | None, stream: str | None, asked: Mapping[str, float]
) -> list[Problem]:
    """Beds need a ward to stand in, and arrivals a stream, that the answer knows."""
    problems = []
    if asked[EXTRA_BEDS.name] and ward not in {row["ward"] for row in answer["wards"]}:
        problems.append(Problem("ward", ward or "none chosen", "choose the ward that gets the beds"))
    streams = {row["stream"] for row in answer["streams"]}
    if asked[ARRIVALS.name] != ARRIVALS.neutral and stream not in streams:
        problems.append(Problem("stream", stream or "none chosen", "choose whose arrivals change"))
    return problems


def _signed(row: Mapping[str, Any]) -> str:
    low, high = row["difference"] - row["margin95"], row["difference"] + row["margin95"]
    return f"95 %: {mean_span(low, high, row['unit'], signed=True)}"
