"""Schema: the hospital description as JSON Schema, each number with its unit and source."""

from __future__ import annotations

from typing import Any, get_args

from pydantic import BaseModel

from twin.hospital.base import Model
from twin.hospital.hospital import Hospital
from twin.units import Source, Unit


def hospital_schema() -> dict[str, Any]:
    """JSON Schema of ``hospital.toml``; ``unit`` and ``source`` stand beside each number."""
    schema = Hospital.model_json_schema(by_alias=True)
    tables = {**schema.get("$defs", {}), "Hospital": schema}
    for part in parts():
        properties = tables.get(part.__name__, {}).get("properties", {})
        for name, field in part.model_fields.items():
            entry = properties.get(field.alias or name)
            if entry is not None:
                entry.update(_annotations(part, name))
    return schema


def parts() -> tuple[type[Model], ...]:
    """Every kind of table of the description, the whole first, each before what stands in it."""
    found: dict[type[Model], None] = {}
    waiting: list[Any] = [Hospital]
    while waiting:
        part = waiting.pop(0)
        if isinstance(part, type) and issubclass(part, Model):
            if part not in found:
                found[part] = None
                waiting += [field.annotation for field in part.model_fields.values()]
        else:
            waiting += get_args(part)
    return tuple(found)


def _annotations(part: type[BaseModel], name: str) -> dict[str, str]:
    """Unit and source of a field, looked for inside optional and repeated types too; the outermost counts."""
    field = part.model_fields[name]
    found: dict[str, str] = {}
    waiting: list[Any] = [*reversed(field.metadata), field.annotation]
    while waiting:
        item = waiting.pop(0)
        if isinstance(item, Unit):
            found.setdefault("unit", item.name)
        elif isinstance(item, Source):
            found.setdefault("source", item.text)
        waiting += [*reversed(getattr(item, "__metadata__", ())), *getattr(item, "__args__", ())]
    return found
