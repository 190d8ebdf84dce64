"""What tests of faults share: both databases, and a stage whose system calls can be made to fail."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.faults import calls
from tests.faults.scenes import Stage

BOTH = ["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)]


@pytest.fixture(params=BOTH)
def url(request: pytest.FixtureRequest) -> str | None:
    """An empty database's address; None for SQLite in the workspace."""
    return None if request.param == "sqlite" else request.getfixturevalue("postgres_url")


@pytest.fixture(scope="session")
def control(tmp_path_factory: pytest.TempPathFactory) -> calls.Control:
    """What the calls of ``faulty_stage`` are to do; skips by name where the calls cannot be met."""
    folder = tmp_path_factory.mktemp("calls")
    if calls.built(folder) is None:
        pytest.skip("no C compiler (gcc) on this machine: its system calls cannot be made to fail")
    return calls.Control(folder / "control")


@pytest.fixture(scope="module")
def faulty_stage(control: calls.Control) -> Iterator[Stage]:
    """A stage whose actors' calls obey ``control``."""
    with Stage(**control.environment) as stage:
        yield stage


@pytest.fixture(scope="module")
def stage() -> Iterator[Stage]:
    """A stage on a sound machine."""
    with Stage() as stage:
        yield stage


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 8 MiB; skips by name where none can be mounted."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mount = shutil.which("mount")
    words = [mount, "-t", "tmpfs", "-o", "size=8m", "tmpfs", folder]
    if mount is None or subprocess.run(words, capture_output=True, check=False).returncode != 0:
        pytest.skip("no right to mount a small file system here")
    yield folder
    subprocess.run(["umount", "-l", folder], check=True)
