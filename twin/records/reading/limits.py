"""Limits: how large a file, a row, a message may be before it is refused, unread or half read.

They keep one file, hostile or broken, from taking the machine's memory or an hour of its time. Each is far
above what a hospital's own extracts need.
"""

from __future__ import annotations

from dataclasses import dataclass

KB, MB, GB = 1 << 10, 1 << 20, 1 << 30


@dataclass(frozen=True)
class Limits:
    """Caps of one reading; all assumed, generous beside real extracts (the reason stands at each)."""

    #: one file [bytes]: fifty million rows of a hundred bytes
    file_bytes: int = 20 * GB
    #: all files of an archive, unpacked [bytes]
    unpacked_bytes: int = 20 * GB
    #: an archive's files are at most so many times its own size: text packs 5 to 20 times
    unpacked_times: int = 200
    #: files in an archive
    members: int = 10_000
    #: one line of a CSV, one segment of a message [bytes]
    line_bytes: int = 1 * MB
    #: one field [characters]: no code, time or number is longer
    field_chars: int = 64 * KB
    #: columns of a table: HES has about 300
    columns: int = 500
    #: rows of a table: a hundred years of a large hospital
    rows: int = 500_000_000
    #: one HL7 message [bytes]; an ADT with photographs is not one
    message_bytes: int = 4 * MB
    #: segments of one message
    segments: int = 10_000
    #: one FHIR resource, or one line of NDJSON [bytes]
    resource_bytes: int = 16 * MB
    #: one bundle [bytes]; larger sets come as NDJSON
    bundle_bytes: int = 128 * MB
    #: depth of JSON; FHIR itself needs below 20
    depth: int = 64
    #: figures of one number: more than any count or time has
    digits: int = 40
    #: memory of the process that reads [bytes], above what it needs to start (up to 145 MB): 512 MB together
    child_bytes: int = 352 * MB
    #: processor seconds of the process that reads: a start, and so many a megabyte
    child_seconds: float = 60.0
    child_seconds_a_mb: float = 4.0


USUAL = Limits()
