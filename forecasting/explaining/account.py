"""The account of one forecast: what such a series usually has, and what each reason adds to it.

The base's own parts and the network's moves are told under the same reasons, and sum to the middle that was
served. What no reason holds (rounding to whole patients) is a part of its own.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from forecasting.contest import Champion, Made
from forecasting.explaining.gradients import moves
from forecasting.explaining.inputs import SEASON, TOLD, YEAR_STEPS, reasons, usual_input
from forecasting.explaining.product import additive_parts
from forecasting.explaining.words import label
from forecasting.heads import LEVELS, MIDDLE
from forecasting.service import ForecastResult
from forecasting.windows import EACH, windows_of
from twin.errors import NotFound, UsageError

LEAST = 1e-9  # counts; a level below is none
FEWEST_CLOSED = 1.0  # counts: a forecast of nobody where more than so many would come is a closure; assumed
NOTHING = 1e-6  # counts; a part below is left to rounding


@dataclass(frozen=True)
class Part:
    """One reason.

    Attributes
    ----------
    reason : ``weekday``, ``holiday``, ``last_week`` ...
    said : the reason in words, e.g. ``Monday``
    base, network : what each of the two adds for it [counts]; what a challenger adds to the base stands under
        ``base``
    """

    reason: str
    said: str
    base: float
    network: float

    @property
    def value(self) -> float:
        """What the reason adds. [counts]"""
        return self.base + self.network


@dataclass(frozen=True)
class Account:
    """One forecast and its reasons; ``usual`` and all parts sum to ``served``.

    Attributes
    ----------
    series, ds : what is forecast, and the start of its period
    served, low, high : middle, and the 80 % range of what may happen; NaN where it is not known [counts]
    usual : what the series has in an ordinary period [counts]
    parts : reasons, the largest first
    error : part of the network's move that its inputs do not hold [share of the move]
    made_by : ``base``, ``lstm`` or the name of a challenger
    """

    series: str
    ds: pd.Timestamp
    served: float
    low: float
    high: float
    usual: float
    parts: tuple[Part, ...]
    error: float
    made_by: str


def explain(
    result: ForecastResult, series: str, day: pd.Timestamp | None = None, *, first: int | None = None
) -> list[Account]:
    """Why a series is forecast as it is, a period at a time.

    Parameters
    ----------
    day
        Only the periods of this day; all periods when omitted.
    first
        Only so many periods from the first on.

    Raises
    ------
    NotFound
        The forecast has no such series.
    UsageError
        The day is not forecast, or the forecast was not made here and cannot be explained.
    """
    if series not in result.ids:
        raise NotFound(f'no series "{series}" is forecast; there are {_few(result.ids)}')
    champion = result.champion
    stamps = result.stamps
    chosen = (
        np.arange(len(stamps))[:first]
        if day is None
        else np.flatnonzero(stamps.normalize() == day.normalize())
    )
    if not len(chosen):
        raise UsageError(f"{day:%Y-%m-%d} is not forecast; {stamps[0]:%Y-%m-%d} to {stamps[-1]:%Y-%m-%d} are")
    row = result.ids.index(series)
    kept = champion.made_of(row)
    if kept is None:
        raise UsageError("this forecast does not keep what it was made of, and cannot be explained")
    made, own = kept
    usual, base, network, error = _parts(champion, made, own, chosen)
    quantiles = champion.quantiles[row, chosen]
    quiet = bool(np.isnan(made.values[own, -made.calendar.season :]).all())
    accounts = []
    for k, lead in enumerate(chosen):
        told = {reason: (float(base[reason][k]), float(network[reason][k])) for reason in base}
        told = {reason: both for reason, both in told.items() if max(map(abs, both)) > NOTHING}
        if made.moved is not None:
            told[champion.made_by] = (float(made.moved[own, lead]), 0.0)
        rest = float(quantiles[k, MIDDLE]) - float(usual[k]) - sum(map(sum, told.values()))
        told[_last(rest, quantiles[k], quiet)] = (rest, 0.0)
        at = made.values.shape[1] + int(lead)
        parts = [
            Part(reason, label(reason, stamps[lead], result.frequency, made.calendar, at), *both)
            for reason, both in told.items()
        ]
        low, middle, high = (float(quantiles[k, LEVELS.index(level)]) for level in (0.1, 0.5, 0.9))
        accounts.append(
            Account(
                series=series, ds=stamps[lead], served=middle, low=low, high=high, usual=float(usual[k]),
                parts=tuple(sorted(parts, key=lambda part: -abs(part.value))),
                error=float(error[k]), made_by=result.made_by[row],
            )
        )  # fmt: skip
    return accounts


def _last(rest: float, quantiles: np.ndarray, quiet: bool) -> str:
    """The reason of what no other reason holds."""
    if rest < -FEWEST_CLOSED and quiet:
        return "silent"
    return "closed" if rest < -FEWEST_CLOSED and quantiles[-1] == 0 else "rounding"


def _parts(
    champion: Champion, made: Made, row: int, chosen: np.ndarray
) -> tuple[np.ndarray, dict[str, np.ndarray], dict[str, np.ndarray], np.ndarray]:
    """Usual count, parts of the base and of the network by reason, and the share left out; each (lead,)."""
    past = made.values.shape[1]
    factors = {
        name: part[min(row, len(part) - 1)] for name, part in made.base.factors.parts(made.calendar).items()
    }
    factors = _split_told(_split_season(factors, made), made, row) | _lately(made, row)
    level = made.base.level[row]
    year = YEAR_STEPS[made.calendar.season] * EACH[made.calendar.season]
    usual = float(level[max(0, past - year) : past].mean())
    if usual <= LEAST:
        usual = float(level[-1])
    ahead = {name: part[past + chosen] for name, part in factors.items()}
    now = np.full(len(chosen), level[-1] / usual if usual > LEAST else 1.0)
    start = np.full(len(chosen), usual)
    base = additive_parts(start, {"recent": now, **ahead})
    mean = made.base.mean(past - 1, chosen + 1)[row]
    base["trend"] = mean - usual - sum(base.values())
    share = float(np.broadcast_to(made.share, (len(made.values), 1))[row, 0])
    plain = made.plain[row, chosen]
    base["middle"] = (1 - share) * (plain - mean)
    network = {reason: np.zeros(len(chosen)) for reason in base}
    if not champion.networks or share == 0:
        return start, base, network, np.zeros(len(chosen))
    windows = windows_of(made.values, made.base, made.calendar, int(champion.quantiles.shape[1]))
    steps, _ = windows.cut(np.array([row]), np.array([past - 1]))
    found = moves(champion.networks, steps[0], usual_input(windows, steps[0]), [int(lead) for lead in chosen])
    time = np.clip(np.arange(past - windows.past, past + windows.horizon), 0, made.base.factor.shape[1] - 1)
    moved = reasons(windows, found, {name: part[time] for name, part in factors.items()})
    unit = share * made.base.spread(made.base.mean(past - 1, chosen + 1))[row]
    for reason, value in {"middle": found.usual, **moved}.items():
        network[reason] = network.get(reason, 0.0) + unit * value
        base.setdefault(reason, np.zeros(len(chosen)))
    return start, base, {reason: network[reason] for reason in base}, found.error


def _split_season(factors: Mapping[str, np.ndarray], made: Made) -> dict[str, np.ndarray]:
    """The season under its own name; that of an hour of the week as its weekday's times its hour's."""
    own = dict(factors)
    season = own.pop("season")
    if made.calendar.season != 168:
        return {SEASON[made.calendar.season]: season, **own}
    weekday = made.calendar.position[: len(season)] // 24
    sums, days = np.bincount(weekday, season, minlength=7), np.bincount(weekday, minlength=7)
    mean = (sums / np.maximum(days, 1))[weekday]
    return {"weekday": mean, "hour": np.where(mean > LEAST, season / np.maximum(mean, LEAST), 1.0), **own}


def _lately(made: Made, row: int) -> dict[str, np.ndarray]:
    """How far each weekday has lately left its usual factor, as known now; nothing where none is followed."""
    if made.base.recent is None:
        return {}
    time, last = np.arange(made.base.factor.shape[1]), made.values.shape[1] - 1
    known = made.base.factor_at(np.array(row), last, time)
    usual = made.base.factor[row]
    return {"lately": np.where(usual > LEAST, known / np.maximum(usual, LEAST), 1.0)}


def _split_told(factors: dict[str, np.ndarray], made: Made, row: int) -> dict[str, np.ndarray]:
    """What the hospital told under the name of each column."""
    effects, told = made.base.factors.told, made.calendar.told
    if effects is None or told is None:
        return factors
    own = {name: factor for name, factor in factors.items() if name != "covariates"}
    each = np.maximum(1.0 + effects[row] * told[row], 0.0)
    return own | {TOLD + name: each[:, k] for k, name in enumerate(made.calendar.told_names)}


def _few(names: tuple[str, ...], most: int = 8) -> str:
    return ", ".join(names[:most]) + (f" and {len(names) - most} more" if len(names) > most else "")
