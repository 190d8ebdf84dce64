"""One plan of beds and nurses with proof: question, pairs, choice, certificate, explanation."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from optimization.beds.counting import agreed, cost_again
from optimization.beds.explain import binds, still_short
from optimization.beds.limits import BedPrices
from optimization.beds.model import bed_model, cost_of
from optimization.beds.needs import bed_needs
from optimization.beds.one_more import one_more_bed, one_more_in_words
from optimization.beds.parameters import bed_parameters
from optimization.beds.playing import Played
from optimization.beds.proposal import solve_or_explain
from optimization.playing import Check, Progress
from optimization.proof.attempts import Attempt, Attempts
from optimization.proof.certificate import certificate, judge, not_measured, per_future
from optimization.proof.off_forecast import Lived, in_words, looked_at, off_forecast
from optimization.solving import solver
from optimization.together.agreement import nursed, on_paper_only
from optimization.together.answer import TogetherAnswer
from optimization.together.choosing import Chosen, Stage, as_played, choose
from optimization.together.explain import headline, on_paper_in_words, sentences
from optimization.together.pairs import IN_SEQUENCE, WEIGHTS, Maker, Pair, as_beds_are_lent, in_turns
from optimization.together.playing import play
from optimization.together.question import Question, question
from twin.case import Case, Window
from twin.plan import Certificate, Explanation, OffForecast, Target, TargetResult

#: attempts to certify, at most (assumed: each spends less of the chance of error)
MOST_ATTEMPTS = 3
#: models of nurses that are solved for one plan: three turns, two other weights, today's beds, patients as
#: they lie, and once more for the pair that was moved bed by bed
NURSE_MODELS = 8


@dataclass(frozen=True)
class Proof:
    """What was seen on the certifying futures of the last attempt."""

    chosen: Chosen
    attempt: Attempt
    results: tuple[TargetResult, ...]
    played: Mapping[str, Sequence[Played]]


def plan_together(
    case: Case,
    window: Window,
    *,
    total: int | None = None,
    seed: int = 1,
    replications: int = 40,
    targets: Sequence[Target] | None = None,
    prices: BedPrices | None = None,
    nurses: Mapping[str, Any] | None = None,
    time_limit: float = 120,
    progress: Progress | None = None,
    check: Check | None = None,
    threads: int = 2,
    **beds: Any,
) -> TogetherAnswer:
    """Plan open beds and the nurses of every shift together, prove the plan and explain it.

    Parameters
    ----------
    case
        Its own plan is what "today" means, for beds and for rosters.
    total
        Open beds of all wards together; today's when omitted. [beds]
    replications
        Even ones train, odd ones certify.
    targets
        What the plan must reach on the certifying futures; ``default_targets()`` when omitted.
    nurses
        Rules of the nurses, by name as of ``plan_cover``: people, wage, notice, pins, at_least.
    time_limit
        Of the solver, for all models together, not of the simulation. [s]
    progress
        Told (steps done, all).
    **beds
        Rules of the beds, as of ``plan_beds``: pins, cover, pools, teams, flex, most_moves, notice_days,
        period_days.

    Raises
    ------
    ConfigError, UsageError
        Numbers that cannot be planned with, before anything is simulated.
    Infeasible
        No beds meet the rules: what is short, where, when, by how much, and the cheapest ways out.
    Cancelled
        Raised by ``check``.
    """
    asked = question(
        case,
        window,
        replications=replications,
        total=total,
        targets=targets,
        prices=prices,
        nurses=nurses,
        **beds,
    )
    simulation: dict[str, Any] = {"seed": seed, "threads": threads, "check": check}
    tell = _steps(progress)
    highs = solver(time_limit=time_limit / NURSE_MODELS)
    needs = bed_needs(asked.beds.case, window, asked.beds.train, **simulation)
    tell()
    given = bed_parameters(
        needs,
        asked.beds.limits,
        asked.beds.prices,
        asked.beds.today,
        period_days=asked.beds.period_days,
        calendar=asked.beds.calendar,
    )
    solve_or_explain(given, needs, asked.beds.case, highs)
    maker = Maker(asked, given, needs, highs, time_limit=time_limit / NURSE_MODELS, simulation=simulation)
    pairs = _pairs(maker, simulation, tell)
    stage = Stage(asked, given, simulation)
    proof = _prove(maker, pairs, stage, simulation, tell)
    off = _off_forecast(maker, proof, simulation)
    tell()
    return _answer(maker, pairs, proof, off, seed)


def _pairs(maker: Maker, simulation: dict[str, Any], tell: Callable[..., None]) -> list[Pair]:
    """As decided, one after the other, in turns, with nurses weighed otherwise, and as patients lie."""
    turns = in_turns(maker, tell=tell)
    last = turns[-1]
    assert turns[0].nurses is not None
    now = maker.as_decided(turns[0].nurses)
    others = []
    for weight in WEIGHTS:
        others += maker.pair_if_any(f"{last.how}, nurses x {weight:g}", last.levels, weight=weight)
    others += maker.pair_if_any("today's beds, nurses for them", now.levels)
    others += as_beds_are_lent(maker, last, **simulation)
    tell()
    return [now, *turns, *others]


def _prove(
    maker: Maker, pairs: list[Pair], stage: Stage, simulation: dict[str, Any], tell: Callable[..., None]
) -> Proof:
    """Choose and certify; where a target is missed, ask more of the choice and certify on fresh futures."""
    asked, attempts, targets = maker.asked, Attempts(), maker.asked.targets
    futures = len(asked.beds.certify.replications)
    paths = asked.case.demand.n_paths if asked.case.demand is not None else None
    chosen = choose(maker, pairs, targets, stage, tell=tell)
    while True:
        attempt = attempts.next(futures)
        attempts = attempts.with_(attempt)
        shown = {"today": pairs[0], "in sequence": _in_sequence(pairs), "planned": chosen.pair}
        played = play(asked.case, [p.plan for p in shown.values()], asked.window, attempt.paths, **simulation)
        tell()
        seen = dict(zip(shown, played, strict=True))
        results = _judged(asked, attempt, seen["planned"])
        proof = Proof(chosen, attempt, results, seen)
        targets = _tightened(targets, results)
        fresh = paths is None or attempt.paths.replications[-1] + 2 * futures < paths
        if all(r.holds for r in results) or attempt.number == MOST_ATTEMPTS or not fresh:
            return proof
        again = choose(maker, _stronger(maker, pairs, chosen.pair), targets, stage, tell=tell)
        if again.pair.plan == chosen.pair.plan:
            return proof  # nothing that keeps the rules was found to do better
        chosen = again


def _in_sequence(pairs: Sequence[Pair]) -> Pair:
    return next(p for p in pairs if p.how == IN_SEQUENCE)


def _stronger(maker: Maker, pairs: Sequence[Pair], chosen: Pair) -> list[Pair]:
    """The pairs, and the chosen beds with nurses who weigh twice as much as in any so far."""
    weight = 2 * max(WEIGHTS)
    more = maker.pair_if_any(f"{chosen.how}, nurses x {weight:g}", chosen.levels, weight=weight)
    return [*pairs, chosen, *more]


def _tightened(targets: Sequence[Target], results: Sequence[TargetResult]) -> tuple[Target, ...]:
    """Targets to choose by where some were missed: further by as much as the bound was beyond them."""
    missed = {r.target.name: r for r in results if not r.holds}

    def one(target: Target) -> Target:
        result = missed.get(target.name)
        if result is None:
            return target
        if target.at_most is not None:
            return replace(target, at_most=target.at_most - max(result.bound95 - target.at_most, 0.0))
        assert target.at_least is not None
        return replace(target, at_least=target.at_least + max(target.at_least - result.bound95, 0.0))

    return tuple(one(target) for target in targets)


def _judged(asked: Question, attempt: Attempt, played: Sequence[Played]) -> tuple[TargetResult, ...]:
    return judge(asked.targets, attempt, per_future(asked.targets, played))


def _off_forecast(maker: Maker, proof: Proof, simulation: dict[str, Any]) -> tuple[OffForecast, ...]:
    """The plan where demand is off, on the first of the certifying futures."""
    asked, pair = maker.asked, proof.chosen.pair
    paths = looked_at(proof.attempt.paths)

    def lived(futures: Sequence[Played]) -> Lived:
        cost = float(as_played(maker.given, pair, futures).mean())
        return Lived(cost, per_future(asked.targets, futures))

    def live(case: Case) -> Lived:
        (futures,) = play(case, [pair.plan], asked.window, paths, **simulation)
        return lived(futures)

    as_forecast = lived(proof.played["planned"][: len(paths.replications)])
    return off_forecast(live, asked.case, asked.window, asked.targets, as_forecast=as_forecast)


def _answer(
    maker: Maker, pairs: Sequence[Pair], proof: Proof, off: tuple[OffForecast, ...], seed: int
) -> TogetherAnswer:
    asked, pair = maker.asked, proof.chosen.pair
    day = maker.given.limits.notice_days - 1
    planned = {w: int(pair.tables.open[i, day]) for i, w in enumerate(maker.given.wards)}
    on_paper: Mapping[str, int] = {}
    if pair.nurses is not None:
        at_best = nursed(asked, pair.plan, len(maker.needs.days))
        on_paper = on_paper_only(maker.given, pair.levels, at_best)
    left_out = not_measured(asked.targets, per_future(asked.targets, proof.played["planned"]))
    return TogetherAnswer(
        plan=pair.plan,
        certificate=_certificate(maker, proof, off, seed),
        explanation=_explanation(maker, pairs, proof, planned, on_paper, off),
        today=asked.beds.today,
        planned=planned,
        how=pair.how,
        paid=_paid(pair),
        measures={name: tuple(p.measures for p in played) for name, played in proof.played.items()},
        on_paper=on_paper,
        currency=maker.given.prices.currency,
        notes=(*asked.notes, *(f"target not measured in this hospital: {name}" for name in left_out)),
        names_groups=asked.names_groups,
    )


def _paid(pair: Pair) -> dict[str, float]:
    """What is paid beyond basic pay, by name. [currency]"""
    return pair.nurses.parts if pair.nurses is not None else {"own people": pair.pay}


def _certificate(maker: Maker, proof: Proof, off: tuple[OffForecast, ...], seed: int) -> Certificate:
    asked, given, pair = maker.asked, maker.given, proof.chosen.pair
    nurses = pair.nurses
    beds = agreed(
        cost_again(maker.needs, given.prices, pair.tables, given.limits.pools),
        cost_of(bed_model(given), given, pair.levels),
    )
    parts = (
        "beds and nurses have a model each, and no theorem joins them"
        if nurses is None
        else "the nurses cost at most "
        f"{max(s.solved.gap for s in nurses.solved):.1%} more than any for these beds (proved)"
    )
    futures = len(asked.beds.train.replications) + len(asked.beds.certify.replications)
    return certificate(
        cost=beds + (pair.pay if nurses is None else sum(c.cost for c in nurses.counted)),
        objective=beds + (pair.pay if nurses is None else sum(s.solved.objective for s in nurses.solved)),
        bound=None,
        bound_note=f"bound: none (rules: priorities, outliers, boarding); the best of {proof.chosen.played} "
        f"pairs of beds and nurses in simulation; {parts}",
        targets=proof.results,
        train_paths=len({*asked.beds.train.replications, *asked.to_choose.replications}),
        attempt=proof.attempt,
        seed=seed,
        command=f"twin optimize together {asked.words} --replications {futures} --seed {seed}",
        selection=proof.chosen.selection,
        off_forecast=off,
    )


def _explanation(
    maker: Maker,
    pairs: Sequence[Pair],
    proof: Proof,
    planned: Mapping[str, int],
    on_paper: Mapping[str, int],
    off: tuple[OffForecast, ...],
) -> Explanation:
    asked, given, pair = maker.asked, maker.given, proof.chosen.pair
    hospital, days = asked.case.hospital, maker.needs.days
    ways = {"today": pairs[0], "in sequence": _in_sequence(pairs), "planned": pair}
    costs = {name: as_played(given, way, proof.played[name]) for name, way in ways.items()}
    more = one_more_bed(given, pair.levels, maker.highs)
    return Explanation(
        headline=headline(hospital, asked.beds.today, planned, pair.nurses),
        sentences=(
            *sentences(len(days), given.prices.currency, _paid(pair), costs, proof.played),
            *(text for text in (in_words(off),) if text),
        ),
        binds=binds(given, pair.levels, hospital),
        one_more=one_more_in_words(more, given, hospital, len(days)),
        short=(*on_paper_in_words(hospital, on_paper), *still_short(proof.played["planned"], days, hospital)),
    )


def _steps(progress: Progress | None) -> Callable[..., None]:
    """Each call is one step done: needs, turns, other pairs, choice, certificate, off forecast."""
    done, of = 0, NURSE_MODELS + 6

    def tell(*_: int) -> None:
        nonlocal done
        done = min(done + 1, of)
        if progress is not None:
            progress(done, of)

    return tell
