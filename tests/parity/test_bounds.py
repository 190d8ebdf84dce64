"""The kernel reads and writes inside its tables: the engines agree with every index checked, too."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

HOUSE = Path(__file__).resolve().parents[2]

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


@pytest.mark.long
def test_engines_agree_on_300_hospitals_with_every_index_checked(tmp_path):
    checked = {
        **os.environ,
        "NUMBA_BOUNDSCHECK": "1",
        "XDG_CACHE_HOME": str(tmp_path),  # code compiled without the checks is not taken
        "PYTHONPATH": str(HOUSE),
    }

    told = subprocess.run(
        [sys.executable, "-c", _AGREE], cwd=HOUSE, env=checked, capture_output=True, text=True, timeout=1_200
    )

    assert told.returncode == 0, told.stderr[-2_000:]
    assert "300 hospitals agree" in told.stdout
