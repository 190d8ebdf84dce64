"""Sources that never run dry: each member comes again when the patient before has gone."""

from itertools import pairwise

import numpy as np
import pytest

from tests.mirror.twin.drawing.house import HOUR, draw, house
from twin.errors import UsageError
from twin.units import MS_DAY
from twin.workload import FAR, HOUSE_LEFT, NONE, ON_CUE, PLACE_LEFT

AWAY = {"mean": 6, "unit": "hours", "shape": "exponential"}


def population(members=4, steps=None, **more):
    return house(
        steps, populations={"machines": {"title": "m", "members": members, "mix": {"acute": 1.0}, **more}}
    )


def chains(work):
    """Patients of each chain in turn."""
    patient = np.repeat(np.arange(work.patients), np.diff(work.first))
    follows = dict(zip(patient[work.cue_row].tolist(), work.cue_patient.tolist(), strict=True))
    found = []
    for head in np.flatnonzero(work.origin != ON_CUE).tolist():
        chain = [head]
        while chain[-1] in follows:
            chain.append(follows[chain[-1]])
        found.append(chain)
    return found


def test_the_members_of_a_finite_population_first_come_when_their_time_away_ends():
    work = draw(population(members=2_000, away=AWAY), days=1)

    first = work.arrival[work.origin != ON_CUE]

    assert (first >= 1).all()
    assert 0 < first.min() and np.median(first) == pytest.approx(6 * HOUR * np.log(2), rel=0.1)


def test_a_member_comes_back_after_leaving_the_house():
    steps = [{"name": "see", "places": ["bay"]}, {"name": "treat", "places": ["bay"]}]
    work = draw(population(steps=steps, away=AWAY))

    assert set(work.cue_kind) == {HOUSE_LEFT}
    assert (work.cue_gap >= 1).all()
    assert set(work.step[work.cue_row]) == {1}
    assert (work.arrival[work.cue_patient] == FAR).all()
    assert np.bincount(work.cue_patient, minlength=work.patients)[work.origin == ON_CUE].tolist() == [
        1
    ] * len(work.cue_patient)


def test_a_saturated_source_sends_the_next_when_the_first_place_is_left():
    steps = [{"name": "see", "places": ["bay"]}, {"name": "treat", "places": ["bay"]}]
    work = draw(population(steps=steps))

    there = work.origin != ON_CUE
    assert (work.arrival[there] == 0).all() and there.sum() == 4
    assert set(work.cue_kind) == {PLACE_LEFT} and set(work.cue_gap) == {1}
    assert set(work.step[work.cue_row]) == {0}


@pytest.mark.parametrize("more", [{"away": AWAY}, {}])
def test_a_chain_has_all_links_that_can_come_before_the_end_and_the_first_after_it(more):
    short, long = draw(population(**more), days=30), draw(population(**more), days=60)
    drawn = set(short.key.tolist())
    gap = dict(zip(long.cue_patient.tolist(), long.cue_gap.tolist(), strict=True))

    for chain in chains(long):
        comes = int(long.arrival[chain[0]])  # at the earliest: nobody ever waits for the bay
        before = 0
        for i, follower in pairwise(chain):
            assert (int(long.key[i]) in drawn) == (before < 30 * MS_DAY)
            before = comes
            comes += int(long.duration[long.first[i]]) + gap[follower]


@pytest.mark.parametrize("more", [{"away": AWAY}, {}])
def test_a_longer_run_adds_links_and_moves_none(more):
    short, long = draw(population(**more), days=5), draw(population(**more), days=20)

    assert set(short.key) < set(long.key)
    kept = np.isin(long.key, short.key)
    assert np.array_equal(np.sort(long.duration[kept]), np.sort(short.duration))


def test_one_more_member_moves_no_other():
    few, many = draw(population(members=4, away=AWAY)), draw(population(members=5, away=AWAY))

    assert set(few.key) < set(many.key)


def test_those_who_may_go_at_once_have_chains_long_enough_for_it():
    waits = [{"name": "treat", "places": ["bay"], "duration": {"mean": 3, "unit": "days"}}]
    leaves = [{**waits[0], "if_full": "leaves"}]

    patient, refused = draw(population(steps=waits, away=AWAY)), draw(population(steps=leaves, away=AWAY))

    assert refused.patients > 5 * patient.patients
    for chain in chains(refused):
        assert sum(refused.cue_gap[np.isin(refused.cue_patient, chain)]) > 18 * MS_DAY


def test_a_source_that_nothing_holds_up_is_refused_in_words():
    leaves = [{"name": "treat", "places": ["bay"], "if_full": "leaves"}]

    with pytest.raises(UsageError, match=r'populations\.machines: more than .*if_full = "waits"'):
        draw(population(steps=leaves))


def test_a_population_moves_no_patient_from_outside():
    mix = {"acute": 1.0}
    outside = {"door": {"title": "door", "daily_mean": 10, "mix": mix}}
    alone = draw(house(arrivals=outside))
    both = draw(house(arrivals=outside, populations={"m": {"title": "m", "members": 3, "mix": mix}}))

    assert set(alone.key) < set(both.key)
    assert (alone.cue_row.size, alone.tray[0]) == (0, NONE)
