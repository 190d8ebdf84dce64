"""Set-up: one bootstrap, exact versions that satisfy the ranges, and a second call that is instant."""

import re
import shutil
import subprocess
import sys
import time
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement

HOUSE = Path(__file__).resolve().parents[2]
PROJECT = tomllib.loads((HOUSE / "pyproject.toml").read_text())["project"]
EXTRAS = PROJECT["optional-dependencies"]
INSTALLED = [*PROJECT["dependencies"], *EXTRAS["test"], *EXTRAS["postgres"]]


def pins() -> dict[str, str]:
    lines = (HOUSE / "constraints.txt").read_text().splitlines()
    pairs = (line.split("==") for line in lines if line and not line.startswith("#"))
    return {re.sub(r"[-_.]+", "-", name).lower(): version for name, version in pairs}


@pytest.mark.parametrize("wanted", INSTALLED)
def test_every_requirement_has_an_exact_version_within_its_range(wanted: str):
    requirement = Requirement(wanted)
    pinned = pins()[re.sub(r"[-_.]+", "-", requirement.name).lower()]

    assert requirement.specifier.contains(pinned, prereleases=True)


def test_constraints_name_no_local_version_and_no_hash():
    text = (HOUSE / "constraints.txt").read_text()

    assert "--hash" not in text
    assert not any("+" in version for version in pins().values())


def test_every_range_says_why_it_is_there():
    lines = (HOUSE / "pyproject.toml").read_text().split("dependencies = [")[1].split("]\n")[0].splitlines()

    assert all("#" in line for line in lines if line.strip().startswith('"'))


def test_a_second_set_up_has_nothing_to_do():
    if not (HOUSE / ".venv" / "stamp").exists():
        pytest.skip("set-up: this environment was not made by scripts/bootstrap")
    begun = time.monotonic()

    said = subprocess.run([HOUSE / "scripts" / "bootstrap"], capture_output=True, text=True, check=True)

    assert said.stderr == ""
    assert time.monotonic() - begun < 2  # 0.05 s on a quiet machine


def test_set_up_names_the_python_it_needs(tmp_path: Path):
    for name in ("scripts", "pyproject.toml", "constraints.txt"):
        copy = shutil.copytree if (HOUSE / name).is_dir() else shutil.copy
        copy(HOUSE / name, tmp_path / name)

    said = subprocess.run(
        [tmp_path / "scripts" / "bootstrap"],
        env={"PATH": "/usr/bin:/bin", "PYTHON": "no-such-python"},
        capture_output=True,
        text=True,
        check=False,
    )

    assert said.returncode == 2
    assert "3.11" in said.stderr


def test_a_browser_named_wrongly_is_told():
    said = subprocess.run(
        [HOUSE / "scripts" / "chromium"],
        env={"PATH": "/usr/bin:/bin", "HOME": "/tmp", "CHROMIUM": "no-such-browser"},
        capture_output=True,
        text=True,
        check=False,
    )

    assert said.returncode == 1
    assert "no-such-browser" in said.stderr


def test_the_test_runner_refuses_an_unknown_part():
    said = subprocess.run(
        [sys.executable, HOUSE / "scripts" / "test", "kitchen"], capture_output=True, text=True, check=False
    )

    assert said.returncode == 2
    assert "kitchen" in said.stderr
