"""The kernel's tables: a story longer than the room for it is played again; a wrong table is refused."""

import numpy as np
import pytest

from tests.houses import case, hospital, patients
from twin.case import resolve
from twin.engine import house as tables_of_a_run
from twin.engine.kernel import simulate_kernel
from twin.engine.tables import Tables


def test_a_log_without_room_is_written_again_with_more(monkeypatch):
    clinic = hospital(
        places={"room": 2},
        items={"swab": {"title": "swab", "stock": 500}},
        kits={"set": {"swab": 1}},
        pathways={"visit": [{"name": "see", "places": ["room"], "kit": "set"}]},
    )
    work = patients(clinic, [("visit", 10 * i, [("see", 10)]) for i in range(300)])
    levels = resolve(case(clinic), work.window)

    at_once = simulate_kernel(case(clinic), work, levels)
    monkeypatch.setattr(tables_of_a_run, "_lines", lambda *_: 3)
    again = simulate_kernel(case(clinic), work, levels)

    assert len(at_once.log) == 300
    assert again.same_as(at_once)


def test_more_orders_than_there_is_room_for_are_played_again():
    store = hospital(
        items={
            "swab": {
                "title": "swab",
                "stock": 1,
                "shelf_life_days": 30,
                "policy": {"reorder_point": 0, "order_quantity": 1},
            }
        },
        kits={"set": {"swab": 1}},
        pathways={"visit": [{"name": "see", "kit": "set"}]},
    )
    work = patients(store, [("visit", i, [("see", 1)]) for i in range(1_300)])

    trace = simulate_kernel(case(store), work, resolve(case(store), work.window))

    assert (trace.started == trace.requested).all()
    assert len(trace.log) == 3 * 1_300  # taken, ordered, delivered


def test_a_table_that_does_not_lie_in_one_piece_is_refused():
    with pytest.raises(ValueError, match="table level is not contiguous"):
        Tables(level=np.zeros((4, 4), np.int64)[:, ::2])


def test_tables_of_one_class_are_always_of_the_same_kinds():
    class Levels(Tables):
        pass

    Levels(level=np.zeros(3, np.int64))

    with pytest.raises(ValueError, match="tables of other kinds than before"):
        Levels(level=np.zeros((3, 3), np.int64))
