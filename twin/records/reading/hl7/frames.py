"""Frames: the messages of a file, whatever stands around them, in bounded memory.

A message begins with a line MSH and ends where the next begins, at the end of an MLLP frame (0B ... 1C), or
with the file. Lines end with CR, LF or both. A message that is too large is passed over without being kept;
its size and lines are still counted, so that it can be said what was wrong with it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from twin.records.reading.limits import MB

BEGIN, END = b"\x0b", b"\x1c"
BOM = b"\xef\xbb\xbf"
#: what may stand around a message and is none
BLANK = b"\r\n\t \x00\x1a"
_CHUNK = 1 * MB
_BORDER = re.compile(rb"[\x0b\x1c]+|[\r\n](?=MSH(?![A-Za-z0-9]))")


class Piece:
    """What stands between two borders: a message, or something that is none.

    Attributes
    ----------
    data
        Its bytes; only the first of them, where there are more than ``cap``.
    size, lines
        How many bytes and line ends there were in all.
    """

    def __init__(self, cap: int) -> None:
        self._cap, self._parts, self._kept = cap, [], 0  # type: int, list[bytes], int
        self.size = self.lines = 0

    def add(self, data: bytes) -> None:
        """Take what comes next."""
        self.size += len(data)
        self.lines += data.count(b"\r") or data.count(b"\n")
        if self._kept < self._cap:
            self._parts.append(data[: self._cap - self._kept])
            self._kept += len(self._parts[-1])

    @property
    def data(self) -> bytes:
        """The bytes that were kept, without what is blank around them."""
        return b"".join(self._parts).strip(BLANK)


def pieces(path: Path, cap: int) -> Iterator[Piece]:
    """Messages of a file, and all else in it that is not blank, in order.

    Parameters
    ----------
    path
        A regular file.
    cap
        Bytes kept of one piece.
    """
    piece = Piece(cap)
    rest = b"\n"  # a file begins like a line
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            if not piece.size and rest == b"\n":
                chunk = chunk.removeprefix(BOM)
            rest += chunk
            last = max(rest.rfind(b"\r"), rest.rfind(b"\n"), rest.rfind(END))
            if len(rest) - last > cap:  # a line without end
                last = len(rest) - 1
            whole, rest = rest[:last], rest[last:]
            first, *others = _BORDER.split(whole)
            piece.add(first)
            for part in others:
                if piece.data:
                    yield piece
                piece = Piece(cap)
                piece.add(part)
    first, *others = _BORDER.split(rest)
    piece.add(first)
    for part in (*others, None):
        if piece.data:
            yield piece
        piece = Piece(cap)
        piece.add(part or b"")
