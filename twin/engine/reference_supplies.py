"""Supplies in the reference engine: what lies in stock, what a kit takes of it, what is ordered.

Items and trays are resources with a level and a number used; on hand is the difference. Trays come
back, items are delivered in batches that may expire.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field

from twin.case import Case
from twin.hospital.supply import Item, Policy
from twin.units import days
from twin.workload import Workload

#: units of an item or tray
Contents = tuple[tuple["Stock", int], ...]


@dataclass(eq=False, slots=True)
class Batch:
    """Units that were delivered together; so many are left of them."""

    units: int
    expires: int | None  # [ms]


@dataclass(eq=False)
class Stock:
    """An item or a tray during one run."""

    number: int  # in ``hospital.supplies``
    reserve: int
    is_tray: bool
    level: int = 0  # all that was ever delivered; trays owned
    used: int = 0  # all that is gone; trays in use or in SPD
    substitute: Stock | None = None
    policy: Policy | None = None
    pack: int = 1
    shelf_life: int | None = None  # [ms]
    lead_times: tuple[int, ...] = ()  # of its orders in turn [ms]
    batches: deque[Batch] = field(default_factory=deque)
    ordered: int = 0  # orders so far in this run
    on_order: int = 0
    wanted: int = 0  # by those who wait for the first start of their step

    @property
    def on_hand(self) -> int:
        """Units that are there, the reserve included."""
        return self.level - self.used

    @property
    def position(self) -> int:
        """What reorder points are compared with."""
        return self.on_hand + self.on_order - self.wanted

    def take(self, units: int) -> None:
        """Take units, the oldest first."""
        self.used += units
        while units and self.batches:
            oldest = self.batches[0]
            taken = min(units, oldest.units)
            oldest.units -= taken
            units -= taken
            if oldest.units == 0:
                self.batches.popleft()

    def add(self, units: int, expires: int | None) -> Batch:
        """Units that are there from now on."""
        batch = Batch(units, expires)
        self.level += units
        self.batches.append(batch)
        return batch

    def throw_away(self, batch: Batch) -> int:
        """What is left of a batch is gone."""
        units, batch.units = batch.units, 0
        self.used += units
        return units

    def units_to_order(self) -> int:
        """What a review orders, in whole packs; 0 where the position is above the reorder point."""
        policy = self.policy
        if policy is None or self.position > policy.reorder_point:
            return 0
        if policy.order_quantity is not None:
            missing = policy.reorder_point + 1 - self.position
            units = -(-missing // policy.order_quantity) * policy.order_quantity
        else:
            units = max((policy.order_up_to or 0) - self.position, 0)
        return -(-units // self.pack) * self.pack

    def place_order(self, units: int) -> int:
        """Units are on order. Returns the lead time; 0 where the item has none. [ms]"""
        self.on_order += units
        self.ordered += 1
        if not self.lead_times:
            return 0
        return self.lead_times[min(self.ordered, len(self.lead_times)) - 1]


@dataclass(eq=False, slots=True)
class Picked:
    """What a kit would take now."""

    own: list[tuple[Stock, int]] = field(default_factory=list)  # each entry in turn
    instead: list[tuple[Stock, int]] = field(default_factory=list)  # (what was short, of its substitute)
    short: set[Stock] = field(default_factory=set)  # what is not there in full

    @property
    def takes(self) -> set[Stock]:
        """Items and trays of which at least one unit would be taken."""
        own = {stock for stock, units in self.own if units}
        return own | {stock.substitute for stock, units in self.instead if units and stock.substitute}


def pick(contents: Contents, *, takes_reserve: bool) -> Picked:
    """Each entry in turn: beyond the reserve; or with it, and then the rest from the substitute."""
    picked, there = Picked(), dict[Stock, int]()
    for stock, wanted in contents:
        rest = wanted
        on_hand = there.get(stock, stock.on_hand)
        own = max(min(rest, on_hand if takes_reserve else on_hand - stock.reserve), 0)
        there[stock], rest = on_hand - own, rest - own
        picked.own.append((stock, own))
        other = stock.substitute if takes_reserve else None
        if other is not None:
            on_hand = there.get(other, other.on_hand)
            instead = max(min(rest, on_hand), 0)
            there[other], rest = on_hand - instead, rest - instead
            picked.instead.append((stock, instead))
        if rest:
            picked.short |= {stock} if other is None else {stock, other}
    return picked


class Supplies:
    """All items and trays of the house."""

    def __init__(self, case: Case, workload: Workload) -> None:
        hospital, snapshot = case.hospital, case.snapshot
        self.kits = hospital.kits
        self.stocks: dict[str, Stock] = {}
        self.trays = list(hospital.trays)
        for number, (name, entry) in enumerate(hospital.supplies.items()):
            stock = Stock(number, entry.reserve, is_tray=not isinstance(entry, Item))
            self.stocks[name] = stock
            if isinstance(entry, Item):
                stock.policy, stock.pack = entry.policy, entry.pack
                if entry.shelf_life_days is not None:
                    stock.shelf_life = days(entry.shelf_life_days)
                stock.lead_times = _lead_times(workload, number)
                for units, expires in _first_stock(case, workload, name, entry, stock.shelf_life):
                    stock.add(units, expires)
            else:
                stock.level = entry.owned
        for name, entry in hospital.items.items():
            if entry.substitute is not None:
                self.stocks[name].substitute = self.stocks[entry.substitute]
        #: (stock, units, delivered at) of the orders under way when the run begins
        clock = workload.clock
        self.under_way = sorted(
            ((self.stocks[o.item], o.units, max(clock.ms(o.due), 0)) for o in snapshot.orders),
            key=lambda order: order[2],
        )

    def contents_of(self, kit: str | None) -> Contents:
        """What a kit takes."""
        if kit is None:
            return ()
        return tuple((self.stocks[name], n) for name, n in self.kits[kit].contents.items())

    def tray(self, number: int) -> Stock:
        """The tray with this place in ``hospital.trays``."""
        return self.stocks[self.trays[number]]


def _lead_times(workload: Workload, item: int) -> tuple[int, ...]:
    """Lead times of an item's orders of this run, in turn. [ms]"""
    if item + 1 >= workload.lead_from.size:
        return ()
    first, last = int(workload.lead_from[item]), int(workload.lead_from[item + 1])
    return tuple(int(ms) for ms in workload.lead[first:last])


def _first_stock(
    case: Case, workload: Workload, name: str, item: Item, shelf_life: int | None
) -> list[tuple[int, int | None]]:
    """(units, expires) of what lies there when the run begins: the snapshot's batches or the usual stock."""
    batches = case.snapshot.stock.get(name)
    if batches is None:
        return [(item.stock, shelf_life)]
    clock = workload.clock
    return [(b.units, None if b.expires is None else clock.ms(b.expires)) for b in batches]
