"""Asked: what a reader is given, and what it gives back.

A reader is a function ``read(path, asked, told) -> Iterator[pa.RecordBatch]``. It goes through one local file
in bounded memory, yields batches of ``twin.records.events.SCHEMA`` and tells ``told`` of everything it
leaves out. It raises ``BadData`` only where nothing of the file can be read; it never raises anything
else, whatever the bytes are.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

import pyarrow as pa

from twin.records.reading.limits import USUAL, Limits
from twin.records.reading.pseudonyms import Pseudonyms
from twin.records.reading.told import Told

#: so far a feed's clock may run ahead before its times are in the future (assumed: clocks differ by minutes)
FEED_AHEAD = timedelta(minutes=15)


@dataclass(frozen=True)
class Asked:
    """How one source is to be read.

    Attributes
    ----------
    source
        The file's name as the user knows it, for the words of faults.
    timezone
        The hospital's; times without an offset are local in it.
    now
        The present, with a time zone: what lies later is in the future (``E_FUTURE``).
    pseudonyms
        Names for people and visits.
    mapping
        Name of a shipped mapping, or the path of a file (CSV and Parquet); None to recognise one.
    as_of
        Last instant of the data where the user told it, with a time zone.
    limits
        Caps.
    """

    source: str
    timezone: str
    now: datetime
    pseudonyms: Pseudonyms = field(repr=False)
    mapping: str | None = None
    as_of: datetime | None = None
    limits: Limits = USUAL


Reader = Callable[[Path, Asked, Told], Iterator[pa.RecordBatch]]
