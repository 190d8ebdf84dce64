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
    """Order when the position is here or below."""
    order_quantity: Annotated[int, Field(ge=1, le=10_000_000), Unit("units")] | None = None
    """Ordered at once, as often as needed."""
    order_up_to: Annotated[int, Field(ge=0, le=10_000_000), Unit("units")] | None = None
    """Level up to which is ordered."""
    review_days: Annotated[int, Field(ge=1, le=365), Unit("days")] | None = None
    """Days between two reviews; after every movement when left out."""
    review_at: str = Field("06:00", description='time of day "HH:MM"')


class Item(Model):
    """A consumable."""

    title: str
    """What people call it."""
    stock: Annotated[Units, Unit("units at the start")]
    """On hand as the run begins."""
    policy: Policy | None = None
    """When and how much is ordered; never when left out."""
    lead_time: Duration | None = Field(None, description="order to delivery; none: at once")
    pack: Annotated[int, Field(ge=1, le=1_000_000), Unit("units")] = 1
    """Orders are rounded up to whole packs."""
    shelf_life_days: Annotated[float, Field(gt=0, le=36_500), Unit("days from delivery")] | None = None
    """Thrown away so long after delivery; keeps when left out."""
    reserve: Annotated[Units, Unit("units kept for emergencies")] = 0
    """Kept back for classes that take the reserve."""
    substitute: Name | None = None
    """Item taken in its place in an emergency."""
    unit_cost: Cost = 0.0
    """Price of a unit."""
    order_cost: Annotated[Cost, Unit("currency an order")] = 0.0
    """Cost of placing an order."""
    holding_cost_a_day: Annotated[Cost, Unit("currency a unit a day")] = 0.0
    """Cost of a unit in stock for a day."""
    storage: Annotated[float, Field(ge=0, le=1e6), Unit("litres a unit")] = 0.0
    """Room that a unit takes."""
    supplier: str = ""
    """Who delivers it."""


class Tray(Model):
    """A set of instruments that returns through SPD after use, as a patient class of its own."""

    title: str
    """What people call it."""
    owned: Annotated[int, Field(ge=0, le=100_000), Unit("trays")]
    """Trays that there are."""
    patient_class: Name = Field(description='class `of = "tray"` under which it goes through SPD')
    reserve: Annotated[int, Field(ge=0, le=100_000), Unit("trays kept for emergencies")] = 0
    """Kept back for classes that take the reserve."""


class Kit(Model):
    """What a step takes when it starts: items and trays, each with a number."""

    title: str = ""
    """What people call it."""
    contents: dict[Name, Annotated[int, Field(ge=1, le=10_000), Unit("units or trays")]] = Field(min_length=1)
    """How many of each item or tray."""
