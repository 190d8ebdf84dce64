"""Off the forecast: what a plan does, and costs, where more or fewer patients come than was foretold.

A certificate holds if demand is as forecast. This says what to expect where it is not: the same plan, on the
same futures, with demand off by so much from the first day of the plan on. It is a look and proves nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta

import numpy as np

from optimization.paths import CertifyPaths
from optimization.proof.attempts import ALPHA
from optimization.proof.certificate import results
from optimization.proof.estimates import PerFuture
from twin.case import Case, Window
from twin.demand import DemandForecast
from twin.errors import Overload, UsageError
from twin.plan import OffForecast, Target
from twin.streams import mix, name_key, uniform

#: how far demand may be off [fraction]; a month's sum of a daily series is seldom further off (assumed)
CHANGES = (-0.2, -0.1, 0.0, 0.1, 0.2)
#: futures that each change is played on (assumed: enough to see which way a level goes)
FUTURES = 10


@dataclass(frozen=True)
class Lived:
    """What a plan did in one demand.

    Attributes
    ----------
    cost : as played, shortage weighed [the plan's unit of cost]
    seen : what was measured, by measure
    """

    cost: float
    seen: Mapping[str, PerFuture]


def off_forecast(
    live: Callable[[Case], Lived],
    case: Case,
    window: Window,
    targets: Sequence[Target],
    *,
    changes: Sequence[float] = CHANGES,
    as_forecast: Lived | None = None,
) -> tuple[OffForecast, ...]:
    """The plan of this case where demand is off by each change.

    Parameters
    ----------
    live
        Plays a case with the plan on the same futures each time.
    as_forecast
        What it did with demand as forecast, on those futures, where that has been played already.

    Raises
    ------
    UsageError
        A change that leaves no demand, or is no number.
    Cancelled
        Raised by ``live``. A demand that the house cannot carry is a row of its own, which says so.
    """
    rows = []
    for change in changes:
        known = as_forecast if change == 0 else None
        try:
            lived = known if known is not None else live(with_demand(case, window, change))
        except Overload as fault:
            rows.append(OffForecast(change, None, (), str(fault)))
            continue
        measured = [t for t in targets if lived.seen[t.measure].futures]
        rows.append(OffForecast(change, lived.cost, results(measured, lived.seen, ALPHA)))
    return tuple(rows)


def looked_at(certify: CertifyPaths) -> CertifyPaths:
    """The certifying futures on which a look is taken."""
    return CertifyPaths(certify.replications[:FUTURES])


def with_demand(case: Case, window: Window, change: float) -> Case:
    """The same case where demand is off by so much; the same patients come as far as they can.

    A forecast stream is scaled from the first measured day on: what came before is known. A stream without a
    forecast is scaled over the whole run.

    Parameters
    ----------
    change
        -0.1 for 10 % fewer. [fraction]
    """
    if not -1 < change <= 4:  # five times the usual day is another question, as for the lever
        raise UsageError(
            f"demand is off by more than -100 % and at most +400 %; got {change}", code="E_RANGE"
        )
    if change == 0:
        return case
    forecast = case.demand
    foretold = () if forecast is None else forecast.series
    arrivals = {
        name: stream
        if name in foretold
        else stream.model_copy(update={"factor": stream.factor * (1 + change)})
        for name, stream in case.hospital.arrivals.items()
    }
    changed = case.with_(hospital=case.hospital.model_copy(update={"arrivals": arrivals}))
    return changed if forecast is None else changed.with_(demand=_scaled(forecast, window, 1 + change))


def _scaled(forecast: DemandForecast, window: Window, factor: float) -> DemandForecast:
    """Counts times the factor from the first measured day on, rounded by chance so that means are kept."""
    first = max(0, (window.start + timedelta(days=window.warm_up) - forecast.start).days)
    paths = forecast.paths.copy()
    path, day = np.arange(forecast.n_paths)[:, None], np.arange(first, forecast.days)[None, :]
    for row, name in enumerate(forecast.series):
        u = uniform(mix(name_key("demand off the forecast"), name_key(name), path, day))
        paths[:, row, first:] = np.floor(paths[:, row, first:] * factor + u).astype(np.int64)
    return replace(forecast, paths=paths)


def in_words(looks: Sequence[OffForecast]) -> str:
    """What a planner should know of it, in one sentence; empty where nothing was looked at."""
    by_change = sorted(looks, key=lambda look: look.change)
    played = [look for look in by_change if look.cost is not None]
    if len(played) < 2:
        return ""
    told = [_of_target(target, played) for target in _targets(played)]
    told += [f"at {_off(look.change)} {look.note}" for look in by_change if look.cost is None]
    first, last = played[0].change, played[-1].change
    return f"If demand is off the forecast, from {_off(first)} to {_off(last)}: {'; '.join(told)}"


def _targets(looks: Sequence[OffForecast]) -> list[Target]:
    seen: list[Target] = []
    for look in looks:
        seen += [r.target for r in look.targets if r.target not in seen]
    return seen


def _of_target(target: Target, looks: Sequence[OffForecast]) -> str:
    told = [(look.change, r.expected) for look in looks for r in look.targets if r.target == target]
    missed = [change for change, level in told if not target.holds(level)]
    if not missed:
        verdict = "met on average at all of them"
    elif len(missed) == len(told):
        verdict = "missed at all of them"
    else:
        verdict = f"missed on average at {', '.join(_off(change) for change in missed)}"
    levels = f"{told[0][1]:.3g} to {told[-1][1]:.3g} {target.unit}"
    return f"{target.name} {levels} ({target.limit} asked, {verdict})"


def _off(change: float) -> str:
    return "the forecast" if change == 0 else f"{100 * change:+.0f} %"
