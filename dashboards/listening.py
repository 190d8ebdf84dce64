"""Listening: the listener of a workspace, one at a time, with signals and words around it."""

from __future__ import annotations

import asyncio
import ipaddress
import signal
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from twin.errors import TwinError
from twin.files import code_of
from twin.records.reading.asked import Asked
from twin.records.reading.hl7.mllp import Listener
from twin.store.lock import exclusive
from twin.workspace import Asking, Workspace, bring_in

Say = Callable[[str], None]


def listen(
    workspace: Path | str,
    host: str,
    port: int,
    every: float,
    *,
    say: Say,
    bring: Callable[[Path], None] | None = None,
) -> dict[str, Any]:
    """Take messages until told to end.

    Parameters
    ----------
    host, port
        Where to listen; port 0 takes a free one.
    every
        How often what was heard is brought into the records. [seconds]
    say
        Takes words for a person.
    bring
        Brings one journal in; as ``twin import`` does when omitted.

    Returns
    -------
    dict
        ``taken`` and ``refused`` messages, and ``notes``, what was left out by which rule.

    Raises
    ------
    Locked
        Another listener is at work in this workspace.
    UsageError
        The address cannot be had.
    TwinError
        The inbox cannot be made.
    """
    folder = Workspace(workspace)
    inbox = folder.path / "records" / "inbox"
    asked = Asked("twin listen", folder.hospital().timezone, datetime.now(UTC), folder.pseudonyms())
    if not _is_own(host):
        say(f"{host} can be reached by other machines: messages are not encrypted, and anybody may send them")
    with exclusive(folder.path, "listen"):
        try:
            inbox.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise TwinError(f"{inbox}: cannot be made: {error.strerror}", code=code_of(error)) from None
        listener = Listener(asked, inbox, bring or _importing(folder, say), every=every)
        asyncio.run(_until_told(listener, host, port, say))
    told = listener.told
    return {"taken": listener.taken, "refused": listener.refused, "notes": dict(told.notes)}


def heard(told: dict[str, Any]) -> str:
    """What was heard, in words."""
    lines = [f"{told['taken']:,} messages taken, {told['refused']:,} refused"]
    return "\n".join([*lines, *(f"  {times:,} {what}" for what, times in told["notes"].items())])


def _importing(folder: Workspace, say: Say) -> Callable[[Path], None]:
    """Brings journals in as they are: their messages were acknowledged, so none is refused for the others."""
    asking = Asking(most_aside=1.0, most_unbalanced=1.0, say=say)

    def bring(path: Path) -> None:
        bring_in(folder, [path], asking).or_raise()

    return bring


async def _until_told(listener: Listener, host: str, port: int, say: Say) -> None:
    loop = asyncio.get_running_loop()
    for name in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(name, listener.end)
    await listener.listen(host, port, lambda taken: say(f"listening on {host}:{taken}"))


def _is_own(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
