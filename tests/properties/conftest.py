"""Random hospitals, each played once for all properties: 150 in the usual suite, 1,000 in the long one."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random

import pytest

from tests.random_houses import random_case, random_workload
from twin.case import Case, resolve
from twin.engine.kernel import simulate_kernel
from twin.hospital.pathway import Step
from twin.trace import Trace


@dataclass(frozen=True)
class Run:
    """A random hospital and what happened in it."""

    seed: int
    case: Case
    trace: Trace

    @property
    def steps(self) -> list[Step]:
        """The step of each number."""
        pathways = self.case.hospital.pathways
        return [pathways[k.pathway].steps[k.index] for k in self.trace.steps]


def play_random(seed: int) -> Run:
    """The hospital of a seed; every second one lives on a clock of whole minutes."""
    rng = Random(seed)
    case = random_case(rng)
    work = random_workload(rng, case, whole_minutes=seed % 2 == 0)
    return Run(seed, case, simulate_kernel(case, work, resolve(case, work.window, work.absent)))


@pytest.fixture(
    scope="session",
    params=[
        pytest.param(range(150), id="150 hospitals"),
        pytest.param(range(1_000, 2_000), id="1,000 hospitals", marks=pytest.mark.long),
    ],
)
def runs(request) -> list[Run]:
    """Runs of random hospitals."""
    return [play_random(seed) for seed in request.param]
