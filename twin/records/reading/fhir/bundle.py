"""A bundle taken apart: its entries one after the other as bytes, and what stands around them.

Brackets are counted outside strings, piece by piece of the file, so that a bundle never lies in memory as
a tree. What is between entries is checked here; entries and the frame are parsed by ``text``.
"""

from __future__ import annotations

import re
from collections.abc import Generator, Iterator
from typing import BinaryIO

from twin.records.reading.fhir.lines import MARK
from twin.records.reading.fhir.text import Refused, too_deep
from twin.records.reading.limits import MB, Limits

_PIECE = 1 * MB
#: a whole string, a bracket, or the begin of a string that goes on beyond the piece
_TOKEN = re.compile(rb'"(?:[^"\\]++|\\.)*+"|[{}\[\]"]', re.DOTALL)
_WITHIN = re.compile(rb'(?:[^"\\]++|\\.)*+', re.DOTALL)
_BEFORE_ENTRIES = re.compile(rb'[{,]\s*"entry"\s*:\s*\Z')
#: bytes before a bracket that are looked at for its name
_LOOKED_BACK = 256
_SPACE = b" \t\r\n"
_OPEN, _CLOSE = frozenset(b"{["), frozenset(b"}]")


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
            ended = yield from self._tokens(last=not piece)
            if ended:
                self._nothing_more()
                return
            if not piece:
                if self.deepest > self.limits.depth + 2:
                    raise too_deep(self.limits)
                raise _broken("it ends before its brackets are closed")

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

    def _tokens(self, last: bool) -> Generator[bytes | None, None, bool]:
        """Entries that end in what is there; True where the document ends."""
        if self.in_string:
            self._string(last)
            if self.in_string:
                return False
        for match in _TOKEN.finditer(self.text, self.at):
            start, end = match.span()
            token = self.text[start]
            if token in _OPEN:
                self.depth += 1
                self.deepest = max(self.deepest, self.depth)
                self._opened(start, token)
            elif token in _CLOSE:
                self.depth -= 1
                if self.element and self.depth == 2:
                    yield self._element(end)
                elif self.inside and self.depth == 1:
                    self._separated(start, closing=True)
                    self.inside, self.kept = False, start
                elif self.depth <= 0:
                    self.frame.add(self.text[self.kept : end], self.limits)
                    self.kept = self.at = end
                    return True
            elif end - start == 1:  # a string that goes on
                self.in_string, self.at = True, end
                self._string(last)
                return False
            self.at = end
        self.at = len(self.text)
        return False

    def _string(self, last: bool) -> None:
        """Go on to the end of a string that began before, or of what is there."""
        found = _WITHIN.match(self.text, self.at)
        assert found
        self.at = found.end()
        if self.text[self.at : self.at + 1] == b'"':
            self.in_string, self.at = False, self.at + 1
        elif last:
            raise _broken("a string is not closed")

    def _opened(self, start: int, token: int) -> None:
        if self.inside:
            if self.depth == 3:
                self._separated(start, closing=False)
                self.element, self.kept = True, start
        elif self.depth == 2 and token == ord("["):
            before = self.text[max(self.kept, start - _LOOKED_BACK) : start]
            if _BEFORE_ENTRIES.search(before):
                self.frame.add(self.text[self.kept : start + 1], self.limits)
                self.inside, self.kept, self.count = True, start + 1, 0

    def _element(self, end: int) -> bytes | None:
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
