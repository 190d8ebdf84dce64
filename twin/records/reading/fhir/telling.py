"""Telling: what all resources share when they become statements.

``Source`` is what is known of the file and the question; ``said_of`` says when and under which version a
resource was said.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from twin.records.events import Said, Thing
from twin.records.reading.asked import Asked
from twin.records.reading.fhir.codes import ERROR
from twin.records.reading.fhir.fields import part, text
from twin.records.reading.fhir.people import People
from twin.records.reading.fhir.references import Meant, is_id, meant
from twin.records.reading.fhir.text import Json, Refused
from twin.records.reading.fhir.times import Clock
from twin.records.reading.told import Told

#: a statement: column of the event table -> value, instants in milliseconds
Statement = dict[str, Any]
_VERSION_FIGURES = 20


@dataclass
class Source:
    """What statements are made with: the question, the account, and what the file holds beside.

    Attributes
    ----------
    people
        Sex and day of birth of the file's patients.
    aliases
        "Type/id" by the full URL of an entry whose id is another.
    """

    asked: Asked
    told: Told
    clock: Clock
    people: People = field(default_factory=People)
    aliases: dict[str, str] = field(default_factory=dict)

    def meant(
        self, of: Json, name: str, wanted: str, where: str = "", root: Json | None = None
    ) -> Meant | None:
        """What the reference in field ``name`` means; ``root`` is the resource that ``of`` is a part of."""
        return meant(part(of, name, where), where + name, root or of, self.aliases, wanted)

    def visit(self, name: str) -> str:
        """Pseudonym of a visit or an appointment, "Type/id"."""
        return self.asked.pseudonyms.encounter(name) or ""

    def patient(self, who: Meant | None, field: str) -> str | None:
        """Pseudonym of a person.

        Raises
        ------
        Refused
            ``E_REFERENCE``: not a person; ``E_DANGLING_REF``: the file holds patients, but not this one.
        """
        if who is None:
            return None
        if who.type != "Patient":
            raise Refused("E_REFERENCE", field, who.type, "a visit is one patient's")
        if who.name:
            if not self.people.knows(who.name):
                raise Refused(
                    "E_DANGLING_REF",
                    field,
                    who.name,
                    "no such patient in this file",
                    "send the patient along",
                )
            return self.asked.pseudonyms.patient(who.name)
        return self.asked.pseudonyms.patient(f"Patient?{who.identifier}") if who.identifier else None


def name_of(resource: Json, full_url: str | None) -> str:
    """Its "Type/id", or type and full URL of a resource that has no id yet.

    Raises
    ------
    Refused
        ``E_NO_KEY``: neither; ``E_REFERENCE``: an id that is none.
    """
    kind, id_ = resource["resourceType"], resource.get("id")
    if id_ is None:
        if full_url and full_url.startswith("urn:"):
            return f"{kind}/{full_url.rpartition(':')[2]}"
        raise Refused("E_NO_KEY", "id", None, "a resource has an id, or a full URL of its own")
    if not is_id(id_):
        raise Refused("E_REFERENCE", "id", id_, "an id has 1 to 64 letters, figures, - and .")
    return f"{kind}/{id_}"


def said_of(resource: Json, row: int, source: Source) -> Statement:
    """Columns that every statement of a resource has: when it was said, under which version, and where.

    Raises
    ------
    Refused
        ``E_FUTURE``: said later than now; it would hold over everything that comes.
    """
    meta = part(resource, "meta") or {}
    written = text(meta, "lastUpdated", "meta.")
    said_at = source.clock.instant(written, "meta.lastUpdated")
    at = source.clock.past(said_at, "meta.lastUpdated", written, source.clock.heard)
    said = Said.GONE if resource.get("status") == ERROR else Said.STATE
    return {
        "said": said.value,
        "said_at": at,
        "said_by": version(text(meta, "versionId", "meta.")),
        "row": row,
    }


def version(written: str | None) -> str | None:
    """A version as text that sorts as its number does."""
    if written is None or not is_id(written):
        return None
    figures = written.isascii() and written.isdigit() and len(written) <= _VERSION_FIGURES
    return written.zfill(_VERSION_FIGURES) if figures else written


def gone(thing: Thing, key: str, said: Statement) -> Statement:
    """The statement that a thing never was."""
    own = "encounter" if thing is Thing.ENCOUNTER else None
    told = {**said, "thing": thing.value, "key": key, "said": Said.GONE.value}
    return {**told, own: key} if own else told
