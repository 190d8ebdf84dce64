"""Weekly patterns keep the rules of rest and hours, alone and one after another."""

from itertools import pairwise

import numpy as np
import pytest

from optimization.cover.counting import check_line
from optimization.cover.patterns import OFF, RosterRules, ShiftKind, lines, weekly_patterns
from tests.mirror.optimization.cover.houses import DAY_AND_NIGHT, THREE_SHIFTS
from twin.errors import TwinError, UsageError

EARLY, LATE, NIGHT = range(3)


def days_of(*patterns):
    """Day -> shift of somebody who works one pattern after another."""
    return {7 * w + d: s for w, p in enumerate(patterns) for d, s in enumerate(p) if s != OFF}


def test_nobody_works_by_day_after_a_night_or_early_after_a_late():
    made = weekly_patterns(THREE_SHIFTS, RosterRules())

    pairs = {(a, b) for week in made.days.tolist() for a, b in pairwise(week)}

    assert not pairs & {(NIGHT, EARLY), (NIGHT, LATE), (LATE, EARLY)}
    assert {(EARLY, LATE), (EARLY, NIGHT), (NIGHT, NIGHT)} <= pairs


@pytest.mark.parametrize("shifts", [DAY_AND_NIGHT, THREE_SHIFTS], ids=["long days", "three shifts"])
def test_whatever_may_follow_keeps_every_rule_on_the_clock(shifts):
    rules = RosterRules()
    made = weekly_patterns(shifts, rules)

    for first in range(len(made.days)):
        for then in np.flatnonzero(made.allowed[made.ends[first]]):
            check_line(days_of(made.days[first], made.days[then]), shifts, rules)


def test_what_is_refused_from_week_to_week_breaks_a_rule_on_the_clock():
    rules = RosterRules()
    made = weekly_patterns(THREE_SHIFTS, rules)

    for first in range(len(made.days)):
        for then in np.flatnonzero(~made.allowed[made.ends[first]]):
            with pytest.raises(TwinError):
                check_line(days_of(made.days[first], made.days[then]), THREE_SHIFTS, rules)


def test_a_harder_end_allows_fewer_beginnings_and_none_that_an_easier_one_bars():
    made = weekly_patterns(THREE_SHIFTS, RosterRules())

    assert (np.diff(made.allowed.sum(axis=1)) < 0).all()
    assert (made.allowed[1:] <= made.allowed[:-1]).all()


def test_counts_are_dealt_out_to_persons_week_by_week():
    made = weekly_patterns(THREE_SHIFTS, RosterRules())
    nights = int(np.flatnonzero(made.ends == made.ends.max())[0])
    weekday_off = int(np.flatnonzero(made.allowed[made.ends.max()])[0])
    weeks = np.zeros((2, len(made.days)), int)
    weeks[0, nights] = weeks[1, nights] = 1
    weeks[0, weekday_off] = weeks[1, weekday_off] = 1

    dealt = sorted(lines(made, weeks))

    assert dealt == sorted([(nights, weekday_off), (weekday_off, nights)])


def test_counts_that_nobody_could_work_are_not_dealt_out():
    made = weekly_patterns(THREE_SHIFTS, RosterRules())
    nights = int(np.flatnonzero(made.ends == made.ends.max())[0])
    weeks = np.zeros((2, len(made.days)), int)
    weeks[:, nights] = 1

    with pytest.raises(TwinError, match="cannot be dealt out"):
        list(lines(made, weeks))


def test_rules_that_leave_no_week_are_refused_in_words():
    with pytest.raises(UsageError, match="leave no week"):
        weekly_patterns((ShiftKind("day", 8, 16, 8),), RosterRules(hours_least=60))
    with pytest.raises(UsageError, match="more than the 2,000"):
        weekly_patterns(
            THREE_SHIFTS, RosterRules(rest_hours=0, lone_days=True, kinds_a_week=3, hours_least=0)
        )


def test_a_week_has_its_hours_and_its_overtime():
    made = weekly_patterns(THREE_SHIFTS, RosterRules())

    three_nights = [p for p, week in enumerate(made.days.tolist()) if sorted(week) == [OFF] * 3 + [NIGHT] * 4]

    assert made.hours[three_nights].tolist() == [40.0] * len(three_nights)
    assert made.overtime[three_nights].tolist() == [2.5] * len(three_nights)
    assert made.words(three_nights[0]).count("night") == 4
