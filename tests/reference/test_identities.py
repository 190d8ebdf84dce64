"""The identities would show a fault: traces that are falsified as a whole break them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from twin.engine import simulate
from twin.hospital import Hospital
from twin.trace import UNSET, Outcome, Trace
from twin.units import MS_HOUR
from twin.verification import identities
from twin.verification.identities import CONSERVATION, LITTLES
from twin.verification.random_hospitals import random_case

Played = tuple[Trace, Hospital]


@pytest.fixture(scope="module", params=range(12))
def played(request) -> Played:
    """A random hospital's run with patients in it."""
    case, work = random_case(request.param)
    return simulate(case, work), case.hospital


def test_every_identity_holds_of_a_true_trace(played):
    broken = [name for name, holds in {**LITTLES, **CONSERVATION}.items() if not holds(*played)]

    assert broken == []


def test_everybody_in_another_place_breaks_littles_law_or_fills_a_place_too_much(played):
    """Where the other place is one that the step may take, only its beds can tell."""
    trace, hospital = played
    moved = np.where(trace.place >= 0, (trace.place + 1) % len(trace.places), trace.place)

    falsified = replace(trace, place=moved.astype(np.int32))

    assert not (
        identities.little_holds_in_places(falsified, hospital)
        and identities.nobody_starts_in_a_full_place(falsified, hospital)
    )


def test_places_left_up_to_two_hours_late_break_littles_law_in_places(played):
    trace, hospital = played
    late = np.random.default_rng(1).integers(1, 2 * MS_HOUR, trace.left.size)

    falsified = replace(trace, left=np.where(trace.left == UNSET, UNSET, trace.left + late))

    assert not identities.little_holds_in_places(falsified, hospital)
    assert not identities.little_holds_in_the_house(falsified, hospital)


def test_steps_asked_for_an_hour_early_break_littles_law_in_lines(played):
    trace, hospital = played

    falsified = replace(trace, requested=np.where(trace.requested == UNSET, UNSET, trace.requested - MS_HOUR))

    assert not identities.little_holds_in_lines(falsified, hospital)


def test_a_patient_too_many_breaks_the_count_by_class(played):
    trace, hospital = played
    never_gone = trace.outcome.copy()
    never_gone[np.flatnonzero(trace.outcome == Outcome.DONE)[0]] = Outcome.OPEN

    falsified = replace(trace, outcome=never_gone)

    assert not identities.classes_are_conserved(falsified, hospital)


def test_a_place_never_left_breaks_the_count_by_place(played):
    trace, hospital = played
    held = np.flatnonzero((trace.left != UNSET) & (trace.place >= 0))[0]
    left = trace.left.copy()
    left[held] = UNSET

    falsified = replace(trace, left=left)

    assert not identities.places_are_conserved(falsified, hospital)


def test_who_swaps_no_place_may_not_overtake_where_others_do(played):
    trace, hospital = played
    rows = trace.workload.step == trace.workload.step[trace.workload.first[:-1][0]]
    served = np.flatnonzero(rows & (trace.started != UNSET))
    overtaken = trace.started.copy()
    overtaken[served[0]] = trace.started[served].max() + 1

    falsified = replace(trace, started=overtaken, exchanges=1)

    assert not identities.first_come_first_served(falsified, hospital)
