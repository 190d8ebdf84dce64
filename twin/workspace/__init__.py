"""The workspace: a folder with one hospital's description, its records and everything made from them.

``hospital.toml`` stands at its root, to be edited; ``records.toml`` beside it, where there is one, says which
of the hospital's own codes means which ward and class. What was brought in stands in the store, whole or not
at all; until then the simulated year that the folder was made with serves.
"""

from __future__ import annotations

from twin.workspace.asking import Asking
from twin.workspace.bringing import bring_in
from twin.workspace.brought import Brought, Kept, Refused
from twin.workspace.creating import Size, create_workspace
from twin.workspace.holdings import Holdings
from twin.workspace.workspace import Workspace

__all__ = [
    "Asking",
    "Brought",
    "Holdings",
    "Kept",
    "Refused",
    "Size",
    "Workspace",
    "bring_in",
    "create_workspace",
]
