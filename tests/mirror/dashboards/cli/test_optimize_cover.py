"""``twin optimize cover``: rules as they are typed, a plan kept to, usual nurses where none are named."""

import json

import pytest
import tomlkit

from dashboards.cli import main
from tests.mirror.optimization.cover.conftest import ward_that_closes
from twin.hospital import load_hospital, shipped
from twin.plan import Plan

FEW = ("--days", "4", "--replications", "8", "--time-limit", "20")
TOMORROW = "2025-01-16"


@pytest.fixture
def workspace(tmp_path):
    described = ward_that_closes().model_dump(mode="json", by_alias=True, exclude_defaults=True)
    (tmp_path / "hospital.toml").write_text(tomlkit.dumps(described), encoding="utf-8")
    return tmp_path


def call(workspace, *words):
    with pytest.raises(SystemExit) as end:
        main(["optimize", "cover", *FEW, "--workspace", str(workspace), *words])
    return end.value.code


def test_a_pin_a_target_and_a_plan_to_keep_to_are_typed_and_told(workspace, capsys):
    first, second = workspace / "first.toml", workspace / "second.toml"
    assert call(workspace, "--out", str(first)) == 0
    days = sorted(Plan.read(first).cover["nurses"])
    pin = f"nurses@{days[0]}@early=6"
    capsys.readouterr()

    code = call(
        workspace,
        "--keep",
        str(first),
        "--pin",
        pin,
        "--target",
        "beds_closed<=60",
        "--out",
        str(second),
        "--json",
    )

    document = json.loads(capsys.readouterr().out)
    before, after = Plan.read(first), Plan.read(second)
    assert code == 0
    assert after.people("nurses", days[0], "early") == 6
    assert {d: dict(after.cover["nurses"][d]) for d in days[1:]} == {
        d: dict(before.cover["nurses"][d]) for d in days[1:]
    }
    assert [t["name"] for t in document["certificate"]["targets"]] == ["Beds closed for lack of nurses"]
    assert f"--pin {pin}" in document["certificate"]["command"]


def test_what_nobody_can_send_ends_with_exit_code_4_and_the_ways_out(workspace, capsys):
    assert call(workspace, "--at-least", "4") == 4
    told = capsys.readouterr().err
    assert "no cover meets all rules" in told
    assert "the cheapest ways out" in told


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("--pin", "nurses@night=4"), "GROUP@DATE@SHIFT=PEOPLE"),
        (("--pin", "nurses@2031-01-01@night=4"), "a day that can be planned"),
        (("--at-least", "0"), "above 0"),
        (("--target", "beds_closed<=200"), "between 0 and 100"),
        (("--keep", "approved"), "no approved plan"),
        (("--nurses-out", "nurses.toml"), "name their nurses already"),
    ],
)
def test_what_cannot_be_asked_is_refused_in_words(workspace, capsys, words, told):
    words = tuple(str(workspace / w) if w.endswith(".toml") else w for w in words)

    assert call(workspace, *words) == 2
    assert told in capsys.readouterr().err


def test_a_hospital_that_names_no_nurses_gets_a_first_answer_and_the_rows_to_correct(tmp_path, capsys):
    file, rows = tmp_path / "hospital.toml", tmp_path / "nurses.toml"
    file.write_text(shipped("small"), encoding="utf-8")

    assert call(tmp_path, "--nurses-out", str(rows)) == 0
    told = capsys.readouterr()
    assert "usual ones were assumed" in told.out
    assert "the plan is not kept" in told.err

    file.write_text(shipped("small") + rows.read_text(encoding="utf-8"), encoding="utf-8")
    assert all(ward.nursing is not None for ward in load_hospital(file).wards.values())
