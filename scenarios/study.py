"""Study: a scenario and the base on the same patients.

Both hospitals meet the same people: a patient is found by key, so more arrivals add people and move
none. Each replication gives one pair, and the pairs give the difference.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from scenarios.base_case import base_case
from scenarios.comparison import Comparison, Row, compare_measures
from scenarios.decisions import SIGNS
from scenarios.scenario import Scenario, scenario_of
from twin.case import Case, Schedule, Window, resolve
from twin.errors import UsageError
from twin.measures import measure
from twin.measures.census import open_time
from twin.replications import Side, replicate_sides
from twin.store import Store

Progress = Callable[[float, float, str], None]
Check = Callable[[], None]

#: names of a study that its progress tells
_NAMED = 4


def run_study(
    case: Case,
    scenario: Scenario,
    *,
    window: Window,
    replications: int,
    seed: int,
    progress: Progress | None = None,
    check: Check | None = None,
    threads: int = 2,
) -> Comparison:
    """Play a scenario and the base, and compare them pair by pair.

    Parameters
    ----------
    case
        The base.
    replications
        Pairs, two or more; one pair says nothing about how sure a difference is.
    progress
        Told (done, all, what) after each replication.

    Raises
    ------
    ConfigError
        The scenario names what this hospital does not have.
    UsageError
        Fewer than two replications.
    """
    return run_studies(
        case, [scenario], window=window, replications=replications, seed=seed,
        progress=progress, check=check, threads=threads,
    )[0]  # fmt: skip


def run_studies(
    case: Case,
    scenarios: Sequence[Scenario],
    *,
    window: Window,
    replications: int,
    seed: int,
    progress: Progress | None = None,
    check: Check | None = None,
    threads: int = 2,
) -> list[Comparison]:
    """Several scenarios beside the base, which is played once; see ``run_study``.

    They are played in groups of up to 50. Within one, each replication is played for all before the next, so
    that those who meet the same patients share one drawing.
    """
    if replications < 2:
        raise UsageError(f"a comparison needs 2 replications or more to know its margin; got {replications}")
    changed = [scenario.apply(case) for scenario in scenarios]
    cases = [case, *changed]
    what = f"simulating {', '.join(['base', *(s.name for s in scenarios)][:_NAMED])}"
    measured = replicate_sides(
        [Side(side, partial(measure, hospital=side.hospital)) for side in cases],
        window,
        seed=seed,
        replications=range(replications),
        threads=threads,
        progress=None if progress is None else lambda done, of: progress(done, of, what),
        check=check,
    )
    levels = [resolve(side, window) for side in cases]
    found = []
    for scenario, side, after, decided in zip(scenarios, changed, measured[1:], levels[1:], strict=True):
        money = cost_rows(case, side, window, levels=(levels[0], decided))
        rows = (*compare_measures(measured[0], after), *money)
        words, notes = scenario.words(case.hospital), cut_levers(levels[0], decided)
        found.append(Comparison("base", scenario.name, words, rows, replications, notes))
    return found


def cut_levers(before: Schedule, after: Schedule) -> tuple[str, ...]:
    """What the levels of the changed hospital were cut to, where the base's were not, in words."""
    return tuple(note for note in after.notes if note not in before.notes)


def cost_rows(
    base: Case, changed: Case, window: Window, *, levels: tuple[Schedule, Schedule] | None = None
) -> tuple[Row, ...]:
    """Open beds and what they cost: known before any patient comes, so without a margin.

    ``levels`` are those of the two cases, where they are resolved already.
    """
    levels = levels or (resolve(base, window), resolve(changed, window))
    beds = [mean_open_beds(case, level, window) for case, level in zip((base, changed), levels, strict=True)]
    money = base.hospital.money
    rows = [_known("open_beds", "Open beds, mean", "beds", *beds)]
    if money.open_bed_day > 0:
        unit = f"{SIGNS.get(money.currency, money.currency)} a day"
        rows.append(
            _known("open_bed_cost", "Cost of open beds", unit, *(n * money.open_bed_day for n in beds))
        )
    return tuple(rows)


def mean_open_beds(case: Case, schedule: Schedule, window: Window) -> float:
    """Open beds of all wards, mean over the measured days. [beds]"""
    starts = window.clock(case.hospital).day_starts
    start, end = int(starts[window.warm_up]), int(starts[window.warm_up + window.days])
    return sum(open_time(schedule.levels[ward], start, end) for ward in case.hospital.wards) / (end - start)


def study_workspace(
    workspace: Path,
    store: Store,
    levers: Sequence[Mapping[str, Any]],
    *,
    days: int,
    replications: int,
    seed: int,
    warm_up: int | None = None,
    progress: Progress | None = None,
    check: Check | None = None,
) -> Comparison:
    """A what-if asked of a workspace: its hospital, and the demand of its last finished main job.

    Parameters
    ----------
    levers
        Plain tables, ``{"lever": "add_beds", "ward": ..., "beds": 4}``.
    """
    scenario = scenario_of(levers)
    base = base_case(workspace, store, days=days, warm_up=warm_up)
    found = run_study(
        base.case,
        scenario,
        window=base.window,
        replications=replications,
        seed=seed,
        progress=progress,
        check=check,
    )
    return replace(found, notes=(*found.notes, base.decided)) if base.decided else found


def comparison_document(comparison: Comparison, *, run_id: str) -> dict[str, Any]:
    """The artefact ``comparison.json`` of a what-if run."""
    return {
        "format": 1,
        "run_id": run_id,
        "replications": comparison.replications,
        "done": comparison.replications,
        "scenario": {"name": comparison.changed, "levers": list(comparison.levers)},
        "rows": [row.to_json() for row in comparison.rows],
        "notes": list(comparison.notes),
    }


def _known(key: str, label: str, unit: str, base: float, changed: float) -> Row:
    return Row(key, label, unit, base, changed, changed - base, 0.0, "down", abs(changed - base) > 1e-9)
