"""Lead times: how long each order of an item takes, drawn for as many as could ever be ordered."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from twin.case import Snapshot
from twin.hospital import Hospital
from twin.hospital.duration import draw
from twin.hospital.supply import Item, Policy
from twin.streams import mix, name_key, uniform
from twin.units import IntArray, days


def draw_lead_times(
    hospital: Hospital, snapshot: Snapshot, step: IntArray, days_of_run: int, end: int, base: np.uint64
) -> tuple[IntArray, IntArray]:
    """``lead_from`` (item + 1,) and ``lead`` (order,) of a workload: lead times of each item's orders. [ms]

    The chance of an order is keyed by its item and its number, counted since before the run
    (``snapshot.orders_placed``); the column begins with the first order of the run. An item that is not
    ordered, or comes at once, has none.

    Parameters
    ----------
    step
        Numbers of the steps of all rows of the workload.
    """
    wanted = _units_wanted(hospital, step, days_of_run)
    counts = np.zeros(len(hospital.items) + 1, np.int64)
    drawn = []
    for number, (name, item) in enumerate(hospital.items.items()):
        if item.policy is None or item.lead_time is None:
            continue
        orders = _most_orders(item, item.policy, _there(snapshot, name, item), wanted[name], days_of_run, end)
        which = snapshot.orders_placed.get(name, 0) + np.arange(orders)
        drawn.append(draw(item.lead_time, uniform(mix(base, name_key("lead time"), name_key(name), which))))
        counts[number + 1] = orders
    return np.cumsum(counts), np.concatenate([np.zeros(0, np.int64), *drawn])


def _there(snapshot: Snapshot, name: str, item: Item) -> int:
    """Units in stock and on order when the run begins."""
    batches = snapshot.stock.get(name)
    stock = item.stock if batches is None else sum(batch.units for batch in batches)
    return stock + sum(order.units for order in snapshot.orders if order.item == name)


def _units_wanted(hospital: Hospital, step: IntArray, days_of_run: int) -> Mapping[str, int]:
    """Units of each item that all rows together could take, substitutes for others included.

    A step that comes before the one by which a booked patient may be cancelled can be taken anew on each
    day.
    """
    times = np.bincount(step, minlength=1)
    own = dict.fromkeys(hospital.items, 0)
    number = 0
    for entry in hospital.classes.values():
        again = entry.booking is not None and entry.booking.limit_step is not None
        for one in hospital.pathways[entry.pathway].steps:
            rows = int(times[number]) if number < times.size else 0
            for name, units in (hospital.kits[one.kit].contents if one.kit is not None else {}).items():
                if name in own:
                    own[name] += units * rows * (1 + days_of_run if again else 1)
            number += 1
    wanted = dict(own)
    for name, item in hospital.items.items():
        if item.substitute is not None:
            wanted[item.substitute] += own[name]
    return wanted


def _most_orders(item: Item, policy: Policy, there: int, wanted: int, days_of_run: int, end: int) -> int:
    """A number of orders that no run can pass.

    Each order brings in `least` units or more. Position is at or below the reorder point when an item
    is ordered, and differs from what is there and on order by what waits, at most `wanted`; so what is
    ordered in all is at most what lifts the position to the reorder point, what waits, what is taken
    (`wanted` each) and what expires. What expires was ordered a shelf life before.
    """
    if policy.review_days is not None:
        return days_of_run + 2
    if policy.order_quantity is not None:
        least = policy.order_quantity
    else:
        assert policy.order_up_to is not None, "checked when the description was read"
        least = max(policy.order_up_to - policy.reorder_point, 1)
    least = max(least, item.pack)
    orders = (max(policy.reorder_point - there, 0) + 2 * wanted) // least + 2
    if item.shelf_life_days is None:
        return orders
    return (orders + there // least + 1) * (2 + end // max(days(item.shelf_life_days), 1))
