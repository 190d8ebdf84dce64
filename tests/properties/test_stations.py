"""Stations of any shape: what raising a level can never do."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from optimization.staffing.late import LateTables, best_cut
from optimization.staffing.playing import late_by_block, start_times
from optimization.staffing.station import Days, Station
from twin.units import MS_MINUTE

BLOCKS = 6


@st.composite
def drawn_days(draw):
    """Days of a few tasks on a clock of whole minutes, where ties abound."""
    warm = draw(st.integers(0, 2))
    station = Station("nurse", np.ones(BLOCKS), 20.0, warm_blocks=warm)
    arrival, service, first = [], [], [0]
    for _ in range(draw(st.integers(1, 3))):
        tasks = draw(st.lists(st.integers(0, (BLOCKS + warm) * 30 - 1), max_size=25))
        arrival += sorted(tasks)
        service += [draw(st.integers(1, 90)) for _ in tasks]
        first.append(len(arrival))
    came = np.array(arrival, dtype=np.int64) * MS_MINUTE
    block = came // station.block_ms - warm
    lasts = np.array(service, dtype=np.int64) * MS_MINUTE
    return Days(station, np.array(first, dtype=np.int64), came, lasts, np.maximum(block, -1))


levels = st.lists(st.integers(0, 4), min_size=BLOCKS, max_size=BLOCKS).map(np.array)


@given(drawn_days(), levels, levels)
@settings(max_examples=300, deadline=None)
def test_raising_any_blocks_delays_no_task(days, level, more):
    before = start_times(days, level)
    after = start_times(days, level + more)

    assert (after <= before).all()


@given(drawn_days(), levels)
@settings(max_examples=200, deadline=None)
def test_no_more_are_in_service_than_are_there_when_one_starts(days, level):
    begun = start_times(days, level)
    whole = np.r_[level[BLOCKS - days.station.warm_blocks :], np.tile(level, 3)]

    for r in range(days.replications):
        one = slice(days.first[r], days.first[r + 1])
        start, end = begun[one], begun[one] + days.service[one]
        for i in np.flatnonzero(start < whole.size * days.station.block_ms):
            in_service = ((start <= start[i]) & (end > start[i])).sum()
            others = (start == start[i]).sum() - 1
            assert in_service - others <= whole[start[i] // days.station.block_ms]


@given(drawn_days(), levels, st.integers(0, BLOCKS - 1), st.integers(0, 3), st.integers(0, 1000))
@settings(max_examples=150, deadline=None)
def test_a_cut_never_asks_for_more_than_is_late(days, level, block, back, seed):
    ceiling = np.full(BLOCKS, 4)
    tables = LateTables(days, np.arange(BLOCKS), ceiling, 15.0)
    inside = tables.window(block, back)
    table = tables.table(block, inside, [(0, 1, 3, 4)] * len(inside))
    point = dict(
        zip(table.steps, np.sort(np.random.default_rng(seed).random(len(table.steps)))[::-1], strict=True)
    )

    cut = best_cut(table, point)

    late = late_by_block(days, level, limit_minutes=15.0)[block]
    unary = {(g, n): float(level[g] >= n) for g, n in table.steps}
    assert table.at(level) <= late
    assert cut.value(unary) <= late + 1e-6
