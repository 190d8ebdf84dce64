"""A staffing plan of a hospital with proof: work, weeks of shifts, finalists, certificate, explanation.

The groups that work at steps are planned as stations on the work that the hospital gives them when nobody
waits for them; then the whole hospital is played, and the hospital decides: targets on the sample are moved
until those of the hospital hold, neighbours of the best week are played too, and the best of all is certified
on futures that it has not seen. A bound is told only where every group planned is a plain station.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from time import perf_counter
from typing import Any

import numpy as np

from optimization.paths import CertifyPaths, TrainPaths, apart, split
from optimization.proof.attempts import Attempt, Attempts
from optimization.proof.certificate import certificate, check_targets, judge, not_measured, per_future
from optimization.proof.off_forecast import Lived as OffLived
from optimization.proof.off_forecast import looked_at, off_forecast
from optimization.proof.selection import select
from optimization.staffing.answer import StaffingAnswer
from optimization.staffing.counting import agreed, count_again
from optimization.staffing.house import Asked, block_minutes, group_week, usual_pay, week_of
from optimization.staffing.lives import Looked, live, targets_of
from optimization.staffing.reasons import explanation
from optimization.staffing.rounds import Finalist, Rounds, cheapest_safe
from optimization.staffing.tasks import Check, Progress, dates_of, weeks_of, work_of
from twin.case import Case, Window
from twin.errors import Infeasible, UsageError
from twin.plan import OffForecast, Plan, Selection, Target, TargetResult
from twin.units import FloatArray

#: attempts to certify a plan (assumed: the third spends a ninth of the chance of error of the first)
ATTEMPTS = 3
#: futures on which finalists are played, of those that train (assumed: the rest are worth more as proof)
MOST_TRAIN = 24
#: neighbours of the best week that are played (assumed: about as many as there are groups and shifts to thin)
NEIGHBOURS = 12
#: price of a task that starts too late, to choose among plans that all meet their targets [currency]
#: (assumed: a quarter of an hour of a patient's and of a nurse's time)
LATE = 5.0
#: share of the time limit for the search of all groups in one round
_A_ROUND = 0.12
#: a difference in cost that is not worth more futures [fraction of the cost]
_WORTH = 0.002


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
    made = _Making(case, window, asked, others, seed, replications, time_limit, threads, progress, check)
    made.rounds.run()
    best, selection = made.choose()
    attempts = Attempts()
    for _ in range(ATTEMPTS):
        attempt = attempts.next(len(made.certify.replications))
        attempts = attempts.with_(attempt)
        before, after = made.play([case.plan, best.plan], attempt.paths)
        results = judge(made.measured(after), attempt, per_future(made.targets, after))
        better = None if all(r.holds for r in results) else made.improved(best, results)
        if better is None or not made.fresh_left(attempts):
            break
        best, selection = better, None
    cost = sum(made.count(best.plan).values())
    off = made.off(best.plan, cost, attempt, after)
    bound = made.bound(began)
    return StaffingAnswer(
        plan=best.plan,
        certificate=certificate(
            cost=agreed(cost, best.pay),
            objective=best.pay,
            bound=bound,
            bound_note=made.bound_note(),
            targets=results,
            train_paths=len(made.train.replications),
            attempt=attempt,
            seed=seed,
            command=f"twin optimize staffing {words} --replications {replications} --seed {seed}",
            selection=selection,
            off_forecast=off,
        ),
        explanation=explanation(
            made.rounds, best, made.usual, before, after, made.one_more(best), off, asked
        ),
        week={g: dict(w) for g, w in best.people.items()},
        pay={"today": made.usual, "planned": made.count(best.plan)},
        currency=case.hospital.money.currency,
        notes=made.notes(after),
    )


@dataclass
class _Making:
    """One plan being made: what is asked, what it is played on, and what was found."""

    case: Case
    window: Window
    asked: Asked
    others: tuple[Target, ...]
    seed: int
    replications: int
    time_limit: float
    threads: int
    progress: Progress | None
    check: Check | None

    def __post_init__(self) -> None:
        hospital, asked = self.case.hospital, self.asked
        self.groups = asked.of(hospital)
        check_targets(self.others)
        first = self.window.warm_up + asked.notice
        self.days = range(first, self.window.warm_up + self.window.days)
        if not self.days:
            raise UsageError(
                f"a notice of {asked.notice} days leaves none of {self.window.days} days to plan; ask for "
                "more days, or give less notice",
                code="E_RANGE",
            )
        train, self.certify = split(self.replications)
        self.train = TrainPaths(train.replications[:MOST_TRAIN])
        self.dates = dates_of(self.window, self.days)
        self.simulation: dict[str, Any] = {"seed": self.seed, "threads": self.threads, "check": self.check}
        titles = {g: hospital.staff[g].title for g in self.groups}
        self.targets = (*targets_of(titles, asked.share, asked.limit_minutes), *self.others)
        self.looked = Looked(self.groups, asked.limit_minutes, self.days)
        self.usual = {
            g: usual_pay(hospital, self.case.plan, g, asked.wage(g), self.dates) for g in self.groups
        }
        self.rounds = self._rounds()

    def _rounds(self) -> Rounds:
        hospital, asked, weeks = self.case.hospital, self.asked, {}
        work = work_of(self.case, self.window, self.groups, self.train, **self.simulation)
        for group in self.groups:
            each = block_minutes(hospital, group, asked.shifts)
            sample = weeks_of(group, work[group], self.window, hospital, self.days, each)
            weeks[group] = group_week(hospital, asked, group, sample, self.dates)
        name = f"Staffing from {self.dates[0]:%d %B %Y} to {self.dates[-1]}"
        seconds = self.time_limit * _A_ROUND / len(self.groups)
        play = partial(self.play, paths=self.train)
        kept = {g: week_of(self.case.plan, g, self.dates) for g in self.groups} if asked.least_change else {}
        kept = {g: week for g, week in kept.items() if week}
        return Rounds(weeks, self.targets, self.case, self.dates, name, play, seconds, kept)

    def play(self, plans: Sequence[Plan], paths: TrainPaths | CertifyPaths) -> Any:
        """What plans do in the hospital on these futures."""
        return live(
            self.case, plans, self.window, self.looked, paths, progress=self.progress, **self.simulation
        )

    def choose(self) -> tuple[Finalist, Selection | None]:
        """The best of all finalists that are safe, its neighbours with fewer people among them."""
        best = cheapest_safe(self.rounds.finalists)
        if not best.safe or self.rounds.kept:
            return best, None
        for _ in range(2):
            near = self.rounds.played(self.rounds.fewer(best, NEIGHBOURS))
            self.rounds.finalists += near
            cheaper = cheapest_safe(self.rounds.finalists)
            if cheaper is best:
                break
            best = cheaper
        left = [f for f in self.rounds.finalists if f.safe]
        told = select(
            lambda which, paths: self._costs([left[i] for i in which], paths),
            len(left),
            self.train,
            worth=_WORTH * best.pay,
            picked_from=len(self.rounds.finalists),
        )
        return left[told.index], told.selection if len(left) > 1 else None

    def _costs(self, finalists: Sequence[Finalist], paths: TrainPaths) -> FloatArray:
        lives = self.play([f.plan for f in finalists], paths)
        return np.array(
            [
                [f.pay + LATE * each.too_late for each in futures]
                for f, futures in zip(finalists, lives, strict=True)
            ]
        )

    def improved(self, best: Finalist, results: Sequence[TargetResult]) -> Finalist | None:
        """A plan for targets on the sample raised by what its proof fell short; None where there is none."""
        short = {r.target.measure: -_to_spare(r) for r in results if not r.holds}
        try:
            better = self.rounds.with_more(best, short)
        except Infeasible:
            return None
        return better if better is not None and better.people != best.people else None

    def fresh_left(self, attempts: Attempts) -> bool:
        """Whether the forecast has fresh paths for another attempt."""
        demand = self.case.demand
        used = sum(len(each.paths.replications) for each in attempts.made) + len(self.certify.replications)
        return demand is None or 2 * used <= demand.n_paths

    def measured(self, futures: Any) -> list[Target]:
        """Targets that something measures."""
        left_out = not_measured(self.targets, per_future(self.targets, futures))
        return [t for t in self.targets if t.name not in left_out]

    def count(self, plan: Plan) -> dict[str, float]:
        """Group -> what it costs under a plan, counted again."""
        wages = {g: self.asked.wage(g) for g in self.groups}
        return count_again(plan, self.case.hospital, wages, self.dates)

    def off(self, plan: Plan, cost: float, attempt: Attempt, after: Any) -> tuple[OffForecast, ...]:
        """The plan where demand is off, on the first of the certifying futures."""
        paths = looked_at(attempt.paths)

        def lived(futures: Any) -> OffLived:
            return OffLived(cost, per_future(self.targets, futures))

        def play(case: Case) -> OffLived:
            (futures,) = live(case, [plan], self.window, self.looked, paths, **self.simulation)
            return lived(futures)

        known = lived(after[: len(paths.replications)])
        return off_forecast(play, self.case.with_(plan=plan), self.window, self.targets, as_forecast=known)

    def one_more(self, best: Finalist) -> list[tuple[str, str, float, float]]:
        """One more person of each group where it helps its sample most: group, shift, pay, % more in time.

        Played on even futures that no plan was made from.
        """
        tried: list[tuple[str, str, Mapping[str, Any]]] = []
        for group in self.groups:
            week = best.people[group]
            shifts = dict.fromkeys(shift for _, shift in week)
            more = {s: {k: n + (k[1] == s) for k, n in week.items()} for s in shifts}
            helps = min(more, key=lambda s: (self.rounds.late(group, more[s]), s))
            tried.append((group, helps, {**best.people, group: more[helps]}))
        begin = max(self.train.replications) + 2
        fresh = TrainPaths(tuple(range(begin, begin + 20, 2)))
        plans = [best.plan, *(self.rounds.plan_for(people) for _, _, people in tried)]
        base, *lives = self.play(plans, fresh)
        now = _level(self.targets, base)
        return [
            (group, shift, self.rounds.pay(people) - best.pay, _level(self.targets, futures)[i] - now[i])
            for i, ((group, shift, people), futures) in enumerate(zip(tried, lives, strict=True))
        ]

    def bound(self, began: float) -> float | None:
        """What no weeks of plain stations cost less than, on their samples; None where one is not plain."""
        if any(week.rules for week in self.rounds.weeks.values()):
            return None
        left = max(self.time_limit - (perf_counter() - began), self.time_limit / 4) / len(self.groups)
        return sum(self._bound_of(group, left) for group in self.groups)

    def _bound_of(self, group: str, seconds: float) -> float:
        planner = self.rounds.planners[group]
        return planner.plan({group: self.asked.share}, time_limit=seconds).bound

    def bound_note(self) -> str:
        """What is proved of the bound, or the rules that stand against one, group by group."""
        against = {
            self.case.hospital.staff[g].title: w.rules for g, w in self.rounds.weeks.items() if w.rules
        }
        if not against:
            return (
                "no weeks of shifts that reach the share on the training weeks cost less: in one line, first "
                "come first served, more people delay nobody"
            )
        told = "; ".join(f"{title}: {', '.join(rules)}" for title, rules in against.items())
        return f"bound: none (rules: {told})"

    def notes(self, after: Any) -> tuple[str, ...]:
        """What was assumed or left out."""
        hospital, told = self.case.hospital, []
        assumed = [hospital.staff[g].title for g in self.groups if g not in (self.asked.wages or {})]
        if assumed:
            told.append(f"basic pay of {self.asked.wage('')} an hour is assumed for: {', '.join(assumed)}")
        given = [hospital.staff[g].title for g in self.groups if not hospital.staff[g].shifts]
        if given:
            hours = ", ".join(self.asked.shifts)
            told.append(f"no shifts of their own, planned in these hours: {', '.join(given)} ({hours})")
        left_out = not_measured(self.targets, per_future(self.targets, after))
        return (*told, *(f"target not measured in this hospital: {name}" for name in left_out))


def _to_spare(result: TargetResult) -> float:
    """The bound against the level, on the safe side. [unit of the measure]"""
    target = result.target
    if target.at_least is not None:
        return result.bound95 - target.at_least
    return float(target.at_most or 0.0) - result.bound95


def _level(targets: Sequence[Target], futures: Any) -> list[float]:
    seen = per_future(targets, futures)
    return [float(seen[t.measure].total.sum() / max(seen[t.measure].count.sum(), 1)) for t in targets]
