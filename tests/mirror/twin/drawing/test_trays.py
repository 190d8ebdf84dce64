"""Trays go through SPD as patients of their own, each on the cue of the step that used it."""

import numpy as np
import pytest

from tests.mirror.twin.drawing.house import by_key, door, draw, house
from twin.errors import UsageError
from twin.workload import FAR, NONE, ON_CUE, STEP_ENDED

STEPS = [{"name": "see", "places": ["bay"]}, {"name": "operate", "places": ["bay"], "kit": "hip"}]
WASH = {"duration": {"mean": 3, "unit": "hours", "shape": "exponential"}}


def theatre(daily_mean=40, kit=None, wash=None, **more):
    base = house().model_dump(by_alias=True)
    return house(
        STEPS,
        arrivals=door(daily_mean=daily_mean),
        classes={
            **base["classes"],
            "tray": {"title": "tray", "priority": 1, "pathway": "spd", "of": "tray"},
        },
        pathways={
            "acute": {"steps": [{"duration": {"mean": 1, "unit": "hours"}, **s} for s in STEPS]},
            "spd": {"steps": [{"name": "wash", **WASH, **(wash or {})}]},
        },
        items={"screw": {"title": "screw", "stock": 10}},
        trays={name: {"title": name, "owned": 3, "patient_class": "tray"} for name in ("basic", "hip")},
        kits={"hip": {"contents": kit or {"basic": 2, "hip": 1, "screw": 4}}},
        **more,
    )


def test_each_use_sends_as_many_trays_as_the_kit_says_when_the_step_ends():
    work = draw(theatre())

    operations = np.flatnonzero(work.step == 1)

    assert set(work.cue_kind) == {STEP_ENDED} and set(work.cue_gap) == {1}
    rows, uses = np.unique(work.cue_row, return_counts=True)
    assert np.array_equal(rows, operations) and set(uses) == {3}
    assert (np.diff(work.cue_row) >= 0).all()


def test_a_tray_comes_on_a_cue_under_its_class_and_says_which_it_is():
    work = draw(theatre())

    sent = work.cue_patient

    assert np.unique(sent).size == sent.size == (work.tray != NONE).sum()
    assert (work.arrival[sent] == FAR).all() and (work.origin[sent] == ON_CUE).all()
    assert (work.patient_class[sent] == 1).all()
    assert np.bincount(work.tray[sent]).tolist() == [2 * sent.size // 3, sent.size // 3]


def test_patients_stand_in_order_of_arrival_and_key_with_their_rows_behind_them():
    work = draw(theatre())

    assert np.array_equal(np.lexsort((work.key, work.arrival)), np.arange(work.patients))
    people = np.flatnonzero(work.tray == NONE)
    assert all(work.step[work.first[i] : work.first[i + 1]].tolist() == [0, 1] for i in people[:50])
    assert (work.step[work.first[:-1][work.tray != NONE]] == 2).all()


def test_trays_change_nothing_for_the_patients():
    with_trays, without = (
        draw(theatre()),
        draw(house([STEPS[0], {**STEPS[1], "kit": None}], arrivals=door())),
    )

    people = with_trays.tray == NONE

    assert np.array_equal(with_trays.key[people], without.key)
    assert np.array_equal(with_trays.arrival[people], without.arrival)


def test_one_more_patient_moves_no_tray():
    few, many = draw(theatre(daily_mean=40)), draw(theatre(daily_mean=44))

    def wash(work):
        return {k: d for k, d in by_key(work, work.duration[work.first[:-1]]).items() if k in few.key}

    assert set(few.key) < set(many.key)
    assert wash(few) == wash(many)


def test_a_tray_that_needs_another_sends_that_too():
    work = draw(theatre(daily_mean=3, kit={"hip": 1}))
    deeper = house(
        STEPS,
        arrivals=door(daily_mean=3),
        classes={
            "acute": {"title": "a", "priority": 1, "pathway": "acute"},
            **{n: {"title": n, "priority": 1, "pathway": n, "of": "tray"} for n in ("hip", "basket")},
        },
        pathways={
            "acute": {"steps": [{"duration": {"mean": 1, "unit": "hours"}, **s} for s in STEPS]},
            "hip": {"steps": [{"name": "wash", **WASH, "kit": "wash"}]},
            "basket": {"steps": [{"name": "dry", **WASH}]},
        },
        trays={n: {"title": n, "owned": 3, "patient_class": n} for n in ("hip", "basket")},
        kits={"hip": {"contents": {"hip": 1}}, "wash": {"contents": {"basket": 1}}},
    )

    both = draw(deeper)

    assert np.bincount(both.tray[both.tray != NONE]).tolist() == [work.cue_row.size] * 2
    basket = both.cue_patient[both.tray[both.cue_patient] == 1]
    giver = both.cue_row[np.isin(both.cue_patient, basket)]
    assert set(both.step[giver]) == {2}


def test_a_tray_that_needs_itself_is_refused():
    with pytest.raises(UsageError, match=r"trays\.basic\.patient_class: .* without end"):
        draw(theatre(daily_mean=3, wash={"kit": "hip"}))
