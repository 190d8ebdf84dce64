"""A workload is columns: those that nobody gave say that nothing of the kind happens."""

from dataclasses import fields

import numpy as np
import pytest

from tests.houses import START, hospital, patients
from tests.mirror.twin.drawing.house import door, draw, house
from twin.case import Case, Window
from twin.demand import DemandForecast
from twin.errors import UsageError
from twin.workload import NONE, Workload, draw_known, draw_workload, number_steps

HOUSE = hospital(pathways={"acute": [{"name": "see", "places": ["bay"]}]}, places={"bay": 1})


def test_columns_that_were_not_given_say_that_nothing_happens():
    work = patients(HOUSE, [("acute", 5, [("see", 10)]), ("acute", 9, [("see", 10), ("see", 2)])])

    assert work.came.tolist() == work.arrival.tolist()
    assert work.shows.tolist() == [1, 1] and work.late.tolist() == [0, 0]
    for column in (work.appointment, work.session, work.promised, work.tray):
        assert column.tolist() == [NONE, NONE]
    assert (work.patience.tolist(), work.delay.tolist(), work.reason.tolist()) == (
        [NONE] * 3,
        [0] * 3,
        [NONE] * 3,
    )
    assert (work.cue_row.size, work.absent.shape, work.pooled.shape) == (0, (0, 4), (0, 3))
    assert (work.lead_from.tolist(), work.lead.size, work.cleaning.shape) == ([0], 0, (0, 2))


def test_no_column_can_be_written_to():
    work = draw(house(arrivals=door()))

    columns = [
        getattr(work, f.name) for f in fields(Workload) if isinstance(getattr(work, f.name), np.ndarray)
    ]

    assert len(columns) == 31
    assert not any(column.flags.writeable for column in columns)


def test_a_given_column_is_kept():
    work = draw(house([{"name": "see", "patience": {"mean": 1, "unit": "hours"}}], arrivals=door()))

    assert (work.patience > 0).all()


def test_every_patient_is_known_by_the_identity_behind_the_key():
    case, window = Case(house(arrivals=door())), Window(START, days=5)

    drawn = draw_known(case, window, seed=3, replication=1)

    assert np.array_equal((drawn.identity >> np.uint64(1)).astype(np.int64), drawn.workload.key)
    assert np.array_equal(drawn.workload.key, draw_workload(case, window, seed=3, replication=1).key)


def test_steps_are_numbered_in_the_order_of_the_description():
    two = hospital(pathways={"b": [{"name": "see"}, {"name": "treat"}], "a": [{"name": "see"}]})

    assert [(k.patient_class, k.name) for k in number_steps(two)] == [
        ("b", "see"),
        ("b", "treat"),
        ("a", "see"),
    ]


@pytest.mark.parametrize(
    ("series", "first", "says"),
    [
        (("dor",), 0, r"streams that the hospital does not have: \['dor'\]"),
        (("door",), 1, "the forecast covers 5 days"),
    ],
)
def test_a_forecast_that_does_not_fit_is_refused(series, first, says):
    start = START.replace(day=START.day + first)
    case = Case(
        house(arrivals=door()), demand=DemandForecast(start, series, np.ones((1, 1, 5), np.int64), "observed")
    )

    with pytest.raises(UsageError, match=says):
        draw_workload(case, Window(START, days=5, tail=0), seed=1)
