"""Classes: which class and stream of ``hospital.toml`` each visit is of.

What the source tells holds; else the first rule of ``records.toml`` that fits. A stream need not be told
where one alone sends the class.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import pandas as pd

from twin.hospital import Hospital
from twin.records.folding.names import ClassRule, Names, streams_of
from twin.records.quality import Finding

_WORDS = ("kind", "method", "specialty", "priority", "sex", "place")


def with_classes(visits: pd.DataFrame, names: Names, hospital: Hospital) -> pd.DataFrame:
    """Visits with ``patient_class`` and ``stream``; missing where nothing tells them. Same rows.

    Parameters
    ----------
    visits
        Columns ``patient_class, stream, kind, method, specialty, priority, sex, age`` and ``place``, where
        the visit began.
    """
    known, streams = list(hospital.classes), list(hospital.arrivals)
    own = visits["patient_class"].where(visits["patient_class"].isin(known))
    stream = visits["stream"].where(visits["stream"].isin(streams))
    for rule in names.classes:
        fits = _fits(visits, rule)
        own = own.mask(fits & own.isna(), rule.patient_class)
        if rule.stream is not None:
            stream = stream.mask(fits & stream.isna() & (own == rule.patient_class), rule.stream)
    only = {name: sends[0] for name in known if len(sends := streams_of(name, hospital)) == 1}
    stream = stream.where(stream.notna(), own.map(only))
    return visits.assign(patient_class=own.astype(object), stream=stream.astype(object))


def _fits(visits: pd.DataFrame, rule: ClassRule) -> pd.Series:
    fits = pd.Series(True, index=visits.index)
    for word in _WORDS:
        wanted = getattr(rule.when, word)
        if wanted:
            fits &= visits[word].isin(wanted)
    if rule.when.age_from is not None:
        fits &= visits["age"] >= rule.when.age_from
    if rule.when.age_to is not None:
        fits &= visits["age"] <= rule.when.age_to
    return fits.fillna(False).astype(bool)


def without_class(visits: pd.DataFrame, hospital: Hospital) -> Finding | None:
    """Visits that no rule gives a class or a stream, and the rule that would help most of them."""
    lost = visits[visits["patient_class"].isna() | visits["stream"].isna()]
    if lost.empty:
        return None
    most = lost.groupby(["kind", "method", "place"], dropna=False).size().sort_values(kind="stable")
    like = dict(zip(("kind", "method", "place"), most.index[-1], strict=True))
    told = lost.loc[lost["patient_class"].notna() & lost["stream"].isna(), "patient_class"]
    snippet = _snippet(like, told, hospital)
    detail = (
        "They are left out of forecasts and plans. A rule in records.toml would bring "
        f"{int(most.iloc[-1]):,} of them in:\n{snippet}"
    )
    examples = tuple(f"encounter {name}" for name in sorted(lost["encounter"])[:5])
    return Finding(
        "error", "N_NO_CLASS", "Visits that no rule gives a class", detail, len(lost), len(visits),
        "encounters", _most(lost["place"]), examples,
    )  # fmt: skip


def _snippet(like: dict[str, object], told: pd.Series, hospital: Hospital) -> str:
    when = ", ".join(f'{key} = "{value}"' for key, value in like.items() if isinstance(value, str))
    known = told.iloc[0] if len(told) else next(iter(hospital.classes))
    sends = streams_of(str(known), hospital) or list(hospital.arrivals)
    note = "" if len(told) else f"  # one of: {', '.join(list(hospital.classes)[:8])}"
    return f'[[classes]]\nclass = "{known}"{note}\nstream = "{sends[0]}"\nwhen = {{ {when} }}'


def _most(places: Iterable[object]) -> dict[str, int]:
    counts = pd.Series(places, dtype=object).dropna().value_counts()
    ranked = sorted(counts.items(), key=lambda item: (-item[1], str(item[0])))[:20]
    return {str(name): int(np.int64(count)) for name, count in ranked}
