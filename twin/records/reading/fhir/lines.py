"""NDJSON: one resource a line, read in bounded memory."""

from __future__ import annotations

from collections.abc import Iterator
from typing import BinaryIO

from twin.records.reading.fhir.text import is_closed
from twin.records.reading.limits import Limits

#: byte order mark of UTF-8
MARK = b"\xef\xbb\xbf"


def lines(file: BinaryIO, limits: Limits) -> Iterator[tuple[int, bytes | None]]:
    """Number and bytes of each line that is not empty; None for one above ``resource_bytes``."""
    number, cap = 0, limits.resource_bytes
    while line := file.readline(cap + 1):
        number += 1
        if number == 1:
            line = line.removeprefix(MARK)
        if len(line) > cap and not line.endswith(b"\n"):
            _skip_to_the_end(line, file, limits)
            yield number, None
        elif line := line.strip():
            yield number, line


def is_lines(file: BinaryIO, limits: Limits) -> bool:
    """Whether the file, read from its begin, is NDJSON rather than one JSON document."""
    first, second = _next(file, limits), _next(file, limits)
    if first and is_closed(first):
        return bool(second) or b'"Bundle"' not in first
    goes_on = first[-1:] in (b"", b"[", b"{", b",", b":")  # a document, in its next line
    return second[:1] == b"{" and not goes_on


def _next(file: BinaryIO, limits: Limits) -> bytes:
    while line := file.readline(limits.resource_bytes):
        _skip_to_the_end(line, file, limits)
        if line := line.removeprefix(MARK).strip():
            return line
    return b""


def _skip_to_the_end(line: bytes, file: BinaryIO, limits: Limits) -> None:
    while line and not line.endswith(b"\n"):
        line = file.readline(limits.resource_bytes)
