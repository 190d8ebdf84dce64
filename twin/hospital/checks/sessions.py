"""Sessions: time for classes that are booked, long enough for a slot or a case."""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np
from pydantic import ValidationError

from twin.calendar import DAY_NAMES
from twin.errors import Problem
from twin.hospital.base import Duration
from twin.hospital.cases import booked_length
from twin.hospital.checks.pathways import names_of, places_of, steps_of
from twin.hospital.checks.tables import (
    EVERYWHERE,
    Table,
    number_of,
    table_of,
    tables,
    texts_of,
    unknown,
    wall_of,
)
from twin.hospital.places import Place, Ward
from twin.hospital.sessions import Session
from twin.hospital.week import Days, calendar_table, walls
from twin.units import MS_MINUTE

_CODE = "E_CALENDAR"


def check_sessions(raw: Table) -> Iterator[Problem]:
    """Sessions and what is booked into them."""
    classes = dict(tables(raw, "classes"))
    for name, session in tables(raw, "sessions"):
        path = f"sessions.{name}"
        for member in texts_of(session, "classes"):
            yield from unknown(f"{path}.classes", member, classes, "patient class")
            if member in classes and classes[member].get("booking") is None:
                rule = "is not booked: it comes when it comes"
                yield Problem(
                    f"{path}.classes", member, rule, f"give classes.{member} a booking, or leave it out"
                )
        if wall_of(session, "booked_at", "12:00") is None:
            yield Problem(f"{path}.booked_at", session.get("booked_at"), 'a time of day "HH:MM"', "", _CODE)
        yield from _slots(path, session)
        yield from _open(raw, path, session, classes)
    yield from _cases_fit(raw, classes)


def _length(session: Table) -> int | None:
    start, end = wall_of(session, "from", "00:00"), wall_of(session, "to", "24:00")
    return end - start if start is not None and end is not None and start < end else None


def _slots(path: str, session: Table) -> Iterator[Problem]:
    length, slot = _length(session), number_of(session, "slot_minutes")
    if length is not None and slot * MS_MINUTE > length:
        rule = f"longer than the session, {length / MS_MINUTE:g} minutes"
        yield Problem(
            f"{path}.slot_minutes", session["slot_minutes"], rule, "shorter slots, or a longer session", _CODE
        )
    if "slot_minutes" in session:
        return
    for key, usual in (("patients_a_slot", 1), ("extra_at_start", 0)):
        if session.get(key, usual) != usual:
            rule = "the session has no slots"
            yield Problem(f"{path}.{key}", session[key], rule, f"give it slot_minutes, or leave out {key}")


def _cases_fit(raw: Table, classes: dict[str, Table]) -> Iterator[Problem]:
    """A class booked by time fits into one of its sessions."""
    for name, table in classes.items():
        own = [s for _, s in tables(raw, "sessions") if name in texts_of(s, "classes")]
        lengths = [_length(session) for session in own if "slot_minutes" not in session]
        if table.get("booking") is None or not own or len(lengths) < len(own):
            continue  # a slot takes a case of any length
        known = [length for length in lengths if length is not None]
        case = _case_length(raw, table)
        if case is not None and len(known) == len(own) and case > max(known):
            rule = f"a case of {case / MS_MINUTE:.0f} minutes fits into none of its sessions"
            cure = f"a session of more than {max(known) / MS_MINUTE:.0f} minutes, or one with slots"
            yield Problem(f"classes.{name}.booking", None, rule, cure, _CODE)


def _open(raw: Table, path: str, session: Table, classes: dict[str, Table]) -> Iterator[Problem]:
    """Some place of each class's case is open at some time of the usual week's sittings."""
    try:
        hours = Session.model_validate(session)
    except ValidationError:
        return  # told where single tables are read
    if _length(session) is None:
        return
    for member in hours.classes:
        step = _step_of_case(raw, classes.get(member, {}))
        places = [place for name in places_of(step) if (place := _place(raw, name)) is not None]
        if len(places) == len(places_of(step)) > 0 and not any(_opens(place, hours) for place in places):
            where = ", ".join(places_of(step))
            rule = f"{where} is never open in this session, so no case of {member} can start"
            yield Problem(f"{path}.from", hours.start, rule, "move the session, or open the place", _CODE)


def _place(raw: Table, name: str) -> Ward | Place | None:
    """A place as its table says; none where the table has faults, which are told elsewhere."""
    kinds: tuple[tuple[str, type[Ward | Place]], ...] = (("wards", Ward), ("places", Place))
    for key, kind in kinds:
        table = dict(tables(raw, key)).get(name)
        if table is not None:
            try:
                return kind.model_validate(table)
            except ValidationError:
                return None
    return None


def _opens(place: Ward | Place, session: Session) -> bool:
    """Whether a place is ever open while a session is held; dates and holidays may open any."""
    rows = place.exceptions()
    if (isinstance(place, Place) and place.unlimited) or any(row.is_exception for row, _ in rows):
        return True
    start, end = session.span
    points, week = np.union1d(walls(place), start), Days.usual_week()
    level = calendar_table(place.usual, rows, week, points)
    held = [DAY_NAMES.index(day) for day in session.days]
    return bool(level[held][:, (start <= points) & (points < end)].any())


def _step_of_case(raw: Table, table: Table) -> Table:
    """The step by which a case is booked: its class's limited one, else the first; empty if there is none."""
    steps = steps_of(dict(tables(raw, "pathways")).get(str(table.get("pathway")), {}))
    limit, known = table_of(table, "booking").get("limit_step"), names_of(steps)
    return steps[known.index(limit)] if limit in known else next(iter(steps), {})


def _case_length(raw: Table, table: Table) -> int | None:
    """Expected length of a case, as the engines book it. [ms]"""
    step = _step_of_case(raw, table)
    try:
        duration = Duration.model_validate(step.get("duration"))
        everywhere = {name: place for key in EVERYWHERE for name, place in tables(raw, key)}
        first = everywhere.get(places_of(step)[0], {}) if places_of(step) else {}
        clean = number_of(first, "turnaround_minutes", 0.0)
        return booked_length(duration, clean if 0 <= clean < math.inf else 0.0)
    except (ValidationError, AssertionError):
        return None  # told where single tables are read
