"""A staffing plan of a hospital with proof: work, weeks of shifts, finalists, certificate, explanation.

The groups that work at steps are planned as stations on the work that the hospital gives them when nobody
waits for them; then the whole hospital is played, and the hospital decides: targets on the sample are moved
until those of the hospital hold, neighbours of the best week are played too, and the best of all is certified
on futures that it has not seen. A bound is told only where every group planned is a plain station.
"""

from __future__ import annotations

from collections.abc import Sequence
from time import perf_counter

from optimization.paths import apart
from optimization.playing import Check, Progress
from optimization.proof.attempts import Attempts
from optimization.proof.certificate import certificate, judge, not_measured, per_future
from optimization.staffing.answer import StaffingAnswer
from optimization.staffing.counting import agreed
from optimization.staffing.house import Asked
from optimization.staffing.lives import Lived
from optimization.staffing.making import Making
from optimization.staffing.reasons import explanation
from twin.case import Case, Window
from twin.plan import Target

#: attempts to certify a plan (assumed: the third spends a ninth of the chance of error of the first)
ATTEMPTS = 3


def default_targets() -> tuple[Target, ...]:
    """What the hospital must reach besides, unless the planner says otherwise; told where it is not measured.

    References
    ----------
    NHS England, 2025/26 priorities and operational planning guidance: 78 % within four hours by March 2026.
    """
    return (Target("Emergency, left within 4 h", "ed_within_4h", "%", at_least=78, share=0.0),)


def plan_hospital(
    case: Case,
    window: Window,
    asked: Asked | None = None,
    *,
    seed: int = 1,
    replications: int = 100,
    targets: Sequence[Target] | None = None,
    time_limit: float = 60.0,
    threads: int = 2,
    words: str = "",
    progress: Progress | None = None,
    check: Check | None = None,
) -> StaffingAnswer:
    """Plan who of the groups that work at steps comes to which shift, prove the plan and explain it.

    Parameters
    ----------
    case
        Its own plan, else calendars and shifts, is what is decided now.
    window
        Measured days; those after the notice are planned.
    asked
        Groups, share and limit, shifts, people, pay, pins, notice.
    replications
        Even ones train, 24 of them at most; odd ones certify, and further attempts take further odd ones.
    targets
        What the hospital must reach besides; ``default_targets()`` when omitted.
    time_limit
        For the search of shifts; playing the hospital comes on top [s].
    words
        Options of the command that asks this, to repeat it.

    Raises
    ------
    ConfigError, UsageError
        What cannot be planned with, before anything is simulated.
    Infeasible
        People too few for the targets: when most wait, by how much, and the cheapest ways out.
    Overload
        A queue grows without end, whatever is planned.
    """
    asked = asked or Asked()
    began, case = perf_counter(), apart(case)
    others = default_targets() if targets is None else tuple(targets)
    made = Making(case, window, asked, others, seed, replications, time_limit, threads, progress, check)
    best, selection = made.choose()
    attempts = Attempts()
    for left in reversed(range(ATTEMPTS)):
        attempt = attempts.next(len(made.certify.replications))
        attempts = attempts.with_(attempt)
        before, after = made.play([case.plan, best.plan], attempt.paths)
        results = judge(made.measured(after), attempt, per_future(made.targets, after))
        if not left or all(r.holds for r in results) or not made.fresh_left(attempts):
            break
        better = made.improved(best, results)
        if better is None:
            break
        best, selection = better, None
    cost = sum(made.count(best.plan).values())
    off = made.off(best.plan, cost, attempt, after)
    return StaffingAnswer(
        plan=best.plan,
        certificate=certificate(
            cost=agreed(cost, best.pay),
            objective=best.pay,
            bound=_bound(made, began),
            bound_note=_bound_note(made),
            targets=results,
            train_paths=len(made.train.replications),
            attempt=attempt,
            seed=seed,
            command=f"twin optimize staffing {words} --replications {replications} --seed {seed}",
            selection=selection,
            off_forecast=off,
        ),
        explanation=explanation(
            made.rounds.weeks, best, made.usual, before, after, made.one_more(best), off, asked
        ),
        week={g: dict(w) for g, w in best.people.items()},
        pay={"today": made.usual, "planned": made.count(best.plan)},
        currency=case.hospital.money.currency,
        notes=_notes(made, after),
    )


def _bound(made: Making, began: float) -> float | None:
    """What no weeks of plain stations cost less than, on their samples; None where one is not plain."""
    weeks = made.rounds.weeks.of
    if any(week.rules for week in weeks.values()):
        return None
    left = max(made.time_limit - (perf_counter() - began), made.time_limit / 4) / len(weeks)
    plan = {group: made.rounds.planners[group].plan for group in weeks}
    return sum(plan[group]({group: made.asked.share}, time_limit=left).bound for group in weeks)


def _bound_note(made: Making) -> str:
    """What is proved of the bound, or the rules that stand against one, group by group."""
    weeks, staff = made.rounds.weeks.of, made.case.hospital.staff
    against = {staff[g].title: week.rules for g, week in weeks.items() if week.rules}
    if not against:
        return (
            "no weeks of shifts that reach the share on the training weeks cost less: in one line, first "
            "come first served, more people delay nobody"
        )
    alike: dict[str, list[str]] = {}
    for title, rules in against.items():
        for rule in rules:
            alike.setdefault(rule, []).append(title)
    told = "; ".join(f"{rule} ({', '.join(titles)})" for rule, titles in alike.items())
    return f"bound: none (rules: {told})"


def _notes(made: Making, after: Sequence[Lived]) -> tuple[str, ...]:
    """What was assumed or left out."""
    staff, asked, told = made.case.hospital.staff, made.asked, []
    if assumed := [staff[g].title for g in made.groups if g not in (asked.wages or {})]:
        told.append(f"basic pay of {asked.wage('')} an hour is assumed for: {', '.join(assumed)}")
    if given := [staff[g].title for g in made.groups if not staff[g].shifts]:
        hours = ", ".join(asked.shifts)
        told.append(f"no shifts of their own, planned in these hours: {', '.join(given)} ({hours})")
    told += [
        f'"{target.name}, {target.limit} {target.unit}" is not planned for: these groups cannot make sure of '
        "it, not even if nobody ever waited for them"
        for target in made.beyond
    ]
    left_out = not_measured(made.targets, per_future(made.targets, after))
    return (*told, *(f"target not measured in this hospital: {name}" for name in left_out))
