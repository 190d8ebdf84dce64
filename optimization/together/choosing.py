"""Which pair is the plan: played on futures that no pair was made for, moved bed by bed, and told apart."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from optimization.beds.counting import broken_rules
from optimization.beds.finalists import cost_as_played, not_outdone, screening
from optimization.beds.levels import tables_of
from optimization.beds.model import BedLevels
from optimization.beds.parameters import BedParameters
from optimization.beds.playing import Played
from optimization.paths import TrainPaths
from optimization.proof.estimates import upper_bounds
from optimization.proof.selection import FIRST, select
from optimization.together.pairs import Maker, Pair, different
from optimization.together.playing import play
from optimization.together.question import Question
from twin.plan import Selection, Target
from twin.units import FloatArray

#: wards in which a bed more, and wards in which a bed fewer, is tried at each step (assumed)
TRIED = 3
#: steps from the best pair, at most (assumed: each plays up to six pairs on ten futures)
STEPS = 3
#: a step is taken if the best of those tried is cheaper with this chance of error
BY_CHANCE = 0.05
STEPPED = ", then "


@dataclass(frozen=True)
class Chosen:
    """The pair chosen; how sure that is; and how many pairs were played."""

    pair: Pair
    selection: Selection | None
    played: int


def as_played(given: BedParameters, pair: Pair, futures: Sequence[Played]) -> FloatArray:
    """What a pair costs in each future: waiting, open beds, moves, outliers, pay. [currency]"""
    cost: FloatArray = cost_as_played(given, pair.tables, futures) + pair.pay
    return cost


class Stage:
    """Plays pairs on futures to choose on; what has been played once is not played again."""

    def __init__(self, asked: Question, given: BedParameters, simulation: dict[str, Any]) -> None:
        self.asked, self.given = asked, given
        self._simulation = simulation
        self._seen: dict[tuple[int, int], Played] = {}
        self._pairs: list[Pair] = []  # held, so that their ids stay theirs

    def play(self, pairs: Sequence[Pair], paths: TrainPaths) -> Sequence[Sequence[Played]]:
        """What the pairs do on these futures, in their order."""
        missing: dict[tuple[int, ...], list[Pair]] = {}
        for pair in pairs:
            futures = tuple(r for r in paths.replications if (id(pair), r) not in self._seen)
            missing.setdefault(futures, []).append(pair)
        for futures, some in missing.items():
            if futures:
                self._fill(some, futures)
        return [[self._seen[id(p), r] for r in paths.replications] for p in pairs]

    def costs(self, pairs: Sequence[Pair], paths: TrainPaths) -> FloatArray:
        """Costs, shape (pair, future). [currency]"""
        played = self.play(pairs, paths)
        return np.stack([as_played(self.given, p, f) for p, f in zip(pairs, played, strict=True)])

    def _fill(self, pairs: Sequence[Pair], futures: tuple[int, ...]) -> None:
        case, window = self.asked.case, self.asked.window
        played = play(case, [p.plan for p in pairs], window, TrainPaths(futures), **self._simulation)
        self._pairs += pairs
        for pair, rows in zip(pairs, played, strict=True):
            self._seen.update({(id(pair), r): row for r, row in zip(futures, rows, strict=True)})


def choose(
    maker: Maker,
    pairs: Sequence[Pair],
    targets: Sequence[Target],
    stage: Stage,
    *,
    tell: Callable[[int], None],
) -> Chosen:
    """The pair of least cost among those that keep the rules and miss no target for sure that another meets.

    What is decided now may break a rule, a smaller total say: it is compared with and not chosen.

    Parameters
    ----------
    tell
        Told how many steps have been taken from the best pair.
    """
    train = maker.asked.to_choose
    first = screening(train)
    pairs = different([p for p in pairs if not broken_rules(maker.given, p.tables)])
    for step in range(STEPS):
        before = len(pairs)
        leader = _leader(stage, pairs, targets, first)
        pairs = _stepped(maker, stage, pairs, leader, first)
        tell(step + 1)
        if len(pairs) == before:
            break
    leader = _leader(stage, pairs, targets, first)
    if leader.nurses is not None and STEPPED in leader.how:
        pairs = different([*pairs, *maker.pair_if_any(f"{leader.how}, nurses anew", leader.levels)])
    left = _left(stage, pairs, targets, first)
    worth = maker.given.prices.open_bed_day * len(maker.needs.days)
    told = select(
        lambda which, paths: stage.costs([left[i] for i in which], paths),
        len(left),
        train,
        worth=worth,
        first=min(FIRST, len(train.replications)),
        picked_from=len(pairs),
    )
    return Chosen(left[told.index], told.selection if len(left) > 1 else None, len(pairs))


def _left(stage: Stage, pairs: Sequence[Pair], targets: Sequence[Target], first: TrainPaths) -> list[Pair]:
    if len(pairs) == 1:
        return list(pairs)
    return [pairs[i] for i in not_outdone(targets, stage.play(pairs, first))]


def _leader(stage: Stage, pairs: Sequence[Pair], targets: Sequence[Target], first: TrainPaths) -> Pair:
    left = _left(stage, pairs, targets, first)
    return left[int(np.argmin(stage.costs(left, first).mean(axis=1)))]


def _stepped(
    maker: Maker, stage: Stage, pairs: Sequence[Pair], leader: Pair, first: TrainPaths
) -> list[Pair]:
    """The pairs and, where a bed more or fewer in some ward is clearly cheaper, the best such pair too."""
    if leader.nurses is None:
        return list(pairs)
    (played,) = stage.play([leader], first)
    near = [
        maker.with_nurses(f"{leader.how}{STEPPED}{how}", levels, leader.nurses)
        for how, levels in neighbours(maker.given, leader.levels, played).items()
    ]
    near = [p for p in different([*pairs, *near]) if not any(p is q for q in pairs)]
    if not near:
        return list(pairs)
    change = stage.costs(near, first) - stage.costs([leader], first)
    best = int(np.argmin(change.mean(axis=1)))
    clearly = change.shape[1] > 1 and bool(upper_bounds(change[best], BY_CHANCE / len(near)) < 0)
    return [*pairs, near[best]] if clearly else list(pairs)


def neighbours(given: BedParameters, levels: BedLevels, played: Sequence[Played]) -> Mapping[str, BedLevels]:
    """Levels with one team's beds more where patients wait most, or fewer where beds are needed least.

    Only those that keep every rule; what changes, in words, is the key.
    """
    waiting = np.stack([p.beyond for p in played]).mean(axis=(0, 2))
    free = [p for p in range(len(given.periods)) if (given.wards[0], p) not in given.frozen]
    seldom = {
        w: float(np.mean([given.needed[w, p][max(levels.open[w, p] - 1, 0)] for p in free]))
        for w in given.wards
    }
    crowded = [given.wards[i] for i in np.argsort(-waiting)[:TRIED] if waiting[i] > 0]
    idle = sorted(given.wards, key=lambda w: seldom[w])[:TRIED]
    told = {}
    for ward, sign in [*((w, 1) for w in crowded), *((w, -1) for w in idle)]:
        step = sign * given.limits.teams.get(ward, 1)
        opened = {(w, p): n + (step if w == ward and p in free else 0) for (w, p), n in levels.open.items()}
        changed = replace(levels, open=opened)
        if min(opened.values()) < 0 or any(
            changed.staffed(ward, p) < 0 or opened[ward, p] > given.most(ward, p) for p in free
        ):
            continue
        if not broken_rules(given, tables_of(given, changed)):
            told[f"{abs(step)} {'more' if sign > 0 else 'fewer'} in {ward}"] = changed
    return told
