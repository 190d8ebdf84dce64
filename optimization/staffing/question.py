"""What is asked: stations, the shifts their people can work, what they cost, and the target.

People come in shifts; a shift covers some blocks of the day. Between two instants at which any shift
begins or ends the same people are there: such a run of blocks is a *stretch*, and who serves where is
decided by stretch. A higher skill may stand in for a lower one where the hospital says so.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np

from optimization.staffing.station import Station
from twin.errors import ConfigError, Problem, did_you_mean
from twin.units import FloatArray, IntArray


@dataclass(frozen=True)
class Pattern:
    """A shift: who works it is there in its blocks, round midnight if need be.

    Attributes
    ----------
    name : what people call it
    start : first block
    blocks : blocks it lasts
    cost : of one person who works it once, unsocial hours included [money]
    """

    name: str
    start: int
    blocks: int
    cost: float


@dataclass(frozen=True)
class Question:
    """Staff how many, in which shifts, at least cost, so that enough tasks start in time?

    Attributes
    ----------
    stations : one a skill; all have the same blocks
    patterns : skill -> its shifts
    covers : skill -> other skills whose tasks its people may do
    target : share of the day's tasks, all futures together, that start within the limit; for each skill
        [fraction]
    limit_minutes : the limit [minutes]
    floor : skill -> least people at its station, by block, shape (block,); 1 where left out [people]
    most : skill -> most people of the skill that work in a day [people]; no limit where left out
    pins : (skill, pattern) -> people, decided already [people]
    """

    stations: tuple[Station, ...]
    patterns: Mapping[str, tuple[Pattern, ...]]
    covers: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    target: float = 0.8
    limit_minutes: float = 30.0
    floor: Mapping[str, Sequence[int]] = field(default_factory=dict)
    most: Mapping[str, int] = field(default_factory=dict)
    pins: Mapping[tuple[str, str], int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        problems = list(_faults(self))
        if problems:
            raise ConfigError("the staffing", problems)

    @property
    def skills(self) -> tuple[str, ...]:
        """The skills, in order."""
        return tuple(s.name for s in self.stations)

    @property
    def blocks(self) -> int:
        """Blocks of the day."""
        return self.stations[0].blocks

    def station(self, skill: str) -> Station:
        """The station of a skill."""
        return self.stations[self.skills.index(skill)]

    def pattern(self, skill: str, name: str) -> Pattern:
        """A shift by name."""
        return next(p for p in self.patterns[skill] if p.name == name)

    @cached_property
    def stretch(self) -> IntArray:
        """Stretch of each block, shape (block,): a new one where any shift begins or ends."""
        edges = {0}
        for rows in self.patterns.values():
            for p in rows:
                if p.blocks < self.blocks:
                    edges |= {p.start % self.blocks, (p.start + p.blocks) % self.blocks}
        return np.cumsum(np.isin(np.arange(self.blocks), sorted(edges - {0}))).astype(np.int64)

    @property
    def stretches(self) -> int:
        """How many stretches the day has."""
        return int(self.stretch[-1]) + 1

    @cached_property
    def there(self) -> Mapping[tuple[str, str], tuple[int, ...]]:
        """(skill, pattern) -> stretches in which its people are there."""
        return {
            (skill, p.name): tuple(sorted({int(self.stretch[b]) for b in covered(p, self.blocks)}))
            for skill, rows in self.patterns.items()
            for p in rows
        }

    def floors(self, skill: str) -> IntArray:
        """Least people at a station by stretch, shape (stretch,) [people]."""
        least = np.zeros(self.stretches, dtype=np.int64)
        np.maximum.at(
            least, self.stretch, np.asarray(self.floor.get(skill, [1] * self.blocks), dtype=np.int64)
        )
        return least

    def only(self, skills: Collection[str]) -> Question:
        """The same question of some skills alone; stretches are those of their own shifts."""
        return replace(
            self,
            stations=tuple(s for s in self.stations if s.name in skills),
            patterns={n: self.patterns[n] for n in self.patterns if n in skills},
            covers={
                n: tuple(o for o in others if o in skills) for n, others in self.covers.items() if n in skills
            },
            floor={n: f for n, f in self.floor.items() if n in skills},
            most={n: m for n, m in self.most.items() if n in skills},
            pins={s: n for s, n in self.pins.items() if s[0] in skills},
        )

    def can_serve(self, skill: str) -> tuple[str, ...]:
        """Skills whose people can do the tasks of this one, itself first."""
        return (skill, *(k for k in self.skills if k != skill and skill in self.covers.get(k, ())))


def covered(pattern: Pattern, blocks: int) -> list[int]:
    """Blocks of the day that a shift covers."""
    return [(pattern.start + i) % blocks for i in range(min(pattern.blocks, blocks))]


def shift_cost(
    start: int, blocks: int, block_costs: Sequence[float] | FloatArray, *, fixed: float = 0.0
) -> float:
    """Cost of a shift from the cost of a person by block of the day."""
    costs = np.asarray(block_costs, dtype=np.float64)
    return float(fixed + costs[[(start + i) % costs.size for i in range(blocks)]].sum())


def by_block(block_costs: Sequence[float] | FloatArray) -> tuple[Pattern, ...]:
    """A shift for each single block: levels free by block."""
    return tuple(Pattern(f"block {b}", b, 1, float(c)) for b, c in enumerate(block_costs))


def _faults(asked: Question):  # type: ignore[no-untyped-def]
    skills = [s.name for s in asked.stations]
    if not skills:
        yield Problem("stations", [], "one station or more")
        return
    for name in {n for n in skills if skills.count(n) > 1}:
        yield Problem("stations", name, "each skill once")
    if len({(s.blocks, s.block_minutes) for s in asked.stations}) > 1:
        yield Problem("stations", None, "all stations have the same blocks")
    if not 0 < asked.target < 1:
        yield Problem("target", asked.target, "a share above 0 and below 1, e.g. 0.8 for 80 %")
    if not 0 <= asked.limit_minutes < np.inf:
        yield Problem("limit_minutes", asked.limit_minutes, "minutes, 0 or more")
    for skill, floor in asked.floor.items():
        if len(floor) != asked.blocks or min(floor) < 0:
            yield Problem(f"floor.{skill}", list(floor), f"{asked.blocks} levels, 0 or more")
    for skill in skills:
        if not asked.patterns.get(skill):
            yield Problem(f"patterns.{skill}", None, "one shift or more")
    for where, names in (
        ("patterns", asked.patterns),
        ("covers", asked.covers),
        ("most", asked.most),
        ("floor", asked.floor),
    ):
        for name in names:
            if name not in skills:
                yield Problem(f"{where}.{name}", name, "no such skill", did_you_mean(name, skills))
    for skill, others in asked.covers.items():
        for other in others:
            if other not in skills or other == skill:
                yield Problem(f"covers.{skill}", other, "another skill", did_you_mean(other, skills))
    for skill, most in asked.most.items():
        if most < 0:
            yield Problem(f"most.{skill}", most, "people, 0 or more")
    yield from _pattern_faults(asked)


def _pattern_faults(asked: Question):  # type: ignore[no-untyped-def]
    for skill, rows in asked.patterns.items():
        names = [p.name for p in rows]
        for p in rows:
            where = f"patterns.{skill}.{p.name}"
            if names.count(p.name) > 1:
                yield Problem(where, p.name, "each shift once")
            if not (np.isfinite(p.cost) and p.cost >= 0):
                yield Problem(f"{where}.cost", p.cost, "a finite cost, 0 or more")
            if p.blocks < 1 or p.start < 0:
                yield Problem(where, (p.start, p.blocks), "starts at a block of the day and lasts 1 or more")
    for (skill, name), people in asked.pins.items():
        if name not in [p.name for p in asked.patterns.get(skill, ())]:
            yield Problem(f"pins.{skill}.{name}", name, "a shift of the skill")
        elif people < 0:
            yield Problem(f"pins.{skill}.{name}", people, "people, 0 or more")
