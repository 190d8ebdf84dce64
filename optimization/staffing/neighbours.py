"""Neighbours of weeks of shifts: one person more or fewer in one shift of one group, every day.

More are tried where a target of the whole hospital is missed that is no group's own; fewer where all hold.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from optimization.staffing.rounds import Rounds
from optimization.staffing.weeks import Finalist, Week, Weeks, cheapest_safe

#: neighbours with fewer people that are played at once (assumed: about as many as groups have shifts to thin)
FEWER = 12
#: people added one after the other, at most (assumed: who needs more has other trouble)
MOST_ADDED = 12


def mended(rounds: Rounds, best: Finalist, wanted: Mapping[str, float] | None = None) -> Finalist:
    """A week that meets the hospital's other targets too: people added where they help those most.

    Parameters
    ----------
    wanted
        Measure -> what it must have to spare, 0 where left out [unit of the measure].
    """
    weeks, asked = rounds.weeks, wanted or {}
    for _ in range(MOST_ADDED):
        missed = [n for n, by in best.slack.items() if n not in weeks.own and by < asked.get(n, 0.0)]
        near = rounds.add([people for _, _, people in more(weeks, best)]) if missed else []
        worth = [_gained(best, each, missed) / max(each.pay - best.pay, 1e-9) for each in near]
        if max(worth, default=0.0) <= 0:
            break
        best = near[worth.index(max(worth))]
    return best


def _gained(before: Finalist, after: Finalist, measures: Sequence[str]) -> float:
    """How much nearer these measures come to their targets, in the mean. [units of the measures]"""
    return sum(after.margin[name] - before.margin[name] for name in measures)


def thinned(rounds: Rounds, best: Finalist) -> Finalist:
    """The cheapest safe week among this one and others with fewer people, twice one step away."""
    for _ in range(2):
        rounds.add(fewer(rounds.weeks, best, FEWER))
        cheaper = cheapest_safe(rounds.finalists)
        if cheaper.pay >= best.pay:
            break
        best = cheaper
    return best


def more(weeks: Weeks, best: Finalist) -> list[tuple[str, str, Mapping[str, Week]]]:
    """Of each group one more person, in the shift where its sample has fewest late tasks then."""
    rows: list[tuple[str, str, Mapping[str, Week]]] = []
    for group in weeks.of:
        now, kept = best.people[group], weeks.pinned(group)
        shifts = [s for s in dict.fromkeys(shift for _, shift in now) if s not in kept]
        week = {s: {k: n + (k[1] == s) for k, n in now.items()} for s in shifts}
        if not week or not _within(weeks, group, next(iter(week.values()))):
            continue
        helps = min(week, key=lambda s: (weeks.late(group, week[s]), s))
        rows.append((group, helps, {**best.people, group: week[helps]}))
    return rows


def _within(weeks: Weeks, group: str, people: Week) -> bool:
    most = weeks.of[group].question.most.get(group)
    return most is None or sum(people.values()) <= most


def fewer(weeks: Weeks, best: Finalist, most: int) -> list[Mapping[str, Week]]:
    """Weeks with one fewer in one shift of a group, those first that save most a late task."""
    rows = []
    for group in weeks.of:
        now, kept = best.people[group], weeks.pinned(group)
        late = weeks.late(group, now)
        for shift in dict.fromkeys(shift for _, shift in now):
            other = {k: n - (k[1] == shift and n > 0) for k, n in now.items()}
            if shift in kept or other == now or (weeks.levels(group, other) < weeks.floor(group)).any():
                continue
            people = {**best.people, group: other}
            saved = best.pay - weeks.pay(people)
            rows.append(((weeks.late(group, other) - late + 1) / max(saved, 1e-9), people))
    rows.sort(key=lambda row: row[0])
    return [people for _, people in rows[:most]]
