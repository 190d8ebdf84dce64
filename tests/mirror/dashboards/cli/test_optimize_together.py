"""``twin optimize together`` on a house of two wards with nurses."""

import json

import pytest
import tomlkit

from dashboards.cli import main
from tests.mirror.optimization.together.houses import described
from twin.plan import Plan

FEW = ("--days", "5", "--replications", "8", "--time-limit", "20")


@pytest.fixture
def workspace(tmp_path):
    (tmp_path / "hospital.toml").write_text(tomlkit.dumps(described()), encoding="utf-8")
    return tmp_path


def call(*words):
    with pytest.raises(SystemExit) as end:
        main(["optimize", "together", *words])
    return end.value.code


def test_beds_and_nurses_are_one_document_and_one_plan(workspace, capsys):
    out = workspace / "plan.toml"

    code = call(*FEW, "--workspace", str(workspace), "--total", "42", "--out", str(out), "--json")

    document = json.loads(capsys.readouterr().out)
    plan = Plan.read(out)
    assert code == 0
    assert set(document["plan"]["beds"]) == set(plan.beds) == {"medicine", "surgery"}
    assert set(document["plan"]["cover"]) == set(plan.cover) == {"medical", "surgical", "float"}
    assert document["certificate"]["bound"] is None


def test_in_words_it_says_what_the_parts_cost_and_how_to_repeat_it(workspace, capsys):
    assert call(*FEW, "--workspace", str(workspace), "--team", "medicine=2") == 0
    told = capsys.readouterr().out
    assert "Beds planned first and nurses after them:" in told
    assert "Beyond basic pay over 4 days, in GBP" in told
    assert "bound: none (rules:" in told
    assert "To repeat: twin optimize together --total 36 --days 5 --team medicine=2" in told


def test_a_plan_with_usual_nurses_is_told_and_not_kept(workspace, capsys):
    table = described()
    for ward in table["wards"].values():
        del ward["nursing"]
    table["staff"] = {}
    (workspace / "hospital.toml").write_text(tomlkit.dumps(table), encoding="utf-8")

    assert call(*FEW, "--workspace", str(workspace)) == 0
    told = capsys.readouterr()
    assert "usual ones were assumed" in told.out
    assert "not kept" in told.err
