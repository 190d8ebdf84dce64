"""Bad inputs of the optimizer: costs without a floor, limits that are hit, prices too far apart, no solver.

A bare solver status never reaches a planner, nothing is written that is not whole, and a plan that is not
proved the best is never shown as such.
"""

import json
from datetime import datetime
from pathlib import Path

import numpy as np
import pyomo.environ as pyo
import pytest

from optimization import solving
from optimization.beds.allocation.planning import allocate
from optimization.beds.limits import BedPrices, bed_limits
from optimization.solving import solve, solver
from scenarios import base_case
from tests.faults.bad_inputs import Book, Twin
from tests.houses import START
from tests.mirror.optimization.test_solving import hard_model
from twin.demand import DemandForecast
from twin.errors import ConfigError, Infeasible, TwinError, UsageError
from twin.hospital import parse_hospital, shipped

BOOK = Book("optimizer")


@pytest.fixture
def twin(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> Twin:
    """The command line, beside a workspace of the small hospital."""
    (tmp_path / "hospital.toml").write_text(shipped("small"), encoding="utf-8")
    return Twin(capsys, tmp_path)


def plan(twin: Twin, *words: object):
    """Ask for a short bed plan, to be written to plan.toml."""
    out = twin.folder / "plan.toml"
    common = ("--workspace", twin.folder, "--days", 5, "--replications", 4, "--out", out)
    return twin("optimize", "beds", *common, *words), out


def test_every_entry_of_the_list_is_answered():
    BOOK.hold_the_list()


@pytest.mark.parametrize("name", BOOK.names() or ["B114", "B115", "B116", "B117", "B118", "B119"])
def test_a_bad_input_of_the_optimizer(name: str, twin: Twin, monkeypatch: pytest.MonkeyPatch):
    BOOK.answer(name)(twin, monkeypatch)


@BOOK.answers_to("B114", "unbounded objective (negative cost, no cap)")
def _a_cost_without_a_floor_names_the_decision_that_pays(twin: Twin, monkeypatch: pytest.MonkeyPatch):
    m = pyo.ConcreteModel()
    m.open_beds = pyo.Var(domain=pyo.NonNegativeReals)
    m.nurses = pyo.Var(bounds=(0, 9), domain=pyo.Integers)
    m.enough = pyo.Constraint(expr=m.nurses <= 3 * m.open_beds)
    m.cost = pyo.Objective(expr=2 * m.nurses - m.open_beds)

    with pytest.raises(TwinError, match="open_beds pays without end") as told:
        solve(m, solver(time_limit=5))

    assert told.value.code == "E_UNBOUNDED"
    with pytest.raises(ConfigError, match="0 or more"):
        BedPrices(10.0, -1.0)


@BOOK.answers_to("B115", "time limit hit with / without an incumbent")
def _a_limit_that_is_hit_is_never_shown_as_the_best(twin: Twin, monkeypatch: pytest.MonkeyPatch):
    with_one = solve(hard_model(), solver(time_limit=0.5))
    assert not with_one.optimal
    assert "from the best possible" in with_one.words
    with pytest.raises(Infeasible, match="found within"):
        solve(hard_model(80, 40), solver(time_limit=1e-9))

    said, out = plan(twin, "--time-limit", 1e-9)
    assert said.code in (0, 4), said.err  # a plan this small may be ready before the clock is read
    if said.code == 4:
        said.is_refused("E_LIMIT", "allow more time", exit_code=4)
        assert not out.exists()


@BOOK.answers_to("B116", "NaN cost, 10^15 vs 10^-6 coefficients")
def _prices_that_cannot_be_weighed_are_refused_before_the_solver_sees_them(
    twin: Twin, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(solving, "SolverFactory", None)  # not even asked for

    for prices, code in (((float("nan"), 1.0), "E_NOT_FINITE"), ((1e15, 1e-6), "E_SCALING")):
        with pytest.raises(ConfigError) as told:
            BedPrices(*prices)
        assert [problem.code for problem in told.value.problems] == [code]


@BOOK.answers_to("B117", "empty ward list; 0 nurses")
def _nothing_to_plan_is_said_so(twin: Twin, monkeypatch: pytest.MonkeyPatch):
    hospital = parse_hospital(shipped("small"))
    with pytest.raises(UsageError, match="no wards") as told:
        bed_limits(hospital.model_copy(update={"wards": {}}), {}, total=0)
    assert told.value.code == "E_EMPTY_MODEL"
    with pytest.raises(ConfigError) as empty:
        allocate([], 5)
    assert empty.value.problems[0].code == "E_EMPTY_MODEL"

    limits, notes = bed_limits(hospital, dict.fromkeys(hospital.wards, 0), total=64)
    assert limits.total == 0  # without nurses no bed can be opened, and that is said
    assert notes == ("64 beds were allowed, 0 can be opened: the plan works with 0",)


@BOOK.answers_to("B118", "solver binary missing or killed -9 mid-solve")
def _without_a_solver_the_cure_is_told(twin: Twin, monkeypatch: pytest.MonkeyPatch):
    """HiGHS runs inside the process: one that is killed in it is a lost run, taken up again (test_kills)."""

    class Missing:
        def available(self) -> bool:
            return False

    monkeypatch.setattr(solving, "SolverFactory", lambda name: Missing())

    said, out = plan(twin)

    said.is_refused("E_SOLVER", "install the package highspy", exit_code=1)
    assert not out.exists()


@BOOK.answers_to("B119", "all forecasts stale")
def _a_plan_says_how_old_the_data_of_its_forecast_are(twin: Twin, monkeypatch: pytest.MonkeyPatch):
    streams = tuple(parse_hospital(shipped("small")).arrivals)
    draw = np.random.default_rng(1)
    paths = draw.poisson(3, (4, len(streams), 70)).astype(np.int64)
    old = DemandForecast(START, streams, paths, "base", as_of=datetime(START.year, START.month, 31))
    monkeypatch.setattr(base_case, "_last_demand", lambda store: ("of-last-year", old))

    said, _ = plan(twin, "--json")

    assert said.code == 0, said.err
    age = f"of-last-year, of data up to {old.as_of:%Y-%m-%d}"
    assert age in said.err
    assert any(age in note for note in json.loads(said.out)["notes"])
