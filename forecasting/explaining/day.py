"""The day: the hours of one day, told together.

Expected counts add up, middles do not: half of all days lie above the sum of their hours' middles, or fewer,
or more. So a day is told by its mean, which is the sum of its hours' means, by the same reasons summed, and
by what the mean differs from the middles that those reasons explain. Its range is read from joint paths.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from forecasting.explaining.account import Account, Part
from forecasting.service import ForecastResult

ENDS = (0.1, 0.9)  # of the 80 % range
FEWEST_PATHS = 50  # joint paths; assumed: of fewer, the tenth and the ninetieth of a hundred are not known
HOUR, MEAN = "hour of the day", "the mean against the middles"


def of_the_day(result: ForecastResult, accounts: Sequence[Account]) -> Account:
    """The account of a day from those of its hours.

    Parameters
    ----------
    accounts
        Of hours of one series and one day, as ``explain`` gives them.

    Returns
    -------
    Account
        ``served`` is the expected count of these hours together, exactly the sum of their means; ``usual``
        and all parts sum to it. ``low`` and ``high`` are from joint paths, NaN where fewer than 50 were
        drawn. ``error`` is the largest of any hour, as a share of that hour's move.
    """
    first = accounts[0]
    row = result.ids.index(first.series)
    leads = result.stamps.get_indexer(pd.DatetimeIndex([account.ds for account in accounts]))
    horizon = len(result.stamps)
    mean = float(result.table["mean"].to_numpy()[row * horizon + leads].sum())
    low = high = float("nan")
    if len(result.paths) >= FEWEST_PATHS:
        low, high = (float(end) for end in np.quantile(result.paths[:, row, leads].sum(axis=1), ENDS))
    parts: dict[str, Part] = {}
    for part in (part for account in accounts for part in account.parts):
        old = parts.get(part.reason)
        said = HOUR if part.reason == "hour" else part.said if old is None else old.said
        base, network = (0.0, 0.0) if old is None else (old.base, old.network)
        parts[part.reason] = Part(part.reason, said, base + part.base, network + part.network)
    parts["mean"] = Part("mean", MEAN, mean - sum(account.served for account in accounts), 0.0)
    return Account(
        series=first.series, ds=first.ds.normalize(), served=mean, low=low, high=high,
        usual=sum(account.usual for account in accounts),
        parts=tuple(sorted(parts.values(), key=lambda part: -abs(part.value))),
        error=max(account.error for account in accounts), made_by=first.made_by,
    )  # fmt: skip
