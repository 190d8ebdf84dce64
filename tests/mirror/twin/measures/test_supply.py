"""Supply: stock, kit misses, readiness and cost, worked out by hand."""

import math
from dataclasses import replace
from datetime import date

import pytest

from tests.houses import hospital
from tests.mirror.twin.measures.made import made
from twin.case import Batch, Case, Snapshot, Window, resolve
from twin.errors import UsageError
from twin.measures import cost_table, items_table, miss_rate, readiness, summarise
from twin.measures.supply import operations
from twin.measures.view import View
from twin.trace import Kind

H = 60


def house():
    return hospital(
        wards={"ward": 2},
        places={"theatre": 2},
        items={
            "stent": {"stock": 10, "unit_cost": 100, "substitute": "spare", "order_cost": 7, "reserve": 2},
            "spare": {"stock": 5, "unit_cost": 50, "holding_cost_a_day": 0.5},
        },
        kits={"heart": {"stent": 2}},
        pathways={
            "case": [{"name": "cut", "places": ["theatre"], "kit": "heart"}],
            "use": [{"name": "used", "kit": "heart"}],
        },
        classes={"use": {"of": "use"}, "case": {"booking": {"limit_step": "cut"}}},
        sessions={"list": ["case"]},
    ).model_copy(update={"money": MONEY})


MONEY = hospital(pathways={"a": [{"name": "b"}]}).money.model_copy(update={"open_bed_day": 300.0})


def cut(begin):
    return ("case", begin, [("cut", "theatre", begin, begin, begin + H, begin + H)], {"listed": 0})


def test_stock_falls_when_taken_or_expired_and_rises_when_delivered():
    log = [
        (Kind.TAKEN, 6 * H, 0, "stent", 2),
        (Kind.EXPIRED, 12 * H, -1, "stent", 4),
        (Kind.DELIVERED, 18 * H, -1, "stent", 10),
        (Kind.ORDERED, 6 * H, -1, "stent", 10),
    ]
    trace = made(house(), [cut(6 * H)], log=log)

    stents = items_table(trace, house()).set_index("item").loc["stent"]

    assert stents["on_hand_mean"] == pytest.approx((10 + 8 + 4 + 14) / 4)  # six hours each
    assert (stents["orders"], stents["ordered_units"], stents["delivered_units"]) == (1, 10, 10)
    assert (stents["used_a_day"], stents["expired_units"]) == (2, 4)
    known = summarise(trace, house())
    assert (known["orders_a_day"], known["expired_units_a_day"]) == (1, 4)
    assert known["stock_value_mean"] == pytest.approx(9 * 100 + 5 * 50)


def test_a_substitute_is_taken_from_its_own_stock():
    log = [(Kind.TAKEN, 0, 0, "stent", 1), (Kind.SUBSTITUTED, 0, 0, "stent", 1)]

    table = items_table(made(house(), [cut(0)], log=log), house()).set_index("item")

    assert table["on_hand_mean"].to_dict() == {"stent": 9, "spare": 4}
    assert table["used_a_day"].to_dict() == {"stent": 1, "spare": 1}


def test_time_with_nothing_on_the_shelf():
    log = [(Kind.TAKEN, 12 * H, 0, "stent", 10)]

    table = items_table(made(house(), [cut(12 * H)], log=log), house()).set_index("item")

    assert table["out_of_stock_percent"].to_dict() == {"stent": 50, "spare": 0}


def test_a_kit_miss_counts_once_a_kit_however_many_items_are_short():
    log = [
        (Kind.MISSED, 60, 0, "stent", 1),
        (Kind.MISSED, 60, 0, "spare", 1),
        (Kind.RESERVE, 60, 0, "stent", 2),
        (Kind.SUBSTITUTED, 60, 0, "stent", 1),
    ]

    known = summarise(made(house(), [cut(60), cut(70), cut(80), cut(90)], log=log), house())

    assert known["kit_miss_share"] == 25
    assert known["any_kit_miss"] == 100
    assert known["operations_a_day"] == 4
    assert (known["reserve_units_a_day"], known["substituted_units_a_day"]) == (2, 1)


def test_what_a_use_outside_pathways_misses_is_no_kit_miss():
    uses = ("use", 60, [("used", None, 60, 60, 61, 61)])

    trace = made(house(), [uses], log=[(Kind.MISSED, 60, 0, "stent", 1)])

    assert operations(View(trace, house())) == (0, 0)
    assert summarise(trace, house())["any_kit_miss"] == 0


def test_a_case_cancelled_whose_kit_was_short_in_that_visit_was_postponed_for_it():
    nothing = [("cut", None, None, None)]
    visits = [("case", None, nothing, {"listed": 0}), ("case", None, nothing, {"listed": 1})]
    log = [
        (Kind.MISSED, 9 * H, 0, "stent", 1),
        (Kind.CANCELLED, 12 * H, 0, None),
        (Kind.CANCELLED, 20 * H, 0, None),  # the next time the kit was in full
        (Kind.CANCELLED, 12 * H, 1, None),
    ]

    assert summarise(made(house(), visits, log=log), house())["kit_postponements_a_day"] == 1


def test_cost_is_open_beds_items_orders_and_stock_held():
    log = [
        (Kind.TAKEN, 0, 0, "stent", 2),
        (Kind.EXPIRED, 0, -1, "stent", 1),
        (Kind.ORDERED, 0, -1, "stent", 5),
    ]
    trace = made(house(), [cut(0)], log=log)

    parts = cost_table(trace, house()).set_index("part").iloc[:, 0].to_dict()

    assert parts == {
        "open beds": 600,
        "items used": 200,
        "items expired": 100,
        "orders": 7,
        "stock held": 2.5,
    }
    assert summarise(trace, house())["cost_a_day"] == pytest.approx(909.5)


def test_a_house_without_prices_has_no_cost_and_one_without_kits_no_misses():
    plain = hospital(pathways={"visit": [{"name": "see"}]})

    known = summarise(made(plain, []), plain)

    assert math.isnan(known["cost_a_day"]) and math.isnan(known["any_kit_miss"])


def test_the_rule_of_three_none_in_3000_futures_is_at_most_one_in_a_thousand():
    ready = readiness([0.0] * 3_000)

    assert (ready.futures, ready.with_a_miss, ready.chance) == (3_000, 0, 0)
    assert ready.at_most95 == pytest.approx(0.001)


def test_some_misses_have_the_exact_upper_bound_of_clopper_and_pearson():
    """One of 20: the upper 95 % bound is 0.2161 (their table)."""
    assert readiness([100.0] + [0.0] * 19).at_most95 == pytest.approx(0.2161, abs=1e-4)
    assert readiness([100.0]).at_most95 == 1
    assert readiness([math.nan, 0.0]).futures == 1


def test_no_future_tells_nothing_of_readiness():
    with pytest.raises(UsageError, match="one replication or more"):
        readiness([math.nan])


def test_misses_that_come_in_clusters_are_less_well_known_than_their_number_says():
    """100 futures of 100 operations with 1 % missed: spread evenly, or all in ten futures."""
    even = miss_rate([(100, 1)] * 100)
    clustered = miss_rate([(100, 10)] * 10 + [(100, 0)] * 90)

    assert even.rate == clustered.rate == pytest.approx(0.01)
    assert (even.low95, even.high95) == (0.01, 0.01)
    # standard error of a mean of 100 with sd 0.03: 0.003, so about 0.01 +- 0.006
    assert clustered.low95 == pytest.approx(0.004, abs=0.0015)
    assert clustered.high95 == pytest.approx(0.016, abs=0.0015)
    assert miss_rate([(100, 10)] * 10 + [(100, 0)] * 90) == clustered


def test_the_first_stock_is_that_of_the_run_where_the_schedule_tells_it():
    trace = made(house(), [])
    told = replace(trace, schedule=replace(trace.schedule, stock={"stent": 3}))

    assert items_table(told, house())["on_hand_at_first"].tolist() == [3, 5]


def test_a_run_from_a_snapshot_begins_with_its_batches():
    twice = Snapshot(stock={"stent": (Batch(2), Batch(4))})
    start = Window(date(2025, 1, 6), days=1)

    assert resolve(Case(house(), snapshot=twice), start).stock == {"stent": 6}
