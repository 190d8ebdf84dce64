"""The test runner: its closing line adds everything up, and CI takes no skip for want of a tool."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

HOUSE = Path(__file__).resolve().parents[2]
TESTS = """
import pytest

def test_a_patient_arrives():
    pass

def test_a_patient_is_lost():
    assert False

def test_a_patient_is_away():
    pytest.skip("away")

@pytest.mark.{mark}
def test_a_page_opens():
    pytest.skip("no tool for it")
"""


def play(folder: Path, mark: str, ci: str) -> subprocess.CompletedProcess[str]:
    (folder / "tests" / "faults").mkdir(parents=True)
    (folder / "tests" / "faults" / "test_patients.py").write_text(TESTS.format(mark=mark))
    (folder / "scripts").mkdir()
    for name in ("scripts/test", "tests/conftest.py", "pyproject.toml"):
        shutil.copy(HOUSE / name, folder / name)
    (folder / ".venv").symlink_to(Path(sys.executable).parent.parent)
    words = [sys.executable, folder / "scripts" / "test", "faults"]
    return subprocess.run(words, env={**os.environ, "CI": ci}, capture_output=True, text=True, check=False)


@pytest.mark.parametrize("mark", ["browser", "postgres"])
def test_in_ci_a_skip_for_want_of_a_tool_is_a_failure(tmp_path: Path, mark: str):
    said = play(tmp_path, mark, ci="true")

    assert said.stdout.splitlines()[-1] == "1 passed, 2 failed, 1 skipped"
    assert said.returncode == 1


def test_elsewhere_it_is_a_skip_by_name(tmp_path: Path):
    said = play(tmp_path, "browser", ci="")

    assert said.stdout.splitlines()[-1] == "1 passed, 1 failed, 2 skipped"
    assert "no tool for it" in said.stdout
