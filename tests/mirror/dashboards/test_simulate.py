"""``twin simulate``: a hospital file is played and measured; a workspace keeps the run."""

import io
import json
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest

from dashboards.services.simulation import refuse_or_label, run_simulation, trace_bytes, words
from scenarios.base_case import FIRST_DAY
from tests.houses import hospital as small_hospital
from tests.mirror.twin.measures.made import made
from twin.case import Case, Window
from twin.errors import Overload
from twin.hospital import parse_hospital
from twin.hospital.examples import example_names
from twin.units import MS_DAY

ONE_DOCTOR = """
name = "One doctor"
timezone = "UTC"
[staff.doctor]
title = "Doctor"
on_duty = {doctors}
[arrivals.door]
title = "Walk in"
daily_mean = {a_day}
mix = {{ patient = 1.0 }}
[classes.patient]
title = "Patient"
priority = 5
pathway = "see"
[[pathways.see.steps]]
name = "seen"
staff = {{ doctor = 1 }}
duration = {{ mean = 15, unit = "minutes", shape = "exponential" }}
"""


def _case(doctors=1, a_day=72):
    return Case(parse_hospital(ONE_DOCTOR.format(doctors=doctors, a_day=a_day)))


def _twin(*words):
    done = subprocess.run(
        [sys.executable, "-c", "from dashboards.cli import main; main()", *map(str, words)],
        capture_output=True,
        text=True,
        check=False,
    )
    return done.returncode, done.stdout, done.stderr


def test_the_wait_of_a_single_doctor_is_that_of_the_textbook():
    window = Window(FIRST_DAY, days=300, warm_up=30)

    answer = run_simulation(_case(), window, seed=1, replications=10)

    wait = answer.waits[0]  # M/M/1 at 3 an hour against 4: Wq = 0.75 / (4 - 3) hours = 45 minutes
    assert abs(wait.mean_minutes - 45) < 2 * wait.margin95
    assert wait.margin95 < 4


def test_a_steady_state_that_does_not_exist_is_refused_before_the_run():
    with pytest.raises(Overload, match=r"the queue grows by 104\.0 a day"):
        refuse_or_label(_case(a_day=200), Window(FIRST_DAY, days=28, warm_up=7))


def test_the_same_days_from_an_empty_house_are_played_and_labelled():
    notes = refuse_or_label(_case(a_day=200), Window(FIRST_DAY, days=28))

    assert notes == ["queue grows by 104.0 a day before doctor (offered load 2.08)"]


def test_the_load_told_is_that_of_those_who_do_not_give_up():
    see = {"name": "see", "places": ["room"], "duration": {"mean": 60, "unit": "minutes"}}
    house = small_hospital(
        places={"room": 1}, pathways={"patient": [see], "hasty": [{**see, "if_full": "leaves"}]}
    )
    door = house.arrivals["door"].model_copy(
        update={"daily_mean": 24 * 4, "mix": {"patient": 0.5, "hasty": 0.5}}
    )
    case = Case(house.model_copy(update={"arrivals": {"door": door}}))

    answer = run_simulation(case, Window(FIRST_DAY, days=2), seed=1, replications=2)

    assert answer.status == "UNSTABLE rho=2"
    assert (
        "queue grows by 24.0 a day before room (offered load 2.00) (and 2.0 more by those who give up)"
        in (answer.notes)
    )
    (line,) = [line for line in words(answer).splitlines() if line.startswith("room ")]
    assert line.split() == "room 2.0 1.0 2.00 (and 2.0 more by those who give up)".split()


def test_people_who_are_never_there_are_refused_even_for_a_day():
    with pytest.raises(Overload, match="never one open"):
        refuse_or_label(_case(doctors=0), Window(FIRST_DAY, days=1))


def test_a_file_is_simulated_without_a_workspace_and_its_trace_written(tmp_path):
    hospital, trace = tmp_path / "hospital.toml", tmp_path / "trace.csv"
    hospital.write_text(ONE_DOCTOR.format(doctors=1, a_day=72))

    code, out, _ = _twin("simulate", hospital, "--days", 3, "--replications", 2, "--trace", trace, "--json")

    assert code == 0
    assert json.loads(out)["replications"] == 2
    assert {"patient", "step", "requested", "started", "ended", "left"} <= set(pd.read_csv(trace).columns)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["hospital.toml", "trace.csv"]


@pytest.mark.parametrize(
    ("name", "column"),
    [("run.csv", "patient_class"), ("run.vidigi.csv", "resource_id"), ("run.process.csv", "activity")],
)
def test_the_traces_name_says_whether_it_is_written_as_an_event_log(name, column):
    house = small_hospital(pathways={"visit": [{"name": "see"}]})
    trace = made(house, [("visit", 0, [("see", None, 0, 0, 5, 5)])])

    text = trace_bytes(trace, Path(name))

    assert column in pd.read_csv(io.BytesIO(text)).columns


def test_a_trace_says_which_days_it_holds_beside_those_measured(tmp_path):
    window = Window(FIRST_DAY, days=3)

    answer = run_simulation(_case(), window, seed=1, replications=1, trace_to=tmp_path / "trace.csv")

    assert answer.notes[-1].startswith(
        "the trace holds 5 days: 0 of warm-up, the 3 measured and 2 after them"
    )
    came = pd.read_csv(tmp_path / "trace.csv")["came"]
    assert came.max() // MS_DAY == 4


def test_an_example_is_played_as_its_source_plays_it():
    code, out, told = _twin("simulate", "--example", "urgent_care", "--replications", 2, "--json")

    answer = json.loads(out)
    assert code == 0
    assert (answer["days"], answer["warm_up"], answer["replications"]) == (1, 0, 2)
    assert "urgent_care is played with --days 1 --warm-up 0: its source plays one day" in told


def test_days_asked_of_an_example_count_and_its_warm_up_is_no_longer_than_they_allow():
    code, out, told = _twin(
        "simulate", "--example", "stroke_pathway", "--days", 7, "--replications", 1, "--json"
    )

    answer = json.loads(out)
    assert code == 0
    assert (answer["days"], answer["warm_up"]) == (7, 56)
    assert "--warm-up 56:" in told
    assert "--days" not in told


def test_the_help_names_every_example():
    code, out, _ = _twin("simulate", "--help")

    assert code == 0
    assert [name for name in example_names() if name not in out] == []


def test_an_impossible_horizon_is_refused_in_words(tmp_path):
    hospital = tmp_path / "hospital.toml"
    hospital.write_text(ONE_DOCTOR.format(doctors=1, a_day=72))

    code, out, told = _twin("simulate", hospital, "--days", 10_000)

    assert (code, out) == (2, "")
    assert "longer than the 3,660 days allowed" in told
    assert "Traceback" not in told


def test_five_faults_are_one_error_of_five_lines(tmp_path):
    hospital = tmp_path / "hospital.toml"
    text = ONE_DOCTOR.format(doctors='"many"', a_day=-3).replace("doctor = 1 }", "docter = 1 }")
    text = text.replace("priority = 5", "priorty = 5").replace('pathway = "see"', 'pathway = "sea"')
    hospital.write_text(text)

    code, _, told = _twin("simulate", hospital)

    assert code == 2
    lines = told.strip().splitlines()
    assert lines[0].endswith("has 5 problems")
    assert len(lines) == 6
    assert 'did you mean "doctor"?' in told


def test_schema_names_the_unit_of_a_number():
    code, out, _ = _twin("schema")

    assert code == 0
    assert json.loads(out)["$defs"]["Ward"]["properties"]["staffed_beds"]["unit"] == "beds"


def test_doctor_says_that_both_engines_agree(tmp_path):
    code, out, _ = _twin("doctor", "--workspace", tmp_path / "none")

    assert code == 0, out
    assert "engines agree" in out
