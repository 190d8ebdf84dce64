"""The kernel reads and writes inside its tables: the engines agree with every index checked, too."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

HOUSE = Path(__file__).resolve().parents[2]

_OUTSIDE = """
import numpy as np
from numba import config
from twin.compiling import compiler
from twin.engine.tables import Tables

assert config.BOUNDSCHECK
compiled = compiler("bounds", [])

class House(Tables):
    pass

@compiled
def inner(h, i):
    return h.row[i]

@compiled
def outer(h, i):
    return inner(h, i) + 1

house = House(row=np.arange(3), log=np.arange(9))
assert outer(house, 2) == 3
try:
    outer(house, 3)
except IndexError:
    print("told")
"""

_AGREE = """
from random import Random
from tests.random_houses import random_case, random_workload
from twin.case import resolve
from twin.engine.kernel import simulate_kernel
from twin.engine.reference import simulate_reference
from numba import config

assert config.BOUNDSCHECK

for seed in range(300):
    rng = Random(seed)
    case = random_case(rng, crowded=seed % 3 == 0)
    work = random_workload(rng, case, whole_minutes=seed % 2 == 0)
    schedule = resolve(case, work.window, work.absent)
    assert simulate_kernel(case, work, schedule).same_as(simulate_reference(case, work, schedule)), seed
print("300 hospitals agree")
"""


_PLAIN = """
from random import Random
from tests.random_houses import random_case, random_workload
from twin.case import resolve
from twin.engine.kernel import _run, simulate_kernel
from twin.engine.reference import simulate_reference

assert not hasattr(_run, "py_func")

for seed in range(20):
    rng = Random(seed)
    case = random_case(rng)
    work = random_workload(rng, case, whole_minutes=seed % 2 == 0)
    schedule = resolve(case, work.window, work.absent)
    assert simulate_kernel(case, work, schedule).same_as(simulate_reference(case, work, schedule)), seed
print("20 hospitals agree")
"""


def test_the_kernel_tells_the_same_when_it_is_not_compiled():
    plain = {**os.environ, "TWIN_UNCOMPILED": "kernel", "PYTHONPATH": str(HOUSE)}

    assert "20 hospitals agree" in told_by(plain, "-c", _PLAIN)


@pytest.fixture(scope="module")
def checked(tmp_path_factory) -> dict[str, str]:
    """An environment in which every index is checked, and code compiled without the checks is not taken."""
    return {
        **os.environ,
        "NUMBA_BOUNDSCHECK": "1",
        "XDG_CACHE_HOME": str(tmp_path_factory.mktemp("checked")),
        "PYTHONPATH": str(HOUSE),
    }


def told_by(environment: dict[str, str], *command: str) -> str:
    """What Python prints, run so; it has to end well."""
    told = subprocess.run(
        [sys.executable, *command], cwd=HOUSE, env=environment, capture_output=True, text=True, timeout=1_800
    )
    assert told.returncode == 0, told.stdout[-2_000:] + told.stderr[-2_000:]
    return told.stdout


def test_an_index_outside_a_table_is_told_where_indices_are_checked(checked, tmp_path):
    script = tmp_path / "outside.py"
    script.write_text(_OUTSIDE)

    assert "told" in told_by(checked, str(script))


@pytest.mark.long
def test_engines_agree_on_300_hospitals_with_every_index_checked(checked):
    assert "300 hospitals agree" in told_by(checked, "-c", _AGREE)


@pytest.mark.long
def test_stories_and_the_hospital_with_every_rule_are_told_with_every_index_checked(checked):
    folder = Path(__file__).parent
    files = [*sorted(folder.glob("test_stories_*.py")), folder / "test_hand_made_traces.py"]
    files.append(folder / "test_every_rule.py")

    told = told_by(checked, "-m", "pytest", "-q", "-p", "no:cacheprovider", *map(str, files))

    assert int(re.search(r"(\d+) passed", told)[1]) > 500
