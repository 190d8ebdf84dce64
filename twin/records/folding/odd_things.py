"""Odd things: appointments that passed without a word, stock below nothing, shifts that nobody works."""

from __future__ import annotations

import pandas as pd

from twin.records.folding.looking import Tables, Words, finding
from twin.records.quality import Finding

#: so long after its time an appointment still booked is odd (assumed: outcomes are written down that day)
_LATE = pd.Timedelta(hours=24)
#: longest shift that is believed (Directive 2003/88/EC leaves 13 hours a day; on-call may be longer)
LONGEST_SHIFT = pd.Timedelta(hours=16)


def still_booked(tables: Tables) -> Finding | None:
    """Appointments whose time has passed and of which nobody said what became."""
    rows = tables.read("appointments", "key", "place", "planned_start", "planned_end", "status")
    past = rows["planned_start"] < tables.as_of - _LATE
    odd = rows[past & rows["status"].isin(["booked", "proposed"])]
    detail = "Without an outcome they count neither as attended nor as missed; shares of no-shows are wrong."
    words = Words("warning", "N_STILL_BOOKED", "Past appointments without an outcome", detail, "appointments")
    return finding(words, odd, int(past.sum()), tables, at="planned_start")


def below_nothing(tables: Tables) -> Finding | None:
    """Movements that take a stock below zero, where the stock was ever counted or received."""
    rows = tables.read("supply_movements", "key", "kind", "item", "place", "quantity", "at")
    rows = rows[rows["at"].notna() & rows["quantity"].notna()].astype({"item": object, "place": object})
    rows = rows.sort_values(["item", "place", "at", "key"]).reset_index(drop=True)
    stock = rows.groupby(["item", "place"], dropna=False, sort=False).ngroup()
    counted = rows["kind"] == "count"
    since = [stock, counted.groupby(stock).cumsum()]  # a count says how much there is, whatever was before
    base = rows["quantity"].where(counted).groupby(since).transform("first").fillna(0.0)
    level = base + rows["quantity"].mask(counted, 0.0).groupby(since).cumsum()
    known = rows["kind"].isin(["receipt", "count"]).groupby(stock).cummax()
    odd = rows.assign(level=level)[known & (level < 0)]
    shown = odd.head(5).to_dict("records")
    examples = [f"{row['item']}: {row['level']:g}, {tables.written(row['at'])}" for row in shown]
    detail = f"Of {stock.nunique():,} stocks; a receipt is missing, or an issue was booked twice."
    words = Words("warning", "N_BELOW_NOTHING", "Stock below nothing", detail, "supply_movements")
    return finding(words, odd, len(rows), tables, at="at", examples=examples)


def endless_shifts(tables: Tables) -> Finding | None:
    """Shifts of more than sixteen hours."""
    rows = tables.read("roster_shifts", "key", "staff_group", "place", "planned_start", "planned_end")
    odd = rows[rows["planned_end"] - rows["planned_start"] > LONGEST_SHIFT]
    detail = "Two shifts were written as one, or the date of the end is wrong; cover counts all of it."
    words = Words("warning", "N_LONG_SHIFT", "Shifts of more than 16 hours", detail, "roster_shifts")
    return finding(words, odd, len(rows), tables, at="planned_start")
