"""A listener in this process and a sender beside it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from tests.mirror.twin.records.reading.hl7.feed import asked
from twin.records.reading.hl7.journal import read_journal
from twin.records.reading.hl7.mllp import Listener
from twin.records.reading.told import Told

BEGIN, END = b"\x0b", b"\x1c\r"


class Sender:
    """One connection to a listener."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader, self.writer = reader, writer

    async def send(self, message: str | bytes) -> list[str]:
        """Send a message; segments of the answer."""
        self.writer.write(BEGIN + (message.encode() if isinstance(message, str) else message) + END)
        return await self.answer()

    async def answer(self) -> list[str]:
        """Segments of the next answer; none where the connection is closed."""
        try:
            data = await asyncio.wait_for(self.reader.readuntil(END), 10)
        except (asyncio.IncompleteReadError, ConnectionError):
            return []
        return data.strip(BEGIN + END).decode().split("\r")


Talk = Callable[[Callable[[], Awaitable[Sender]]], Awaitable[Any]]


def listening(folder: Path, talk: Talk, **options: Any) -> Listener:
    """A listener of a folder, while ``talk`` is had with it; it is told to end after that."""

    async def all_of_it() -> Listener:
        listener = Listener(asked(now=datetime.now(UTC)), folder, **options)
        ports: asyncio.Queue[int] = asyncio.Queue()
        running = asyncio.create_task(listener.listen("127.0.0.1", 0, ports.put_nowait))
        port = await asyncio.wait_for(ports.get(), 10)

        async def connected() -> Sender:
            return Sender(*await asyncio.open_connection("127.0.0.1", port))

        try:
            await asyncio.wait_for(talk(connected), 30)
        finally:
            listener.end()
            await asyncio.wait_for(running, 10)
        return listener

    return asyncio.run(all_of_it())


def journals(folder: Path) -> list[Path]:
    return sorted(folder.glob("heard-*"))


def kept(folder: Path) -> list[dict[str, Any]]:
    """Statements of all closed journals of a folder."""
    rows = []
    for path in sorted(folder.glob("heard-*.ndjson")):
        for batch in read_journal(path, asked(), Told()):
            rows += batch.to_pylist()
    return rows
