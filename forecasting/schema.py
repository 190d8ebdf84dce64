"""The schema of a network's inputs: their names, their order, and how each is measured.

Names alone do not tell when a scale was changed, so the schema has a probe as well: what every input
says, on average, of a series that is always the same. A model that was made under another schema would
read numbers that mean something else, and is refused.
"""

from __future__ import annotations

import hashlib
import json
from functools import cache
from typing import Any

import numpy as np
import pandas as pd

from forecasting.base import fit_base
from forecasting.features import calendar_of
from forecasting.heads import LEVELS
from forecasting.lstm import HIDDEN
from forecasting.windows import PAST_STEPS, windows_of
from twin.records.periods import SEASON, Frequency, period_range

#: how far the mean of an input may lie from the probe's and still be measured alike (assumed: rounding of
#: another processor is a millionth, a changed constant of the base a hundredth, another scale or order more)
TOLERANCE = 0.05
TOLD = "told"  # names of covariates that a user brings begin so; they are no part of the house's own schema
_SEASONS_OF_PROBE = {"h": 10, "D": 70, "W": 4, "MS": 6}


def schema_of(frequency: Frequency) -> dict[str, Any]:
    """The inputs of this version's network for one frequency, as they stand on a model's card."""
    return json.loads(_schema(frequency))


def schema_hash(schema: dict[str, Any]) -> str:
    """SHA-256 of a schema without its probe: the same on every processor."""
    plain = {name: value for name, value in schema.items() if name != "probe"}
    return hashlib.sha256(json.dumps(plain, sort_keys=True).encode()).hexdigest()


def differences(theirs: dict[str, Any], ours: dict[str, Any]) -> list[str]:
    """How another schema differs from ours, in words; nothing where a network of one can read the other."""
    told = [
        f"its {name.replace('_', ' ')} is {_short(theirs.get(name))}, ours {_short(ours[name])}"
        for name in ("levels", "hidden", "season", "periods_each_step", "past_steps")
        if theirs.get(name) != ours[name]
    ]
    own = [name for name in theirs["names"] if not name.startswith(TOLD)]
    if own != ours["names"]:
        same = sorted(own) == sorted(ours["names"])
        told.append(
            "it reads the same inputs in another order"
            if same
            else f"it reads other inputs: {_short(sorted(set(own) ^ set(ours['names'])))}"
        )
    elif not np.allclose(theirs["probe"], ours["probe"], atol=TOLERANCE, rtol=0):
        off = np.abs(np.subtract(theirs["probe"], ours["probe"]))
        told.append(f'its inputs are scaled otherwise, "{own[int(np.argmax(off))]}" by {off.max():.2f}')
    return told


@cache
def _schema(frequency: Frequency) -> str:
    season = SEASON[frequency]
    past = season * _SEASONS_OF_PROBE[frequency]
    stamps = period_range(pd.Timestamp("2023-01-01"), None, frequency, periods=past + season)
    place = np.arange(past)
    rows = [40 + 3 * k + 9 * np.sin(2 * np.pi * place / season + k) + (place * 7 + k) % 5 for k in range(3)]
    values = np.rint(np.stack(rows))
    calendar = calendar_of(stamps, frequency, "GB-ENG")
    windows = windows_of(values, fit_base(values, calendar, season), calendar, season)
    steps, _ = windows.cut(np.arange(3), np.full(3, past - 1))
    schema = {
        "names": list(windows.names),
        "season": season,
        "periods_each_step": windows.each,
        "past_steps": PAST_STEPS[season],
        "hidden": HIDDEN,
        "levels": list(LEVELS),
        "probe": [round(float(x), 6) for x in steps.mean(dim=(0, 1))],
    }
    return json.dumps(schema)


def _short(value: object) -> str:
    text = str(value)
    return text if len(text) <= 60 else text[:57] + "..."
