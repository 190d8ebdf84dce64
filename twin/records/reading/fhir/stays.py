"""Ward stays: the location history of an encounter as stays one after the other.

A source may tell one stay as bed, room and ward at once; the finest counts. A stay without an end goes on
until the next begins, or the visit ends. Places that are only planned or reserved are none yet.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass

from twin.records.events import Thing
from twin.records.reading.fhir import codes
from twin.records.reading.fhir.fields import bound_code, parts
from twin.records.reading.fhir.naming import level_of, place_of
from twin.records.reading.fhir.telling import Source, Statement
from twin.records.reading.fhir.text import Json
from twin.records.reading.fhir.times import Stretch, in_order

_AHEAD = frozenset({"planned", "reserved"})


@dataclass(frozen=True)
class _Told:
    place: str
    level: str | None
    stretch: Stretch

    @property
    def coarseness(self) -> int:
        return codes.FINEST.index(self.level) if self.level else len(codes.FINEST)


def stays(resource: Json, key: str, visit: Statement, common: Statement, source: Source) -> list[Statement]:
    """Statements of the stays of one encounter, in order of time.

    Parameters
    ----------
    key
        Of the encounter that holds the history; each stay's key begins with it.
    visit
        When the visit came, began and ended. [ms]
    common
        Columns that all its statements have.
    """
    told = _one_each(_told(resource, source), source)
    if not told:
        return []
    begun, over = visit.get("started") or visit.get("arrived"), visit.get("ended")
    timed = sorted((each for each in told if each.stretch.start is not None), key=_start)
    if not timed and len(told) == 1 and begun is not None:
        [only] = told
        timed = [_Told(only.place, only.level, Stretch(begun, only.stretch.end))]
    source.told.note("places of a visit without a time, of several: left out", len(told) - len(timed))
    made = []
    for n, each in enumerate(timed):
        following = next((_start(later) for later in timed[n + 1 :] if _start(later) > _start(each)), None)
        start = source.clock.past(_start(each), "location.period.start", None)
        end = each.stretch.end
        if end is not None and over is not None:
            source.clock.past(end, "location.period.end", None)
        if end is None:
            end = following if following is not None else over
        in_order(start, end, "location.period", None)
        ahead = end is not None and end > source.clock.latest
        made.append(
            {
                **common,
                "thing": Thing.WARD_STAY.value,
                "key": f"{key}:{start}",
                "place": each.place,
                "bed": each.place if each.level == "bed" else None,
                "started": start,
                "ended": None if ahead else end,
            }
        )
    return made


def _told(resource: Json, source: Source) -> list[_Told]:
    found = []
    where = "location."
    for each in parts(resource, "location"):
        place = place_of(source.meant(each, "location", "Location", where, resource))
        stretch = source.clock.period(each, "period", where)
        if bound_code(each, "status", codes.STAY_STATUS, where) in _AHEAD:
            source.told.note("places only planned or reserved for a visit: left out")
        elif place is None:
            source.told.note("places of a visit that have neither number nor name: left out")
        else:
            found.append(_Told(place, level_of(each), stretch))
    return found


def _one_each(told: list[_Told], source: Source) -> list[_Told]:
    """Of what began at one time, the finest place; of places without a time, all of the finest."""
    at_once: dict[int | None, list[_Told]] = defaultdict(list)
    for each in told:
        at_once[each.stretch.start].append(each)
    kept: list[_Told] = []
    for start, group in at_once.items():
        finest = min(each.coarseness for each in group)
        best = [each for each in group if each.coarseness == finest]
        kept += best if start is None else best[-1:]
    source.told.note(
        "places of one stay told more than once (bed, room, ward): the finest counts", len(told) - len(kept)
    )
    return kept


def _start(each: _Told) -> int:
    assert each.stretch.start is not None
    return each.stretch.start
