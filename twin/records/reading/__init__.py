"""Reading: from a file that anybody may have written to statements of the event table.

``source`` tells what a file is by its first bytes; ``extracts``, ``hl7`` and ``fhir`` read; ``child`` does it
in a process of its own, with limits on memory and time.
"""
