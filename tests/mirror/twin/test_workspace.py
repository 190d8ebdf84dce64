"""A workspace: a hospital to edit and its records, whole or not at all."""

from dataclasses import replace
from datetime import date, datetime

import pandas as pd
import pytest

from tests.mirror.twin.records.house import house, records, stay, written
from twin.errors import BadData, NotFound, UsageError
from twin.files import write_whole
from twin.hospital import parse_hospital, shipped
from twin.records.encounters import load_parts
from twin.workspace import Workspace, create_workspace
from twin.workspace.holdings import holdings_of


@pytest.fixture
def made(tmp_path, monkeypatch) -> Workspace:
    """A workspace of a few days."""
    return create_workspace(tmp_path / "ws", size="small", days=3, until=date(2025, 3, 2))


@pytest.fixture
def own(tmp_path, monkeypatch) -> Workspace:
    """A workspace whose description is the house of these tests."""
    folder = tmp_path / "own"
    folder.mkdir()
    monkeypatch.setattr(Workspace, "hospital", lambda self: house())
    return Workspace(folder)


def test_a_new_workspace_holds_the_description_word_for_word_and_its_records(made):
    assert made.hospital_file.read_text() == shipped("small")
    assert made.hospital() == parse_hospital(shipped("small"))
    assert made.records().as_of == datetime(2025, 3, 3)
    assert sorted(entry.name for entry in made.path.iterdir()) == ["hospital.toml", "records"]


def test_its_history_has_every_stream_of_the_hospital(made):
    history = made.history()

    assert set(history.ids) == set(made.hospital().arrivals)
    assert history.frequency == "D"
    assert history.as_of == pd.Timestamp("2025-03-03")


def test_a_workspace_is_never_written_over(made):
    before = made.fingerprint()

    with pytest.raises(UsageError, match="is a workspace already; nothing was changed"):
        create_workspace(made.path, size="small", days=3)

    assert made.fingerprint() == before


def test_a_folder_that_holds_something_is_left_as_it_is(tmp_path):
    (tmp_path / "letter.txt").write_text("dear matron")

    with pytest.raises(UsageError, match=r"is not empty \(letter.txt\)"):
        create_workspace(tmp_path, size="small", days=3)

    assert [entry.name for entry in tmp_path.iterdir()] == ["letter.txt"]


def test_a_file_in_its_place_is_refused(tmp_path):
    (tmp_path / "ws").write_text("")

    with pytest.raises(UsageError, match="is not a folder"):
        create_workspace(tmp_path / "ws", size="small", days=3)


def test_an_empty_folder_becomes_the_workspace(tmp_path):
    (tmp_path / "ws").mkdir()

    assert create_workspace(tmp_path / "ws", size="small", days=3).records().rows > 0


def test_the_same_seed_makes_the_same_workspace(tmp_path):
    one, two = (create_workspace(tmp_path / name, size="small", days=3, seed=4) for name in "ab")
    other = create_workspace(tmp_path / "c", size="small", days=3, seed=5)

    assert one.fingerprint() == two.fingerprint() != other.fingerprint()


def test_holdings_tell_what_is_there(own):
    write_whole(own.records_file, records(60).parquet())

    holdings = own.holdings()

    assert (holdings.days, holdings.begins, holdings.as_of) == (60, date(2025, 11, 2), datetime(2026, 1, 1))
    assert holdings.streams["door"]["patients"] == holdings.streams["door"]["mean_a_day"] * 60
    assert holdings.in_house > 0
    assert holdings.gaps == {}


def test_a_busy_stream_without_arrivals_is_a_gap_on_a_working_day(own):
    found = records(60)
    hole = found.frame["arrived"].dt.date == date(2025, 12, 10)
    write_whole(
        own.records_file, type(found)(found.frame[~hole], found.begins, found.as_of, "imported").parquet()
    )

    gaps = own.holdings().gaps

    assert gaps == {"door": (date(2025, 12, 10),), "clinics": (date(2025, 12, 10),)}


def test_the_first_records_take_the_place_of_the_simulated_year_and_later_ones_join_them(own, tmp_path):
    write_whole(own.records_file, records(60).parquet())

    own.import_records([written(tmp_path / "one.csv", stay("1"))])
    own.import_records([written(tmp_path / "two.csv", stay("2"), stay("3"))])

    assert len(own.records().arrivals()) == 3
    assert own.records().made_by == "imported"
    assert own.holdings().imports == 2


def test_a_refused_import_changes_nothing(own, tmp_path):
    own.import_records([written(tmp_path / "one.csv", stay("1"))])
    before = own.fingerprint()

    with pytest.raises(BadData):
        own.import_records([written(tmp_path / "two.csv", stay("2"), stay("3", ended="later"))])

    assert own.fingerprint() == before
    assert own.holdings().imports == 1
    assert list((own.path / "artefacts").glob(".*")) == []


def test_no_workspace_and_no_records_are_told_with_the_cure(own, tmp_path):
    with pytest.raises(NotFound, match="twin init"):
        Workspace(tmp_path / "nowhere")
    with pytest.raises(NotFound, match="twin import"):
        own.records()


def test_damaged_records_are_told_in_words(own):
    write_whole(own.records_file, records(60).parquet()[:5_000])

    with pytest.raises(BadData, match="is damaged"):
        own.records()


@pytest.mark.parametrize("rows", [1, 7, 1000])
def test_records_read_in_parts_are_the_same_records_with_every_visit_whole(made, rows, tmp_path):
    whole = made.records()
    some = replace(whole, frame=whole.frame.iloc[:400].reset_index(drop=True))
    file = tmp_path / "some.parquet"
    file.write_bytes(some.parquet())

    parts = list(load_parts(file, rows))

    seen = [set(part.frame["encounter"]) for part in parts]
    assert sum(map(len, seen)) == some.frame["encounter"].nunique()
    together = pd.concat([part.frame.astype(object) for part in parts], ignore_index=True)
    pd.testing.assert_frame_equal(together, some.frame.astype(object))


def test_what_is_there_is_the_same_counted_part_by_part(made, tmp_path):
    hospital = made.hospital()

    counted = holdings_of(load_parts(made.records_file, 50), hospital)

    assert counted == holdings_of([made.records()], hospital)
