"""Supplies: what was used of each item, and the kits and stores that items belong to.

Use is what was issued less what came back. An item that stands in one kit belongs to it; one that stands in
several, or in none, belongs to a group that says so. Its store is the place that gave out most of it.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from forecasting.targets import capped as caps
from forecasting.targets.counting import amounts, skipped_hours, whole_periods
from forecasting.targets.making import target_from
from forecasting.targets.material import Material
from forecasting.targets.target import SUPPLIES, Target
from twin.hospital import Hospital

SEVERAL_KITS, NO_KIT, NO_STORE = "several_kits", "no_kit", "no_store"


def use_of_items(material: Material, hospital: Hospital, frequency: str, told: list[str]) -> Target | None:
    """Use by item; None, and told, where there are no supply records."""
    moved = material.tables.get("supply_movements")
    if moved is None or moved.empty or material.known_until is None:
        told.append(
            "the records hold no supply movements: no supply targets (bring them in with: twin import FILE)"
        )
        return None
    moved = moved[moved["item"].notna() & moved["at"].notna() & moved["quantity"].notna()]
    used = moved[moved["kind"].isin(["issue", "return"])]
    if used.empty:
        told.append("the supply movements hold no issue: no supply targets")
        return None
    periods = whole_periods(used["at"].min().date(), material.known_until, frequency)
    sign = np.where(used["kind"] == "return", -1.0, 1.0)
    used = used.assign(quantity=used["quantity"].abs() * sign)
    rows, capped = {}, []
    for item, mine in used.groupby("item", sort=True, observed=True):
        row = np.maximum(amounts(mine["at"], mine["quantity"], periods, frequency), 0.0)
        if row.sum() > 0:
            rows[str(item)] = row
            capped.append(caps.run_out(moved[moved["item"] == item], periods, frequency))
    if not rows:
        told.append("no item was used within the records' days: no supply targets")
        return None
    said: list[str] = []
    shown = caps.left_out(np.array(list(rows.values())), np.array(capped), list(rows), "run out", said)
    if frequency == "h":
        shown[:, skipped_hours(periods, hospital.timezone)] = np.nan
    counts = dict(zip(rows, shown, strict=True))
    groups = {"kit": kits_of(list(rows), hospital), "store": _stores(used)}
    return target_from(SUPPLIES, "item", counts, groups, periods, frequency, said, np.array(capped))


def kits_of(items: list[str], hospital: Hospital) -> dict[str, str]:
    """The kit of each item, or the words for several and for none."""
    found = {}
    for item in items:
        kits = [name for name, kit in hospital.kits.items() if item in kit.contents]
        found[item] = kits[0] if len(kits) == 1 else SEVERAL_KITS if kits else NO_KIT
    return found


def _stores(used: pd.DataFrame) -> dict[str, str]:
    """The place that gave out most of each item."""
    issued = used[used["kind"] == "issue"].assign(place=used["place"].fillna(NO_STORE))
    most = issued.groupby(["item", "place"], observed=True)["quantity"].sum().reset_index()
    most = most.sort_values(["quantity", "place"], ascending=[False, True], kind="stable")
    home = dict(zip(most["item"][::-1].astype(str), most["place"][::-1].astype(str), strict=True))
    return {str(item): home.get(str(item), NO_STORE) for item in used["item"].unique()}
