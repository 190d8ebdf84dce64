"""The storeroom of the reference engine: kits are wanted and taken, items are ordered, come and expire."""

from __future__ import annotations

from typing import Any

from twin.engine.reference_run import CALENDAR, ENDS, ORDERS, Run
from twin.engine.reference_supplies import Batch, Stock
from twin.engine.reference_words import Stay
from twin.engine.rules import review_instants
from twin.trace import Kind
from twin.workload import NONE


class Storeroom(Run):
    """What happens to supplies during a run."""

    def __init__(self, *run: Any) -> None:
        super().__init__(*run)
        self.moved: dict[Stock, None] = {}  # items whose position changed at this instant

    # ---- kits ----------------------------------------------------------------------------------

    def want_kit(self, stay: Stay, sign: int) -> None:
        """Somebody begins (+1) or ceases (-1) to wait for a kit."""
        for stock, n in stay.task.contents:
            stock.wanted += sign * n
            self.position_changes(stock)

    def judge_misses(self) -> None:
        """For all who asked since the last round: what of the kit was not there in full."""
        for stay in self.kits_asked:
            for stock, n in stay.task.contents:
                missing = n - max(stock.on_hand, 0)
                if missing > 0:
                    self.tell(Kind.MISSED, stay.row, stock.number, missing)
        self.kits_asked.clear()

    def take_kit(self, stay: Stay) -> None:
        """Take each entry of the kit in turn; of an emergency the reserve and then the substitute too."""
        if not stay.task.contents:
            return
        picked = self.service.pick_kit(stay)
        instead = dict(picked.instead)
        for stock, n in picked.own:
            gone = max(stock.reserve - stock.on_hand, 0)
            stock.take(n)
            of_reserve = max(stock.reserve - stock.on_hand, 0) - gone
            substitute, m = stock.substitute, instead.get(stock, 0)
            if substitute is not None and m:
                substitute.take(m)
                self.position_changes(substitute)
            for kind, units in ((Kind.TAKEN, n), (Kind.RESERVE, of_reserve), (Kind.SUBSTITUTED, m)):
                if units:
                    self.tell(kind, stay.row, stock.number, units)
            self.position_changes(stock)

    # ---- orders and batches --------------------------------------------------------------------

    def find_supplies(self) -> None:
        """Orders are under way when the run begins, and batches will expire."""
        for stock, units, due in self.supplies.under_way:
            stock.on_order += units
            self.at(due, ENDS, self.deliver, stock, units)
        for stock in self.supplies.stocks.values():
            for batch in stock.batches:
                self.plan_expiry(stock, batch)

    def plan_reviews(self) -> None:
        """Reviews by the calendar; and of all other items at instant 0."""
        stocks = list(self.supplies.stocks.values())
        for at, item in review_instants(self.hospital, self.workload.clock, self.workload.end):
            self.at(at, CALENDAR, self.review, stocks[item], self.now)
        for stock in stocks:
            self.position_changes(stock)

    def position_changes(self, stock: Stock) -> None:
        """An item without a calendar of reviews is looked at at the end of this instant."""
        policy = stock.policy
        if policy is not None and policy.review_days is None:
            self.moved[stock] = None
            self.call(ORDERS, self.review_what_moved)

    def review_what_moved(self) -> None:
        """Review the items whose position changed at this instant; what comes at once comes after it."""
        moved, self.moved = self.moved, {}
        for stock in moved:
            self.review(stock, self.now + 1)

    def review(self, stock: Stock, earliest: int) -> None:
        """Order, if the position is at or below the reorder point."""
        units = stock.units_to_order()
        if units > 0:
            lead_time = stock.place_order(units)
            self.tell(Kind.ORDERED, NONE, stock.number, units)
            self.at(max(self.now + lead_time, earliest), ENDS, self.deliver, stock, units)

    def deliver(self, stock: Stock, units: int) -> None:
        """An order comes."""
        stock.on_order -= units
        batch = stock.add(units, None if stock.shelf_life is None else self.now + stock.shelf_life)
        self.tell(Kind.DELIVERED, NONE, stock.number, units)
        self.plan_expiry(stock, batch)
        self.call_a_round()

    def plan_expiry(self, stock: Stock, batch: Batch) -> None:
        """A batch will expire."""
        if batch.expires is not None:
            self.at(max(batch.expires, self.now), ENDS, self.expire, stock, batch)

    def expire(self, stock: Stock, batch: Batch) -> None:
        """What is left of a batch is thrown away; a substitute may now be taken instead."""
        units = stock.throw_away(batch)
        if units:
            self.tell(Kind.EXPIRED, NONE, stock.number, units)
            self.position_changes(stock)
            self.call_a_round()
