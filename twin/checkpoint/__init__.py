"""Checkpoints: the house at one midnight of a run, from which a run goes on as if never left off.

A run from a checkpoint with the same seed and replication meets the same patients with the same chance.
What a checkpoint cannot carry is told in ``snapshot_at``.
"""

from twin.checkpoint.state import snapshot_at
from twin.checkpoint.text import read_snapshot, write_snapshot

__all__ = ["read_snapshot", "snapshot_at", "write_snapshot"]
