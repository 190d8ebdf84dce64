"""Naming places: what a reference calls a place, and the names that a place itself tells."""

from __future__ import annotations

from twin.records.reading.extracts.private import tells_somebody
from twin.records.reading.fhir.codes import HOUSE, LEVEL
from twin.records.reading.fhir.fields import coding, name_of_place, part, parts, text
from twin.records.reading.fhir.references import Meant
from twin.records.reading.fhir.text import Json


def place_of(where: Meant | None) -> str | None:
    """The code of a place: "Location/id", or its identifier (or name) where no id is told."""
    if where is None:
        return None
    if where.contained is not None:
        return next(iter(names_of(where.contained)), None)
    return where.name or next(iter(_kept([where.identifier], "identifier.value")), None)


def level_of(resource: Json) -> str | None:
    """bed, room, ward or other, where a place or a stay tells it."""
    code = coding(part(resource, "physicalType"))
    return LEVEL.get(code, "other") if code else None


def names_of(resource: Json) -> list[str]:
    """Names of a place in order: identifiers, name. None that tells of a person, as of somebody's home."""
    if coding(part(resource, "physicalType")) == HOUSE:
        return []
    return [*identifiers_of(resource), *_kept([text(resource, "name")], "name")]


def identifiers_of(resource: Json) -> list[str]:
    """Values of its identifiers, in order."""
    return _kept(
        [text(each, "value", "identifier.") for each in parts(resource, "identifier")], "identifier.value"
    )


def _kept(names: list[str | None], field: str) -> list[str]:
    named = (name_of_place(name, field) for name in names)
    return [name for name in named if name and not tells_somebody(name, "any")]
