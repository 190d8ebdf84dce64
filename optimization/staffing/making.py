"""Making a hospital's staffing plan: what is asked, what it is played on, and the steps to the best week."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from optimization.paths import CertifyPaths, TrainPaths, split
from optimization.playing import Check, Progress
from optimization.proof.attempts import Attempt, Attempts
from optimization.proof.certificate import check_targets, not_measured, per_future
from optimization.proof.off_forecast import Lived as LivedOff
from optimization.proof.off_forecast import looked_at, off_forecast
from optimization.proof.selection import select
from optimization.staffing.counting import count_again
from optimization.staffing.house import Asked, block_minutes, group_week, week_of
from optimization.staffing.lives import Lived, Looked, live, targets_of
from optimization.staffing.neighbours import mended, more, thinned
from optimization.staffing.pay import usual_pay
from optimization.staffing.rounds import Rounds
from optimization.staffing.tasks import dates_of, never_short, weeks_of, work_of
from optimization.staffing.weeks import Finalist, Weeks, cheapest_safe, to_spare
from twin.case import Case, Window
from twin.errors import Infeasible, UsageError
from twin.plan import OffForecast, Plan, Selection, Target, TargetResult
from twin.units import FloatArray

#: futures on which finalists are played, of those that train (assumed: the rest are worth more as proof)
MOST_TRAIN = 24
#: price of a task that starts too late, to choose among plans that all meet their targets [currency]
#: (assumed: a quarter of an hour of a patient's and of a nurse's time)
LATE = 5.0
#: share of the time limit for the search of all groups in one round
_A_ROUND = 0.12
#: a difference in cost that is not worth more futures [fraction of the cost]
_WORTH = 0.002
#: futures on which one more person of each group is looked at
_LOOKED_AT = 10


@dataclass
class Making:
    """One plan being made: what is asked, and how it is played."""

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
        self.beyond = self._beyond()
        self.rounds = self._rounds()

    def _beyond(self) -> tuple[Target, ...]:
        """Targets that these groups cannot make sure of, not even if nobody ever waited for them."""
        if not self.others:
            return ()
        hospital = never_short(self.case.hospital, self.groups)
        plenty = self.case.with_(hospital=hospital, plan=Plan.empty())
        (futures,) = self.play([plenty.plan], self.train, plenty)
        seen = per_future(self.others, futures)
        return tuple(
            t
            for t in self.others
            if seen[t.measure].futures and to_spare(t, seen[t.measure], len(self.targets)) < 0
        )

    def _rounds(self) -> Rounds:
        hospital, asked, of = self.case.hospital, self.asked, {}
        work = work_of(self.case, self.window, self.groups, self.train, **self.simulation)
        for group in self.groups:
            each = block_minutes(hospital, group, asked.shifts)
            sample = weeks_of(group, work[group], self.window, hospital, self.days, each)
            of[group] = group_week(hospital, asked, group, sample, self.dates)
        first, last = self.dates[0], self.dates[-1]
        name = f"Staffing from {first.day} {first:%B} to {last.day} {last:%B %Y}"
        aims = [t for t in self.targets if t not in self.beyond]
        weeks = Weeks(of, aims, self.case, self.dates, name, partial(self.play, paths=self.train))
        kept = {g: week_of(self.case.plan, g, self.dates) for g in self.groups} if asked.least_change else {}
        kept = {g: week for g, week in kept.items() if week}
        return Rounds(weeks, self.time_limit * _A_ROUND / len(self.groups), kept)

    def play(
        self, plans: Sequence[Plan], paths: TrainPaths | CertifyPaths, case: Case | None = None
    ) -> tuple[tuple[Lived, ...], ...]:
        """What plans do in the hospital on these futures."""
        return live(
            case or self.case,
            plans,
            self.window,
            self.looked,
            paths,
            progress=self.progress,
            **self.simulation,
        )

    def choose(self) -> tuple[Finalist, Selection | None]:
        """The best of all finalists that are safe, its neighbours among them."""
        self.rounds.run()
        own = [
            f for f in self.rounds.finalists if all(f.slack.get(n, 0.0) >= 0 for n in self.rounds.weeks.own)
        ]
        mended(self.rounds, min(own, key=lambda f: f.pay) if own else cheapest_safe(self.rounds.finalists))
        best = cheapest_safe(self.rounds.finalists)
        if not best.safe or self.rounds.kept:
            return best, None
        best = thinned(self.rounds, best)
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
        pairs = zip(finalists, lives, strict=True)
        return np.array([[f.pay + LATE * each.too_late for each in futures] for f, futures in pairs])

    def improved(self, best: Finalist, results: Sequence[TargetResult]) -> Finalist | None:
        """A plan that has more to spare where its proof fell short; None where there is none."""
        short = {r.target.measure: -_to_spare(r) for r in results if not r.holds}
        own = {name: by for name, by in short.items() if name in self.rounds.weeks.own}
        other = {n: best.slack[n] + by for n, by in short.items() if n not in own and n in best.slack}
        better: Finalist | None = best
        if own:
            try:
                better = self.rounds.with_more(best, own)
            except Infeasible:
                return None
        if better is not None and other:
            better = mended(self.rounds, better, other)
        return better if better is not None and better.people != best.people else None

    def fresh_left(self, attempts: Attempts) -> bool:
        """Whether the forecast has fresh paths for another attempt."""
        demand = self.case.demand
        used = sum(len(each.paths.replications) for each in attempts.made) + len(self.certify.replications)
        return demand is None or 2 * used <= demand.n_paths

    def measured(self, futures: Sequence[Lived]) -> list[Target]:
        """Targets that something measures."""
        left_out = not_measured(self.targets, per_future(self.targets, futures))
        return [t for t in self.targets if t.name not in left_out]

    def count(self, plan: Plan) -> dict[str, float]:
        """Group -> what it costs under a plan, counted again. [currency]"""
        wages = {g: self.asked.wage(g) for g in self.groups}
        return count_again(plan, self.case.hospital, wages, self.dates)

    def off(
        self, plan: Plan, cost: float, attempt: Attempt, after: Sequence[Lived]
    ) -> tuple[OffForecast, ...]:
        """The plan where demand is off, on the first of the certifying futures."""
        paths, targets = looked_at(attempt.paths), self.measured(after)

        def lived(futures: Sequence[Lived]) -> LivedOff:
            return LivedOff(cost, per_future(targets, futures))

        def play(case: Case) -> LivedOff:
            return lived(self.play([plan], paths, case)[0])

        known = lived(after[: len(paths.replications)])
        return off_forecast(play, self.case.with_(plan=plan), self.window, targets, as_forecast=known)

    def one_more(self, best: Finalist) -> list[tuple[str, str, float, float]]:
        """One more person of each group where it helps its sample most: group, shift, pay, points in time.

        Played on even futures that no plan was made from.
        """
        tried = more(self.rounds.weeks, best)
        begin = max(self.train.replications) + 2
        fresh = TrainPaths(tuple(range(begin, begin + 2 * _LOOKED_AT, 2)))
        weeks = self.rounds.weeks
        base, *lives = self.play([best.plan, *(weeks.plan(people) for _, _, people in tried)], fresh)
        now, rows = self._level(base), []
        for (group, shift, people), futures in zip(tried, lives, strict=True):
            points = self._level(futures)[group] - now[group]
            rows.append((group, shift, weeks.pay(people) - best.pay, points))
        return rows

    def _level(self, futures: Sequence[Lived]) -> Mapping[str, float]:
        """Group -> its tasks in time [%]."""
        seen = per_future(self.targets, futures)
        pairs = zip(self.groups, self.targets, strict=False)
        return {g: float(seen[t.measure].total.sum() / max(seen[t.measure].count.sum(), 1)) for g, t in pairs}


def _to_spare(result: TargetResult) -> float:
    """The bound against the level, on the safe side. [unit of the measure]"""
    target = result.target
    if target.at_least is not None:
        return result.bound95 - target.at_least
    return float(target.at_most or 0.0) - result.bound95
