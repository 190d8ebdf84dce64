"""Whatever order the messages of a true history come in, twice, late or taken back, the house is the same.

A small history is drawn, told in messages and in rows of an extract, with mistakes that are cancelled, and
spread over imports. The stays and the census at midnight are those of the history; the tables have the same
bytes for every order and every grouping.
"""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.mirror.twin.records.folding.telling import Outcome
from tests.mirror.twin.records.house import house
from twin.records.events import events
from twin.records.folding.fold import fold
from twin.records.folding.names import Names
from twin.records.folding.segments import Segment, write_segment

BEGIN = datetime(2025, 3, 1, tzinfo=UTC)
NOW = datetime(2025, 3, 20, tzinfo=UTC)
PLACES = ("cubicles", "oak", "elm", "clinic")
FAST = settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large]
)


@dataclass(frozen=True)
class Truth:
    """One visit as it was: (place, begin, end) in minutes since the first day; None while it goes on."""

    name: str
    stays: tuple[tuple[str, int, int | None], ...]


@st.composite
def truths(draw: st.DrawFn) -> list[Truth]:
    """Some visits, a stay after the other, some of them still there."""
    visits = []
    for number in range(draw(st.integers(1, 4))):
        lengths = draw(st.lists(st.integers(2, 3_000), min_size=1, max_size=4))
        start = draw(st.integers(0, 5_000))
        places = [draw(st.sampled_from(PLACES))]
        for _ in lengths[1:]:
            places.append(draw(st.sampled_from([place for place in PLACES if place != places[-1]])))
        goes_on = draw(st.booleans())
        stays: list[tuple[str, int, int | None]] = []
        for n, (place, length) in enumerate(zip(places, lengths, strict=True)):
            last = n == len(places) - 1
            stays.append((place, start, None if last and goes_on else start + length))
            start += length
        visits.append(Truth(f"E{number}", tuple(stays)))
    return visits


def at(minute: int) -> datetime:
    return BEGIN + timedelta(minutes=minute)


def message(visit: str, said: str, happened: int | None, said_at: int, place: str | None = None) -> dict:
    return {
        "thing": "encounter", "key": visit, "encounter": visit, "said": said, "place": place,
        "at": None if happened is None else at(happened), "said_at": at(said_at),
    }  # fmt: skip


def as_messages(draw: st.DrawFn, truth: Truth) -> list[dict]:
    """A visit in messages, with delays, mistakes that are taken back and messages that are sent again."""
    place, start, _ = truth.stays[0]
    rows = [message(truth.name, "admit", start, start, place)]
    for place, start, _ in truth.stays[1:]:
        rows.append(message(truth.name, "transfer", start, start + draw(st.integers(0, 600)), place))
    place, _, end = truth.stays[-1]
    if end is not None:
        rows.append(message(truth.name, "discharge", end, end + draw(st.integers(0, 600)), place))
    rows += [row for _ in range(draw(st.integers(0, 2))) for row in mistake(draw, truth)]
    if draw(st.booleans()):  # an update confirms where the patient is
        place, start, _ = draw(st.sampled_from(truth.stays))
        rows.append(message(truth.name, "update", start + 1, start + 1, place))
    numbered = [{**row, "said_by": f"{truth.name}-{n}"} for n, row in enumerate(rows)]
    again = draw(st.lists(st.sampled_from(numbered), max_size=3))
    return numbered + again


def mistake(draw: st.DrawFn, truth: Truth) -> list[dict]:
    """A transfer or a discharge that never was, and its cancel later, which may name it by its time."""
    first, last = truth.stays[0][1], truth.stays[-1][1]
    kind = draw(st.sampled_from(["transfer", "discharge"]))
    true_times = {stay[1] for stay in truth.stays} | {stay[2] for stay in truth.stays}
    wrong = draw(st.integers(first + 1, last + 2_000).filter(lambda minute: minute not in true_times))
    said = wrong + draw(st.integers(0, 60))
    place = draw(st.sampled_from(PLACES))
    return [
        message(truth.name, kind, wrong, said, place),
        message(truth.name, f"cancel_{kind}", wrong, said + draw(st.integers(1, 300)), place),
    ]


def as_extract(truth: Truth, said_at: int) -> list[dict]:
    """A visit as rows of an extract."""
    return [
        {
            "thing": "ward_stay", "key": f"{truth.name}:{start}", "said": "state", "encounter": truth.name,
            "place": place, "started": at(start), "ended": None if end is None else at(end),
            "said_at": at(said_at), "said_by": "extract",
        }
        for place, start, end in truth.stays
    ]  # fmt: skip


def folded(imports: Sequence[Sequence[dict]]) -> Outcome:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        segments = []
        for number, rows in enumerate(imports, 1):
            path = folder / f"segment-{number}"
            columns = {
                key: [row.get(key) for row in rows] for key in sorted({k for row in rows for k in row})
            }
            write_segment([events({**columns, "row": list(range(1, len(rows) + 1))}, len(rows))], path)
            segments.append(Segment(path, number))
        return Outcome(fold(segments, Names(), house(), folder, now=NOW))


def in_parts(draw: st.DrawFn, rows: list[dict]) -> list[list[dict]]:
    """The rows in another order, spread over some imports."""
    shuffled = draw(st.permutations(rows))
    parts = draw(st.integers(1, 4))
    return [part for n in range(parts) if (part := shuffled[n::parts])]


def true_stays(visits: Sequence[Truth]) -> set[tuple]:
    return {
        (visit.name, place, at(start), None if end is None else at(end))
        for visit in visits
        for place, start, end in visit.stays
    }


def stays_of(outcome: Outcome) -> set[tuple]:
    rows = outcome.tables["ward_stays"].itertuples(index=False)
    return {
        (
            row.encounter,
            row.place,
            row.started.to_pydatetime(),
            None if row.ended is None or row.ended != row.ended else row.ended.to_pydatetime(),
        )
        for row in rows
    }


def census(stays: set[tuple]) -> dict[tuple[str, datetime], int]:
    """Patients in each place at each midnight."""
    midnights = [BEGIN + timedelta(days=day) for day in range(1, 20)]
    return {
        (place, midnight): sum(
            there == place and start < midnight and (end is None or end >= midnight)
            for _, there, start, end in stays
        )
        for place in PLACES
        for midnight in midnights
    }


@FAST
@given(st.data())
def test_messages_in_any_order_tell_the_true_history(data: st.DataObject):
    visits = data.draw(truths())
    rows = [row for truth in visits for row in as_messages(data.draw, truth)]

    outcome = folded(in_parts(data.draw, rows))

    assert stays_of(outcome) == true_stays(visits)
    assert census(stays_of(outcome)) == census(true_stays(visits))
    assert outcome.aside == []
    assert outcome.result.balance.failing == 0


@FAST
@given(st.data())
def test_the_tables_have_the_same_bytes_in_every_order_and_grouping(data: st.DataObject):
    visits = data.draw(truths())
    rows = [row for truth in visits for row in as_messages(data.draw, truth)]
    rows += [row for truth in visits if data.draw(st.booleans()) for row in as_extract(truth, 15_000)]

    first = folded(in_parts(data.draw, rows))
    second = folded(in_parts(data.draw, rows))

    assert first.bytes == second.bytes


@FAST
@given(st.data())
def test_importing_the_same_again_changes_nothing(data: st.DataObject):
    visits = data.draw(truths())
    rows = [row for truth in visits for row in as_messages(data.draw, truth)]
    once = in_parts(data.draw, rows)

    assert folded([*once, *in_parts(data.draw, rows)]).bytes == folded(once).bytes


@FAST
@given(st.data())
def test_an_extract_said_last_and_messages_agree_on_the_census(data: st.DataObject):
    visits = data.draw(truths())
    messages = [row for truth in visits for row in as_messages(data.draw, truth)]
    extract = [row for truth in visits for row in as_extract(truth, 20_000)]

    outcome = folded(in_parts(data.draw, [*messages, *extract]))

    assert census(stays_of(outcome)) == census(true_stays(visits))


@pytest.mark.parametrize("seed", range(3))
def test_a_visit_told_in_versions_comes_to_the_last_one(seed: int):
    versions = [
        [
            {**row, "whole": True, "said_at": at(30_000 + n), "said_by": f"{n:02}"}
            for row in as_extract(truth, 0)
        ]
        for n, truth in enumerate(
            [
                Truth("E0", (("oak", 10, None),)),
                Truth("E0", (("cubicles", 5, 10), ("oak", 10, None))),
                Truth("E0", (("cubicles", 5, 20), ("elm", 20, 90))),
            ]
        )
    ]
    order = [(seed + n) % 3 for n in range(3)]

    outcome = folded([versions[n] for n in order])

    assert stays_of(outcome) == true_stays([Truth("E0", (("cubicles", 5, 20), ("elm", 20, 90)))])
