"""Why a forecast is as it is: the account of one series, as lines to read and as a document."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import pandas as pd

from twin.errors import NotFound, UsageError, did_you_mean

WORTH_A_LINE = 0.002  # share of the forecast below which a reason is told among all others; our choice

if TYPE_CHECKING:
    from forecasting.explaining import Account
    from forecasting.service import ForecastResult


def asked_for(asked: str, series: Sequence[str], ahead: pd.DatetimeIndex) -> tuple[str, pd.Timestamp | None]:
    """The series and the day of ``SERIES`` or ``SERIES:DATE``; a name may hold a colon itself.

    Raises
    ------
    NotFound
        No such series is forecast.
    UsageError
        The date is none, or is not among those ahead.
    """
    if asked in series:
        return asked, None
    name, _, told = asked.rpartition(":")
    if name not in series:
        raise NotFound(f'no series "{name or asked}" is forecast; {did_you_mean(name or asked, series)}')
    day = pd.to_datetime(told, format="ISO8601", errors="coerce")
    if day is pd.NaT:
        raise UsageError(f'"{told}" is no date; write {name}:{ahead[0]:%Y-%m-%d}')
    if day.normalize() not in ahead.normalize():
        raise UsageError(f"{told} is not forecast; {ahead[0]:%Y-%m-%d} to {ahead[-1]:%Y-%m-%d} are")
    return name, day


def reasons_text(result: ForecastResult, series: str, day: pd.Timestamp | None) -> str:
    """One sentence a period; of one period, or of the hours of a day, every reason in a line of its own."""
    from forecasting.explaining import explain, of_the_day
    from forecasting.explaining.words import number, sentence

    accounts = explain(result, series, day)
    if len(accounts) == 1:
        return "\n".join(_every_part(accounts[0], result.frequency))
    sentences = [f"  {sentence(account, result.frequency)}" for account in accounts]
    if day is None:
        return "\n".join([series, *sentences])
    whole = of_the_day(result, accounts)
    middles = number(sum(account.served for account in accounts))
    told = f"hour by hour, by its middle; the middles sum to {middles}, which is no middle of the day:"
    lines = _every_part(whole, "D", f"expected in {len(accounts)} hours")
    return "\n".join([*lines, told, *sentences])


def _every_part(account: Account, frequency: str, served: str = "forecast") -> list[str]:
    from forecasting.explaining.words import headline, number, opening, signed, told_parts

    told = told_parts(account, share=WORTH_A_LINE)
    rest = account.served - account.usual - sum(part.value for part in told)
    rows = [("usually", number(account.usual)), *((part.said, signed(part.value)) for part in told)]
    rows += [("all other reasons", signed(rest)), (served, number(account.served))]
    wide = max(len(said) for said, _ in rows)
    return [
        f"{account.series}, {opening(account, frequency)}",
        *filter(None, [headline(account)]),
        *(f"  {said:<{wide}}  {figure:>8}" for said, figure in rows),
    ]


def reasons_document(result: ForecastResult, series: str, day: pd.Timestamp | None) -> dict[str, Any]:
    """``explanation``: the accounts as plain values; ``usual`` and all values sum to ``middle``.

    Of the hours of a day also ``day``: their sum, in which ``usual`` and all values sum to ``mean``.
    """
    from forecasting.explaining import explain, of_the_day

    accounts = explain(result, series, day)
    found: dict[str, Any] = {"explanation": [account_document(account) for account in accounts]}
    if day is not None and len(accounts) > 1:
        told = account_document(of_the_day(result, accounts))
        found["day"] = {"mean": told.pop("middle"), "hours": len(accounts), **told}
    return found


def account_document(account: Account) -> dict[str, Any]:
    """One account as plain values."""
    parts = [
        {"reason": p.reason, "said": p.said, "value": p.value, "base": p.base, "network": p.network}
        for p in account.parts
    ]
    return {
        "unique_id": account.series,
        "ds": str(account.ds),
        "made_by": account.made_by,
        "middle": account.served,
        "q0.1": account.low,
        "q0.9": account.high,
        "usual": account.usual,
        "left_out": account.error,
        "parts": parts,
    }
