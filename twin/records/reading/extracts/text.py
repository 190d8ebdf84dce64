"""Text: the bytes of a CSV as UTF-8, piece by piece, whatever they were written in.

A byte order mark tells UTF-8 or UTF-16. A byte that is no character becomes the replacement character, so
that the row and the column where it stands can be told; nothing is guessed.
"""

from __future__ import annotations

import codecs
import io
import re
from pathlib import Path

from twin.errors import BadData, Problem

#: stands for what could not be read
LOST = "\ufffd"
#: a row after the last one: where it is not found as a row, a quote was left open before
END = "\x1fthe end\x1f"
_UTF16 = {b"\xff\xfe": "utf-16-le", b"\xfe\xff": "utf-16-be"}
_PIECE = 1 << 20


class Text(io.RawIOBase):
    """A file of text as bytes of UTF-8, read in pieces.

    Attributes
    ----------
    lost
        Whether a byte that is no character came by so far.
    """

    def __init__(self, path: Path) -> None:
        super().__init__()
        self._file = path.open("rb")
        start = self._file.read(3)
        encoding = _UTF16.get(start[:2], "utf-8")
        mark = 2 if encoding != "utf-8" else 3 if start == codecs.BOM_UTF8 else 0
        self._file.seek(mark)
        self._is_utf8 = encoding == "utf-8"
        self._decoder = codecs.getincrementaldecoder(encoding)(errors="replace")
        self._whole = True  # no character is half read
        self._ready = b""
        self._after = b""
        self._last = b"\n"
        self._over = False
        self.lost = False

    def readable(self) -> bool:
        """It is."""
        return True

    def close(self) -> None:
        """Close the file."""
        self._file.close()
        super().close()

    def head(self, most: int) -> bytes:
        """The first line without its end, at most so many bytes of it, taken out of the stream."""
        found = b""
        while len(found) <= most:
            piece = self._piece()
            if not piece:
                break
            found += piece
            if b"\n" in piece or b"\r" in piece:
                break
        line = re.match(rb"[^\r\n]*", found)
        assert line is not None
        rest = found[line.end() :]
        rest = rest[2:] if rest.startswith(b"\r\n") else rest[1:]
        if len(line[0]) <= most and found.endswith(b"\r") and not rest:
            rest = self._piece().removeprefix(b"\n")
        self._ready = rest
        return line[0]

    def ends_with(self, row: bytes) -> None:
        """Put a row after the last."""
        self._after = row

    def read(self, size: int = -1) -> bytes:
        """The next piece of at most so many bytes; empty at the end."""
        if not self._ready:
            self._ready = self._piece()
        if not self._ready and self._after:
            self._ready = (b"" if self._last in b"\r\n" else b"\n") + self._after
            self._after = b""
        if size is None or size < 0:
            size = len(self._ready)
        given, self._ready = self._ready[:size], self._ready[size:]
        return given

    def _piece(self) -> bytes:
        """The next piece of the file as UTF-8; empty only at its end."""
        while not self._over:
            raw = self._file.read(_PIECE)
            self._over = not raw
            if self._is_utf8 and self._whole and raw.isascii():
                text = raw
            else:
                characters = self._decoder.decode(raw, final=not raw)
                self._whole = self._is_utf8 and self._decoder.getstate()[0] == b""
                self.lost = self.lost or LOST in characters
                text = characters.encode("utf-8", "replace")
            if text:
                self._last = text[-1:]
                return text
        return b""


def open_text(path: Path, source: str) -> Text:
    """The text of a file.

    Raises
    ------
    BadData
        It cannot be opened.
    """
    try:
        return Text(path)
    except OSError as error:
        raise BadData(source, [Problem("file", None, f"cannot be read: {error.strerror}")]) from None
