"""Locks: one holder at a time, told by number and since when, freed however the holder ends."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from twin.errors import Locked
from twin.store import exclusive

HOLD = """
import sys, time
from twin.store.lock import exclusive
with exclusive(sys.argv[1], "nightly"):
    print("held", flush=True)
    time.sleep(60)
"""


def test_a_second_holder_is_told_who_holds_it_and_since_when(tmp_path: Path):
    with exclusive(tmp_path, "nightly"):
        with pytest.raises(Locked, match=rf"nightly .*process {os.getpid()} since 20") as refused:
            with exclusive(tmp_path, "nightly"):
                pass
        with exclusive(tmp_path, "other"):
            pass
    assert refused.value.exit_code == 75
    with exclusive(tmp_path, "nightly"):
        pass


def test_a_holder_that_is_killed_frees_the_lock(tmp_path: Path):
    holder = subprocess.Popen([sys.executable, "-c", HOLD, str(tmp_path)], stdout=subprocess.PIPE, text=True)
    assert holder.stdout.readline() == "held\n"
    with pytest.raises(Locked, match=f"process {holder.pid}"), exclusive(tmp_path, "nightly"):
        pass

    holder.send_signal(signal.SIGKILL)
    holder.wait()
    with exclusive(tmp_path, "nightly"):
        pass


def test_a_lock_is_freed_when_its_work_fails(tmp_path: Path):
    with pytest.raises(RuntimeError), exclusive(tmp_path, "nightly"):
        raise RuntimeError

    with exclusive(tmp_path, "nightly"):
        pass


def test_a_name_that_leads_out_of_the_workspace_is_refused(tmp_path: Path):
    with pytest.raises(ValueError, match="name"), exclusive(tmp_path, "../nightly"):
        pass
