"""Plans that cannot be made, or make no sense, as a planner types them: told in words, and nothing kept half.

A small house with one ward asks for its beds. The list of bad inputs is in ``test_bad_inputs_optimizer``.
"""

import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from optimization.beds.planning import plan_beds
from tests.faults.bad_inputs import HOUSE, Twin
from tests.faults.test_bad_inputs_simulation import HOUSE_WITH_A_WARD
from tests.houses import START
from twin.case import Case, Window
from twin.errors import ConfigError, UsageError
from twin.hospital import parse_hospital
from twin.plan import Plan, Target

SHORT = ("--days", 3, "--replications", 4)
WINDOW = Window(START, days=3, warm_up=3)


def house(*changes: tuple[str, str]) -> str:
    text = HOUSE_WITH_A_WARD
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    return text


@pytest.fixture
def twin(capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Twin:
    monkeypatch.delenv("DATABASE_URL", raising=False)
    said = Twin(capsys, tmp_path)
    said.file(house())
    return said


def plan(twin: Twin, *words: object):
    """``twin optimize beds`` of the house in the folder, to a file beside it."""
    return twin(
        "optimize", "beds", "--workspace", twin.folder, *SHORT, "--out", twin.folder / "plan.toml", *words
    )


def nothing_was_kept(twin: Twin) -> None:
    assert not list(twin.folder.glob("plan.toml*"))


def test_a_price_that_is_no_number_is_refused_in_the_description(twin: Twin):
    twin.file(house(('name = "Small house"\n', 'name = "Small house"\nmoney = { open_bed_day = nan }\n')))
    plan(twin).is_refused("E_NOT_FINITE", "money.open_bed_day")
    nothing_was_kept(twin)


def test_a_house_without_wards_has_no_beds_to_plan(twin: Twin):
    ward = house()[house().index("[wards.oak]") : house().index("[staff.doctor]")]
    home = ("next = { bed = 0.7, home = 0.3 }\n", "")
    stay = house()[house().index('[[pathways.stay.steps]]\nname = "bed"') :]
    twin.file(house((ward, ""), home, (stay, "")))

    plan(twin).is_refused("E_EMPTY_MODEL", "no wards: there are no beds to plan")
    nothing_was_kept(twin)


def test_without_nurses_the_plan_is_no_beds_and_says_why(twin: Twin):
    nurse = '[staff.nurse]\ntitle = "Nurse"\non_duty = 0\n[staff.doctor]'
    bed = (
        "turnaround_minutes = 30\n",
        'turnaround_minutes = 30\nnursing = { group = "nurse", patients_per_nurse = 4 }\n',
    )
    twin.file(house(("[staff.doctor]", nurse), bed))
    said = plan(twin, "--json")
    assert said.code == 0, said.err
    assert said.json["plan"]["beds"] == {"oak": 0}
    assert said.json["explanation"]["binds"]


def test_a_planner_that_is_killed_leaves_no_plan_and_can_be_asked_again(twin: Twin):
    words = ["optimize", "beds", "--workspace", str(twin.folder), "--days", "28", "--replications", "400"]
    out = twin.folder / "plan.toml"
    child = subprocess.Popen(
        [sys.executable, "-c", "from dashboards.cli import main; main()", *words, "--out", str(out)],
        cwd=HOUSE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert child.stderr is not None
    assert "demand:" in child.stderr.readline()
    time.sleep(0.3)
    child.send_signal(signal.SIGKILL)
    child.communicate()
    assert child.returncode == -signal.SIGKILL
    nothing_was_kept(twin)

    assert plan(twin).code == 0, "asked once more, it plans"
    assert Plan.read(out).beds


def test_pins_that_contradict_each_other_are_told_with_both_levels(twin: Twin):
    said = plan(twin, "--pin", "oak=20", "--pin", "oak=21")

    assert said.code == 2
    assert "contradicts oak=20" in said.err
    nothing_was_kept(twin)


def test_pins_beyond_the_total_say_what_is_short_and_the_ways_out(twin: Twin):
    said = plan(twin, "--pin", "oak=30", "--total", 20)

    assert said.code == 4
    assert "E_INFEASIBLE" in said.err
    assert "10" in said.err
    nothing_was_kept(twin)


@pytest.mark.parametrize("target", ["ed_within_4h>=101", "ed_within_4h>=nan", "nonsense<=3"])
def test_a_target_that_nothing_can_reach_is_refused(twin: Twin, target: str):
    said = plan(twin, "--target", target)

    assert said.code == 2, said.err
    assert "Traceback" not in said.err
    nothing_was_kept(twin)


def test_beds_that_cost_nothing_and_patients_who_never_come_are_planned(twin: Twin):
    twin.file(house(("daily_mean = 10", "daily_mean = 0")))

    said = plan(twin, "--json")

    assert said.code == 0, said.err
    beds = said.json["plan"]["beds"]["oak"]
    assert 0 <= beds <= 40
    assert all(row["holds"] for row in said.json["certificate"]["targets"])


def test_no_futures_are_left_to_prove_a_plan_on(twin: Twin):
    with pytest.raises(UsageError, match="4 replications"):
        plan_beds(Case(parse_hospital(house())), WINDOW, replications=3)
    with pytest.raises(ConfigError, match="from 0"):
        plan_beds(
            Case(parse_hospital(house())),
            WINDOW,
            targets=[Target("T", "occupancy", "%", at_most=90, share=1.5)],
        )
