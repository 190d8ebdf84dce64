"""``twin forecast --booked LIST``: use of kits and items in the coming days, from the booked theatre list."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dashboards.cli.options import note

if TYPE_CHECKING:
    from forecasting.targets.booked import BookedForecast


class ToldBooked:
    """What is printed and written of the kits that will be used."""

    def __init__(self, ahead: BookedForecast) -> None:
        self.ahead = ahead
        self.table, self.paths, self.ids, self.stamps = ahead.table, ahead.paths, ahead.ids, ahead.stamps

    def document(self) -> dict[str, Any]:
        """As of a history file, with the unit of each level."""
        from forecasting.targets.booked import KITS

        return {
            "as_of": str(self.ahead.today),
            "frequency": "D",
            "made_by": dict.fromkeys(self.ids, "booked list"),
            "notes": list(self.ahead.notes),
            "targets": [
                {"target": KITS, "unit": unit, "levels": [level]} for level, unit in self.ahead.levels.items()
            ],
            "forecast": self.table.assign(ds=self.table["ds"].astype(str)).to_dict("records"),
        }


def is_of_kits(booked: Path | None, target: Sequence[str] | None, today: str | None) -> bool:
    """Whether kits are asked for; refused beside another target."""
    from forecasting.targets.booked import KITS
    from twin.errors import UsageError

    asked = booked is not None or KITS in (target or ())
    if asked and set(target or ()) - {KITS}:
        raise UsageError("a booked list tells of kits alone: ask for other targets without --booked")
    if today and not asked:
        raise UsageError("--today is the first day ahead of a booked list; leave it out")
    return asked


def kits_ahead_of(
    booked: Path | None,
    workspace: Path,
    horizon: int,
    *,
    today: str | None,
    levels: Sequence[str] | None,
    **drawn: Any,
) -> ToldBooked:
    """Forecast the use of kits; what was learned of the list is said on standard error.

    The list is that of the file named, or else that of the workspace's records.

    Raises
    ------
    BadData
        The list is none, or too short. (exit code 3)
    UsageError
        The date, the horizon or a level is not possible. (exit code 2)
    """
    from forecasting.targets.booked import kits_ahead, read_booked
    from forecasting.targets.theatre_book import booked_of_records
    from twin.errors import UsageError
    from twin.workspace import Workspace as Place

    if booked is not None:
        known = read_booked(booked, _date(today))
    elif today is not None:
        raise UsageError("--today is for a list in a file; the records say themselves until when they know")
    else:
        place = Place(workspace)
        known, left_out = booked_of_records(place, place.hospital())
        for line in left_out:
            note(line)
    ahead = kits_ahead(known, horizon, contents=_contents(workspace), levels=levels or None, **drawn)
    note(f"the list is taken as it stood on the morning of {known.today}")
    for line in ahead.notes:
        note(line)
    return ToldBooked(ahead)


def _contents(workspace: Path) -> dict[str, Mapping[str, int]]:
    """What lies in each kit of the workspace's hospital; nothing where there is no workspace."""
    from twin.workspace import Workspace as Place

    if not (workspace / "hospital.toml").exists():
        return {}
    hospital = Place(workspace).hospital()
    return {
        name: {item: units for item, units in kit.contents.items() if item in hospital.items}
        for name, kit in hospital.kits.items()
    }


def _date(told: str | None) -> date | None:
    from twin.errors import UsageError

    if told is None:
        return None
    try:
        return date.fromisoformat(told)
    except ValueError as wrong:
        raise UsageError(f'--today "{told}" is no date; write it as 2024-03-31') from wrong
