"""Demand: somebody comes, sources bring classes that exist, and scheduled classes have a session."""

from __future__ import annotations

from collections.abc import Iterator

from twin.errors import Problem
from twin.hospital.checks.pathways import names_of, places_of, reached_from, steps_of
from twin.hospital.checks.tables import (
    Table,
    names,
    number_of,
    rows_of,
    shares,
    table_of,
    tables,
    texts_of,
    unknown,
)

SOURCES = ("arrivals", "populations")


def check_demand(raw: Table) -> Iterator[Problem]:
    """Sources of patients, their classes, and bookings."""
    if not names(raw, *SOURCES):
        rule = "nobody ever comes: neither arrivals nor populations are given"
        yield Problem("arrivals", None, rule, "give the hospital a stream of patients")
    yield from _profiles(raw)
    yield from _sources(raw)
    pathways = dict(tables(raw, "pathways"))
    for name, table in tables(raw, "classes"):
        path = f"classes.{name}"
        yield from unknown(f"{path}.pathway", table.get("pathway"), pathways, "pathway")
        yield from _ages(path, table)
        steps = steps_of(pathways.get(str(table.get("pathway")), {}))
        if table.get("of") in ("use", "tray"):
            yield from _not_a_patient(raw, name, table, steps)
        elif table.get("booking") is not None:
            yield from _booking(raw, name, table_of(table, "booking"), steps)


def _profiles(raw: Table) -> Iterator[Problem]:
    profiles = names(raw, "profiles")
    for name, table in tables(raw, "profiles"):
        for key in ("hours", "recorded"):
            yield from shares(f"profiles.{name}.{key}", table.get(key))
    for section, key in (("wards", "discharge_profile"), ("arrivals", "hour_profile")):
        for name, table in tables(raw, section):
            yield from unknown(f"{section}.{name}.{key}", table.get(key), profiles, "profile")


def _sources(raw: Table) -> Iterator[Problem]:
    classes = dict(tables(raw, "classes"))
    for section in SOURCES:
        for name, table in tables(raw, section):
            path = f"{section}.{name}"
            yield from shares(f"{path}.mix", table.get("mix"))
            yield from shares(f"{path}.party_sizes", table.get("party_sizes"))
            for member in table_of(table, "mix"):
                yield from unknown(f"{path}.mix.{member}", member, classes, "patient class")
                if classes.get(member, {}).get("of") == "tray":
                    rule = "is the way of a tray, which comes when a step has used it"
                    yield Problem(f"{path}.mix.{member}", member, rule, "leave it out of the mix")
                if section == "populations" and "away" not in table:
                    yield from _saturated(raw, f"{path}.mix.{member}", member, classes)


def _saturated(raw: Table, path: str, member: str, classes: dict[str, Table]) -> Iterator[Problem]:
    """The next of a source without ``away`` comes when the first step's place is given up."""
    pathway = dict(tables(raw, "pathways")).get(str(classes.get(member, {}).get("pathway")), {})
    steps = steps_of(pathway)
    if steps and not places_of(steps[0]):
        rule = "the next one comes when one gives up the place of the first step, and it has none"
        yield Problem(path, member, rule, "give the first step a place, or the population its time away")


def _ages(path: str, table: Table) -> Iterator[Problem]:
    better, after = number_of(table, "priority"), 0.0
    for i, row in rows_of(table, "ages"):
        priority, hours = number_of(row, "priority"), number_of(row, "after_hours")
        if priority >= better:
            rule = f"no better than {better:g}, which he has already"
            yield Problem(f"{path}.ages.{i}.priority", row["priority"], rule, "1 is served first")
        if i > 0 and hours <= after:
            rule = f"not later than the row before ({after:g} hours)"
            yield Problem(f"{path}.ages.{i}.after_hours", row["after_hours"], rule, "write the rows in order")
        better, after = min(better, priority), max(after, hours)


def _not_a_patient(raw: Table, name: str, table: Table, steps: list[Table]) -> Iterator[Problem]:
    """Uses of supplies and ways of trays."""
    path, what = f"classes.{name}", str(table["of"])
    if table.get("booking") is not None:
        yield Problem(f"{path}.booking", None, f'a class of "{what}" has no appointments', "leave it out")
    pathway = str(table.get("pathway"))
    if what == "use":
        for i, step in enumerate(steps):
            if places_of(step):
                rule = f'a use of supplies (class "{name}") takes no place'
                yield Problem(
                    f"pathways.{pathway}.steps.{i}.places", places_of(step)[0], rule, "leave it out"
                )
        return
    if name not in [tray.get("patient_class") for _, tray in tables(raw, "trays")]:
        yield Problem(f"{path}.of", "tray", "no tray goes this way", "name it as patient_class of a tray")
    trays, kits = names(raw, "trays"), dict(tables(raw, "kits"))
    for i, step in enumerate(steps):
        used = [n for n in table_of(kits.get(str(step.get("kit")), {}), "contents") if n in trays]
        if used:
            rule = f'a tray on its way (class "{name}") uses up no trays'
            yield Problem(f"pathways.{pathway}.steps.{i}.kit", used[0], rule, "a kit of items alone")


def _booking(raw: Table, name: str, booking: Table, steps: list[Table]) -> Iterator[Problem]:
    path, known = f"classes.{name}.booking", names_of(steps)
    limit = booking.get("limit_step")
    yield from unknown(f"{path}.limit_step", limit, known, "step of its pathway")
    mixes = [table_of(source, "mix") for section in SOURCES for _, source in tables(raw, section)]
    if not any(name in mix for mix in mixes):
        rule = "nobody of this class is ever put on the list"
        yield Problem(path, None, rule, "put the class into the mix of arrivals")
    if not any(name in texts_of(session, "classes") for _, session in tables(raw, "sessions")):
        yield Problem(path, None, "no session takes this class", "name it in a session's classes")
    if limit not in known:
        return
    trays, kits = names(raw, "trays"), dict(tables(raw, "kits"))
    for i, step in enumerate(steps):
        used = [n for n in table_of(kits.get(str(step.get("kit")), {}), "contents") if n in trays]
        if used and i != known.index(limit) and known.index(limit) in reached_from(steps, i):
            rule = f'takes trays before "{limit}", until which a case of class "{name}" can be cancelled'
            where = f"pathways.{_pathway(raw, name)}.steps.{i}.kit"
            yield Problem(where, step.get("kit"), rule, f'take them with "{limit}" or after it')


def _pathway(raw: Table, name: str) -> str:
    return str(dict(tables(raw, "classes"))[name].get("pathway"))
