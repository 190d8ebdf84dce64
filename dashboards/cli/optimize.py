"""``twin optimize``: plans with certificate and explanation, one file a kind under ``planning``.

The kind is the first word: ``twin optimize beds``. Each file there has a function ``command`` with its own
options; its line is in ``KINDS``. Without a kind, beds are planned.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Sequence

#: each kind of plan, the module in ``planning`` that holds its ``command``
KINDS: dict[str, str] = {"beds": "beds", "staffing": "staffing", "cover": "cover", "together": "together"}
USUAL = "beds"


def command_of(words: Sequence[str]) -> Callable[..., None]:
    """The command of the kind that is asked for; the usual one where none is named."""
    after = [word for word in words if word != "optimize"]
    kind = after[0] if after and after[0] in KINDS else USUAL
    command: Callable[..., None] = importlib.import_module(f"dashboards.cli.planning.{KINDS[kind]}").command
    return command


def refuse_other_kinds(what: str, kind: str) -> None:
    """Refuse a word that is no kind of plan.

    Raises
    ------
    UsageError
        With the kinds that there are.
    """
    from twin.errors import UsageError

    if what != kind:
        told = " and ".join(KINDS)
        ways = ", ".join(f"twin optimize {name}" for name in KINDS)
        raise UsageError(f'"{what}" cannot be planned yet; {told} can: {ways}')


def __getattr__(name: str) -> Callable[..., None]:
    """The usual kind's command, for those who read what ``twin optimize`` can be asked."""
    if name == "command":
        return command_of([])
    raise AttributeError(f"module 'dashboards.cli.optimize' has no {name!r}")
