"""Staff by block and skill: what the plan with proof costs beside queueing rules, and in what time.

    python benchmarks/optimization.py staffing [--blocks 48] [--seed 1] [--train 100] [--seconds 180]
        [--target 0.8] [--substitution] [--peers-only]

An emergency department's day: three skills, half-hour blocks (or 12 blocks of two hours), an uncertain
rate. Rules give levels block by block, covered by the cheapest shifts; where they fail their proof their
load is turned up until they pass, and they are also turned up or down until they just pass. The same
shifts, floor and certifying days for all.
"""

import argparse
import resource
from dataclasses import dataclass
from time import perf_counter

import numpy as np

from optimization.proof.attempts import Attempts
from optimization.staffing.certified import CERTIFY, Certified, plan_certified
from optimization.staffing.proof import certify, certifying_days
from optimization.staffing.question import Pattern, Question, shift_cost
from optimization.staffing.rules import RULES, cheapest_shifts, only, rule_levels, shift_levels
from optimization.staffing.station import Days, Station
from twin.plan import TargetResult

#: arrivals at an emergency department by hour of the day, relative (assumed: the usual two humps)
HOURS = (
    .35, .28, .24, .22, .22, .25, .35, .55, .85, 1.2, 1.45, 1.5,
    1.45, 1.4, 1.35, 1.3, 1.3, 1.35, 1.4, 1.35, 1.2, 1.0, .75, .5,
)  # fmt: skip
#: skill: tasks a day, mean service [minutes], its CV, pay an hour [money] (assumed: 170 attendances a day,
#: most seen by a nurse, some twice, nine in ten by a doctor; pay in the proportion of nurses and registrars)
SKILLS = {"triage": (170, 10, 0.6, 2.0), "nurse": (190, 25, 0.8, 2.4), "doctor": (150, 35, 0.9, 4.8)}
#: 20:00 to 06:00 (NHS Terms and Conditions of Service Handbook, section 2: time plus 30 %)
UNSOCIAL = 1.3
#: CV of the day's factor (assumed: daily attendances vary about 10 % beyond Poisson)
RATE_CV = 0.10
#: how finely a rule's load is turned up or down [fraction]
STEP = 0.02


def instance(seed: int, *, blocks: int = 48, target: float = 0.8, substitution: bool = False) -> Question:
    """A department's day; the seed moves volumes, times of service and the shape of the day."""
    draw = np.random.default_rng(seed)
    each = 24 * 60 // blocks
    profile = np.repeat(np.array(HOURS), 60).reshape(blocks, each).sum(axis=1)
    profile = profile * np.exp(draw.normal(0, 0.03, blocks))
    stations, patterns, floor = [], {}, {}
    hour = np.arange(blocks) * each // 60
    for name, (usual, minutes, cv, pay) in SKILLS.items():
        tasks, service = usual * draw.uniform(0.9, 1.1), float(minutes * draw.uniform(0.9, 1.1))
        rates = tasks * profile / profile.sum()
        stations.append(Station(name, rates, service, cv, RATE_CV, each, warm_blocks=round(240 / each)))
        by_block = np.where((hour >= 20) | (hour < 6), UNSOCIAL, 1.0) * pay * each / 60
        patterns[name] = shifts(by_block, each, pay)
        floor[name] = least(stations[-1])
    covers = {"nurse": ("triage",), "doctor": ("nurse",)} if substitution else {}
    return Question(tuple(stations), patterns, covers, target, 30.0, floor)


def shifts(by_block: np.ndarray, each: int, pay: float) -> tuple[Pattern, ...]:
    """Eight hours from every second hour, twelve from 08:00 and 20:00, four in the day.

    A four-hour shift costs half an hour more (assumed: coming in and handing over).
    """

    def shift(hour: int, hours: int, more: float = 0.0) -> Pattern:
        start, long = hour * 60 // each, hours * 60 // each
        return Pattern(f"{hour:02d}:00 {hours} h", start, long, shift_cost(start, long, by_block, fixed=more))

    return (
        *(shift(h, 8) for h in range(0, 24, 2)),
        *(shift(h, 12) for h in (8, 20)),
        *(shift(h, 4, pay / 2) for h in (8, 12, 16, 20)),
    )


def least(station: Station) -> tuple[int, ...]:
    """Safe minimum by block: people who keep up with the mean load of each two hours, at least one.

    Assumed: with fewer a queue grows through the night, and those who wait in it are given up.
    """
    together = max(1, 120 // station.block_minutes)
    load = station.load.reshape(-1, together).mean(axis=1)
    return tuple(int(x) for x in np.repeat(np.maximum(1, np.floor(load + 0.5)), together))


@dataclass
class Tuned:
    """A rule for one skill, its load turned up or down; each level vector is tried once."""

    asked: Question
    rule: str
    general: bool
    drawn: dict[str, Days]

    def __post_init__(self) -> None:
        self.skill = self.asked.skills[0]
        self.load = RULES[self.rule](self.asked.stations[0])
        self.tried: dict[tuple[int, ...], tuple[float, TargetResult]] = {}

    def at(self, scale: float) -> tuple[float, TargetResult]:
        """Cost and proof at a multiple of the load."""
        levels = rule_levels(self.asked, self.skill, self.load, scale=scale, general=self.general)
        if tuple(levels) not in self.tried:
            people, cost = cheapest_shifts(self.asked, {self.skill: levels})
            there = shift_levels(self.asked, people)
            (proof,) = certify(self.asked, there, Attempts().next(CERTIFY), seed=0, drawn=self.drawn)
            self.tried[tuple(levels)] = cost, proof
        return self.tried[tuple(levels)]

    def passing(self) -> float:
        """Cost with the load turned up until the proof holds."""
        return next(self.at(x)[0] for x in np.arange(1.0, 3.0, STEP) if self.at(x)[1].holds)

    def just_passing(self) -> float:
        """Least cost at any multiple whose proof holds: tuned on the very days that certify it."""
        down = [self.at(x)[0] for x in np.arange(0.5, 1.0, STEP) if self.at(x)[1].holds]
        return min([self.passing(), *down])


def peers(asked: Question, seed: int) -> tuple[dict[str, float], dict[str, float]]:
    """Costs of the rules that pass, turned up where they must be, and turned until they just pass."""
    drawn = certifying_days(asked, Attempts().next(CERTIFY), seed=seed)
    passing, just = {}, {}
    for rule in RULES:
        for general in (False, True):
            name = f"{rule}{', M/G/s' if general else ''}"
            each = [Tuned(only(asked, skill), rule, general, drawn) for skill in asked.skills]
            plain = [t.at(1.0) for t in each]
            passing[name] = sum(t.passing() for t in each)
            just[name] = sum(t.just_passing() for t in each)
            level = ", ".join(
                f"{skill} {p.expected:.1f} %{'' if p.holds else ' FAILS'}"
                for skill, (_, p) in zip(asked.skills, plain, strict=True)
            )
            print(f"  {name:20} {sum(c for c, _ in plain):8.1f}; turned up to pass {passing[name]:8.1f}; "
                  f"turned to just pass {just[name]:8.1f}   ({level})", flush=True)  # fmt: skip
    return passing, just


def tell(got: Certified, used: float) -> None:
    """The plan with its proof."""
    proof, holds = got.certificate, "certified" if got.holds else "NOT CERTIFIED"
    print(f"  plan with proof      {got.found.cost:8.1f} (counted again {proof.cost:.1f}), {holds} at "
          f"attempt {proof.attempt}, {proof.certify_paths} days")  # fmt: skip
    for skill, p in zip(got.raised, proof.targets, strict=True):
        print(f"    {skill}: {p.expected:.1f} % expected, above {p.bound95:.1f} %; planned for "
              f"{got.raised[skill]:.1%} on the sample")  # fmt: skip
        print(f"      levels {got.found.levels[skill].tolist()}")
    print(f"  sample gap at the raised target {got.found.gap:.2%}, at the asked target {got.true_gap:.2%}")
    print(f"  {got.seconds:.0f} s, {used:.0f} s of processor")
    told = got.explanation
    for line in (told.headline, *told.sentences, *told.binds, *(": ".join(row) for row in told.one_more)):
        print(f"    {line}")
    for off in proof.off_forecast:
        levels = ", ".join(f"{p.expected:.1f} %" for p in off.targets)
        print(f"    demand {off.change:+.0%}: {levels}")


def processor() -> float:
    """Seconds of processor used so far."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_utime


def run(words: list[str]) -> None:
    """Plan, prove, compare."""
    options = argparse.ArgumentParser(prog="staffing", description=__doc__)
    options.add_argument("--blocks", type=int, default=48, choices=(12, 24, 48))
    options.add_argument("--seed", type=int, default=1)
    options.add_argument("--train", type=int, default=100)
    options.add_argument("--seconds", type=float, default=180.0)
    options.add_argument("--target", type=float, default=0.8)
    options.add_argument("--substitution", action="store_true")
    options.add_argument("--peers-only", action="store_true")
    given = options.parse_args(words)
    asked = instance(given.seed, blocks=given.blocks, target=given.target, substitution=given.substitution)
    print(f"{given.blocks} blocks x {len(asked.skills)} skills, {given.target:.0%} start within 30 minutes, "
          f"seed {given.seed}")  # fmt: skip
    passing, just = peers(asked, given.seed)
    if given.peers_only:
        return
    began, used = perf_counter(), processor()

    def told(line: str) -> None:
        print(f"    {perf_counter() - began:5.0f} s {line}", flush=True)

    got = plan_certified(asked, seed=given.seed, train=given.train, time_limit=given.seconds, told=told)
    tell(got, processor() - used)
    for what, costs in (("that passes", passing), ("tuned to just pass on these very days", just)):
        best = min(costs, key=costs.__getitem__)
        print(f"  {1 - got.found.cost / costs[best]:.1%} cheaper than the cheapest rule {what} ({best})")
