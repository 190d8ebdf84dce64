"""The frame that forecasts read: class, stream and step as told, by rule, or as they follow."""

import tempfile
from datetime import UTC, date, datetime
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from tests.mirror.twin.records.folding.telling import LONDON, NOW, message, segment, stay, visit
from tests.mirror.twin.records.house import house, records
from twin.errors import BadData
from twin.records.daily import daily_counts, snapshot, ward_days
from twin.records.encounters import Encounters
from twin.records.events import events
from twin.records.folding.fold import fold
from twin.records.folding.names import Names, parse_names
from twin.records.folding.pathways import encounters_of
from twin.records.folding.segments import Segment, write_segment
from twin.records.quality import Finding

RULES = """
[[classes]]
class = "well"
when = { kind = "emergency", priority = ["4", "5"], age_to = 60 }
[[classes]]
class = "sick"
stream = "door"
when = { kind = ["emergency", "inpatient"] }
"""


def frame_of(rows: list[dict], rules: str = RULES, **more) -> tuple[pd.DataFrame, list[Finding]]:
    names = parse_names(rules, house())
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        tables = fold([segment(rows, folder)], names, house(), folder, now=NOW).tables
        made, findings = encounters_of({n: t.path for n, t in tables.items()}, house(), names, **more)
    return made.frame, findings


def as_statements(made: Encounters) -> dict[str, list]:
    """Rows of records as an extract tells them."""
    frame = made.frame.astype(dict.fromkeys(("encounter", "place", "step", "outcome"), object))
    columns: dict[str, list] = {"thing": ["ward_stay"] * len(frame), "said": ["state"] * len(frame)}
    for name in frame:
        if name in ("requested", "started", "ended", "arrived"):
            winter = np.zeros(len(frame), dtype=bool)
            local = frame[name].dt.tz_localize(LONDON, ambiguous=winter)
            columns[name] = [None if pd.isna(at) else at.to_pydatetime() for at in local]
        else:
            columns[name] = [None if pd.isna(text) else text for text in frame[name]]
    columns["key"] = [f"{n}" for n in range(len(frame))]
    columns["row"] = list(range(2, 2 + len(frame)))
    return columns


def who_is_there(made: Encounters) -> list:
    return sorted(snapshot(made, house()).patients, key=lambda patient: patient.encounter)


def test_records_of_the_twin_come_back_as_they_were(tmp_path):
    made = records(60)  # some have been there since October, when the clocks went back
    columns = as_statements(made)
    write_segment([events(columns, made.rows)], tmp_path / "segment")
    as_of = made.as_of.replace(tzinfo=LONDON)

    result = fold([Segment(tmp_path / "segment", 1, as_of)], Names(), house(), tmp_path, now=as_of)
    tables = {name: table.path for name, table in result.tables.items()}
    back, findings = encounters_of(tables, house(), Names(), begins=made.begins, as_of=made.as_of)

    assert result.told_by_import == {}
    assert findings == []
    assert back.rows == made.rows
    assert daily_counts(back, house()).equals(daily_counts(made, house()))
    assert ward_days(back, house()).equals(ward_days(made, house()))
    assert who_is_there(back) == who_is_there(made)
    assert result.balance.failing == 0


def test_a_visit_gets_the_class_of_the_first_rule_that_fits():
    rows = [
        message("admit", "2025-03-01 10:00", "cubicles", visit="E1", kind="emergency", priority="4", age=30),
        message("admit", "2025-03-01 11:00", "cubicles", visit="E2", kind="emergency", priority="4", age=61),
        message("admit", "2025-03-01 12:00", "cubicles", visit="E3", kind="emergency", priority="4"),
    ]

    frame, _ = frame_of(rows)

    told = frame[["encounter", "patient_class", "stream", "step"]].astype(str)
    assert list(told.itertuples(index=False, name=None)) == [
        ("E1", "well", "door", "treat"),
        ("E2", "sick", "door", "treat"),
        ("E3", "sick", "door", "treat"),
    ]


def test_what_the_source_tells_holds_over_the_rules():
    rows = [stay("oak", "2025-03-01 10:00", patient_class="sick", stream="letters", step="stay")]

    frame, findings = frame_of(rows)

    assert frame.loc[0, ["patient_class", "stream", "step"]].tolist() == ["sick", "letters", "stay"]
    assert findings == []


def test_times_that_were_not_told_follow_from_the_others():
    rows = [
        message("register", "2025-03-01 10:00", "cubicles", kind="emergency"),
        message("to_inpatient", "2025-03-01 13:00", "oak"),
        message("discharge", "2025-03-03 09:00"),
    ]

    frame, _ = frame_of(rows, as_of=datetime(2025, 3, 4, tzinfo=UTC))

    assert frame["requested"].tolist() == [datetime(2025, 3, 1, 10), datetime(2025, 3, 1, 13)]
    assert frame["arrived"].tolist() == [datetime(2025, 3, 1, 10)] * 2
    assert frame["step"].tolist() == ["treat", "stay"]
    assert frame["outcome"].tolist() == ["other", "other"]


def test_who_has_asked_and_not_started_waits():
    rows = [
        stay("cubicles", "2025-03-01 10:00", patient_class="sick", stream="door"),
        stay("oak", None, requested="2025-03-01 12:00", patient_class="sick", stream="door"),
    ]

    frame, _ = frame_of(rows)

    assert frame["step"].tolist() == ["treat", "stay"]
    assert frame["started"].isna().tolist() == [False, True]
    assert frame["outcome"].isna().all()


def test_a_visit_without_a_class_is_left_out_and_told_with_the_rule_that_would_help():
    rows = [
        message("admit", "2025-03-01 10:00", "cubicles", kind="emergency"),
        message("admit", "2025-03-01 10:00", "clinic", visit="E2", kind="outpatient"),
    ]

    frame, findings = frame_of(rows)

    assert frame["encounter"].tolist() == ["E1"]
    assert [(f.code, f.count, f.of, f.places) for f in findings] == [("N_NO_CLASS", 1, 2, {"clinic": 1})]
    snippet = findings[0].detail.split(":\n", 1)[1]
    assert parse_names(snippet, house()).classes[0].when.kind == ("outpatient",)


def test_a_place_that_the_pathway_does_not_have_is_told():
    frame, findings = frame_of([message("admit", "2025-03-01 10:00", "clinic", kind="emergency")])

    assert frame["step"].tolist() == ["treat"]
    assert [(f.code, f.places) for f in findings] == [("N_NO_STEP", {"clinic": 1})]


def test_a_visit_of_which_no_stay_is_told_is_a_row_without_a_place():
    frame, _ = frame_of([visit(kind="emergency", started="2025-03-01 10:00", ended="2025-03-01 12:00")])

    assert frame["place"].isna().tolist() == [True]
    assert frame["ended"].tolist() == [datetime(2025, 3, 1, 12)]


def test_begins_and_the_last_instant_follow_from_the_visits():
    rows = [message("admit", "2025-03-01 10:20", "cubicles", kind="emergency")]
    names = parse_names(RULES, house())

    with tempfile.TemporaryDirectory() as name:
        tables = fold([segment(rows, Path(name))], names, house(), name, now=NOW).tables
        paths = {n: table.path for n, table in tables.items()}
        made, _ = encounters_of(paths, house(), names)

        assert (made.begins, made.as_of) == (date(2025, 3, 1), datetime(2025, 3, 1, 11))
        with pytest.raises(BadData, match="is after the last instant"):
            encounters_of(paths, house(), names, begins=date(2025, 3, 2), as_of=made.as_of)


def test_records_without_any_visit_of_a_known_class_are_refused():
    with pytest.raises(BadData, match="no visit has a class"):
        frame_of([message("admit", "2025-03-01 10:20", "cubicles", kind="home")])
