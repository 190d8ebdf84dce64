"""A cover plan with proof: needs, model, plan, certificate and explanation, in that order.

Rosters of days within their notice stay as decided; what float pools lend and agencies send may change
from the second day on. The proof is played: the plan in the simulated hospital, absence and all, on futures
that it has not seen.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import Any

import numpy as np

from optimization.beds.needs import bed_needs
from optimization.cover.counting import Counted, count_as_solved
from optimization.cover.house import ROSTER_NOTICE, WAGE, Family, families, nursing_groups, plan_of
from optimization.cover.solving import CoverSolution, solve_cover
from optimization.paths import apart, split
from optimization.proof.attempts import Attempt, Attempts
from optimization.proof.certificate import certificate, check_targets, document, judge, not_measured
from optimization.proof.estimates import PerFuture
from twin.case import Case, Window, resolve
from twin.errors import Overload
from twin.hospital import Hospital
from twin.measures import measure
from twin.plan import Certificate, Explanation, Plan, Target
from twin.replications import Side, replicate_sides
from twin.trace import Trace
from twin.units import MS_HOUR

#: the measure that only a cover plan asks for
BEDS_CLOSED = "beds_closed"
#: lines of each list in an explanation
MOST_LINES = 5


def default_targets() -> tuple[Target, ...]:
    """What a cover plan must reach unless the planner says otherwise.

    References
    ----------
    NHS England, A&E attendances and emergency admissions: waits over four hours from decision to admit.
    The share of beds closed is assumed: one in fifty.
    """
    return (
        Target("Beds closed for lack of nurses", BEDS_CLOSED, "%", at_most=2),
        Target("Wait for a bed, slowest tenth", "boarding_hours_p90", "h", at_most=4),
    )


@dataclass(frozen=True)
class CoverAnswer:
    """The plan, its proof, its reasons, and what it costs; ``counted`` has one entry a family of groups."""

    plan: Plan
    certificate: Certificate
    explanation: Explanation
    counted: tuple[Counted, ...]
    currency: str
    notes: tuple[str, ...] = ()

    def document(self) -> dict[str, Any]:
        """The answer as JSON's own types."""
        cover = {
            group: {str(day): dict(shifts) for day, shifts in days.items()}
            for group, days in self.plan.cover.items()
        }
        because = self.explanation
        return {
            "plan": {"name": self.plan.name, "cover": cover, "currency": self.currency},
            "cost": {name: sum(c.parts[name] for c in self.counted) for name in self.counted[0].parts},
            "certificate": document(self.certificate),
            "explanation": {
                "headline": because.headline,
                "sentences": list(because.sentences),
                "binds": list(because.binds),
                "one_more": [{"what": what, "brings": brings} for what, brings in because.one_more],
                "short": list(because.short),
            },
            "notes": list(self.notes),
        }


def plan_cover(
    case: Case,
    window: Window,
    *,
    seed: int = 1,
    replications: int = 40,
    targets: Sequence[Target] | None = None,
    people: Mapping[str, int] | None = None,
    wage: float = WAGE,
    notice: int = ROSTER_NOTICE,
    time_limit: float = 60.0,
    threads: int = 2,
) -> CoverAnswer:
    """Plan who comes to which shift, prove the plan and explain it.

    Parameters
    ----------
    case
        Its own plan, else the shifts, is what is decided already.
    replications
        Even ones train, odd ones certify.
    people
        Employed by group; as many as the usual shifts take when omitted. [people]
    wage
        Basic pay of a nurse, from which all other prices follow. [currency/h]
    notice
        Days whose rosters stay as decided. [days]
    time_limit
        Of the solver, for all groups together. [s]

    Raises
    ------
    ConfigError, UsageError
        What cannot be planned with, before the model is solved.
    """
    asked = default_targets() if targets is None else tuple(targets)
    check_targets(asked, also=(BEDS_CLOSED,))
    nursing_groups(case.hospital)
    case = apart(case)
    train, certify = split(replications)
    simulation: dict[str, Any] = {"seed": seed, "threads": threads}
    needs = bed_needs(case, window, train, **simulation)
    today = window.start + timedelta(days=window.warm_up)
    parts = families(case.hospital, case.plan, needs, first=today, notice=notice, people=people, wage=wage)
    solved = [solve_cover(f.terms, time_limit=time_limit / len(parts), threads=threads) for f in parts]
    counted = tuple(
        count_as_solved(f.terms, s.numbers, f.needs, s.solved.objective)
        for f, s in zip(parts, solved, strict=True)
    )
    first, last = needs.days[0], needs.days[-1]
    told = plan_of(
        [(f, s.numbers) for f, s in zip(parts, solved, strict=True)], f"Cover from {first:%d %B %Y} to {last}"
    )
    plan = Plan(told.name, case.plan.beds, f"{case.hospital.name}: people on each shift", told.cover)
    attempt = Attempts().next(len(certify.replications))
    before, after = _play(case, (case.plan, plan), window, attempt, simulation)
    left_out = not_measured(asked, after)
    days = f"--days {window.days} --notice {notice}"
    days += "".join(f" --people {group}={n}" for group, n in (people or {}).items())
    cost, bound = sum(s.solved.objective for s in solved), sum(s.solved.bound for s in solved)
    return CoverAnswer(
        plan=plan,
        certificate=certificate(
            cost=sum(c.cost for c in counted),
            objective=cost,
            bound=bound,
            bound_note="no cover of the model costs less than the bound, proved group by group at the prices "
            "of the float pools, over the training futures; bound of the simulated optimum: none (rules: "
            "priorities, outliers, boarding)",
            targets=judge([t for t in asked if t.name not in left_out], attempt, after),
            train_paths=len(train.replications),
            attempt=attempt,
            seed=seed,
            command=f"twin optimize cover {days} --replications {replications} --seed {seed}",
        ),
        explanation=_explanation(case.hospital, parts, solved, counted, before, after),
        counted=counted,
        currency=case.hospital.money.currency,
        notes=tuple(f"target not measured in this hospital: {name}" for name in left_out),
    )


def _play(
    case: Case, plans: Sequence[Plan], window: Window, attempt: Attempt, simulation: dict[str, Any]
) -> list[dict[str, PerFuture]]:
    """What was measured under each plan on the futures of an attempt."""
    sides = [
        Side(each, partial(_measured, case=each, window=window))
        for each in (case.with_(plan=plan) for plan in plans)
    ]
    played = replicate_sides(sides, window, replications=attempt.paths.replications, **simulation)
    return [{name: PerFuture.of([m[name] for m in futures]) for name in futures[0]} for futures in played]


def _measured(trace: Trace, *, case: Case, window: Window) -> dict[str, float]:
    """One future: the summary, and the share of bed-hours closed for lack of nurses [%]."""
    if trace.stopped_at is not None:
        raise Overload(f'under the plan "{case.plan.name}" a queue grows without end: {trace.stopped_why}')
    starts = window.clock(case.hospital).day_starts
    hours = np.arange(int(starts[window.warm_up]), int(starts[window.warm_up + window.days]), MS_HOUR)
    wards = {name: ward.model_copy(update={"nursing": None}) for name, ward in case.hospital.wards.items()}
    free = resolve(case.with_(hospital=case.hospital.model_copy(update={"wards": wards})), window).levels
    asked = sum(free[w].at(int(t)) for w in wards for t in hours)
    there = sum(trace.schedule.levels[w].at(int(t)) for w in wards for t in hours)
    closed = 100 * (asked - there) / asked if asked else 0.0
    return {**measure(trace, case.hospital), BEDS_CLOSED: closed}


def _explanation(
    hospital: Hospital,
    parts: Sequence[Family],
    solved: Sequence[CoverSolution],
    counted: Sequence[Counted],
    before: Mapping[str, PerFuture],
    after: Mapping[str, PerFuture],
) -> Explanation:
    """What the plan does, in words, and where it stays short."""
    agency = sum(int(n.sum()) for s in solved for n in s.numbers.agency.values())
    lent = sum(int(n.sum()) for s in solved for n in s.numbers.lent.values())
    was, now = (float(np.mean(side[BEDS_CLOSED].levels)) for side in (before, after))
    unit = hospital.money.currency
    cost = {name: sum(c.parts[name] for c in counted) for name in counted[0].parts}
    return Explanation(
        headline=f"{agency} shifts from agencies, {lent} lent by float pools over {len(parts[0].days)} days",
        sentences=(
            f"In futures the plan has not seen, {now:.1f} % of bed-hours are closed for lack of nurses; "
            f"{was:.1f} % as decided now",
            f"Beyond basic pay: agencies {cost['agencies']:,.0f} {unit}, "
            f"own people {cost['own people']:,.0f}, float pools {cost['float pools']:,.0f}; "
            f"a weight of {cost['shortage']:,.0f} for nurses missing",
        ),
        binds=_binds(hospital, parts, solved),
        short=_still_short(hospital, parts, solved),
    )


def _binds(hospital: Hospital, parts: Sequence[Family], solved: Sequence[CoverSolution]) -> tuple[str, ...]:
    lines = []
    for family, solution in zip(parts, solved, strict=True):
        if not family.terms.weeks:
            lines.append("the roster: every day lies within its notice and stays as decided")
        for ward in family.terms.wards:
            full = int((solution.numbers.agency[ward.name] >= ward.agency_most[0]).sum())
            if full:
                title = hospital.staff[ward.name].title
                lines.append(f"{title}: {ward.agency_most[0]} from agencies, the most, on {full} shifts")
    return tuple(dict.fromkeys(lines))


def _still_short(
    hospital: Hospital, parts: Sequence[Family], solved: Sequence[CoverSolution]
) -> tuple[str, ...]:
    """Shifts that stay shortest: where, when, by how much in the mean of futures."""
    rows = []
    for family, solution in zip(parts, solved, strict=True):
        terms = family.terms
        for ward in terms.wards:
            asked = solution.numbers.present(terms, ward.name)[:, :, 0]
            for (d, s), n in np.ndenumerate(asked):
                curve = ward.short[d, s, 0]
                hours = float(curve[min(int(n), curve.size - 1)])
                kind, day = terms.patterns.shifts[s], family.days[d]
                where = f"{hospital.staff[ward.name].title}, {day:%A %d %B}, {kind.name}"
                rows.append(
                    (hours, f"{where}: {int(n)} asked, {hours / kind.paid:.1f} nurses short in the mean")
                )
    rows.sort(key=lambda row: -row[0])
    return tuple(text for hours, text in rows[:MOST_LINES] if hours > 0.5)
