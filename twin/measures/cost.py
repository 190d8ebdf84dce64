"""Cost: what the measured days cost, from the hospital's one table of money and its prices of items."""

from __future__ import annotations

import math

import numpy as np

from twin.measures.beds import open_bed_time
from twin.measures.measure import Measure
from twin.measures.supply import on_hand_mean, units_used, within
from twin.measures.view import View
from twin.trace import Kind
from twin.units import MS_DAY

ROWS = (
    Measure(
        "cost_a_day",
        "Cost",
        "currency a day",
        "down",
        "open beds, items used and expired, orders and holding, as far as the hospital gives prices",
    ),
)


def cost(view: View) -> dict[str, float]:
    """The sum of all parts; NaN where the hospital gives no price."""
    parts = cost_parts(view)
    return {"cost_a_day": math.fsum(parts.values()) if any(parts.values()) else math.nan}


def cost_parts(view: View) -> dict[str, float]:
    """What each part costs. [currency a day]"""
    hospital = view.hospital
    bed_days = open_bed_time(view).sum() / MS_DAY / view.days
    parts = {"open beds": float(bed_days * hospital.money.open_bed_day)}
    items = list(hospital.items.values())
    if not items:
        return parts
    ordered, expired = (within(view, view.trace.log.only(k)) for k in (Kind.ORDERED, Kind.EXPIRED))
    unit = np.array([item.unit_cost for item in items])
    orders = np.array([item.order_cost for item in items])
    holding = np.array([item.holding_cost_a_day for item in items])
    return {
        **parts,
        "items used": float(units_used(view) @ unit / view.days),
        "items expired": float((expired.n * unit[expired.what]).sum() / view.days),
        "orders": float(orders[ordered.what].sum() / view.days),
        "stock held": float(on_hand_mean(view) @ holding),
    }
