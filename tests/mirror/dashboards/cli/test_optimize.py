"""``twin optimize beds`` on the small hospital."""

import json

import pytest

from dashboards.cli import main
from dashboards.cli.planning.wording import numbers_of
from twin.errors import ConfigError
from twin.hospital import shipped
from twin.plan import Plan


@pytest.fixture
def workspace(tmp_path):
    (tmp_path / "hospital.toml").write_text(shipped("small"), encoding="utf-8")
    return tmp_path


def call(*words):
    with pytest.raises(SystemExit) as end:
        main(["optimize", *words])
    return end.value.code


def test_a_plan_is_told_as_one_json_document_and_written_as_toml(workspace, capsys):
    out = workspace / "plan.toml"

    code = call(
        "beds",
        "--workspace",
        str(workspace),
        "--days",
        "7",
        "--replications",
        "4",
        "--out",
        str(out),
        "--json",
    )

    document = json.loads(capsys.readouterr().out)
    assert code == 0
    assert set(document["plan"]["beds"]) == set(Plan.read(out).beds)
    assert document["certificate"]["certify_paths"] == 2
    assert document["explanation"]["headline"]


def test_a_total_that_cannot_be_met_says_so_with_exit_4(workspace, capsys):
    code = call(
        *(
            "--workspace",
            str(workspace),
            "--days",
            "7",
            "--replications",
            "4",
            "--total",
            "5",
            "--cover",
            "0.5",
        )
    )

    assert code == 4
    assert "the cheapest ways out:" in capsys.readouterr().err


def test_a_negative_total_is_refused_with_exit_2(workspace, capsys):
    assert call("--workspace", str(workspace), "--total", "-3") == 2
    assert "0 or more" in capsys.readouterr().err


def test_what_cannot_be_planned_is_said_with_what_can(workspace, capsys):
    assert call("parking", "--workspace", str(workspace)) == 2
    told = capsys.readouterr().err
    assert '"parking" cannot be planned' in told and "twin optimize beds" in told


def test_pins_that_contradict_each_other_are_told_together():
    with pytest.raises(ConfigError) as told:
        numbers_of("--pin", ["icu=3", "icu=4", "medicine=lots"], "beds")

    assert len(told.value.problems) == 2


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["--pool", "general"], "two wards or more"),
        (["--team", "some"], "--team"),
        (["--flex", "nowhere=2"], "no such ward"),
        (["--moves", "-1"], "moves"),
        (["--notice", "40"], "leaves none"),
        (["--period", "0"], "1 day or longer"),
        (["--target", "outlier_share<=120"], "between 0 and 100"),
        (["--target", "outlier_shar<=5"], "outlier_share"),
        (["--target", "ed_within_4h=78"], "MEASURE<=LEVEL"),
        (["--target", "occupancy<=80", "--target", "occupancy>=90"], "contradict each other"),
    ],
)
def test_a_rule_that_cannot_be_is_refused_with_exit_2_and_nothing_is_written(workspace, capsys, words, told):
    out = workspace / "plan.toml"

    code = call(
        "--workspace", str(workspace), "--days", "7", "--replications", "4", "--out", str(out), *words
    )

    assert code == 2
    assert told in capsys.readouterr().err
    assert not out.exists()


def test_total_0_closes_every_ward_and_says_what_that_does(workspace, capsys):
    code = call("--workspace", str(workspace), "--days", "5", "--replications", "4", "--total", "0", "--json")

    document = json.loads(capsys.readouterr().out)
    assert code == 0
    assert set(document["plan"]["beds"].values()) == {0}
    assert not document["certificate"]["holds"]


def test_a_plan_that_is_kept_to_stays_as_it_is_where_nothing_asks_for_more(workspace, capsys):
    written, again = workspace / "plan.toml", workspace / "again.toml"
    common = ("--workspace", str(workspace), "--days", "5", "--replications", "4", "--json")

    assert call(*common, "--out", str(written)) == 0
    assert call(*common, "--keep", str(written), "--out", str(again)) == 0

    assert Plan.read(again).beds == Plan.read(written).beds


def test_a_plan_to_keep_that_is_not_there_is_said_before_anything_is_played(workspace, capsys):
    assert call("--workspace", str(workspace), "--keep", str(workspace / "none.toml")) != 0
    assert "no such plan" in capsys.readouterr().err
