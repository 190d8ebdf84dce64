"""Bringing in extracts: names that come later, files of one name, and the same bytes twice in one call."""

from concurrent.futures import ThreadPoolExecutor
from datetime import date, datetime
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from twin.errors import BadData, ConfigError, TwinError
from twin.hospital import shipped
from twin.store import open_store
from twin.store.records import HeadMoved, Records
from twin.workspace import Asking, Brought, Workspace, bring_in

PLACES = '[places]\n"4A" = "medicine"\n"ED-MAJ" = "majors"\n'
CLASSES = '[[classes]]\nclass = "urgent"\nstream = "ed_attendances"\nwhen = { method = "emergency" }\n'
HEADER = "encounter,patient,arrived,admitted,discharged,kind,method,sex,age,ward\n"
ADMITTED = "V-1,88210,2026-11-20T09:12,2026-11-20T13:05,2026-11-22T11:40,inpatient,emergency,f,71,4A\n"
SEEN = "V-3,55120,2026-11-21T20:02,,2026-11-21T23:45,emergency,emergency,f,29,ED-MAJ\n"


@pytest.fixture
def own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Workspace:
    monkeypatch.delenv("DATABASE_URL", raising=False)
    folder = tmp_path / "own"
    folder.mkdir()
    (folder / "hospital.toml").write_text(shipped("small"))
    (folder / "records.toml").write_text(PLACES + CLASSES)
    return Workspace(folder)


def bring(own: Workspace, *files: Path, **asking: object) -> Brought:
    now = datetime(2026, 11, 22, 12)
    return bring_in(own, files, Asking(now=now, most_unbalanced=1.0, **asking))  # type: ignore[arg-type]


def file(place: Path, *rows: str) -> Path:
    place.parent.mkdir(exist_ok=True)
    place.write_text(HEADER + "".join(rows))
    return place


def visits(own: Workspace) -> int:
    return own.records().frame["encounter"].nunique()


def encounters(own: Workspace) -> list[dict]:
    with open_store(own.path) as store:
        return pq.read_table(store.artefacts.path(store.records.tables()["encounters"].sha256)).to_pylist()


def test_a_rule_for_classes_that_is_written_after_the_import_brings_the_visits_in(own, tmp_path):
    own.names_file.write_text(PLACES)
    brought = bring(own, file(tmp_path / "v.csv", ADMITTED))
    (told,) = [found for found in brought.findings if found.code == "E_NO_CLASS"]
    assert 'when = { kind = "inpatient", method = "emergency" }' in told.detail

    own.names_file.write_text(PLACES + CLASSES)

    assert visits(own) == 1


def test_a_visit_of_which_only_the_arrival_is_told_counts_from_then(own, tmp_path):
    bring(own, file(tmp_path / "v.csv", ADMITTED, SEEN))

    records = own.records()

    assert len(records.arrivals()) == 2
    (seen,) = records.frame[records.frame["ended"] == "2026-11-21 23:45"].to_dict("records")
    assert seen["started"] == seen["arrived"] == datetime(2026, 11, 21, 20, 2)


def test_visits_of_omop_without_details_count(own, tmp_path):
    columns = "visit_occurrence_id,person_id,visit_concept_id,visit_start_date,visit_start_datetime,"
    columns += "visit_end_date,visit_end_datetime,visit_type_concept_id,care_site_id\n"
    page = tmp_path / "visit_occurrence.csv"
    page.write_text(
        columns + "1,2,262,2026-11-20,2026-11-20T10:00:00,2026-11-21,2026-11-21T10:00:00,32817,4A\n"
    )

    bring(own, page)

    assert visits(own) == 1


def test_a_refused_file_takes_no_other_of_the_same_name_with_it(own, tmp_path):
    bad = file(tmp_path / "monday" / "v.csv", ADMITTED.replace("4A", "9Z"))
    good = file(tmp_path / "tuesday" / "v.csv", SEEN)

    brought = bring(own, bad, good)

    assert (len(brought.refused), len(brought.kept)) == (1, 1)
    assert visits(own) == 1


def test_the_same_bytes_twice_in_one_call_are_read_once(own, tmp_path):
    said: list[str] = []

    brought = bring(own, file(tmp_path / "v.csv", SEEN), file(tmp_path / "w.csv", SEEN), say=said.append)

    assert [kept.source for kept in brought.kept] == ["v.csv"]
    assert "w.csv holds the same as v.csv; it is read once" in said


def test_what_fell_out_counts_once_however_often_an_import_is_folded(own, tmp_path, monkeypatch):
    publish, moved = Records.publish, iter([True, False])

    def late(self, *given, **more):
        if next(moved):
            raise HeadMoved(0, 1)
        return publish(self, *given, **more)

    monkeypatch.setattr(Records, "publish", late)

    brought = bring(own, file(tmp_path / "v.csv", SEEN, ADMITTED.replace("4A", "9Z")), most_aside=0.5)

    assert [(kept.rows, kept.aside) for kept in brought.kept] == [(2, 1)]


def test_what_a_change_of_names_loses_is_told(own, tmp_path):
    stays = tmp_path / "s.csv"
    stays.write_text("encounter,ward,started,ended\nV-1,4A,2026-11-20T13:05,2026-11-22T11:40\n")
    bring(own, file(tmp_path / "v.csv", ADMITTED, SEEN), stays)

    own.names_file.write_text(PLACES.replace("4A", "4a") + CLASSES)

    assert visits(own) == 1
    with open_store(own.path) as store:
        lost = store.records.findings()[0]
    assert (lost.severity, lost.count) == ("error", 2)
    assert "no such ward or place in hospital.toml" in lost.detail


def test_words_that_are_no_text_are_told(own, tmp_path):
    bring(own, file(tmp_path / "v.csv", ADMITTED))

    own.names_file.write_bytes((PLACES + CLASSES + "# \xe9\n").encode("latin-1"))

    with pytest.raises(ConfigError, match="not UTF-8"):
        own.records()


def test_readers_who_see_new_words_at_one_time_have_them_worked_out_once(own, tmp_path):
    bring(own, file(tmp_path / "v.csv", ADMITTED))
    own.names_file.write_text(own.names_file.read_text() + "# later\n")

    with ThreadPoolExecutor() as pool:
        found = list(pool.map(lambda _: visits(own), range(3)))

    assert found == [1, 1, 1]
    with open_store(own.path) as store:
        assert store.records.head() == 2


def test_the_last_instant_of_the_data_is_what_the_clocks_of_the_hospital_showed(own, tmp_path):
    row = "V-1,1,2026-07-01T08:00,{},,inpatient,emergency,f,71,4A"
    said = tmp_path / "said.csv"
    said.write_text(HEADER.strip() + ",said_at\n" + row.format("2026-07-01T09:30") + ",2026-07-01T12:30\n")
    bring(own, said)

    bring(own, file(tmp_path / "v.csv", row.format("2026-07-01T09:00")), as_of=datetime(2026, 7, 1, 12))

    (visit,) = encounters(own)
    assert visit["started"].isoformat() == "2026-07-01T08:30:00+00:00"


def test_a_later_import_shortens_no_past(own, tmp_path):
    rows = [
        f"V-{month},{month},2026-{month:02}-10T09:12,2026-{month:02}-10T13:05,,inpatient,emergency,f,71,4A\n"
        for month in range(1, 11)
    ]
    bring(own, file(tmp_path / "year.csv", *rows))

    bring(own, file(tmp_path / "week.csv", SEEN), begins=date(2026, 11, 1))

    assert own.records().begins == date(2026, 1, 10)


def test_a_secret_that_is_gone_is_told_before_anybody_gets_a_second_name(own, tmp_path):
    bring(own, file(tmp_path / "v.csv", ADMITTED))
    (own.path / "records" / "secret").unlink()

    with pytest.raises(TwinError, match="put it back from a backup"):
        bring(own, file(tmp_path / "w.csv", ADMITTED, SEEN))

    assert not (own.path / "records" / "secret").exists()


def test_a_first_day_after_the_last_instant_is_refused(own, tmp_path):
    with pytest.raises(BadData, match="after the last instant"):
        bring(own, file(tmp_path / "v.csv", ADMITTED), begins=date(2026, 11, 23))


def test_two_stays_that_begin_on_one_day_are_two(own, tmp_path):
    stays = tmp_path / "s.csv"
    rows = ("V-1,ED-MAJ,2026-11-20,2026-11-20", "V-1,4A,2026-11-20,2026-11-22")
    stays.write_text("\n".join(("encounter,ward,started,ended", *rows, "")))

    brought = bring(own, stays)

    assert brought.tables["ward_stays"] == 2
