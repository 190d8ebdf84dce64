"""HL7 version 2: messages of admission, discharge, transfer (ADT) and scheduling (SIU), one at a time.

``frames`` finds the messages of a file, ``message`` takes one apart, ``triggers`` and ``codes`` say what
its words mean, ``visits`` and ``bookings`` make statements of it, ``reader`` puts them together. ``mllp``
listens for messages, ``journal`` keeps what was heard.
"""

from twin.records.reading.hl7.journal import read_journal
from twin.records.reading.hl7.reader import read

__all__ = ["read", "read_journal"]
