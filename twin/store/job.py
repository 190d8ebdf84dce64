"""A job: what a piece of long work is given, and may do, while it runs."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Protocol

from twin.store.runs import Claim
from twin.store.store import Store


class Job(Protocol):
    """The work's own view of its run; a job is a function ``(Job) -> summary``."""

    @property
    def inputs(self) -> Mapping[str, Any]:
        """What was asked, as JSON values."""

    @property
    def workspace(self) -> Path:
        """The folder of the twin."""

    @property
    def store(self) -> Store:
        """Everything the twin remembers."""

    @property
    def claim(self) -> Claim:
        """The hold on this run."""

    def progress(self, done: float, total: float, note: str = "") -> None:
        """Tell how far the work is; may be called as often as is handy."""

    def check(self) -> None:
        """Raise ``Cancelled`` when the work should stop. Cheap: call it between steps."""

    def put(self, name: str, data: bytes, media: str = "application/json") -> str:
        """Keep a file of this run; seen by others once the run is done."""
