"""Event log: a trace in the words of vidigi and of process mining, and as a file of names."""

from __future__ import annotations

import pandas as pd
import pytest

from tests.houses import hospital
from tests.mirror.twin.measures.made import made
from twin.errors import UsageError
from twin.measures import event_log, log_table
from twin.trace import Kind, Outcome
from twin.workload import IN_STEP

H = 60


def house():
    return hospital(
        places={"cubicle": 2},
        wards={"ward": 1},
        staff={"nurse": 1},
        items={"stent": 5},
        pathways={
            "admitted": [
                {"name": "treat", "places": ["cubicle"], "keeps_place": True},
                {"name": "decide", "in_place": True, "keeps_place": True},
                {"name": "stay", "places": ["ward"]},
            ]
        },
    )


def story():
    """The first boards from 40 to 60; the second finds both cubicles taken and leaves at 35."""
    return made(
        house(),
        [
            (
                "admitted",
                0,
                [
                    ("treat", "cubicle", 0, 0, 30, 30),
                    ("decide", "cubicle", 30, 30, 40, 60),
                    ("stay", "ward", 40, 60, 99, 99),
                ],
                {"outcome": Outcome.DONE},
            ),
            ("admitted", 1, [("treat", "cubicle", 1, 1)]),
            ("admitted", 5, [("treat", None, 5, None)], {"outcome": Outcome.LEFT, "patience": 30}),
        ],
    )


def test_vidigi_reads_one_line_an_event_with_the_unit_of_the_place():
    log = event_log(story(), "vidigi")

    first = log[log["entity_id"] == 1]
    columns = ["event_type", "event", "time", "resource_id"]
    assert first[columns].astype(object).where(first[columns].notna(), None).to_numpy().tolist() == [
        ["arrival_departure", "arrival", 0, None],
        ["resource_use", "treat", 0, 1],
        ["resource_use_end", "treat", 30, 1],
        ["resource_use", "decide", 30, 1],  # in the same cubicle
        ["queue", "waits for stay", 40, None],
        ["resource_use_end", "decide", 60, 1],
        ["resource_use", "stay", 60, 1],
        ["resource_use_end", "stay", 99, 1],
        ["arrival_departure", "depart", 99, None],
    ]
    assert log[log["entity_id"] == 2]["resource_id"].tolist() == [pd.NA, 2]
    assert log[log["entity_id"] == 3]["event"].tolist() == ["arrival", "waits for treat", "depart"]
    assert log["time"].is_monotonic_increasing


def test_the_pathway_is_the_one_that_the_patients_class_goes():
    see = [{"name": "see"}]
    shared = hospital(pathways={"adult": see, "child": see})
    child = shared.classes["child"].model_copy(update={"pathway": "adult"})
    shared = shared.model_copy(update={"classes": {**shared.classes, "child": child}})

    log = event_log(made(shared, [("child", 0, [("see", None, 0, 0, 5, 5)])]), "vidigi")

    assert set(log["pathway"]) == {"adult"}


def test_no_unit_of_a_place_holds_two():
    many = made(
        house(),
        [("admitted", i, [("treat", "cubicle", i, i, i + 7, i + 7)]) for i in range(40)],
    )

    log = event_log(many, "vidigi")

    for _, unit in log.dropna(subset=["resource_id"]).groupby("resource_id"):
        assert unit["event_type"].tolist() == ["resource_use", "resource_use_end"] * (len(unit) // 2)
    assert log["resource_id"].max() == 7


def test_a_step_in_no_place_is_where_its_patient_is():
    plain = hospital(pathways={"visit": [{"name": "triage"}]})

    log = event_log(made(plain, [("visit", 0, [("triage", None, 0, 0, 5, 5)])]), "vidigi")

    assert log[["event_type", "event"]].to_numpy().tolist() == [
        ["arrival_departure", "arrival"],
        ["queue", "triage"],
    ]


def test_process_mining_reads_start_and_complete_with_local_time_stamps():
    log = event_log(story(), "process_mining")

    first = log[log["case_id"] == "1"]
    assert first[["activity", "lifecycle"]].to_numpy().tolist() == [
        ["treat", "start"],
        ["treat", "complete"],
        ["decide", "start"],
        ["decide", "complete"],
        ["stay", "start"],
        ["stay", "complete"],
    ]
    assert first["timestamp"].iloc[1] == pd.Timestamp("2025-01-06 00:30", tz="UTC")
    assert first["resource"].tolist() == ["cubicle"] * 4 + ["ward"] * 2
    assert log[log["case_id"] == "3"]["activity"].tolist() == ["left while waiting"]
    assert set(log["outcome"]) == {"done", "open", "left"}


def test_there_is_no_other_style():
    with pytest.raises(UsageError, match="vidigi, process_mining"):
        event_log(story(), "csv")  # type: ignore[arg-type]


@pytest.mark.parametrize("name", ["trace.parquet", "trace.csv"])
def test_a_trace_is_written_with_names(tmp_path, name):
    story().write(tmp_path / name)

    written = (pd.read_csv if name.endswith("csv") else pd.read_parquet)(tmp_path / name)
    assert written["patient"].tolist() == [1, 1, 1, 2, 3]
    assert written["place"].iloc[:3].tolist() == ["cubicle", "cubicle", "ward"]
    assert written["step"].iloc[2] == "stay"
    assert written["outcome"].tolist() == ["done"] * 3 + ["open", "left"]
    assert (written["left"].iloc[1], written["came"].iloc[4]) == (60 * 60_000, 5 * 60_000)
    assert pd.isna(written["started"].iloc[4])


def test_the_log_is_told_with_names():
    trace = made(
        house(),
        [("admitted", 0, [("treat", "cubicle", 0, 0)], {"origin": IN_STEP})],
        log=[(Kind.MOVED, 9, 0, "ward"), (Kind.FLOATED, 1, 0, "nurse", 1), (Kind.ORDERED, 2, -1, "stent", 5)],
    )

    told = log_table(trace, house())

    assert told["kind"].tolist() == ["floated", "ordered", "moved"]
    assert told["what"].tolist() == ["nurse", "stent", "ward"]
    assert told["step"].fillna("").tolist() == ["treat", "", "treat"]
    assert told["patient"].tolist() == [1, pd.NA, 1]
