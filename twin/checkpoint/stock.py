"""Supplies at an instant of a run: what lies in stock, what is on its way, how often was ordered."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping

import numpy as np

from twin.case import Batch, Order
from twin.checkpoint.view import View
from twin.hospital.supply import Item
from twin.trace import Kind, Log
from twin.units import days
from twin.workload import FAR


def supplies_at(view: View) -> tuple[Mapping[str, tuple[Batch, ...]], tuple[Order, ...], Mapping[str, int]]:
    """Stock by item, orders under way, and orders placed so far by item."""
    items = view.case.hospital.items
    moves = Kind.TAKEN, Kind.SUBSTITUTED, Kind.ORDERED, Kind.DELIVERED, Kind.EXPIRED
    log = _before(view, view.trace.log.only(*moves))
    stock = {
        name: _batches(view, log, number, name, item) for number, (name, item) in enumerate(items.items())
    }
    orders, placed = [], {}
    for number, (name, item) in enumerate(items.items()):
        lines = _of(log, number, Kind.ORDERED)
        placed[name] = view.case.snapshot.orders_placed.get(name, 0) + len(lines)
        orders += _under_way(view, lines, number, name, item)
    clock = view.trace.workload.clock
    early = [order for order in view.case.snapshot.orders if clock.ms(order.due) >= view.at]
    return stock, (*early, *orders), {name: n for name, n in placed.items() if n}


def _before(view: View, log: Log) -> Log:
    past = log.at < view.at
    return Log(*(getattr(log, c)[past] for c in ("at", "kind", "who", "what", "n")))


def _of(log: Log, what: int, *kinds: Kind) -> list[tuple[int, int]]:
    """(at, n) of some kinds of lines about one item."""
    chosen = (log.what == what) & np.isin(log.kind, kinds)
    return list(zip(log.at[chosen].tolist(), log.n[chosen].tolist(), strict=True))


def _batches(view: View, log: Log, number: int, name: str, item: Item) -> tuple[Batch, ...]:
    """What is left of each batch, oldest first: units are taken in the order of delivery."""
    items, clock = view.case.hospital.items, view.trace.workload.clock
    life = FAR if item.shelf_life_days is None else days(item.shelf_life_days)
    first = view.case.snapshot.stock.get(name)
    own: deque[list[int]] = deque()  # units, expires
    if first is None:
        own.append([item.stock, life])
    else:
        own.extend([b.units, FAR if b.expires is None else clock.ms(b.expires)] for b in first)
    events = [(at, 0, n) for at, n in _of(log, number, Kind.DELIVERED)]
    events += [(at, 1, n) for at, n in _of(log, number, Kind.EXPIRED)]
    events += [(at, 2, n) for at, n in _of(log, number, Kind.TAKEN)]
    for short, entry in enumerate(items.values()):
        if entry.substitute == name:
            events += [(at, 2, n) for at, n in _of(log, short, Kind.SUBSTITUTED)]
    for at, turn, n in sorted(events):
        if turn == 0:
            own.append([n, min(at + life, FAR)])
        elif turn == 1:
            own = deque(batch for batch in own if batch[1] > at)
        else:
            while own and n >= own[0][0]:
                n -= own.popleft()[0]
            if n and own:
                own[0][0] -= n
    return tuple(
        Batch(units, None if expires == FAR else clock.at(expires))
        for units, expires in own
        if units and expires >= view.at
    )


def _under_way(view: View, lines: list[tuple[int, int]], number: int, name: str, item: Item) -> list[Order]:
    """Orders of an item that have not come: the k-th takes the k-th lead time of the workload."""
    work = view.trace.workload
    lead: list[int] = work.lead[work.lead_from[number] : work.lead_from[number + 1]].tolist()
    found = []
    for k, (at, units) in enumerate(lines):
        if lead:
            due = at + lead[min(k, len(lead) - 1)]
        else:
            due = at if item.policy is not None and item.policy.review_days is not None else at + 1
        if due >= view.at:
            found.append(Order(name, units, work.clock.at(due)))
    return found
