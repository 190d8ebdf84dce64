"""Dead letters: messages that the listener refused, by their shape: enough to find out what was wrong.

Figures and letters are masked, so no number and no name is kept; hash and length tell the sender's copy.
"""

from __future__ import annotations

import hashlib
import json
import os
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

from twin.records.reading.hl7.wrong import Wrong
from twin.records.reading.told import masked
from twin.units import MS_SECOND

#: characters of a message's shape that are kept
SHAPE = 2_000
#: the file is put away as .1, over the one before, when it has grown so large [bytes]
LARGEST = 16 << 20
NAME = "dead-letters.ndjson"


@dataclass(frozen=True)
class DeadLetter:
    """One refused message.

    Attributes
    ----------
    at
        When it came. [ms since 1970, UTC]
    sha256, size
        Hash and length [bytes] of the message.
    shape
        Its first characters, masked.
    field, rule, cure, code
        What was wrong; ``value`` masked.
    """

    at: int
    sha256: str
    size: int
    shape: str | None
    field: str
    value: str | None
    rule: str
    cure: str
    code: str


def dead_letter(data: bytes, size: int, wrong: Wrong) -> DeadLetter:
    """A refused message as it is kept."""
    at = round(datetime.now(UTC).timestamp() * MS_SECOND)
    shape = masked(data[:SHAPE].decode("utf-8", "replace"))
    value = masked(wrong.value[:SHAPE]) if wrong.value else None
    digest = hashlib.sha256(data).hexdigest()
    return DeadLetter(at, digest, size, shape, wrong.field, value, wrong.rule, wrong.cure, wrong.code)


def keep(folder: Path, letter: DeadLetter) -> None:
    """Add a dead letter to the file of a folder; it is on disk when this returns.

    Raises
    ------
    OSError
        It cannot be written.
    """
    path = folder / NAME
    if path.exists() and path.stat().st_size > LARGEST:
        path.replace(path.with_suffix(path.suffix + ".1"))
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    with os.fdopen(handle, "wb") as file:
        file.write(json.dumps(asdict(letter)).encode() + b"\n")
        file.flush()
        os.fsync(file.fileno())
