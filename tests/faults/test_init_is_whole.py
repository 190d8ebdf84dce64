"""A workspace that could not be finished is not there at all."""

import os
import signal
import subprocess
import sys
from datetime import date

import pytest

from twin.errors import TwinError
from twin.workspace import create_workspace
from twin.workspace import creating as rooms

PROGRAM = """
import sys, time
from twin.workspace import creating as rooms
def slow(*given, **named):
    print("half way", flush=True)
    time.sleep(60)
rooms.simulate_year = slow
rooms.create_workspace(sys.argv[1], size="small", days=2)
"""


def fail(kind: type[BaseException]):
    def step(*given, **named):
        raise kind("no space left")

    return step


@pytest.mark.parametrize("step", ["simulate_year", "sync_folder"])
@pytest.mark.parametrize("kind", [MemoryError, KeyboardInterrupt])
def test_a_step_that_fails_leaves_nothing_half_made(tmp_path, monkeypatch, step, kind):
    monkeypatch.setattr(rooms, step, fail(kind))

    with pytest.raises(kind):
        create_workspace(tmp_path / "ws", size="small", days=2, until=date(2025, 3, 2))

    left = [entry.name for entry in tmp_path.iterdir()]
    assert left == [] or (step == "sync_folder" and left == ["ws"])
    assert not left or rooms.Workspace(tmp_path / "ws").records().rows > 0


def test_a_folder_that_fills_up_meanwhile_is_not_written_over(tmp_path, monkeypatch):
    played = rooms.simulate_year

    def meanwhile(*given, **named):
        (tmp_path / "ws").mkdir()
        (tmp_path / "ws" / "letter.txt").write_text("dear matron")
        return played(*given, **named)

    monkeypatch.setattr(rooms, "simulate_year", meanwhile)

    with pytest.raises(TwinError, match="nothing was changed"):
        create_workspace(tmp_path / "ws", size="small", days=2, until=date(2025, 3, 2))

    assert [entry.name for entry in tmp_path.iterdir()] == ["ws"]
    assert [entry.name for entry in (tmp_path / "ws").iterdir()] == ["letter.txt"]


def test_a_killed_init_leaves_no_workspace_and_the_next_one_succeeds(tmp_path):
    writer = subprocess.Popen([sys.executable, "-c", PROGRAM, str(tmp_path / "ws")], stdout=subprocess.PIPE)
    assert writer.stdout is not None
    writer.stdout.readline()
    os.kill(writer.pid, signal.SIGKILL)
    writer.wait()

    assert not (tmp_path / "ws").exists()
    assert create_workspace(tmp_path / "ws", size="small", days=2, until=date(2025, 3, 2)).records().rows > 0


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_folder_that_may_not_be_written_is_told_in_words(tmp_path):
    tmp_path.chmod(0o500)

    with pytest.raises(TwinError, match="cannot be made"):
        create_workspace(tmp_path / "ws", size="small", days=2)
