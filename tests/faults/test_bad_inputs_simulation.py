"""Bad inputs of a simulation: refused before the run in words, or played and labelled; never half done.

A surgery with one doctor, and a small house with a ward behind it, are given what no hospital has.
"""

import json
import os
import re
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import numpy as np
import pytest

from dashboards.worker import execute, work
from scenarios.base_case import FIRST_DAY
from tests.faults.bad_inputs import HOUSE, Book, Twin
from twin.case import Case, Window
from twin.errors import CODES, Cancelled, ConfigError, TwinError
from twin.hospital import parse_hospital
from twin.replications import play, playing, question, replicate
from twin.replications.playing import days_until_too_many
from twin.store import Store, open_store

BOOK = Book("simulation")
RHO = 96  # patients a day that one doctor can see, 15 minutes each

SURGERY = """
name = "One doctor"
timezone = "UTC"
[staff.doctor]
title = "Doctor"
on_duty = 1
[arrivals.door]
title = "Walk in"
daily_mean = 72
mix = { patient = 1.0 }
[classes.patient]
title = "Patient"
priority = 5
pathway = "see"
[[pathways.see.steps]]
name = "seen"
staff = { doctor = 1 }
duration = { mean = 15, unit = "minutes", shape = "exponential" }
"""

HOUSE_WITH_A_WARD = """
name = "Small house"
timezone = "Europe/London"
[wards.oak]
title = "Oak"
physical_beds = 40
staffed_beds = 30
turnaround_minutes = 30
[staff.doctor]
title = "Doctor"
on_duty = 3
[arrivals.door]
title = "Walk in"
daily_mean = 10
mix = { patient = 1.0 }
[classes.patient]
title = "Patient"
priority = 5
pathway = "stay"
[[pathways.stay.steps]]
name = "seen"
staff = { doctor = 1 }
duration = { mean = 60, unit = "minutes", shape = "exponential" }
next = { bed = 0.7, home = 0.3 }
[[pathways.stay.steps]]
name = "bed"
places = ["oak"]
duration = { mean = 2, cv = 0.5, unit = "days", shape = "gamma" }
"""


def surgery(a_day: float = 72) -> str:
    return SURGERY.replace("daily_mean = 72", f"daily_mean = {a_day}")


def house(old: str = "", new: str = "") -> str:
    assert old in HOUSE_WITH_A_WARD
    return HOUSE_WITH_A_WARD.replace(old, new)


@pytest.fixture
def twin(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> Twin:
    return Twin(capsys, tmp_path)


@pytest.fixture
def workspace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.delenv("DATABASE_URL", raising=False)
    folder = tmp_path / "ws"
    folder.mkdir()
    (folder / "hospital.toml").write_text(surgery(), encoding="utf-8")
    return folder


@pytest.mark.parametrize("name", BOOK.names())
def test_a_bad_input_is_answered(name: str, request: pytest.FixtureRequest):
    answer = BOOK.answer(name)
    wanted = answer.__code__.co_varnames[: answer.__code__.co_argcount]

    answer(**{fixture: request.getfixturevalue(fixture) for fixture in wanted})


def test_every_entry_of_the_list_is_answered_in_its_own_words():
    BOOK.hold_the_list()


# ---- what a description may say ------------------------------------------------------------------


@BOOK.answers_to("B101", "capacity 0 beds in an open ward")
def no_beds(twin: Twin) -> None:
    closed = twin.file(house("staffed_beds = 30", "staffed_beds = 0"))

    said = twin("simulate", closed, "--days", 2, "--replications", 1, "--warm-up", 0)

    said.is_refused("E_CAPACITY", "Oak (oak)", "never one open", "open some, or send the patients elsewhere")


@BOOK.answers_to("B102", "capacity -3, 2.5, 10^9")
def impossible_capacity(twin: Twin) -> None:
    for beds in ("-3", "2.5", "1_000_000_000", "1e9"):
        said = twin("simulate", twin.file(house("staffed_beds = 30", f"staffed_beds = {beds}")))

        said.is_refused("E_RANGE", "wards.oak.staffed_beds")


@BOOK.answers_to("B106", "NaN from a length-of-stay distribution")
def a_length_that_is_no_number(twin: Twin) -> None:
    for length in ("mean = nan", "mean = inf", "mean = -inf", "mean = 1e6, at_most = nan"):
        said = twin("simulate", twin.file(house("mean = 2", length)))

        said.is_refused("E_NOT_FINITE", "pathways.stay.steps.bed.duration", "a finite number")

    said = twin(
        "simulate",
        twin.file(house("mean = 2, cv = 0.5", "mean = 1e6, cv = 10").replace("gamma", "lognormal")),
    )
    said.is_refused("E_NOT_FINITE", "pathways.stay.steps.bed.duration", "longer than the clock can hold")


@BOOK.answers_to("B107", "negative delay from a Normal LOS")
def a_normal_length_of_stay(twin: Twin) -> None:
    said = twin("simulate", twin.file(house('shape = "gamma"', 'shape = "normal"')))
    said.is_refused("E_NEGATIVE_DELAY", "pathways.stay.steps.bed.duration.shape", "lognormal")

    for old, new, path in (
        ("mean = 2,", "mean = -2,", "steps.bed.duration.mean"),
        ("turnaround_minutes = 30", "turnaround_minutes = -30", "wards.oak.turnaround_minutes"),
        ("mean = 2, cv = 0.5", "quantiles = [[0.0, -1.0], [1.0, 9.0]]", "steps.bed.duration.quantiles"),
    ):
        said = twin("simulate", twin.file(house(old, new)))
        said.is_refused("E_NEGATIVE_DELAY", path)


@BOOK.answers_to("B108", "routing probabilities sum to 0.97 or 1.2")
def shares_that_are_no_whole(twin: Twin) -> None:
    for home, total in ((0.27, "0.97"), (0.5, "1.2")):
        said = twin("simulate", twin.file(house("home = 0.3", f"home = {home}")))

        said.is_refused("E_PROBABILITY", f"steps.seen.next = {total}", "never rescaled silently")


# ---- what can be asked of a run ------------------------------------------------------------------


@BOOK.answers_to("B110", "warm-up longer than the run")
def a_warm_up_longer_than_the_run(twin: Twin) -> None:
    surgery_file = twin.file(surgery())

    for days, warm_up in ((28, 400), (10, 57), (100, 101)):
        said = twin("simulate", surgery_file, "--days", days, "--warm-up", warm_up)
        said.is_refused("E_WARMUP", f"--warm-up {warm_up}", f"{days} days")

    assert twin("simulate", surgery_file, "--days", 5, "--warm-up", 5, "--replications", 1).code == 0
    twin("simulate", surgery_file, "--warm-up", -1).is_refused("E_RANGE", "--warm-up -1")


@BOOK.answers_to("B111", "seed missing / 2^70 / text")
def a_seed(twin: Twin) -> None:
    asked = ("simulate", twin.file(surgery()), "--days", 3, "--replications", 3, "--warm-up", 0)

    for seed in (2**70, 2**63, -1, "seven", "1.5", "", "１２", "1" * 5_000):
        twin(*asked, "--seed", seed).is_refused("E_SEED", "a whole number from 0 to")

    first, again, other = twin(*asked, "--json"), twin(*asked, "--json"), twin(*asked, "--seed", 2, "--json")
    assert first.json["seed"] == 1, "a seed that was not named is recorded all the same"
    assert "seed 1" in twin(*asked).out
    assert first.out.encode() == again.out.encode() != other.out.encode()
    assert twin(*asked, "--seed", 2**63 - 1, "--json").json["seed"] == 2**63 - 1


def test_the_same_seed_writes_the_same_trace_byte_for_byte(twin: Twin):
    surgery_file, traces = twin.file(surgery()), [twin.folder / f"{n}.parquet" for n in range(3)]

    for seed, trace in zip((5, 5, 6), traces, strict=True):
        asked = ("--days", 5, "--replications", 4, "--warm-up", 0, "--seed", seed, "--trace", trace)
        assert twin("simulate", surgery_file, *asked).code == 0

    assert traces[0].read_bytes() == traces[1].read_bytes() != traces[2].read_bytes()


@BOOK.answers_to("B109", "horizon 1,000 years; 10^6 replications")
def more_than_a_machine_can_do(twin: Twin) -> None:
    surgery_file = twin.file(surgery())
    for asked in (("--days", 365_250), ("--days", 28, "--replications", 1_000_000)):
        begun = time.monotonic()
        said = twin("simulate", surgery_file, *asked)
        assert time.monotonic() - begun < 1

        said.is_refused("E_BUDGET", "patient-steps a replication", "of work", "ask for fewer")

    begun = time.monotonic()
    with pytest.raises(Cancelled):
        replicate(
            Case(parse_hospital(surgery())),
            Window(FIRST_DAY, days=28),
            seed=1,
            replications=range(4),
            reduce=lambda trace: time.sleep(60),  # a replication that takes a minute
            check=_cancelled_after(begun + 0.3),
        )
    assert time.monotonic() - begun - 0.3 < 1


def _cancelled_after(instant: float):
    def check() -> None:
        if time.monotonic() > instant:
            raise Cancelled("asked to stop")

    return check


# ---- demand that no hospital can carry -----------------------------------------------------------

#: the peak is that of the program's own memory: `ru_maxrss` would begin with what the tests hold as it starts
MEASURED = """
import sys
from dashboards.cli import main
try:
    main(sys.argv[1:])
finally:
    status = open("/proc/self/status").read()
    print(int(status.split("VmHWM:")[1].split()[0]) / 1024, file=sys.stderr)
"""


@BOOK.answers_to("B103", "arrival rate 20x service (rho = 20), 1,000 days")
def twenty_times_too_many(twin: Twin) -> None:
    crowd = twin.file(surgery(20 * RHO))
    asked = ["simulate", crowd, "--days", "1000", "--warm-up", "0", "--replications", "4"]
    one_day = ["simulate", crowd, "--days", "1", "--warm-up", "0", "--replications", "1"]

    for words in (one_day, asked):  # the first compiles the kernel, if nobody has yet
        command = [sys.executable, "-c", MEASURED, *map(str, words), "--json"]
        done = subprocess.run(command, cwd=HOUSE, capture_output=True, text=True, timeout=300, check=False)
        assert done.returncode == 0, done.stderr

    answer = json.loads(done.stdout)
    assert answer["status"] == "UNSTABLE rho=20"
    assert answer["partial"] is True
    assert any("partial results: 4 of 4 replications were stopped" in note for note in answer["notes"])
    assert any("queue grows by 1824.0 a day" in note for note in answer["notes"])
    assert not any(row["converged"] for row in answer["measures"])
    assert float(done.stderr.split()[-1]) <= 512, "peak memory [MiB]"


def test_a_run_that_outgrows_the_guard_stops_with_its_reason_at_once():
    case = Case(parse_hospital(surgery(20 * RHO)))
    window = Window(FIRST_DAY, days=1_000)
    play(case, Window(FIRST_DAY, days=1), seed=1, replication=0)  # the kernel is compiled

    begun = time.process_time()
    trace = play(case, window, seed=1, replication=0)

    assert time.process_time() - begun < 2  # of a processor, all of it: drawn, played to the guard, stopped
    assert "more patients waited" in trace.stopped_why
    assert trace.workload.window == window


def test_what_is_drawn_no_further_than_the_guard_is_what_a_whole_draw_tells(
    monkeypatch: pytest.MonkeyPatch,
):
    case, window = Case(parse_hospital(surgery(40 * RHO))), Window(FIRST_DAY, days=90)
    short = play(case, window, seed=3, replication=1)
    monkeypatch.setattr(playing, "days_until_too_many", lambda case, window: window.total)

    whole = play(case, window, seed=3, replication=1)

    assert days_until_too_many(case, window) < window.total
    assert short.stopped_at == whole.stopped_at is not None
    assert short.workload.patients < whole.workload.patients
    n = short.requested.size
    for column in ("place", "requested", "started", "ended", "left"):
        assert np.array_equal(getattr(short, column), getattr(whole, column)[:n])
    assert (whole.requested[n:] == np.iinfo(np.int64).min).all(), "nobody else had come"


def test_a_steady_state_that_is_asked_for_is_refused_with_rho(twin: Twin):
    said = twin("simulate", twin.file(surgery(20 * RHO)), "--days", 1_000, "--warm-up", 100)

    said.is_refused("E_UNSTABLE", "UNSTABLE rho=20", "--warm-up 0")


@BOOK.answers_to("B104", "rho exactly 1.0")
def exactly_full(twin: Twin) -> None:
    full = twin.file(surgery(RHO))
    for warm_up in ((), ("--warm-up", 0)):
        said = twin("simulate", full, "--days", 20, "--replications", 3, *warm_up)

        assert said.code == 0, said.err
        assert "no steady state before doctor" in said.out
        assert "NO_STEADY_STATE rho=1" in said.out
        assert re.search(r"mean +not converged +80 % of futures", said.out)
        assert re.search(r"Arrivals +[\d.]+ +\([\d.]+\)", said.out), (
            "an interval that is not one, in brackets"
        )
    answer = twin("simulate", full, "--days", 20, "--replications", 3, "--json").json
    assert answer["status"] == "NO_STEADY_STATE rho=1"
    assert not any(row["converged"] for row in answer["measures"])


def test_a_hospital_that_copes_says_nothing_of_all_this(twin: Twin):
    said = twin("simulate", twin.file(surgery()), "--days", 20, "--replications", 3)

    assert said.code == 0
    assert "status" not in said.out
    assert "converged" not in said.out
    assert re.search(r"doctor +0.8 +1.0 +0.75", said.out), "the offered load is told"


# ---- cancelled, killed ---------------------------------------------------------------------------

ASKED = {"days": 2, "warm_up": 0, "replications": 80, "seed": 1, "engine": "kernel"}
SLOWLY = """
import time
from twin.replications import play, question
def slowly(*case, **how):
    time.sleep(0.1)
    return play(*case, **how)
question.play = slowly
"""
WORKER = f"""
{SLOWLY}
import sys
from dashboards.worker import execute
from twin.store import open_store
with open_store(sys.argv[1]) as store:
    print("begins", flush=True)
    execute(store, store.runs.claim(owner="worker", lease_seconds=1.0))
"""


def _wait_until_half_done(store: Store, run_id: str) -> None:
    last = time.monotonic() + 60
    while store.runs.get(run_id).progress_done < ASKED["replications"] / 2:
        assert time.monotonic() < last
        assert not store.runs.get(run_id).is_over
        time.sleep(0.02)


@BOOK.answers_to("B112", "user cancels at 50 %; worker killed at 50 %")
def cancelled_or_killed_half_way(workspace: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with open_store(workspace) as store:
        _cancelled_half_way(workspace, store, monkeypatch)
        _killed_half_way(workspace, store)


def _cancelled_half_way(workspace: Path, store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    def slowly(*case, **how):
        time.sleep(0.1)
        return play(*case, **how)

    run_id, asked_at = store.runs.add("simulate", ASKED), []

    def user() -> None:
        _wait_until_half_done(store, run_id)
        asked_at.append(time.monotonic())
        store.runs.cancel(run_id)

    page = threading.Thread(target=user)
    with monkeypatch.context() as patch:
        patch.setattr(question, "play", slowly)
        page.start()
        work(workspace, once=True)
        page.join()

    assert store.runs.get(run_id).state == "cancelled"
    assert time.monotonic() - asked_at[0] < 2  # heard within half a second, however long a replication
    assert store.artefacts.names(run_id) == ()


def _killed_half_way(workspace: Path, store: Store) -> None:
    run_id = store.runs.add("simulate", ASKED)
    command = [sys.executable, "-c", WORKER, str(workspace)]
    worker = subprocess.Popen(command, cwd=HOUSE, stdout=subprocess.PIPE, text=True)
    assert worker.stdout.readline() == "begins\n"
    _wait_until_half_done(store, run_id)
    worker.kill()
    worker.wait()

    assert store.artefacts.names(run_id) == ()
    assert store.runs.get(run_id).summary is None
    time.sleep(1.1)  # its lease lapses
    execute(store, store.runs.claim(run_id, owner="heir"))  # in the queue once more, and done whole

    run = store.runs.get(run_id)
    assert (run.state, run.owner) == ("done", "heir")
    assert run.summary["replications"] == ASKED["replications"]
    assert store.artefacts.names(run_id) == ("simulation.json",)


#: a program that was started in the background may have been told to leave Ctrl-C unheard; these hear it
HEARS = "import signal; signal.signal(signal.SIGINT, signal.default_int_handler)"


def test_ctrl_c_in_the_middle_leaves_with_130_and_nothing_half_written(tmp_path: Path):
    hospital, trace = tmp_path / "hospital.toml", tmp_path / "trace.csv"
    hospital.write_text(surgery(), encoding="utf-8")
    words = ["simulate", hospital, "--days", "3000", "--replications", "9000", "--trace", trace]
    start = (
        f"{HEARS}; import sys; from dashboards.cli import main; from dashboards.services import simulation; "
    )
    start += "print('ready', flush=True); main(sys.argv[1:])"
    command = [sys.executable, "-c", start, *map(str, words)]
    run = subprocess.Popen(command, cwd=HOUSE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert run.stdout.readline() == "ready\n"
    time.sleep(3)

    begun = time.monotonic()
    run.send_signal(signal.SIGINT)
    out, err = run.communicate(timeout=30)

    assert time.monotonic() - begun < 5  # under a second on an idle machine
    assert (run.returncode, out, err) == (130, "", "cancelled\n")
    assert [path.name for path in tmp_path.iterdir()] == ["hospital.toml"]


def test_ctrl_c_cancels_a_run_that_is_kept_and_nothing_of_it_is_seen(workspace: Path):
    words = ["simulate", "--workspace", workspace, "--days", "2", "--warm-up", "0", "--replications", "900"]
    command = [
        sys.executable,
        "-c",
        f"{HEARS}\n{SLOWLY}\nfrom dashboards.cli import main\nmain({list(map(str, words))})",
    ]
    with open_store(workspace) as store:
        run = subprocess.Popen(command, cwd=HOUSE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        last = time.monotonic() + 60
        while not (kept := store.runs.list(1)) or kept[0].progress_done == 0:
            assert time.monotonic() < last
            time.sleep(0.05)

        run.send_signal(signal.SIGINT)
        out, err = run.communicate(timeout=30)

        assert (run.returncode, out, err) == (130, "", "cancelled\n")
        assert store.runs.get(kept[0].id).state == "cancelled"
        assert store.artefacts.names(kept[0].id) == ()


# ---- of the same kinds ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (("--days", 0), "E_RANGE"),
        (("--days", -1), "E_RANGE"),
        (("--days", 10**9), "E_BUDGET"),
        (("--days", 10**30), "E_BUDGET"),
        (("--replications", 0), "E_RANGE"),
        (("--replications", -5), "E_RANGE"),
        (("--replications", 10**12), "E_BUDGET"),
        (("--engine", "teleport"), "E_USAGE"),
        (("--plan", "no_such_plan.toml"), "E_NOT_FOUND"),
        (("--trace", "."), "E_OUTPUT"),
        (("--trace", "trace.docx"), "E_OUTPUT"),
        (("--trace", "hospital.toml/trace.csv"), "E_OUTPUT"),
        (("--start", "1899-12-31"), "E_RANGE"),
        (("--start", "9999-12-31"), "E_RANGE"),
    ],
)
def test_a_question_that_cannot_be_asked_is_refused_in_words(twin: Twin, monkeypatch, words, code):
    surgery_file = twin.file(surgery())
    monkeypatch.chdir(twin.folder)

    said = twin("simulate", surgery_file, *words)

    assert said.code in (1, 2)
    said.is_refused(code, exit_code=said.code)
    assert [path.name for path in twin.folder.iterdir()] == ["hospital.toml"]


@pytest.mark.parametrize("days", ["many", "", "1.5", "1e3", "nan"])
def test_days_that_are_no_number_are_refused_by_name(twin: Twin, days: str):
    said = twin("simulate", twin.file(surgery()), "--days", days)

    assert (said.code, said.out) == (2, "")
    assert "--days" in said.err


def test_a_trace_goes_into_a_folder_that_is_made_for_it_and_no_run_is_lost(twin: Twin):
    trace = twin.folder / "new" / "folder" / "trace.csv"

    said = twin("simulate", twin.file(surgery()), "--days", 2, "--replications", 1, "--trace", trace)

    assert said.code == 0
    assert trace.read_text().startswith("patient,")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_trace_into_a_folder_that_cannot_be_written_is_refused_before_the_run(twin: Twin):
    locked = twin.folder / "locked"
    locked.mkdir(mode=0o500)

    said = twin("simulate", twin.file(surgery()), "--trace", locked / "trace.csv")

    said.is_refused("E_OUTPUT", "locked", exit_code=1)


@pytest.mark.parametrize(
    ("old", "new", "code"),
    [
        ("daily_mean = 10", "daily_mean = 1e9", "E_RANGE"),
        ("daily_mean = 10", "daily_mean = -1", "E_RANGE"),
        ("daily_mean = 10", "daily_mean = nan", "E_NOT_FINITE"),
        ("daily_mean = 10", "daily_mean = 10\nweekday_factors = [1, 1, 1]", ""),
        ("mix = { patient = 1.0 }", "mix = {}", "E_PROBABILITY"),
        ("mix = { patient = 1.0 }", "mix = { patient = 1.0 }\nparty_sizes = [0.5, 0.4]", "E_PROBABILITY"),
        ("mix = { patient = 1.0 }", "mix = { patient = 1.0 }\nparty_sizes = []", ""),
        ("priority = 5", "priority = -1", "E_RANGE"),
        ("priority = 5", "priority = 10", "E_RANGE"),
        ("mean = 2,", "mean = 1e300,", "E_RANGE"),
        ("mean = 2, cv = 0.5", "quantiles = [[0.0, 5.0], [0.5, 3.0], [1.0, 9.0]]", ""),
        ("mean = 2, cv = 0.5", "quantiles = [[0.0, nan], [1.0, 9.0]]", "E_NOT_FINITE"),
        (
            "staff = { doctor = 1 }",
            'staff = { doctor = 1 }\npatience = { mean = 0, unit = "hours" }',
            "E_RANGE",
        ),
        ("staff = { doctor = 1 }", "staff = { doctor = 0 }", "E_RANGE"),
        ("staff = { doctor = 1 }", "staff = { nobody = 1 }", "E_UNKNOWN_NAME"),
        ("next = { bed = 0.7, home = 0.3 }", "next = { seen = 1.0 }", ""),
        ('timezone = "Europe/London"', 'timezone = "Europe/Londn"', "E_TIMEZONE"),
        ('timezone = "Europe/London"', 'timezone = "../../etc/passwd"', "E_TIMEZONE"),
        ('timezone = "Europe/London"', 'country = "XX"', "E_UNKNOWN_NAME"),
        ("on_duty = 3", 'on_duty = 3\nfloat_pool = "doctor"', ""),
        ("on_duty = 3", "on_duty = 3\nabsence = 1.5", "E_PROBABILITY"),
        (
            "turnaround_minutes = 30",
            'calendar = [{ from = "12:00", to = "08:00", staffed_beds = 1 }]',
            "E_CALENDAR",
        ),
        ("turnaround_minutes = 30", 'calendar = [{ from = "25:00", staffed_beds = 1 }]', ""),
        ("[classes.patient]", "[wards.oak]\n[classes.patient]", ""),
        ("[classes.patient]", '[staff.oak]\ntitle = "Oak"\non_duty = 1\n[classes.patient]', ""),
        ("on_duty = 3", 'on_duty = 3\nfloat_pool = "b"\n[staff.b]\ntitle = "B"\nfloat_pool = "doctor"', ""),
        ('places = ["oak"]', 'places = ["oak", "oak"]', ""),
        ('places = ["oak"]', 'places = ["oak", { place = "oak", after_hours = 2 }]', ""),
        ('places = ["oak"]', 'places = ["elm"]', "E_UNKNOWN_NAME"),
        ("turnaround_minutes = 30", 'opens_when_full = ["oak"]', ""),
        ('name = "Small house"', 'name = ""', ""),
        ("[[pathways.stay.steps]]", "[pathways.empty]\nsteps = []\n[[pathways.stay.steps]]", ""),
    ],
)
def test_a_description_that_means_nothing_is_refused_with_its_path(twin: Twin, old: str, new: str, code: str):
    said = twin("simulate", twin.file(house(old, new)), "--json")

    assert said.code == 2
    error = said.json["error"]
    assert error["exit_code"] == 2
    assert error["problems"], "every fault with its path"
    assert not code or code in {problem["code"] for problem in error["problems"]}
    assert error["code"] in CODES
    assert "Traceback" not in said.err


ITEM = '[items.glove]\ntitle = "Glove"\nstock = 5\n{more}\n[classes.patient]'
SESSION = '[sessions.list]\ntitle = "List"\nclasses = ["patient"]\n{more}\n[classes.patient]'


@pytest.mark.parametrize(
    "text",
    [
        ITEM.format(more='lead_time = { mean = nan, unit = "days" }'),
        ITEM.format(more="policy = { reorder_point = 10, order_up_to = 5 }"),
        ITEM.format(more="policy = { reorder_point = 1 }"),
        ITEM.format(more='substitute = "glove"'),
        ITEM.format(more='substitute = "mitten"'),
        SESSION.format(more='from = "12:00"\nto = "09:00"'),
        SESSION.format(more='from = "09:00"\nto = "12:00"\nslot_minutes = 1000'),
        '[trays.set]\ntitle = "Set"\nowned = 0\npatient_class = "patient"\n[classes.patient]',
        "[kits.k]\ncontents = { glove = 1 }\n[classes.patient]",
        '[populations.p]\ntitle = "P"\nmembers = 5\nmix = { nobody = 1.0 }\n[classes.patient]',
        '[populations.p]\ntitle = "P"\nmembers = 5\n'
        'away = { mean = -1, unit = "days" }\nmix = { patient = 1.0 }\n[classes.patient]',
    ],
)
def test_supplies_and_sessions_that_mean_nothing_are_refused(text: str):
    with pytest.raises(ConfigError) as told:
        parse_hospital(house("[classes.patient]", text))

    assert all(problem.path and problem.rule for problem in told.value.problems)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("daily_mean = 10", "daily_mean = 10\nweekday_factors = [0, 0, 0, 0, 0, 0, 0]"),
        ("daily_mean = 10", "daily_mean = 0"),
        ('title = "Oak"', 'title = "Öak 🛏 \\u202e ward"'),
        ('name = "Small house"', 'name = "Kleines Haus – Łódź 病院"'),
        ("[classes.patient]", '[classes.x]\ntitle = "N"\npriority = 1\npathway = "stay"\n[classes.patient]'),
        ("mix = { patient = 1.0 }", "mix = { patient = 1.0 }\nparty_sizes = [0,0,0,0,0,0,0,0,0,1.0]"),
        ("mean = 60", "mean = 0.00001"),
        ("mean = 2, cv = 0.5", "mean = 2, cv = 10"),
        ("on_duty = 3", 'shifts.night = { from = "22:00", to = "08:00", on_duty = 3 }\n'
         'shifts.day = { from = "08:00", to = "22:00", on_duty = 3 }'),
    ],
)  # fmt: skip
def test_a_description_that_is_only_strange_is_played(twin: Twin, old: str, new: str):
    strange = twin.file(house(old, new))
    if "shifts" in new:
        strange.write_text(strange.read_text().replace("on_duty = 3\n\n", ""), encoding="utf-8")

    said = twin("simulate", strange, "--days", 10, "--warm-up", 0, "--replications", 2, "--json")

    assert said.code == 0, said.err
    assert said.json["replications"] == 2
    assert "NaN" not in said.out


def test_a_plan_that_closes_a_ward_is_played_and_its_patients_wait(twin: Twin):
    closed = "\n".join(f"2025-01-{day:02} = 0" for day in range(6, 20))
    plan = twin.file(f'name = "closed"\n[beds.oak]\n{closed}\n', "plan.toml")

    asked = ("--days", 5, "--warm-up", 0, "--replications", 2, "--plan", plan, "--json")
    said = twin("simulate", twin.file(house()), *asked)

    assert said.code == 0, said.err
    [bed] = [row for row in said.json["waits"] if row["step"] == "bed"]
    [census] = [row for row in said.json["measures"] if row["measure"] == "census_mean"]
    assert bed["share_who_wait"] == 1
    assert census["mean"] == 0, "nobody was ever given a bed"


def test_every_code_that_is_used_is_in_the_table_and_the_table_in_the_docs():
    written = set()
    for folder in ("twin", "forecasting", "optimization", "scenarios", "dashboards"):
        for path in (HOUSE / folder).rglob("*.py"):
            written |= set(re.findall(r'"(E_[A-Z_]+)"(?!:)', path.read_text("utf-8")))
    table = (HOUSE / "docs" / "errors.md").read_text("utf-8")

    assert written == set(CODES)
    assert [f"| `{code}` | {meaning} |" for code, meaning in CODES.items()] == [
        line for line in table.splitlines() if line.startswith("| `E_")
    ]


def test_every_error_of_the_house_has_a_code_of_the_table():
    kinds, waiting = set(), [TwinError]
    while waiting:
        kind = waiting.pop()
        kinds.add(kind)
        waiting += kind.__subclasses__()

    assert {kind.code for kind in kinds} <= set(CODES)
