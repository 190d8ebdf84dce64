"""The data dictionary: every key of ``hospital.toml`` with unit, usual value, rule and meaning, as a page.

``scripts/data_dictionary`` writes it to ``docs/data_dictionary.md``.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from twin.hospital.schema import hospital_schema, parts

Entry = dict[str, Any]

_HEAD = """# Data dictionary

Every key of `hospital.toml`; the [records](#data-dictionary-of-the-records) follow. This page is made of the
models by `scripts/data_dictionary`; do not edit it.

A `NAME` is one that the description gives: small letters, digits and `_`, beginning with a letter. Rules that
join tables (a step's place exists, shares sum to one, no circle of substitutes) are checked as a description
is read, all faults in one pass.
"""

_KINDS = {"integer": "whole number", "number": "number", "boolean": "true or false", "null": "nothing"}


def data_dictionary() -> str:
    """The page as Markdown."""
    schema = hospital_schema()
    tables: dict[str, Entry] = {"Hospital": schema, **schema["$defs"]}
    where = _where(tables)
    pages = [_part(part.__name__, tables[part.__name__], where) for part in parts()]
    return "\n".join([_HEAD, *pages])


def _part(name: str, table: Entry, where: dict[str, list[str]]) -> str:
    lines = [f"## {name}", "", _text(table.get("description", "")), ""]
    paths = where.get(name, [])
    if paths:
        lines += ["Stands at " + ", ".join(f"`{path}`" for path in paths) + ".", ""]
    lines += ["| key | is | unit | usual | rule | meaning |", "| --- | --- | --- | --- | --- | --- |"]
    needed = table.get("required", [])
    for key, entry in table["properties"].items():
        cells = [
            f"`{key}`",
            _kind(entry),
            entry.get("unit", ""),
            "needed" if key in needed else _usual(entry),
            ", ".join(dict.fromkeys(_rules(entry))),
            _meaning(entry.get("description", "")),
        ]
        lines.append("| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |")
    return "\n".join([*lines, ""])


def _where(tables: dict[str, Entry]) -> dict[str, list[str]]:
    """Paths at which each kind of table stands; for one within others the kind it stands in."""
    found: dict[str, list[str]] = {}
    for owner, table in tables.items():
        start = "" if owner == "Hospital" else f"{owner}."
        for key, entry in table["properties"].items():
            for inner, suffix in _references(entry):
                found.setdefault(inner, []).append(f"{start}{key}{suffix}")
    return found


def _references(entry: Entry, suffix: str = "") -> Iterator[tuple[str, str]]:
    if "$ref" in entry:
        yield entry["$ref"].rpartition("/")[2], suffix
    for inner in entry.get("anyOf", []):
        yield from _references(inner, suffix)
    if "items" in entry:
        yield from _references(entry["items"], f"{suffix}[]")
    for inner in entry.get("patternProperties", {}).values():
        yield from _references(inner, f"{suffix}.NAME")


def _kind(entry: Entry, many: str = "") -> str:
    """What a value is, in words; ``many`` is the ending of its noun in a list or table."""
    if "$ref" in entry:
        name = entry["$ref"].rpartition("/")[2]
        return f"[{name}](#{name.lower()})"
    if "anyOf" in entry:
        return " or ".join(_kind(e, many) for e in entry["anyOf"] if e.get("type") != "null")
    if "enum" in entry:
        return ("" if many else "one of ") + ", ".join(f'"{value}"' for value in entry["enum"])
    if entry.get("type") == "array":
        if "prefixItems" in entry:
            return f"pair{many} of number and number"
        return f"list{many} of {_kind(entry['items'], 's')}"
    if entry.get("type") == "object":
        inner = [*entry.get("patternProperties", {}).values(), entry.get("additionalProperties")]
        return f"table{many} by name of {_kind(inner[0], 's')}"
    if entry.get("type") == "string":
        kind = "date" if entry.get("format") == "date" else "name" if "pattern" in entry else "text"
        return f"{kind}{many}"
    kind = _KINDS[entry["type"]]
    return f"{kind}{many}" if kind.endswith("number") else kind


def _usual(entry: Entry) -> str:
    value = entry.get("default")
    if value is None or value in ([], {}, ""):
        return "none"
    if isinstance(value, dict):
        return "as its table says"
    values = [f"{v:g}" if isinstance(v, float) else json.dumps(v, ensure_ascii=False) for v in _listed(value)]
    return f"`[{', '.join(values)}]`" if isinstance(value, list) else f"`{values[0]}`"


def _listed(value: object) -> list[object]:
    return value if isinstance(value, list) else [value]


def _rules(entry: Entry) -> Iterator[str]:
    """Bounds of a number, of those in a list, and of the length of a list."""
    keys = ("minimum", "exclusiveMinimum", "maximum")
    low, above, high = (_number(entry[key]) if key in entry else None for key in keys)
    if low is not None and high is not None:
        yield f"{low} to {high}"
    elif low is not None:
        yield f"{low} or more"
    if above is not None:
        yield f"more than {above}" + (f", at most {high}" if high is not None else "")
    fewest = entry.get("minItems", entry.get("minProperties"))
    most = entry.get("maxItems")
    if fewest is not None and fewest == most:
        if "prefixItems" not in entry:
            yield f"{fewest} of them"
    elif fewest is not None:
        yield f"{fewest} or more of them" if most is None else f"{fewest} to {most} of them"
    if "maxLength" in entry:
        yield f"{entry.get('minLength', 0)} to {entry['maxLength']} characters"
    inner = [*entry.get("anyOf", []), *entry.get("prefixItems", [])]
    inner += [entry["items"]] if "items" in entry else []
    for part in (*inner, *entry.get("patternProperties", {}).values()):
        yield from _rules(part)


def _number(value: float) -> str:
    """A bound; from ten thousand on with commas, so that a year has none."""
    return f"{value:,.0f}" if abs(value) >= 10_000 else f"{value:g}"


def _text(doc: str) -> str:
    """A docstring as Markdown."""
    return doc.replace("``", "`")


def _meaning(text: str) -> str:
    """A description as a cell: a capital first, no full stop."""
    return (text[:1].upper() + text[1:]).removesuffix(".").replace("\n", " ").replace("``", "`")
