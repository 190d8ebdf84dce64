"""Every number of the shipped hospitals has a source, every numeric field of the description a unit."""

import tomllib
import types
import typing
from collections.abc import Iterator
from fnmatch import fnmatchcase
from typing import Annotated, Any, Union, get_args, get_origin

import pytest

from twin.hospital import shipped, shipped_names
from twin.hospital.schema import parts
from twin.units import Unit

KINDS = ("sourced", "derived", "assumed")
MODELS = sorted(parts(), key=lambda model: model.__name__)


def numbers(value: Any, path: str = "") -> Iterator[str]:
    """Dotted path of every number; the steps of a pathway go by their names, other lists by position."""
    if isinstance(value, dict):
        for key, part in value.items():
            if path or key != "sources":
                yield from numbers(part, f"{path}.{key}" if path else key)
    elif isinstance(value, list):
        for i, part in enumerate(value):
            name = part["name"] if isinstance(part, dict) and "name" in part else i
            yield from numbers(part, f"{path}.{name}")
    elif isinstance(value, int | float) and not isinstance(value, bool):
        yield path


def source_of(path: str, sources: dict[str, str]) -> str | None:
    return next((text for pattern, text in sources.items() if fnmatchcase(path, pattern)), None)


def bare_numbers(annotation: Any) -> Iterator[Any]:
    """Numeric types in an annotation that no Unit stands beside."""
    origin = get_origin(annotation)
    if origin is Annotated:
        kind, *notes = get_args(annotation)
        if not any(isinstance(note, Unit) for note in notes):
            yield from bare_numbers(kind)
    elif origin in (tuple, dict, list, Union, types.UnionType):
        for part in get_args(annotation):
            yield from bare_numbers(part)
    elif annotation in (int, float):
        yield annotation


@pytest.mark.parametrize("name", shipped_names())
def test_every_number_of_a_shipped_hospital_has_a_source(name):
    raw = tomllib.loads(shipped(name))

    missing = [path for path in numbers(raw) if source_of(path, raw["sources"]) is None]

    assert missing == []


@pytest.mark.parametrize("name", shipped_names())
def test_every_source_says_what_kind_it_is_and_speaks_for_a_number(name):
    raw = tomllib.loads(shipped(name))
    paths = list(numbers(raw))
    used = {next((p for p in raw["sources"] if fnmatchcase(path, p)), None) for path in paths}

    assert [p for p in raw["sources"] if p not in used] == []
    assert [text for text in raw["sources"].values() if text.split(":")[0] not in KINDS] == []


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.__name__)
def test_every_number_of_the_description_has_a_unit(model):
    hints = typing.get_type_hints(model, include_extras=True)

    assert [name for name in model.model_fields if list(bare_numbers(hints[name]))] == []


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.__name__)
def test_every_key_of_the_description_has_a_meaning(model):
    assert [name for name, field in model.model_fields.items() if not field.description] == []


def test_lists_sessions_and_supplies_are_among_the_tables():
    assert {"Session", "Booking", "Item", "Policy", "Tray", "Kit", "Population"} <= {
        m.__name__ for m in MODELS
    }


def test_a_number_without_a_source_is_found():
    raw = {"wards": {"a": {"staffed_beds": 4, "turnaround_minutes": 30.0}}, "sources": {}}

    assert source_of("wards.a.staffed_beds", {"wards.*.turnaround_minutes": "assumed: x"}) is None
    assert list(numbers(raw)) == ["wards.a.staffed_beds", "wards.a.turnaround_minutes"]


def test_a_number_without_a_unit_is_found():
    assert list(bare_numbers(tuple[float, ...])) == [float]
    assert list(bare_numbers(Annotated[float, Unit("hours")] | None)) == []
