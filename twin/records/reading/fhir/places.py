"""Places: Location and Schedule as a chain of names.

A place is "Location/id" wherever it is referred to. Its statements form a chain that leads from there through
each name that a workspace may know it by (identifiers, then its name, then the bare id) to the place that
holds it; the first known name counts. So it does not matter in which order, or in which file, a bed, its room
and its ward come. A schedule is a place held by its clinic.
"""

from __future__ import annotations

from twin.records.events import Thing
from twin.records.reading.fhir.codes import LOCATION_STATUS
from twin.records.reading.fhir.fields import bound_code, parts
from twin.records.reading.fhir.naming import identifiers_of, level_of, names_of, place_of
from twin.records.reading.fhir.references import meant
from twin.records.reading.fhir.telling import Source, Statement
from twin.records.reading.fhir.text import Json

#: names of one place that are kept
_NAMES = 8


def location(resource: Json, name: str, said: Statement, source: Source) -> list[Statement]:
    """A place, and what holds it."""
    status = bound_code(resource, "status", LOCATION_STATUS)
    common = {
        **said,
        "thing": Thing.LOCATION.value,
        "kind": level_of(resource),
        "status": LOCATION_STATUS[status] if status else None,
    }
    held = place_of(source.meant(resource, "partOf", "Location"))
    return _chain(name, [*names_of(resource), name.partition("/")[2]], held, common)


def schedule(resource: Json, name: str, said: Statement, source: Source) -> list[Statement]:
    """Where a clinic's schedule is held."""
    meant_by = (meant(actor, "actor", resource, source.aliases, "") for actor in parts(resource, "actor"))
    held = next((place_of(actor) for actor in meant_by if actor and actor.type == "Location"), None)
    common = {**said, "thing": Thing.LOCATION.value, "kind": "other"}
    return _chain(name, [*identifiers_of(resource), name.partition("/")[2]], held, common)


def _chain(key: str, names: list[str], held: str | None, common: Statement) -> list[Statement]:
    unique = list(dict.fromkeys(names))[:_NAMES]
    keys = [key, *(f"{key}#{n}" for n in range(1, len(unique)))]
    return [
        {**common, "key": own, "place": place, "part_of": following}
        for own, place, following in zip(keys, unique, [*keys[1:], held], strict=True)
    ]
