"""``twin plans`` and what ``twin optimize`` leaves in the book of plans."""

from __future__ import annotations

import json
from datetime import date, timedelta
from pathlib import Path

import pytest

from dashboards.cli import main
from dashboards.cli.planning import keeping
from scenarios.plan_book import write_down
from tests.plans import beds_planned, cover_planned
from twin.hospital import parse_hospital, shipped
from twin.plan import Plan
from twin.store import StoreUnusable, open_store

FIRST = date(2025, 3, 4)
WARDS = {"medicine": 18, "elderly_care": 12}


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    (tmp_path / "hospital.toml").write_text(shipped("small"), encoding="utf-8")
    return tmp_path


@pytest.fixture
def planned(workspace: Path) -> Path:
    """A workspace with a bed plan (1) and one for a week later (2), both proposed, that share dates."""
    house = parse_hospital(shipped("small"))
    with open_store(workspace) as store:
        for number in range(2):
            first = FIRST + timedelta(days=7 * number)
            write_down(
                store, "beds", beds_planned(first, name=f"Beds {number + 1}", **WARDS), house, "a test"
            )
    return workspace


def twin(*words: object) -> int:
    with pytest.raises(SystemExit) as end:
        main([str(word) for word in words])
    return int(end.value.code or 0)


def plans(workspace: Path, *words: object) -> int:
    return twin("plans", *words, "--workspace", workspace)


def test_a_plan_that_was_made_is_in_the_book_and_the_same_again_keeps_its_number(workspace, capsys):
    words = ("optimize", "beds", "--days", 5, "--replications", 4, "--json", "--workspace", workspace)

    assert twin(*words) == 0
    first = capsys.readouterr()
    assert twin(*words) == 0
    again = capsys.readouterr()

    assert json.loads(first.out)["kept"]["plan"] == json.loads(again.out)["kept"]["plan"] == 1
    assert "this is plan 1, proposed" in first.err and "this is already plan 1" in again.err
    assert plans(workspace, "show", 1, "--json") == 0
    shown = json.loads(capsys.readouterr().out)
    assert shown["certificate"] == json.loads(first.out)["certificate"]
    assert shown["explanation"] == json.loads(first.out)["explanation"]


def test_what_is_approved_is_what_the_next_plan_starts_from(workspace, capsys):
    words = ("optimize", "beds", "--days", 5, "--replications", 4, "--workspace", workspace)
    assert twin(*words, "--pin", "medicine=16", "--json") == 0
    assert plans(workspace, "approve", 1, "--by", "bed_manager", "--note", "as agreed") == 0
    capsys.readouterr()

    assert twin(*words, "--keep", "approved", "--json") == 0

    told = json.loads(capsys.readouterr().out)
    assert told["plan"]["today"]["medicine"] == told["plan"]["beds"]["medicine"] == 16
    assert any('beds as approved: plan 1 "' in note for note in told["notes"])


def test_keeping_to_an_approved_plan_where_none_holds_is_told(workspace, capsys):
    words = ("optimize", "beds", "--days", 5, "--replications", 4, "--workspace", workspace)

    assert twin(*words, "--keep", "approved") == 2
    assert "no approved plan holds" in capsys.readouterr().err


def test_a_store_that_fails_is_told_and_the_plan_is_said_all_the_same(workspace, capsys, monkeypatch):
    def full(*_: object) -> None:
        raise StoreUnusable("no space left on the disk", code="E_DISK_FULL")

    monkeypatch.setattr(keeping, "_kept", full)
    out = workspace / "plan.toml"

    with pytest.raises(Exception) as end:
        keeping.deliver("beds", beds_planned(FIRST), "the plan", workspace=workspace, out=out)

    said = capsys.readouterr()
    assert getattr(end.value, "exit_code", None) == 2
    assert "the plan\n" in said.out and "E_DISK_FULL" in said.err
    assert Plan.read(out).open_beds("medicine", FIRST) == 22


def test_a_file_that_cannot_be_written_is_told_and_the_plan_is_kept(workspace, capsys):
    out = workspace / "hospital.toml" / "plan.toml"

    with pytest.raises(Exception) as end:
        keeping.deliver("beds", beds_planned(FIRST), "", workspace=workspace, out=out, json=True)

    told = json.loads(capsys.readouterr().out)
    assert getattr(end.value, "exit_code", None) == 1
    assert told["kept"]["plan"] == 1
    assert "cannot be written" in told["faults"][0]["message"]


def test_the_book_is_listed_newest_first_and_by_status(planned, capsys):
    assert plans(planned, "approve", 1, "--by", "bed_manager") == 0
    capsys.readouterr()

    assert plans(planned) == 0
    listed = capsys.readouterr().out.splitlines()
    assert plans(planned, "--status", "approved", "--json") == 0
    approved = json.loads(capsys.readouterr().out)["plans"]

    assert [line.split()[:2] for line in listed] == [["2", "proposed"], ["1", "approved"]]
    assert [(row["plan"], row["decided_by"]) for row in approved] == [(1, "bed_manager")]


def test_an_empty_book_says_how_it_is_filled(workspace, capsys):
    assert plans(workspace) == 0
    assert "twin optimize beds" in capsys.readouterr().out


def test_a_plan_is_shown_with_its_beds_its_proof_and_its_reasons(planned, capsys):
    out = planned / "shown.toml"

    assert plans(planned, "show", 1, "--out", out) == 0

    told = capsys.readouterr().out
    assert "Medicine: 18 beds 4 to 17 Mar 2025" in told
    assert "Certified: 2 of 2 targets held" in told
    assert "the second attempt" in told and "bound of the simulated optimum: none (rules:" in told
    assert "the total of 32 beds" in told
    assert Plan.read(out).beds["elderly_care"][FIRST] == 12


def test_people_are_shown_by_week_and_shift(workspace, capsys):
    with open_store(workspace) as store:
        write_down(store, "cover", cover_planned(FIRST, 7), parse_hospital(shipped("small")))

    assert plans(workspace, "show", 1) == 0

    told = capsys.readouterr().out
    assert "week of Mon 3 Mar, day: – 12 12 12 12 10 10" in told
    assert "week of Mon 10 Mar, night: 8 – – – – – –" in told


def test_a_plan_that_shares_dates_is_refused_and_told_how_it_takes_the_place(planned, capsys):
    assert plans(planned, "approve", 1, "--by", "bed_manager") == 0

    assert plans(planned, "approve", 2, "--by", "bed_manager") == 1
    assert "twin plans approve 2 --supersede" in capsys.readouterr().err
    assert plans(planned, "approve", 2, "--by", "bed_manager", "--supersede") == 0
    assert "in the place of plan 1" in capsys.readouterr().out
    with open_store(planned) as store:
        assert [entry.status for entry in store.plans.list()] == ["approved", "superseded"]
        assert [row.actor for row in store.audit.list(10) if row.action == "plan.approve"] == [
            "bed_manager"
        ] * 2


def test_a_plan_is_taken_back_and_not_approved_again(planned, capsys):
    assert plans(planned, "approve", 1) == 0
    assert plans(planned, "withdraw", 1, "--note", "ward flooded") == 0
    assert "its dates keep the calendar" in capsys.readouterr().out

    assert plans(planned, "approve", 1) == 1
    assert "withdrawn" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("words", "code", "told"),
    [
        (["approve"], 2, "which plan?"),
        (["show", 9], 2, "no plan 9"),
        (["burn", 1], 2, "burn"),
        (["--status", "lost"], 2, "lost"),
    ],
)
def test_what_cannot_be_asked_of_the_book_is_told(planned, capsys, words, code, told):
    assert plans(planned, *words) == code
    assert told in capsys.readouterr().err
