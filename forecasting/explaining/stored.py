"""Accounts as they are stored: plain values in the scale of the hospital, beside the forecast they explain.

A stream may be fed by several series, and its forecast be brought to the hospital's own mean: parts add
up over series and scale with it. What the middle of the sum differs from the sum of the middles is told
as such.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from forecasting.explaining.account import Account, Part, explain
from forecasting.explaining.words import LABELS, headline
from forecasting.service import ForecastResult


def stored_accounts(
    result: ForecastResult, series: Sequence[str], factor: float, shown: np.ndarray
) -> list[dict[str, Any]]:
    """What moved each of the first periods, shape (period,).

    Parameters
    ----------
    series
        Those that are added up.
    factor
        By which their sum is brought to the hospital's mean.
    shown
        Low end, middle and high end of the 80 % range as the pages show them, shape (3, period); the parts
        sum to this middle.
    """
    told = [explain(result, name, first=shown.shape[1]) for name in series]
    rows = []
    for period, (low, middle, high) in enumerate(shown.T):
        whole = _together([accounts[period] for accounts in told], factor)
        gap = float(middle) - whole.served
        parts = _joined((*whole.parts, Part("middle", LABELS["middle"], gap, 0.0)))
        whole = replace(whole, served=float(middle), low=float(low), high=float(high), parts=parts)
        rows.append(
            {
                "ds": whole.ds.isoformat(),
                "middle": whole.served,
                "q10": whole.low,
                "q90": whole.high,
                "usual": whole.usual,
                "headline": headline(whole),
                "parts": [
                    {
                        "reason": p.reason,
                        "said": p.said,
                        "value": p.value,
                        "base": p.base,
                        "network": p.network,
                    }
                    for p in parts
                ],
            }
        )
    return rows


def _together(accounts: list[Account], factor: float) -> Account:
    """Accounts of one period added up and scaled."""
    first = accounts[0]
    parts = [
        replace(part, base=part.base * factor, network=part.network * factor)
        for account in accounts
        for part in account.parts
    ]
    return replace(
        first,
        served=sum(a.served for a in accounts) * factor,
        usual=sum(a.usual for a in accounts) * factor,
        parts=_joined(parts),
    )


def _joined(parts: Sequence[Part]) -> tuple[Part, ...]:
    """One part a reason, the largest first."""
    found: dict[str, Part] = {}
    for part in parts:
        old = found.get(part.reason)
        found[part.reason] = (
            part
            if old is None
            else replace(old, base=old.base + part.base, network=old.network + part.network)
        )
    return tuple(sorted(found.values(), key=lambda part: -abs(part.value)))
