"""``twin forecast`` without a file: all that the workspace's records give to forecast."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dashboards.cli.options import note

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

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
