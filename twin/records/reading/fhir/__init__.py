"""FHIR R4: bundles and NDJSON, read into statements of the event table.

``text`` parses JSON strictly, ``bundle`` takes a bundle apart without building it, ``lines`` goes through
NDJSON; ``encounters``, ``places``, ``booking`` and ``people`` say what a resource tells; ``server`` fetches
the resources of a FHIR server into files. Narrative, names and extensions are never read into anything, and
no reference is ever followed.
"""

from twin.records.reading.fhir.reader import VERSION, read

__all__ = ["VERSION", "read"]
