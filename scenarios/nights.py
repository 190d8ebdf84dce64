"""Nights without news: the last forecast is kept, and a row of its own says how old it is."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from twin.store import Run, Store

#: the kind of a row that says that a night found no new data
STALE = "stale"
#: a second call within so long is the same night asked twice (assumed: cron may repeat, nights may vary)
SAME_NIGHT = timedelta(hours=12)


@dataclass(frozen=True)
class StaleNight:
    """A night that found the data of the night before.

    Attributes
    ----------
    run_id : the row that says so
    kept : the run whose forecast is kept
    as_of : last instant of the data, local time
    age_hours : of the forecast, since it was made [hours]
    """

    run_id: str
    kept: str
    as_of: datetime
    age_hours: float

    @property
    def told(self) -> str:
        """In a sentence."""
        return (
            f"no new data since {self.as_of:%Y-%m-%d %H:%M}: the forecast of run {self.kept} is kept; "
            f"it was made {self.age_hours:.0f} hours ago"
        )


def now() -> datetime:
    """The present instant, UTC."""
    return datetime.now(UTC)


def stale_night(
    store: Store, before: Run, as_of: datetime, inputs: dict[str, Any], key: str
) -> StaleNight | None:
    """Record that a night found no new data; None where it is the same night asked twice.

    Parameters
    ----------
    before
        The finished night of the same data.
    key
        Of that data; one row a day says that nothing was new.
    """
    ended = before.ended
    if ended is None:
        return None
    this = now()
    age = this - ended.replace(tzinfo=ended.tzinfo or UTC)
    if age < SAME_NIGHT:
        return None
    hours = age / timedelta(hours=1)
    once = f"{STALE}:{this:%Y-%m-%d}:{key}"
    row = store.runs.by_key(once)
    if row is not None:
        return StaleNight(row.id, before.id, as_of, hours)
    claim = store.runs.start(STALE, inputs, owner="nightly", key=once)
    summary = {"kept": before.id, "as_of": as_of.isoformat(), "age_hours": round(hours, 1)}
    store.runs.progress(claim, 1, 1, f"no new data; the forecast of run {before.id} is kept")
    store.runs.finish(claim, summary)
    return StaleNight(claim.run_id, before.id, as_of, hours)
