"""A run that the kernel's packed events cannot hold is refused in words, before anything is played.

An event is one whole number, time x 2^24 + who. The borders are asked for with a stand-in that has a size
and no patients: sixteen million of them need not be drawn to be refused.
"""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from tests.houses import case, hospital
from twin.engine import kernel
from twin.engine.kernel import simulate_kernel
from twin.errors import UsageError

MOST_PATIENTS, END = 2**24 - 1, 2**39 - 1


class Fits(Exception):
    """The run was not refused."""


@pytest.fixture(autouse=True)
def stops_before_the_run(monkeypatch):
    def begin(*_: object) -> None:
        raise Fits

    monkeypatch.setattr(kernel, "compile_program", begin)


def ask_for(patients: int, end: int) -> None:
    """Ask the kernel for a run of so many patients up to an instant. [ms]"""
    house = case(hospital(pathways={"way": [{"name": "step"}]}))
    workload = SimpleNamespace(patients=patients, end=end, step=SimpleNamespace(size=patients))
    simulate_kernel(house, workload, None)


@pytest.mark.parametrize(("patients", "end"), [(1, 1), (MOST_PATIENTS, 1), (1, END), (MOST_PATIENTS, END)])
def test_what_fits_is_played(patients, end):
    with pytest.raises(Fits):
        ask_for(patients, end)


@pytest.mark.parametrize(
    ("patients", "end"), [(MOST_PATIENTS + 1, 1), (10 * MOST_PATIENTS, END), (1, END + 1), (1, 2**62)]
)
def test_what_does_not_fit_is_refused_with_its_size_the_limit_and_a_cure(patients, end):
    with pytest.raises(UsageError) as refused:
        ask_for(patients, end)

    words = str(refused.value)
    assert f"{patients:,} patients" in words
    assert f"{MOST_PATIENTS:,} patients" in words
    assert "fewer days" in words


def test_an_event_at_the_border_is_packed_and_unpacked_whole():
    packed = (END << 24) | (MOST_PATIENTS - 1)

    assert packed < 2**63
    assert packed >> 24 == END
    assert packed & (2**24 - 1) == MOST_PATIENTS - 1


def test_the_longest_run_that_may_be_asked_for_fits():
    from twin.case import LONGEST_RUN
    from twin.units import MS_DAY

    assert (LONGEST_RUN + 2) * MS_DAY < END
