"""Unused models: folders of questions that no night asks any more, removed.

Each source and horizon has a folder of its own beside the others. A night that trains looks after its
neighbours: the few newest stay, and those that learned lately, and a folder that holds anything but models.
"""

from __future__ import annotations

import re
import shutil
import time
from datetime import timedelta
from pathlib import Path

from forecasting.registry import is_of_a_model, last_good
from twin.files import sync_folder

OTHERS_KEPT = 4  # folders beside the one in use; assumed: a hospital asks for its days in few ways
UNUSED_AFTER = timedelta(days=35)  # since a folder was written to; one in use learns on once a week
_OF_A_QUESTION = re.compile(r"[0-9a-f]{16}")
_LEAVING = ".leaving-"  # what a folder is called while it is removed; no model is looked for there


def remove_unused(used: Path, *, now: float | None = None) -> tuple[str, ...]:
    """Remove the folders beside ``used`` that are no longer used.

    A folder leaves by one renaming, so that a crash leaves it whole or leaves a remainder which nobody reads
    and which the next call removes. Nothing is removed while no model in ``used`` loads.

    Parameters
    ----------
    used
        The folder of the models that answer now.
    now
        Seconds since 1970; the machine's clock when omitted.

    Returns
    -------
    tuple of str
        What could not be removed and why, in sentences; a night goes on without it.
    """
    if last_good(used)[0] is None:
        return ()
    oldest = (time.time() if now is None else now) - UNUSED_AFTER.total_seconds()
    others = [path for path in used.parent.iterdir() if path != used and _is_of_models(path)]
    written = {path: path.stat().st_mtime for path in others}
    told = []
    for path in sorted(others, key=lambda path: (-written[path], path.name))[OTHERS_KEPT:]:
        if written[path] < oldest:
            told += _remove(path, path.with_name(_LEAVING + path.name))
    for left in sorted(used.parent.glob(f"{_LEAVING}*")):
        told += _remove(left, left)
    return tuple(told)


def _is_of_models(path: Path) -> bool:
    """Whether a path is a folder of one question, and nobody put anything of his own there."""
    if path.is_symlink() or not path.is_dir() or not _OF_A_QUESTION.fullmatch(path.name):
        return False
    return all(is_of_a_model(file.name) for file in path.iterdir())


def _remove(path: Path, leaving: Path) -> list[str]:
    """Take a folder away under the name ``leaving``; a sentence where the system refuses."""
    try:
        if path != leaving:
            path.rename(leaving)
            sync_folder(path.parent)
        shutil.rmtree(leaving)
    except OSError as error:
        return [f"the unused models in {path} cannot be removed: {error.strerror}"]
    return []
