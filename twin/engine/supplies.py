"""Supplies: orders, deliveries, reviews of stock, batches that expire."""

from __future__ import annotations

from twin.engine.compiled import compiled
from twin.engine.heap import push
from twin.engine.lanes import touch
from twin.engine.state import (
    BATCHES,
    DELIVERIES,
    EXPIRIES,
    GROUPS,
    ORDERS,
    PLACES,
    RUN_END,
    STOCK_MOVED,
    TOO_SMALL,
)
from twin.engine.story import log
from twin.trace import Kind
from twin.workload import NONE

_ORDERED, _DELIVERED, _EXPIRED = (int(kind) for kind in (Kind.ORDERED, Kind.DELIVERED, Kind.EXPIRED))


@compiled
def stock_moved(h, number):
    """An item's position changed at this instant."""
    h.item[number].moved = 1
    h.n[STOCK_MOVED] = 1


@compiled
def consume(h, number, n):
    """Take units from the oldest batches."""
    stock_moved(h, number)
    item = h.item[number]
    if item.perishable == 0:
        return
    while n > 0 and item.oldest != NONE:
        batch = h.batch[item.oldest]
        taken = min(batch.left, n)
        batch.left -= taken
        n -= taken
        if batch.left == 0:
            item.oldest = batch.following
    if item.oldest == NONE:
        item.newest = NONE


@compiled
def add_batch(h, number, units, expires):
    """Units that expire together lie behind all others of the item."""
    new = h.n[BATCHES]
    if new == h.batch.size:
        h.n[TOO_SMALL] = 1
        return
    h.n[BATCHES] = new + 1
    batch, item = h.batch[new], h.item[number]
    batch.item_number, batch.left, batch.expires, batch.following = number, units, expires, NONE
    if item.newest == NONE:
        item.oldest = new
    else:
        h.batch[item.newest].following = new
    item.newest = new
    if expires < h.n[RUN_END]:
        push(h, h.expiries, EXPIRIES, max(expires, 0), new)


@compiled
def expire(h, number, now):
    """What is left of a batch is thrown away."""
    batch = h.batch[number]
    if batch.left > 0:
        resource = h.item[batch.item_number].resource
        h.resource[resource].used += batch.left
        log(h, now, _EXPIRED, NONE, resource - h.n[PLACES] - h.n[GROUPS], batch.left)
        batch.left = 0
        stock_moved(h, batch.item_number)


@compiled
def deliver(h, number, now):
    """An order comes."""
    order = h.order[number]
    item = h.item[order.item_number]
    item.on_order -= order.units
    h.resource[item.resource].level += order.units
    log(h, now, _DELIVERED, NONE, item.resource - h.n[PLACES] - h.n[GROUPS], order.units)
    if item.perishable == 1:
        expires = now + item.shelf_life if item.shelf_life != NONE else h.n[RUN_END]
        add_batch(h, order.item_number, order.units, expires)
    stock_moved(h, order.item_number)
    touch(h, item.resource)


@compiled
def add_order(h, number, units, due):
    """Units of an item are on their way."""
    new = h.n[ORDERS]
    if new == h.order.size:
        h.n[TOO_SMALL] = 1
        return
    h.n[ORDERS] = new + 1
    h.order[new].item_number, h.order[new].units = number, units
    h.item[number].on_order += units
    push(h, h.deliveries, DELIVERIES, due, new)


@compiled
def review(h, number, now, soonest):
    """Order an item if its position is at or below the reorder point; at once means at ``soonest``."""
    item = h.item[number]
    resource = h.resource[item.resource]
    position = resource.level - resource.used + item.on_order - item.wants
    if position > item.reorder_point:
        return
    if item.quantity > 0:
        units = ((item.reorder_point - position) // item.quantity + 1) * item.quantity
    else:
        units = item.up_to - position
    if units <= 0:
        return
    units = (units + item.pack - 1) // item.pack * item.pack
    log(h, now, _ORDERED, NONE, item.resource - h.n[PLACES] - h.n[GROUPS], units)
    due = soonest
    if item.lead_from < item.lead_to:
        lead = h.lead[min(item.lead_from + item.orders, item.lead_to - 1)]
        due = max(now + lead, soonest)
    item.orders += 1
    add_order(h, number, units, due)


@compiled
def review_moved(h, now):
    """Review the items whose position changed at this instant and that no calendar reviews."""
    h.n[STOCK_MOVED] = 0
    for number in range(h.item.size):
        item = h.item[number]
        if item.moved == 1:
            item.moved = 0
            if item.reviewed == 1 and item.by_calendar == 0:
                review(h, number, now, now + 1)
