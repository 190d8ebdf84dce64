"""A bundle taken apart: its entries one after the other as bytes, and what stands around them.

Brackets are counted outside strings, piece by piece of the file, so that a bundle never lies in memory as
a tree. What is between entries is checked here; entries and the frame are parsed by ``text``.
"""

from __future__ import annotations

import re
from collections.abc import Generator, Iterator
from typing import BinaryIO

import numpy as np

from twin.records.reading.fhir.lines import MARK
from twin.records.reading.fhir.text import STEP, Refused, too_deep, without_escapes
from twin.records.reading.limits import MB, Limits

_PIECE = 1 * MB
_BEFORE_ENTRIES = re.compile(rb'[{,]\s*"entry"\s*:\s*\Z')
#: bytes before a bracket that are looked at for its name
_LOOKED_BACK = 256
_SPACE = b" \t\r\n"
#: an entry of entry[] opens at this depth
_ENTRY = 3


class Frame:
    """What a document says outside its entries; ``text`` is complete once all entries have been given."""

    def __init__(self) -> None:
        self.parts: list[bytes] = []
        self.size = 0

    def add(self, part: bytes, limits: Limits) -> None:
        """Take the next part.

        Raises
        ------
        Refused
            ``E_TOO_LARGE``: the parts together are larger than one resource may be.
        """
        self.parts.append(part)
        self.size += len(part)
        if self.size > limits.resource_bytes:
            raise too_large(limits)

    @property
    def text(self) -> bytes:
        """The document with an empty list for its entries."""
        return b"".join(self.parts)


def too_large(limits: Limits) -> Refused:
    """A resource above the cap."""
    cap = limits.resource_bytes / MB
    return Refused("E_TOO_LARGE", "", None, f"a resource has at most {cap:g} MB", "leave attachments out")


def entries(file: BinaryIO, limits: Limits, frame: Frame) -> Iterator[bytes | None]:
    """Entries of a bundle in order, None for one above ``resource_bytes``; ``frame`` takes the rest.

    Raises
    ------
    Refused
        ``E_PARSE``: brackets, strings or commas do not fit. ``E_TOO_LARGE``: the frame alone is.
    """
    yield from _Splitting(file, limits, frame).run()


class _Splitting:
    """Where the splitting stands: ``text[kept:]`` is not given away yet, ``text[at:]`` not looked at."""

    def __init__(self, file: BinaryIO, limits: Limits, frame: Frame) -> None:
        self.file, self.limits, self.frame = file, limits, frame
        self.text, self.kept, self.at, self.depth, self.deepest = b"", 0, 0, 0, 0
        self.in_string = False  # within a string that is longer than what is there
        self.inside = False  # between the brackets of entry[]
        self.element = False  # within one entry
        self.dropped = False  # ... which is too large to keep
        self.count = 0

    def run(self) -> Iterator[bytes | None]:
        """Entries in order, until the document ends."""
        while True:
            piece = self.file.read(_PIECE)
            if self.frame.size == 0 and not self.text:
                piece = piece.removeprefix(MARK)
            self._refill(piece)
            ended = yield from self._found(last=not piece)
            if ended:
                self._nothing_more()
                return
            if not piece:
                if self.deepest > self.limits.depth + _ENTRY - 1:
                    raise too_deep(self.limits)
                raise _broken("it ends before its brackets or strings are closed")

    def _refill(self, piece: bytes) -> None:
        if self.element:
            if self.dropped or len(self.text) - self.kept > self.limits.resource_bytes:
                self.dropped, self.kept = True, self.at
        elif not self.inside:
            given = max(self.kept, self.at - _LOOKED_BACK)
            self.frame.add(self.text[self.kept : given], self.limits)
            self.kept = given
        if len(self.text) - self.kept > 2 * self.limits.resource_bytes:
            raise too_large(self.limits)
        self.text = self.text[self.kept :] + piece
        self.at -= self.kept
        self.kept = 0

    def _found(self, last: bool) -> Generator[bytes | None, None, bool]:
        """Entries that end in what is there; True where the document ends."""
        for at, depth, opens in self._brackets(last):
            if opens:
                self._opened(at, depth)
            elif self.element and depth == _ENTRY - 1:
                yield self._entry(at + 1)
            elif self.inside and depth == 1:
                self._separated(at, closing=True)
                self.inside, self.kept = False, at
            elif depth <= 0:
                self.frame.add(self.text[self.kept : at + 1], self.limits)
                self.kept = self.at = at + 1
                return True
        return False

    def _brackets(self, last: bool) -> list[tuple[int, int, bool]]:
        """Place, depth thereafter, and whether it opens, of each bracket that may begin or end an entry."""
        new = self.text[self.at :]
        if (len(new) - len(new.rstrip(b"\\"))) % 2 and not last:
            new = new[:-1]  # its other half comes with the next piece
        seen = without_escapes(new)
        quotes = np.frombuffer(seen, np.uint8) == ord('"')
        outside = (np.cumsum(quotes, dtype=np.uint8) + self.in_string) % 2 == 0
        steps = np.frombuffer(seen.translate(STEP), np.int8) * outside
        depths = np.cumsum(steps, dtype=np.int32) + self.depth
        places = np.flatnonzero((steps != 0) & (depths <= _ENTRY))
        found = zip(
            (places + self.at).tolist(), depths[places].tolist(), (steps[places] > 0).tolist(), strict=True
        )
        if len(new):
            self.in_string, self.depth = not outside[-1], int(depths[-1])
            self.deepest = max(self.deepest, int(depths.max()))
        self.at += len(new)
        return list(found)

    def _opened(self, start: int, depth: int) -> None:
        if self.inside:
            if depth == _ENTRY:
                self._separated(start, closing=False)
                self.element, self.kept = True, start
        elif depth == _ENTRY - 1 and self.text[start] == ord("["):
            before = self.text[max(self.kept, start - _LOOKED_BACK) : start]
            if _BEFORE_ENTRIES.search(before):
                self.frame.add(self.text[self.kept : start + 1], self.limits)
                self.inside, self.kept, self.count = True, start + 1, 0

    def _entry(self, end: int) -> bytes | None:
        size = end - self.kept
        whole = None if self.dropped or size > self.limits.resource_bytes else self.text[self.kept : end]
        self.element, self.dropped, self.kept = False, False, end
        self.count += 1
        return whole

    def _separated(self, start: int, closing: bool) -> None:
        """Between two entries stands one comma, before the first and after the last none."""
        between = self.text[self.kept : start].strip(_SPACE)
        wanted = b"," if self.count and not closing else b""
        if between != wanted:
            raise _broken(f"entries are objects with a comma between them (after entry {self.count})")

    def _nothing_more(self) -> None:
        rest = self.text[self.at :]
        while rest:
            if rest.strip(_SPACE):
                raise _broken("more stands after its end")
            rest = self.file.read(_PIECE)


def _broken(how: str) -> Refused:
    return Refused("E_PARSE", "", None, f"not a whole JSON document: {how}", "export it once more")
