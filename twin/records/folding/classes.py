"""Classes: which class and stream of ``hospital.toml`` each visit is of.

What the source tells holds; else the first rule of ``records.toml`` that fits. A stream need not be told
where one alone sends the class.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

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


class WithoutClass:
    """Visits that no rule gives a class or a stream, counted part by part."""

    def __init__(self, hospital: Hospital) -> None:
        self._hospital = hospital
        self._like: Counter[tuple[object, object, object]] = Counter()
        self._told: Counter[str] = Counter()
        self._examples: list[str] = []
        self._seen = 0

    def add(self, visits: pd.DataFrame) -> None:
        """Look at some visits more."""
        self._seen += len(visits)
        lost = visits[visits["patient_class"].isna() | visits["stream"].isna()]
        if lost.empty:
            return
        like = lost[["kind", "method", "place"]].astype(object)
        self._like.update(like.where(like.notna(), None).itertuples(index=False, name=None))
        self._told.update(lost.loc[lost["patient_class"].notna(), "patient_class"])
        self._examples = sorted({*self._examples, *lost["encounter"]})[:5]

    def finding(self) -> Finding | None:
        """What was found, with the rule that would help most of them."""
        if not self._like:
            return None
        ranked = sorted(self._like.items(), key=lambda item: (-item[1], str(item[0])))
        (most, times), places = ranked[0], Counter[str]()
        for (_, _, place), count in ranked:
            if place is not None:
                places[str(place)] += count
        like = dict(zip(("kind", "method", "place"), most, strict=True))
        told = min(self._told, key=lambda name: (-self._told[name], name), default=None)
        detail = (
            "They are left out of forecasts and plans. A rule in records.toml would bring "
            f"{times:,} of them in:\n{_snippet(like, told, self._hospital)}"
        )
        return Finding(
            "error", "N_NO_CLASS", "Visits that no rule gives a class", detail, self._like.total(),
            self._seen, "encounters", most_first(places),
            tuple(f"encounter {name}" for name in self._examples),
        )  # fmt: skip


def _snippet(like: dict[str, object], told: str | None, hospital: Hospital) -> str:
    when = ", ".join(f'{key} = "{value}"' for key, value in like.items() if isinstance(value, str))
    known = told or next(iter(hospital.classes))
    sends = streams_of(known, hospital) or list(hospital.arrivals)
    note = "" if told else f"  # one of: {', '.join(list(hospital.classes)[:8])}"
    return f'[[classes]]\nclass = "{known}"{note}\nstream = "{sends[0]}"\nwhen = {{ {when} }}'


def most_first(places: Mapping[str, int]) -> dict[str, int]:
    """Places by how often, at most twenty."""
    return dict(sorted(places.items(), key=lambda item: (-item[1], item[0]))[:20])
