"""The floors: imports go down only, heavy libraries stay in their rooms, and each contract can fail."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

HOUSE = Path(__file__).resolve().parents[2]
PACKAGES = ("twin", "forecasting", "optimization", "scenarios", "dashboards")
LINT = Path(sys.executable).with_name("lint-imports")

BROKEN = [  # contract, the module that breaks it, the import that it must not have
    ("floors", "twin/broken.py", "import scenarios"),
    ("floors", "forecasting/broken.py", "import optimization"),
    ("floors", "optimization/broken.py", "from forecasting import broken"),
    ("floors", "scenarios/broken.py", "def late():\n    import dashboards"),
    ("ground", "twin/units.py", "import twin.engine"),
    ("ground", "twin/engine/broken.py", "import twin.measures"),
    ("ground", "twin/measures/broken.py", "import twin.records"),
    ("ground", "twin/records/broken.py", "import twin.store"),
    ("ground", "twin/forgotten.py", "import twin.units"),
    ("torch-room", "scenarios/broken.py", "import torch"),
    ("torch-room", "twin/broken.py", "def late():\n    from torch import nn"),
    ("pyomo-room", "forecasting/broken.py", "import pyomo.environ"),
    ("pyomo-room", "scenarios/broken.py", "import highspy"),
    ("dash-room", "scenarios/broken.py", "import plotly.graph_objects"),
    ("dash-room", "optimization/broken.py", "import dash"),
    ("simpy-room", "twin/engine/broken.py", "import simpy"),
    ("dask-room", "twin/measures/broken.py", "import distributed"),
]


def lint(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [LINT, "--no-cache", *words], cwd=folder, capture_output=True, text=True, check=False
    )


@pytest.fixture(scope="module")
def copied_house(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("house")
    shutil.copy(HOUSE / "pyproject.toml", folder)
    for package in PACKAGES:
        shutil.copytree(
            HOUSE / package, folder / package, ignore=shutil.ignore_patterns("__pycache__", "assets")
        )
    return folder


def test_every_contract_holds():
    outcome = lint(HOUSE)

    assert outcome.returncode == 0, outcome.stdout
    assert "0 broken" in outcome.stdout


@pytest.mark.parametrize(("contract", "module", "bad_import"), BROKEN)
def test_a_bad_import_breaks_its_contract(copied_house: Path, contract: str, module: str, bad_import: str):
    file = copied_house / module
    before = file.read_text() if file.exists() else None
    file.parent.mkdir(exist_ok=True)
    file.write_text(f"{before or ''}\n{bad_import}\n")

    try:
        outcome = lint(copied_house, "--contract", contract)
    finally:
        file.unlink() if before is None else file.write_text(before)

    assert outcome.returncode == 1
    assert "1 broken" in outcome.stdout, outcome.stdout + outcome.stderr


def test_every_contract_is_among_those_shown_to_fail():
    import tomllib

    contracts = tomllib.loads((HOUSE / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]

    assert {contract["id"] for contract in contracts} == {contract for contract, _, _ in BROKEN}
