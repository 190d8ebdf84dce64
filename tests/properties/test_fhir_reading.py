"""Whatever the bytes are, a reading of FHIR ends with statements and told faults, or says that nothing can be
read; and a bundle is the same however it is cut into pieces.
"""

import io
import json
import time
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, seed, settings
from hypothesis import strategies as st

from tests.mirror.twin.records.reading.fhir.resources import (
    Reading,
    appointment,
    at,
    concept,
    encounter,
    location,
    patient,
    reading,
    slot,
)
from twin.errors import CODES, BadData
from twin.records.events import STATUSES, Thing
from twin.records.reading.fhir import bundle as splitting
from twin.records.reading.limits import USUAL

LONG_SECONDS = 60
GOOD = [
    encounter(
        "e1", statusHistory=[{"status": "arrived", "period": {"start": "2024-03-04T09:00:00Z"}}],
        location=[at("Location/b", "2024-03-04T10:00:00Z", physicalType=concept("bd")),
                  at("#c", "2024-03-05")],
        contained=[location("c", "Ward", "W1")], priority=concept("EM"), serviceType=concept("300"),
        hospitalization={"admitSource": concept("emd"), "dischargeDisposition": concept("home")},
        partOf={"reference": "Encounter/e0"},
    ),
    patient(), location("b", "Bed", "B1", partOf={"reference": "Location/w"}, physicalType=concept("bd")),
    slot(serviceType=[concept("124")]),
    appointment(slot=[{"reference": "Slot/s1"}], created="2024-03-01", priority=3),
    {"resourceType": "Schedule", "id": "mondays", "actor": [{"reference": "Location/w"}]},
    {"resourceType": "Observation", "id": "o"},
]  # fmt: skip
SCALARS = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=20),
    st.sampled_from([
        "", "0", "2024", "2024-03-04", "2024-02-30T10:00:00Z", "2024-03-04T10:00:00+99:99",
        "9999-12-31T23:59:59-14:00",
        "0000-00-00", "1-1-1", "Patient/p1", "Patient/..", "#", "#c", "urn:uuid:", "Location?identifier=%00",
        "\ud800", "finished", "entered-in-error", "Encounter", "Bundle", "DELETE", "x" * 5000, 10**39,
        -0.0, 1e308,
    ]),
)  # fmt: skip
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.dictionaries(
            st.sampled_from(["id", "reference", "code", "coding", "start", "value", "x"]), inner, max_size=3
        ),
    ),
    max_leaves=6,
)


def holds(path: Path, limits=USUAL) -> Reading | None:
    """Read it: faults have codes of the table, what is said has the shape of the event table."""
    try:
        read = reading(path, limits)
    except BadData as told:
        assert told.code in CODES
        assert all(problem.code in CODES for problem in told.problems)
        return None
    assert {fault.code for fault in read.told.faults} <= set(CODES)
    assert sum(read.told.counts.values()) >= read.told.aside
    assert read.told.aside <= read.told.read
    for row in read.rows:
        allowed = STATUSES.get(Thing(row["thing"]), ())
        assert row["key"]
        assert row.get("status") is None or row["status"] in allowed
        assert not ("started" in row and "ended" in row and row["ended"] < row["started"])
        assert 0 <= row.get("age", 0) <= 90
    return read


def spots(value: Any, path: tuple = ()) -> list[tuple]:
    """Paths of everything within a resource."""
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [path, *(spot for key, each in inner for spot in spots(each, (*path, key)))]


def changed(value: Any, path: tuple, new: Any) -> Any:
    """A copy with something else at a path."""
    if not path:
        return new
    copy = dict(value) if isinstance(value, dict) else list(value)
    copy[path[0]] = changed(value[path[0]], path[1:], new)
    return copy


@st.composite
def mutants(draw: st.DrawFn) -> Any:
    """A good resource with something else at one to three places."""
    resource = draw(st.sampled_from(GOOD))
    for _ in range(draw(st.integers(1, 3))):
        resource = changed(resource, draw(st.sampled_from(spots(resource))), draw(VALUES))
    return resource


@st.composite
def torn(draw: st.DrawFn) -> bytes:
    """Bytes of a good file, some of them cut out, doubled or replaced."""
    data = draw(st.sampled_from([_in_lines(GOOD), _bundled(GOOD), _bundled(GOOD, indent=2)]))
    for _ in range(draw(st.integers(1, 4))):
        start = draw(st.integers(0, len(data)))
        end = min(len(data), start + draw(st.sampled_from([0, 1, 2, 7, 100, 5000])))
        new = draw(
            st.one_of(
                st.binary(max_size=8),
                st.sampled_from([b'"', b"{", b"}", b"[", b"]", b"\\", b"\n", b",", b"NaN"]),
            )
        )
        data = data[:start] + new + data[end:]
    return data


def _in_lines(resources: list) -> bytes:
    return b"".join(json.dumps(each).encode() + b"\n" for each in resources)


def _bundled(resources: list, indent: int | None = None) -> bytes:
    entries = [{"resource": each} for each in resources]
    return json.dumps({"resourceType": "Bundle", "type": "batch", "entry": entries}, indent=indent).encode()


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("fuzz") / "feed.json"


@settings(max_examples=300, deadline=None)
@given(odd=mutants(), bundled=st.booleans())
def test_a_resource_with_anything_in_any_place_is_read_or_put_aside_and_its_neighbours_are_read(
    file: Path, odd: Any, bundled: bool
):
    neighbours = [slot("before"), odd, slot("after")]
    file.write_bytes(_bundled(neighbours) if bundled else _in_lines(neighbours))

    read = holds(file)

    assert read is not None
    keys = [row["key"] for row in read.of("slot")]
    assert (keys[0], keys[-1]) == ("Slot/before", "Slot/after")
    assert read.told.read == 3


@settings(max_examples=300, deadline=None)
@given(data=st.one_of(torn(), st.binary(max_size=300)))
def test_any_bytes_are_read_or_refused(file: Path, data: bytes):
    file.write_bytes(data)

    holds(file)


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(entries=st.lists(st.dictionaries(st.text(max_size=3), VALUES, max_size=3), max_size=5),
       around=VALUES, size=st.sampled_from([1, 2, 3, 7, 64, 10_000]), indent=st.sampled_from([None, 0, 3]),
       plain=st.booleans())  # fmt: skip
def test_a_bundle_is_the_same_in_whatever_pieces_it_comes(
    monkeypatch: pytest.MonkeyPatch, entries: list, around: Any, size: int, indent: int | None, plain: bool
):
    whole = {"before": around, "entry": entries, "after": around}
    monkeypatch.setattr(splitting, "_PIECE", size)
    frame = splitting.Frame()

    data = json.dumps(whole, indent=indent, ensure_ascii=plain).encode("utf-8", "surrogatepass")
    found = [json.loads(each or b"") for each in splitting.entries(io.BytesIO(data), USUAL, frame)]

    assert repr(found) == repr(json.loads(data)["entry"])
    assert repr(json.loads(frame.text)) == repr({**json.loads(data), "entry": []})


@pytest.mark.long
@pytest.mark.parametrize("kind", ["mutants", "bytes"])
def test_a_minute_of_anything(file: Path, kind: str):
    until, turn = time.monotonic() + LONG_SECONDS, 0
    while time.monotonic() < until:
        turn += 1

        @seed(turn)
        @settings(max_examples=300, deadline=None, database=None)
        @given(data=torn() if kind == "bytes" else st.lists(mutants(), max_size=4).map(_in_lines))
        def go_on(data: bytes) -> None:
            file.write_bytes(data)
            holds(file)

        go_on()
