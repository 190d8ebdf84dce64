"""References: which resource another one means, told by its name alone; none is ever followed.

A relative reference, an absolute one and one to a version mean the same "Type/id", whatever the server; a
``urn:`` means the entry of the same bundle with that full URL. A search for an identifier and a logical
reference mean an identifier.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import unquote

from twin.records.reading.fhir.fields import part, parts, text
from twin.records.reading.fhir.text import Json, Refused

_ID = r"[A-Za-z0-9\-.]{1,64}"
_LITERAL = re.compile(rf"(?:https?://[^\s?#<>\"\\]+/)?([A-Z][A-Za-z]{{1,63}})/({_ID})(?:/_history/{_ID})?")
_URN = re.compile(r"urn:(?:uuid|oid):([A-Za-z0-9\-.]{1,128})")
_SEARCH = re.compile(r"([A-Z][A-Za-z]{1,63})\?identifier=([^&\s]{1,400})")
_IS_ID = re.compile(_ID)
_RULE = 'a reference is "Type/id", the address of a resource, urn:uuid:..., or #contained'


@dataclass(frozen=True)
class Meant:
    """What a reference means.

    Attributes
    ----------
    type
        Type of the resource; "" where it is not told.
    name
        "Type/id" of the resource; None where only an identifier is told.
    identifier
        Its identifier, where it is meant by one.
    contained
        The resource itself, where it is contained.
    """

    type: str
    name: str | None = None
    identifier: str | None = None
    contained: Json | None = None


def is_id(written: object) -> bool:
    """Whether this is a logical id of FHIR."""
    return isinstance(written, str) and bool(_IS_ID.fullmatch(written)) and written.strip(".") != ""


def meant(
    reference: Json | None, field: str, of: Json, aliases: Mapping[str, str], wanted: str
) -> Meant | None:
    """What a reference within resource ``of`` means; None where there is none.

    Parameters
    ----------
    aliases
        "Type/id" by the full URL of an entry that has another id.
    wanted
        Type of the resource where the reference does not tell it.

    Raises
    ------
    Refused
        ``E_REFERENCE``: it names no resource; ``E_DANGLING_REF``: no such resource is contained.
    """
    if reference is None:
        return None
    written = text(reference, "reference", field + ".")
    kind = text(reference, "type", field + ".") or wanted
    if written is None:
        value = text(part(reference, "identifier", field + ".") or {}, "value", field + ".identifier.")
        return Meant(kind, identifier=value) if value else None
    if written.startswith("#"):
        return _contained(written, field, of)
    if found := _LITERAL.fullmatch(written):
        type_, id_ = found.groups()
        if is_id(id_):
            return Meant(type_, f"{type_}/{id_}")
    elif found := _URN.fullmatch(written):
        named = aliases.get(written) or f"{kind}/{found[1]}"
        return Meant(named.partition("/")[0], named)
    elif found := _SEARCH.fullmatch(written):
        return Meant(found[1], identifier=unquote(found[2]).rpartition("|")[2] or None)
    raise Refused("E_REFERENCE", field, written, _RULE, "references are never followed")


def _contained(written: str, field: str, of: Json) -> Meant:
    for each in parts(of, "contained"):
        if each.get("id") == written[1:] and isinstance(each.get("resourceType"), str):
            return Meant(each["resourceType"], contained=each)
    raise Refused("E_DANGLING_REF", field, written, "no such resource is contained")
