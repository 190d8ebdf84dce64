"""The commands init, records and import: what they say and the code they leave with."""

import json

import pytest

from dashboards.cli import main
from twin.workspace import Workspace

HEADER = "encounter,patient_class,stream,place,step,started,ended"


@pytest.fixture(scope="module")
def workspace(tmp_path_factory):
    """A small workspace, made by the command itself."""
    folder = tmp_path_factory.mktemp("desk") / "ws"
    assert leave("init", str(folder), "--size", "small", "--until", "2025-03-02", "--seed", "3") == 0
    return folder


def leave(*words: str) -> int:
    with pytest.raises(SystemExit) as end:
        main(words)
    return int(end.value.code or 0)


def test_init_makes_the_folder_named_or_the_workspace(workspace, tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("TWIN_WORKSPACE", "ward")

    assert leave("init", "--size", "small", "--until", "2025-03-02", "--json") == 0

    told = json.loads(capsys.readouterr().out)
    assert told["workspace"] == "ward"
    assert told["records"]["as_of"] == "2025-03-03T00:00:00"
    assert (tmp_path / "ward" / "hospital.toml").is_file()


def test_init_leaves_a_workspace_as_it_is_and_says_so(workspace, capsys):
    assert leave("init", str(workspace), "--size", "small") == 2
    assert "is a workspace already; nothing was changed" in capsys.readouterr().err


def test_records_tell_days_last_instant_and_streams(workspace, capsys):
    assert leave("records", "--workspace", str(workspace)) == 0

    told = capsys.readouterr().out
    assert "as of     2025-03-03 00:00, the last instant of the data" in told
    assert "days      365, from 2024-03-03" in told


def test_records_of_no_workspace_name_the_cure(tmp_path, capsys):
    assert leave("records", "--workspace", str(tmp_path / "none")) == 2
    assert "make one with: twin init" in capsys.readouterr().err


def test_import_of_a_broken_file_leaves_with_3_and_changes_nothing(workspace, tmp_path, capsys):
    broken = tmp_path / "broken.csv"
    broken.write_text(f"{HEADER}\n1,no_such_class,nowhere,bed,stay,2025-03-01 10:00,2025-03-01 09:00\n")
    before = Workspace(workspace).fingerprint()

    assert leave("import", str(broken), "--workspace", str(workspace)) == 3

    said = capsys.readouterr().err
    assert "ended lies before started" in said
    assert "1 of 1 rows cannot be used" in said
    assert Workspace(workspace).fingerprint() == before


def test_what_init_wrote_comes_back_through_import(workspace, tmp_path, capsys):
    import pyarrow.csv
    import pyarrow.parquet

    table = pyarrow.parquet.read_table(workspace / "records" / "encounters.parquet").to_pandas()
    table = table[table["arrived"] >= "2025-02-01"]
    table.to_csv(tmp_path / "february.csv", index=False)

    assert leave("import", str(tmp_path / "february.csv"), "--workspace", str(workspace), "--json") == 0

    told = json.loads(capsys.readouterr().out)
    assert told["made_by"] == "imported"
    assert (told["begins"], told["as_of"]) == ("2025-02-01", "2025-03-03T00:00:00")
    assert told["encounters"] == table["encounter"].nunique()
