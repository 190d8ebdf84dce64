"""Checks across the description: names that exist, shares that sum to one, places that can be kept.

They read the raw tables, not the parsed ones, so that a wrong number in one line does not hide a
wrong name in another: all faults come out in one pass.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from twin.errors import Problem, did_you_mean
from twin.hospital.pathway import HOME
from twin.units import clock_ms

_TOLERANCE = 1e-6
Table = dict[str, Any]


def check_references(raw: Table) -> list[Problem]:
    """Every fault that one table alone does not show."""
    problems: list[Problem] = []
    for check in (_levels, _calendars, _profiles, _arrivals, _classes, _pathways):
        problems.extend(check(raw))
    return problems


def _tables(raw: Table, key: str) -> Iterator[tuple[str, Table]]:
    section = raw.get(key)
    if isinstance(section, dict):
        for name, table in section.items():
            if isinstance(table, dict):
                yield name, table


def _names(raw: Table, *keys: str) -> list[str]:
    return [name for key in keys for name, _ in _tables(raw, key)]


def _unknown(path: str, value: object, known: list[str], what: str) -> Iterator[Problem]:
    if isinstance(value, str) and value not in known:
        yield Problem(path, value, f"no such {what}", did_you_mean(value, known))


def _levels(raw: Table) -> Iterator[Problem]:
    for name in set(_names(raw, "wards")) & set(_names(raw, "places")):
        yield Problem(f"places.{name}", None, "a ward has this name already")
    for section, level, ceiling in (
        ("wards", "staffed_beds", "physical_beds"),
        ("places", "staffed", "physical"),
    ):
        for name, table in _tables(raw, section):
            if table.get("unlimited"):
                continue
            high = table.get(ceiling)
            rows = [(f"{section}.{name}.{level}", table.get(level))]
            calendar = table.get("calendar")
            for i, row in enumerate(calendar if isinstance(calendar, list) else []):
                if isinstance(row, dict):
                    rows.append((f"{section}.{name}.calendar.{i}.{level}", row.get(level)))
            for path, value in rows:
                if isinstance(value, int) and isinstance(high, int) and value > high >= 0:
                    yield Problem(path, value, f"more than the {high} that stand there ({ceiling})")
    groups = _names(raw, "staff")
    for name, ward in _tables(raw, "wards"):
        nursing = ward.get("nursing")
        if isinstance(nursing, dict):
            yield from _unknown(f"wards.{name}.nursing.group", nursing.get("group"), groups, "staff group")


def _calendars(raw: Table) -> Iterator[Problem]:
    for section in ("wards", "places", "staff"):
        for name, table in _tables(raw, section):
            calendar = table.get("calendar")
            for i, row in enumerate(calendar if isinstance(calendar, list) else []):
                if not isinstance(row, dict):
                    continue
                try:
                    start, end = (
                        clock_ms(str(row.get("from", "00:00"))),
                        clock_ms(str(row.get("to", "24:00"))),
                    )
                except ValueError:
                    continue
                if start >= end:
                    path = f"{section}.{name}.calendar.{i}"
                    yield Problem(
                        path, None, "`from` is not before `to`", "write two rows for a stretch over midnight"
                    )


def _shares(path: str, values: object) -> Iterator[Problem]:
    numbers = list(values.values()) if isinstance(values, dict) else values
    if not isinstance(numbers, list) or not all(isinstance(x, int | float) for x in numbers):
        return
    total = sum(numbers)
    if not abs(total - 1) <= _TOLERANCE:
        yield Problem(
            path, round(total, 6), "shares that sum to one", "mend them; they are never rescaled silently"
        )


def _profiles(raw: Table) -> Iterator[Problem]:
    for name, table in _tables(raw, "profiles"):
        yield from _shares(f"profiles.{name}.hours", table.get("hours"))
    profiles = _names(raw, "profiles")
    for section, key in (("wards", "discharge_profile"), ("arrivals", "hour_profile")):
        for name, table in _tables(raw, section):
            yield from _unknown(f"{section}.{name}.{key}", table.get(key), profiles, "profile")


def _arrivals(raw: Table) -> Iterator[Problem]:
    classes = _names(raw, "classes")
    for name, table in _tables(raw, "arrivals"):
        mix = table.get("mix")
        yield from _shares(f"arrivals.{name}.mix", mix)
        for member in mix if isinstance(mix, dict) else ():
            yield from _unknown(f"arrivals.{name}.mix.{member}", member, classes, "patient class")


def _classes(raw: Table) -> Iterator[Problem]:
    pathways = _names(raw, "pathways")
    for name, table in _tables(raw, "classes"):
        yield from _unknown(f"classes.{name}.pathway", table.get("pathway"), pathways, "pathway")


def _pathways(raw: Table) -> Iterator[Problem]:
    places, groups = _names(raw, "wards", "places"), _names(raw, "staff")
    for name, table in _tables(raw, "pathways"):
        steps = table.get("steps")
        rows = [s for s in steps if isinstance(s, dict)] if isinstance(steps, list) else []
        names = [str(s.get("name")) for s in rows]
        for i, step in enumerate(rows):
            path = f"pathways.{name}.steps.{i}"
            if names.count(names[i]) > 1 or names[i] == HOME:
                yield Problem(f"{path}.name", names[i], "a name used once, and not the word home")
            for place in _places(step):
                yield from _unknown(f"{path}.places", place, places, "place")
            staff = step.get("staff")
            for group in staff if isinstance(staff, dict) else ():
                yield from _unknown(f"{path}.staff.{group}", group, groups, "staff group")
            yield from _duration(f"{path}.duration", step.get("duration"))
            yield from _routes(path, step, names)
        yield from _places_kept(f"pathways.{name}", rows, names)
        yield from _way_out(f"pathways.{name}", rows, names)


def _places(step: Table) -> list[str]:
    listed = step.get("places")
    found = []
    for entry in listed if isinstance(listed, list) else []:
        place = entry.get("place") if isinstance(entry, dict) else entry
        if isinstance(place, str):
            found.append(place)
    return found


def _duration(path: str, table: object) -> Iterator[Problem]:
    if not isinstance(table, dict):
        return
    quantiles = table.get("quantiles")
    if quantiles:
        points = [q for q in quantiles if isinstance(q, list) and len(q) == 2]
        shares, values = [q[0] for q in points], [q[1] for q in points]
        if (
            len(points) < 2
            or shares[0] != 0
            or shares[-1] != 1
            or sorted(set(shares)) != shares
            or sorted(values) != values
        ):
            yield Problem(f"{path}.quantiles", None, "pairs [share, value] rising from share 0 to share 1")
        if "mean" in table:
            yield Problem(f"{path}.mean", table["mean"], "either a mean or quantiles, not both")
    elif "mean" not in table:
        yield Problem(f"{path}.mean", None, "is needed here", "or a table of quantiles")
    if table.get("shape") == "exponential" and table.get("cv", 1) not in (1, 1.0):
        yield Problem(f"{path}.cv", table.get("cv"), "an exponential has a CV of 1", "leave cv out")


def _routes(path: str, step: Table, names: list[str]) -> Iterator[Problem]:
    routes = step.get("next")
    if not isinstance(routes, dict):
        return
    yield from _shares(f"{path}.next", routes)
    for to in routes:
        yield from _unknown(f"{path}.next.{to}", to, [*names, HOME], "step of this pathway")


def _successors(rows: list[Table], names: list[str], i: int) -> list[int | None]:
    routes = rows[i].get("next")
    if isinstance(routes, dict):
        kept = [to for to, share in routes.items() if isinstance(share, int | float) and share > 0]
        return [None if to == HOME else names.index(to) for to in kept if to == HOME or to in names]
    return [i + 1 if i + 1 < len(rows) else None]


def _places_kept(path: str, rows: list[Table], names: list[str]) -> Iterator[Problem]:
    """An ``in_place`` step follows only steps that keep a place; a kept place is not asked for again."""
    if rows and rows[0].get("in_place"):
        yield Problem(f"{path}.steps.0.in_place", True, "the first step has no place before it to stay in")
    for i, step in enumerate(rows):
        if step.get("in_place") and step.get("places"):
            yield Problem(
                f"{path}.steps.{i}.places", None, "a step in the place already held lists no places"
            )
        held = _held(rows, names, i) if step.get("keeps_place") else set()
        for j in _successors(rows, names, i):
            if j is None:
                continue
            if rows[j].get("in_place") and not step.get("keeps_place"):
                rule = f'"{names[j]}" happens in the place of this step, so this step keeps it'
                yield Problem(
                    f"{path}.steps.{i}.keeps_place",
                    step.get("keeps_place", False),
                    rule,
                    "keeps_place = true",
                )
            again = held & set(_places(rows[j]))
            if again and not rows[j].get("in_place"):
                rule = f'already held after "{names[i]}"'
                yield Problem(f"{path}.steps.{j}.places", sorted(again)[0], rule, "say in_place = true")


def _held(rows: list[Table], names: list[str], i: int, seen: frozenset[int] = frozenset()) -> set[str]:
    if not rows[i].get("in_place"):
        return set(_places(rows[i]))
    before = [h for h in range(len(rows)) if h not in seen and i in _successors(rows, names, h)]
    return set().union(*(_held(rows, names, h, seen | {i}) for h in before)) if before else set()


def _way_out(path: str, rows: list[Table], names: list[str]) -> Iterator[Problem]:
    """From every step the patient can go home in the end."""
    leads_out: set[int] = set()
    while True:
        more = {
            i
            for i in range(len(rows))
            if i not in leads_out and any(j is None or j in leads_out for j in _successors(rows, names, i))
        }
        if not more:
            break
        leads_out |= more
    for i in range(len(rows)):
        if i not in leads_out:
            yield Problem(
                f"{path}.steps.{i}", names[i], "a patient who comes here never leaves", "give it a way home"
            )
