"""Places: levels within what stands there, nurses of known shifts, gates that open, waiting rooms in use."""

from __future__ import annotations

from collections.abc import Iterator

from twin.errors import Problem
from twin.hospital.checks.pathways import comes_from, places_of, steps_of
from twin.hospital.checks.tables import (
    EVERYWHERE,
    Table,
    circles,
    names,
    rows_of,
    table_of,
    tables,
    texts_of,
    unknown,
)


def check_places(raw: Table) -> Iterator[Problem]:
    """Wards and other places."""
    for name in sorted(set(names(raw, "wards")) & set(names(raw, "places"))):
        yield Problem(f"places.{name}", None, "a ward has this name already", "one name a place")
    for name in sorted(set(names(raw, "wards", "places")) & set(names(raw, "staff"))):
        rule = "a ward or place has this name already"
        yield Problem(f"staff.{name}", None, rule, "one name a place or group")
    yield from _levels(raw)
    yield from _nursing(raw)
    yield from _gates(raw)
    yield from _waiting_rooms(raw)


def _levels(raw: Table) -> Iterator[Problem]:
    for section, level, ceiling in (
        ("wards", "staffed_beds", "physical_beds"),
        ("places", "staffed", "physical"),
    ):
        for name, table in tables(raw, section):
            if table.get("unlimited"):
                continue
            high = table.get(ceiling, 0 if section == "places" else None)
            rows = [(f"{section}.{name}.{level}", table.get(level))]
            rows += [
                (f"{section}.{name}.calendar.{i}.{level}", row.get(level))
                for i, row in rows_of(table, "calendar")
            ]
            for path, value in rows:
                if isinstance(value, int) and isinstance(high, int) and value > high >= 0:
                    rule = f"more than the {high} that stand there ({ceiling})"
                    yield Problem(path, value, rule, f"raise {ceiling} or lower this", "E_RANGE")


def _nursing(raw: Table) -> Iterator[Problem]:
    groups = dict(tables(raw, "staff"))
    for name, ward in tables(raw, "wards"):
        path, nursing = f"wards.{name}.nursing", table_of(ward, "nursing")
        group = nursing.get("group")
        yield from unknown(f"{path}.group", group, groups, "staff group")
        by_shift = table_of(nursing, "by_shift")
        if isinstance(group, str) and group in groups:
            shifts = table_of(groups[group], "shifts")
            for shift in by_shift:
                yield from unknown(f"{path}.by_shift.{shift}", shift, shifts, f'shift of "{group}"')


def _gates(raw: Table) -> Iterator[Problem]:
    """Escalation places wait for others that can be full, and not for each other."""
    known = names(raw, *EVERYWHERE)
    unlimited = {name for name, place in tables(raw, "places") if place.get("unlimited")}
    gates: dict[str, list[str]] = {}
    path_of: dict[str, str] = {}
    for section in EVERYWHERE:
        for name, table in tables(raw, section):
            path = path_of[name] = f"{section}.{name}.opens_when_full"
            gates[name] = texts_of(table, "opens_when_full")
            for gate in gates[name]:
                yield from unknown(path, gate, known, "place")
                if gate in unlimited:
                    yield Problem(path, gate, "is unlimited and never full", "name places that can be full")
    for way in circles(gates):
        told = " -> ".join((*way, way[0]))
        rule = (
            "opens when it is full itself"
            if len(way) == 1
            else "opens only when places are full that wait for it"
        )
        yield Problem(path_of[way[0]], told, rule, "break the circle")


def _waiting_rooms(raw: Table) -> Iterator[Problem]:
    """A waiting room holds those who wait for the first place of a step without having another."""
    wanted: set[str] = set()
    for _, pathway in tables(raw, "pathways"):
        steps = steps_of(pathway)
        for i, step in enumerate(steps):
            before = comes_from(steps, i)
            if places_of(step) and (i == 0 or any(not steps[h].get("keeps_place") for h in before)):
                wanted.add(places_of(step)[0])
    for section in EVERYWHERE:
        for name, table in tables(raw, section):
            if table.get("waiting_room") is not None and name not in wanted:
                rule = "nobody waits for this place first without holding another"
                cure = "give it to the first place of a step, or leave it out"
                yield Problem(f"{section}.{name}.waiting_room", table["waiting_room"], rule, cure)
