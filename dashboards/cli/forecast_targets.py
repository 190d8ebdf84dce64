"""``twin forecast`` without a file: all that the workspace's records give to forecast."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dashboards.cli.options import note

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

    from forecasting.targets.bedboard import Bedboard
    from forecasting.targets.foretold import Foretold
    from forecasting.targets.target import Target, Targets


class Told:
    """What is printed and written: one table, its joint paths, and how each target was made."""

    def __init__(self, parts: Sequence[Foretold], notes: Sequence[str], explain: str | None) -> None:
        import numpy as np
        import pandas as pd

        self.parts, self.notes = tuple(parts), tuple(notes)
        self.reasons: str | None = None
        self._why: dict[str, Any] = {}
        if explain is not None:
            from dashboards.services.explaining import asked_for, reasons_document, reasons_text

            result = parts[0].result
            why = asked_for(explain, result.ids, result.stamps)
            self.reasons, self._why = reasons_text(result, *why), reasons_document(result, *why)
        self.table: pd.DataFrame = pd.concat([part.table for part in parts], ignore_index=True)
        self.ids: tuple[str, ...] = tuple(name for part in parts for name in part.ids)
        self.stamps = parts[0].stamps
        self.paths: np.ndarray = np.concatenate([part.paths for part in parts], axis=1)

    def document(self) -> dict[str, Any]:
        """As of a history file, with each target and its unit beside it."""
        first = self.parts[0]
        made_by: dict[str, str] = {}
        for part in self.parts:
            made_by |= dict(zip(part.result.ids, part.result.made_by, strict=True))
        return {
            "as_of": str(first.result.as_of),
            "frequency": first.frequency,
            "made_by": made_by,
            "notes": list(self.notes),
            "targets": [
                {
                    "target": part.target.kind,
                    "unit": part.target.unit,
                    "levels": list(part.target.levels),
                    "as_of": str(part.result.as_of),
                }
                for part in self.parts
            ],
            "forecast": self.table.assign(ds=self.table["ds"].astype(str)).to_dict("records"),
            **self._why,
        }


class ToldBeds:
    """What is printed and written of the beds needed at the huddles."""

    def __init__(self, board: Bedboard) -> None:
        self.board = board
        self.table, self.paths, self.ids, self.stamps = board.table, board.paths, board.ids, board.stamps

    def document(self) -> dict[str, Any]:
        """As of a history file; each row also has the beds open and the chance that more are needed."""
        from forecasting.targets.bedboard import BEDS, UNIT

        board = self.board
        rows = board.table.assign(
            ds=board.table["ds"].astype(str),
            open_beds=board.open_beds.astype(int).ravel(),
            chance_over=board.chance_over.ravel(),
        )
        return {
            "as_of": str(board.beds.as_of),
            "frequency": "huddles",
            "made_by": dict(zip(board.result.ids, board.result.made_by, strict=True)),
            "notes": list(board.notes),
            "targets": [{"target": BEDS, "unit": UNIT}],
            "now": {
                name: {"in_beds": int(lying), "waiting": int(waits)}
                for name, lying, waits in zip(
                    board.beds.wards, board.beds.in_beds, board.beds.waiting, strict=True
                )
            },
            "forecast": rows.to_dict("records"),
        }


def is_of_beds(
    history: Path | None, target: Sequence[str] | None, beds_now: bool, at: Sequence[int] | None
) -> bool:
    """Whether the beds of the next hours are asked for; refused beside anything else."""
    from twin.errors import UsageError

    asked = beds_now or "beds" in (target or ())
    if asked and history is not None:
        raise UsageError("--beds-now needs the patients who are in the house: leave HISTORY out")
    if asked and set(target or ()) - {"beds"}:
        raise UsageError("beds stand at huddles, other targets on days: ask for them one after the other")
    if at and not asked:
        raise UsageError("--at names the huddles of --beds-now")
    return asked


def beds_ahead_of(
    workspace: Path,
    horizon: int | None,
    *,
    at: Sequence[int] | None,
    levels: Sequence[str] | None,
    **drawn: Any,
) -> ToldBeds:
    """Forecast the beds of the next hours; what is known now is said on standard error."""
    from forecasting.targets.bedboard import beds_ahead
    from forecasting.targets.beds_now import LONGEST
    from forecasting.targets.material import material_of
    from twin.workspace import Workspace as Place

    place = Place(workspace)
    hospital = place.hospital()
    hours = LONGEST if horizon is None else horizon
    note(f"beds needed in the next {hours} hours: arrivals by hour are forecast, then the house is played on")
    material = material_of(place, hospital)
    board = beds_ahead(material, hospital, horizon=hours, at=at, levels=levels, **drawn)
    for line in board.notes:
        note(line)
    return ToldBeds(board)


def targets_ahead(
    workspace: Path,
    horizon: int,
    *,
    kinds: Sequence[str],
    levels: Sequence[str],
    frequency: str | None,
    explain: str | None = None,
    **asked: Any,
) -> Told:
    """Forecast the workspace's targets; what is not there is said on standard error.

    Raises
    ------
    UsageError
        A target or level does not exist, or the records give none of those asked for. (exit code 2)
    """
    from forecasting.service import check_horizon
    from forecasting.targets.foretold import counted_by, foretell
    from forecasting.targets.material import material_of
    from forecasting.targets.of_records import targets_of
    from twin.errors import UsageError
    from twin.records.periods import FREQUENCIES
    from twin.workspace import Workspace as Place

    step = frequency or "D"
    if step not in FREQUENCIES:
        raise UsageError(f'frequency "{step}" is not one of {", ".join(FREQUENCIES)}')
    check_horizon(horizon, step)
    place = Place(workspace)
    hospital = place.hospital()
    targets = targets_of(material_of(place, hospital), hospital, counted_by(step))
    chosen = _chosen(targets, [explain.split("/")[0]] if explain else kinds, levels)
    notes = list(targets.told)
    for line in notes:
        note(line)
    asked["country"] = asked["country"] or hospital.country
    parts = []
    for number, target in enumerate(chosen, start=1):
        note(f"{number} of {len(chosen)}: {target.kind}, {len(target.history.ids)} series [{target.unit}]")
        own = [level for level in target.levels if not levels or level in levels]
        part = foretell(target, horizon, frequency=step, levels=own, **asked)
        for line in part.notes:
            note(f"  {line}")
        notes += [f"{target.kind}: {line}" for line in part.notes]
        parts.append(part)
    return Told(parts, notes, explain)


def _chosen(targets: Targets, kinds: Sequence[str], levels: Sequence[str]) -> list[Target]:
    """The targets asked for, or all; those that have one of the levels asked for."""
    from forecasting.targets.target import KINDS, LEVELS_OF
    from twin.errors import UsageError, did_you_mean

    known = list(dict.fromkeys(level for of in LEVELS_OF.values() for level in of))
    for level in levels:
        if level not in known:
            raise UsageError(f'--level "{level}" is not one of {", ".join(known)}')
    for kind in kinds:
        if kind not in KINDS:
            raise UsageError(f'--target "{kind}" is no target; {did_you_mean(kind, [*KINDS, "beds"])}')
        if targets.of(kind) is None:
            why = [line for line in targets.told if kind in line] or list(targets.told)
            raise UsageError(f"the records give no {kind}: {'; '.join(why)}")
    found = [target for target in targets.found if not kinds or target.kind in kinds]
    found = [target for target in found if not levels or set(levels) & set(target.levels)]
    if not found:
        what = f" at the level {', '.join(levels)}" if levels else ""
        raise UsageError(f"the records give nothing to forecast{what}: {'; '.join(targets.told)}")
    return found
