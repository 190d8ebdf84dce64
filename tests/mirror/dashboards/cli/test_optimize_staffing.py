"""``twin optimize staffing`` on the small hospital: its plan, as it is told, written and kept."""

import json

import pytest

from dashboards.cli import main
from twin.hospital import shipped
from twin.plan import Plan

SHORT = ("--days", "8", "--replications", "8", "--time-limit", "5", "--group", "triage_nurses")


@pytest.fixture
def workspace(tmp_path, monkeypatch):
    monkeypatch.delenv("DATABASE_URL", raising=False)
    (tmp_path / "hospital.toml").write_text(shipped("small"), encoding="utf-8")
    return tmp_path


def call(workspace, *words):
    with pytest.raises(SystemExit) as end:
        main(["optimize", "staffing", "--workspace", str(workspace), *SHORT, *words])
    return end.value.code


def test_a_plan_is_one_document_a_file_and_a_proposal(workspace, capsys):
    out = workspace / "staffing.toml"

    code = call(workspace, "--out", str(out), "--json")

    told = json.loads(capsys.readouterr().out)
    assert code == 0
    assert set(Plan.read(out).cover) == set(told["plan"]["cover"]) == {"triage_nurses"}
    assert len(told["plan"]["cover"]["triage_nurses"]) == 7  # the first day stays as decided
    assert told["kept"]["status"] == "proposed"
    assert told["certificate"]["bound_note"].startswith("bound: none (rules:")


def test_in_words_there_is_a_table_of_the_week_the_proof_and_how_to_repeat_it(workspace, capsys):
    code = call(workspace, "--shift", "00:00-08:00", "--shift", "08:00-16:00", "--shift", "16:00-24:00")

    told = capsys.readouterr().out
    assert code == 0
    assert "mon  tue  wed" in told
    assert "08:00-16:00" in told
    assert "Targets, on futures the plan has not seen:" in told
    assert 'twin optimize staffing --days 8 --share 80 --limit 30 --notice 1 --group "triage_nurses"' in told


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("--pin", "triage_nurses=2"), "GROUP/SHIFT=PEOPLE"),
        (("--pin", "triage_nurses/at_dawn=2"), "no such shift"),
        (("--share", "120"), "below 100 %"),
        (("--people", "triage_nurse=5"), 'did you mean "triage_nurses"'),
        (("--shift", "8 to 4"), "HH:MM-HH:MM"),
        (("--keep", "approved"), "no approved plan holds"),
    ],
)
def test_what_cannot_be_asked_is_told_before_anything_is_played(workspace, capsys, words, says):
    code = call(workspace, *words)

    assert code == 2
    assert says in capsys.readouterr().err


def test_people_too_few_end_with_exit_4_and_ways_out(workspace, capsys):
    code = call(workspace, "--people", "triage_nurses=2")

    assert code == 4
    assert "the cheapest ways out:" in capsys.readouterr().err
