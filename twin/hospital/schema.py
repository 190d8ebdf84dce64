"""Schema: the hospital description as JSON Schema, each number with its unit and source."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel

from twin.hospital.base import Duration, Hours, Model, Money, Profile
from twin.hospital.hospital import Hospital
from twin.hospital.pathway import Alternative, Arrivals, Pathway, PatientClass, Step
from twin.hospital.places import Nursing, Place, PlaceHours, StaffGroup, StaffHours, Ward, WardHours
from twin.units import Source, Unit

PARTS: tuple[type[Model], ...] = (
    *(Hospital, Ward, WardHours, Nursing, Place, PlaceHours, StaffGroup, StaffHours, Hours),
    *(Arrivals, PatientClass, Pathway, Step, Alternative, Duration, Profile, Money),
)


def hospital_schema() -> dict[str, Any]:
    """JSON Schema of ``hospital.toml``; ``unit`` and ``source`` stand beside each number."""
    schema = Hospital.model_json_schema(by_alias=True)
    tables = {**schema.get("$defs", {}), "Hospital": schema}
    for part in PARTS:
        properties = tables.get(part.__name__, {}).get("properties", {})
        for name, field in part.model_fields.items():
            entry = properties.get(field.alias or name)
            if entry is not None:
                entry.update(_annotations(part, name))
    return schema


def _annotations(part: type[BaseModel], name: str) -> dict[str, str]:
    """Unit and source of a field, looked for inside optional and repeated types too."""
    field = part.model_fields[name]
    found: dict[str, str] = {}
    waiting: list[Any] = [*field.metadata, field.annotation]
    while waiting:
        item = waiting.pop(0)
        if isinstance(item, Unit):
            found.setdefault("unit", item.name)
        elif isinstance(item, Source):
            found.setdefault("source", item.text)
        waiting += [*getattr(item, "__metadata__", ()), *getattr(item, "__args__", ())]
    return found
