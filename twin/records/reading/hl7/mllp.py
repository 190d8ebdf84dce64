"""MLLP: messages as they come over the network, each on disk before it is acknowledged.

A frame is 0B, a message, 1C 0D. A message is read at once; its statements go into the journal, and only then
is it acknowledged. One that comes again is acknowledged again and counts once. Whoever sends nothing whole
for 30 seconds is let go; above 64 connections newcomers are told to come later. Closed journals are handed
to ``bring`` every so often and at the end; one that could not be brought in waits for the next time.

References
----------
HL7 Version 2.9, chapter 2, appendix C; Transport Specification: MLLP, Release 1.
"""

from __future__ import annotations

import asyncio
import hashlib
import logging
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

from twin.errors import TwinError, UsageError
from twin.files import code_of
from twin.records.reading.asked import Asked
from twin.records.reading.hl7.acknowledging import LATER, TAKEN, UNUSABLE, answer
from twin.records.reading.hl7.dead_letters import dead_letter, keep
from twin.records.reading.hl7.frames import BEGIN, BLANK, END, Piece
from twin.records.reading.hl7.journal import Journal, waiting
from twin.records.reading.hl7.reader import Reading
from twin.records.reading.hl7.speaking import digest_of
from twin.records.reading.hl7.wrong import Wrong
from twin.records.reading.told import Told

#: connections at once: a hospital has one or two interface engines
MOST = 64
#: a whole message, and the first byte of the next, within so many seconds
PATIENCE_SECONDS = 30.0
_CHUNK = 64 << 10

_log = logging.getLogger("twin.listen")

_FULL = Wrong("", None, f"{MOST} connections are open already", "come again later", "E_TOO_MANY_CONNECTIONS")


class Listener:
    """A listener for messages.

    Parameters
    ----------
    asked
        How messages are read.
    inbox
        Folder of journals and dead letters; nobody else may write there.
    bring
        Brings a closed journal into the records; returns when it is there for good (or was before), and then
        the journal is removed. None leaves the journals where they are.
    every
        How often closed journals are brought in. [seconds]
    patience
        See PATIENCE_SECONDS. [seconds]
    """

    def __init__(
        self,
        asked: Asked,
        inbox: Path,
        bring: Callable[[Path], None] | None = None,
        *,
        every: float = 60.0,
        patience: float = PATIENCE_SECONDS,
    ) -> None:
        self.told = Told()
        self.taken = self.refused = 0
        self._asked, self._inbox, self._bring = asked, inbox, bring
        self._every, self._patience = every, patience
        self._journal = Journal(inbox)
        self._reading = Reading(asked, self.told)
        self._open: set[asyncio.Task[None]] = set()
        self._writing = asyncio.Lock()
        self._ended = asyncio.Event()

    async def listen(self, host: str, port: int, ready: Callable[[int], None] = lambda port: None) -> None:
        """Listen until ``end`` is called.

        Parameters
        ----------
        host, port
            Where; port 0 takes a free one.
        ready
            Called with the port when connections are accepted.

        Raises
        ------
        UsageError
            The address cannot be had.
        """
        try:
            server = await asyncio.start_server(self._meet, host, port, backlog=2 * MOST)
        except OSError as error:
            raise UsageError(f"{host}:{port}: cannot listen there: {error.strerror or error}") from None
        ready(server.sockets[0].getsockname()[1])
        while not self._ended.is_set():
            await self._bring_in()
            with suppress(TimeoutError):
                await asyncio.wait_for(self._ended.wait(), self._every)
        server.close()
        for task in self._open:
            task.cancel()
        await asyncio.gather(*self._open, return_exceptions=True)
        await server.wait_closed()
        await self._bring_in()

    def end(self) -> None:
        """Stop listening: what was acknowledged is kept, what was not is the sender's to send again."""
        self._ended.set()

    async def _meet(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        refused = len(self._open) >= MOST
        if not refused:
            self._open.add(task)
        try:
            if refused:
                writer.write(answer(LATER, b"", 0, _FULL))
            else:
                await self._converse(reader, writer)
        except (OSError, TimeoutError, asyncio.CancelledError) as end:
            _log.debug("a connection ended: %r", end)
        finally:
            self._open.discard(task)
            writer.close()

    async def _converse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        async for piece in self._frames(reader):
            answering = asyncio.ensure_future(self._answer(piece))
            try:
                await asyncio.shield(answering)
            finally:  # told to end, what is in hand is still done and acknowledged
                writer.write(await answering)
            async with asyncio.timeout(self._patience):
                await writer.drain()

    async def _frames(self, reader: asyncio.StreamReader) -> AsyncIterator[Piece]:
        """Messages of one connection; TimeoutError when the next does not come whole in time."""
        rest = b""
        cap = self._asked.limits.message_bytes
        while True:
            async with asyncio.timeout(self._patience):
                rest = rest or await reader.read(_CHUNK)
            if not rest:
                return
            async with asyncio.timeout(self._patience):
                piece = Piece(cap)
                while END not in rest:
                    piece.add(rest)
                    rest = await reader.read(_CHUNK)
                    if not rest:
                        return  # closed in the middle of a message: not acknowledged, so sent again
                last, _, rest = rest.partition(END)
                piece.add(last)
            rest = rest.lstrip(BLANK)
            yield piece

    async def _answer(self, piece: Piece) -> bytes:
        data = piece.data.rpartition(BEGIN)[2].strip(BLANK)  # before another begin: cut short, so sent again
        async with self._writing:
            self.told.read += 1
            try:
                await self._take(piece, data)
            except Wrong as wrong:
                return await self._refuse(piece, data, wrong)
            except OSError as error:
                _log.error("a message could not be kept: %s", error)
                self.told.read -= 1
                rule, code = "the message could not be kept", code_of(error) or "E_OUTPUT"
                return answer(LATER, data, self.told.read, Wrong("", None, rule, "send it again later", code))
            self.taken += 1
            return answer(TAKEN, data, self.told.read)

    async def _take(self, piece: Piece, data: bytes) -> None:
        digest = digest_of(data)
        if self._reading.heard_before(digest):
            return
        self._reading.set_clock(datetime.now(UTC))
        said = self._reading.said(piece, data, digest, self.told.read)
        if said:
            await asyncio.to_thread(self._journal.append, hashlib.sha256(data).hexdigest(), said)
        self._reading.remember(digest)

    async def _refuse(self, piece: Piece, data: bytes, wrong: Wrong) -> bytes:
        self.refused += 1
        self.told.fault(self.told.read, wrong.field, None, wrong.rule, wrong.cure, wrong.code)
        try:
            await asyncio.to_thread(keep, self._inbox, dead_letter(data, piece.size, wrong))
        except OSError as error:
            _log.error("a dead letter could not be kept: %s", error)
        return answer(UNUSABLE, data, self.told.read, wrong)

    async def _bring_in(self) -> None:
        try:
            async with self._writing:
                closed = await asyncio.to_thread(self._close)
        except OSError as error:
            _log.error("the journal cannot be closed: %s", error)
            return
        if self._bring is None:
            return
        for path in closed:
            try:
                await asyncio.to_thread(self._bring, path)
                path.unlink()
            except (TwinError, OSError) as error:
                _log.error("%s waits: %s", path.name, error)
            except Exception:  # noqa: BLE001 - the journal is whole and waits; no fault may deafen the listener
                _log.exception("%s waits", path.name)

    def _close(self) -> list[Path]:
        self._journal.close()
        return waiting(self._inbox)
