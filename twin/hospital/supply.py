"""Supplies: items that are used up, instrument trays that return through SPD, kits of both.

SPD: supply, processing, distribution.
"""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from twin.hospital.base import Duration, Model, Name
from twin.units import Unit

Units = Annotated[int, Field(ge=0, le=10_000_000), Unit("units")]
Cost = Annotated[float, Field(ge=0, le=1e9), Unit("currency")]


class Policy(Model):
    """When an item is ordered, and how much.

    Ordered when stock on hand + on order - waiting demand is at or below ``reorder_point``: so many
    ``order_quantity`` as bring it above (r, Q), or up to ``order_up_to`` (s, S), in whole packs.
    A par level is ``order_up_to`` with a reorder point one below. Looked at after every movement or,
    with ``review_days``, at ``review_at`` every so many days: (s, S) or (R, S) by calendar.
    """

    reorder_point: Annotated[int, Field(ge=-1_000_000, le=10_000_000), Unit("units")]
    order_quantity: Annotated[int, Field(ge=1, le=10_000_000), Unit("units")] | None = None
    order_up_to: Annotated[int, Field(ge=0, le=10_000_000), Unit("units")] | None = None
    review_days: Annotated[int, Field(ge=1, le=365), Unit("days")] | None = None
    review_at: str = Field("06:00", description='time of day "HH:MM"')


class Item(Model):
    """A consumable."""

    title: str
    stock: Annotated[Units, Unit("units at the start")]
    policy: Policy | None = None
    lead_time: Duration | None = Field(None, description="order to delivery; none: at once")
    pack: Annotated[int, Field(ge=1, le=1_000_000), Unit("units")] = 1
    shelf_life_days: Annotated[float, Field(gt=0, le=36_500), Unit("days from delivery")] | None = None
    reserve: Annotated[Units, Unit("units kept for emergencies")] = 0
    substitute: Name | None = None
    unit_cost: Cost = 0.0
    order_cost: Annotated[Cost, Unit("currency an order")] = 0.0
    holding_cost_a_day: Annotated[Cost, Unit("currency a unit a day")] = 0.0
    storage: Annotated[float, Field(ge=0, le=1e6), Unit("litres a unit")] = 0.0
    supplier: str = ""


class Tray(Model):
    """A set of instruments that returns through SPD after use, as a patient class of its own."""

    title: str
    owned: Annotated[int, Field(ge=0, le=100_000), Unit("trays")]
    patient_class: Name = Field(description='class `of = "tray"` under which it goes through SPD')
    reserve: Annotated[int, Field(ge=0, le=100_000), Unit("trays kept for emergencies")] = 0


class Kit(Model):
    """What a step takes when it starts: items and trays, each with a number."""

    title: str = ""
    contents: dict[Name, Annotated[int, Field(ge=1, le=10_000), Unit("units or trays")]] = Field(min_length=1)
