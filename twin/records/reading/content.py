"""Content: which kind of file the first bytes and the name are of.

Text is recognised by how it begins once a byte order mark is looked through; everything else by its
magic bytes. Content decides, and a name or the user's word that contradicts it is told.
"""

from __future__ import annotations

import codecs
import json
import re
from enum import StrEnum
from pathlib import PurePosixPath

from twin.errors import BadData, Problem

HEAD_BYTES = 64 << 10


class Kind(StrEnum):
    """What a source holds; each has a reader, archives are unpacked first."""

    CSV = "csv"
    PARQUET = "parquet"
    HL7 = "hl7"
    FHIR_BUNDLE = "fhir_bundle"
    FHIR_NDJSON = "fhir_ndjson"
    JOURNAL = "journal"
    ZIP = "zip"
    GZIP = "gzip"


BUNDLE = Kind.FHIR_BUNDLE
ARCHIVES = (Kind.ZIP, Kind.GZIP)
TABLES = (Kind.CSV, Kind.PARQUET)
_JSON = (Kind.FHIR_BUNDLE, Kind.FHIR_NDJSON, Kind.JOURNAL)

_TITLES = {
    Kind.CSV: "text, a CSV perhaps",
    Kind.PARQUET: "a Parquet file",
    Kind.HL7: "HL7 v2 messages",
    Kind.FHIR_BUNDLE: "JSON",
    Kind.FHIR_NDJSON: "FHIR resources, one a line (NDJSON)",
    Kind.JOURNAL: "a journal of messages",
    Kind.ZIP: "a ZIP archive",
    Kind.GZIP: "packed by gzip",
}
_OF_SUFFIX: dict[str, tuple[Kind, ...]] = {
    ".csv": (Kind.CSV,),
    ".tsv": (Kind.CSV,),
    ".parquet": (Kind.PARQUET,),
    ".pq": (Kind.PARQUET,),
    ".hl7": (Kind.HL7,),
    ".adt": (Kind.HL7,),
    ".json": _JSON,
    ".ndjson": _JSON,
    ".jsonl": _JSON,
    ".zip": (Kind.ZIP,),
    ".gz": (Kind.GZIP,),
}
_SUFFIX_OF = {
    Kind.CSV: ".csv",
    Kind.PARQUET: ".parquet",
    Kind.HL7: ".hl7",
    Kind.FHIR_BUNDLE: ".json",
    Kind.FHIR_NDJSON: ".ndjson",
    Kind.JOURNAL: ".ndjson",
    Kind.ZIP: ".zip",
    Kind.GZIP: ".gz",
}
#: files that are no source: first bytes, what it is
_OTHERS: tuple[tuple[bytes, str], ...] = (
    (b"%PDF", "a PDF"),
    (b"\x7fELF", "an executable program"),
    (b"MZ\x90", "an executable program"),
    (b"\xca\xfe\xba\xbe", "an executable program"),
    (b"\xcf\xfa\xed\xfe", "an executable program"),
    (b"#!", "a script"),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "an old Office document (.xls, .doc)"),
    (b"SQLite format 3\x00", "an SQLite database"),
    (b"\x89PNG", "a picture (PNG)"),
    (b"\xff\xd8\xff", "a picture (JPEG)"),
    (b"GIF8", "a picture (GIF)"),
    (b"BZh", "packed by bzip2"),
    (b"\xfd7zXZ\x00", "packed by xz"),
    (b"\x28\xb5\x2f\xfd", "packed by zstd"),
    (b"7z\xbc\xaf\x27\x1c", "a 7-Zip archive"),
    (b"Rar!", "a RAR archive"),
    (b"{\\rtf", "an RTF document"),
    (b"ARROW1", "an Arrow file"),
    (b"ORC", "an ORC file"),
    (b"Obj\x01", "an Avro file"),
)
_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_HL7 = re.compile(r"[\s\x0b\x1c]*(MSH|FHS|BHS)[^\w\s,;\"']")
_HTML = re.compile(r"<(!doctype\s+html|html|head|body)\b", re.IGNORECASE)
_RESOURCE = re.compile(r'"resourceType"\s*:\s*"(\w*)"')
#: letters that no text has, and how many of a hundred make a file binary (assumed: none of ours has any)
_ODD, _ODD_SHARE = re.compile(r"[\x00-\x08\x0e-\x1b\x7f]"), 0.05


def kind_of(
    head: bytes, name: str, told_as: str | None = None, *, whole: bool = True, suffix: str | None = None
) -> Kind:
    """What a file is whose first bytes are ``head``.

    Parameters
    ----------
    suffix
        What its name ends in, where it is not called by its own name; empty to go by content alone.
    whole
        ``head`` is the whole file.

    Raises
    ------
    BadData
        ``E_FILE_TYPE``: none of the kinds, or another than the name or the user says; ``E_FORMAT``: XML;
        ``E_EMPTY``: nothing but blanks.
    """
    suffix = PurePosixPath(name).suffix.lower() if suffix is None else suffix.lower()
    told, meant = kinds_told(told_as), _OF_SUFFIX.get(suffix, ())
    hint = told if not meant or set(told) & set(meant) else meant
    kind = _packed(head, name) or _of_text(_as_text(head, name), name, hint, whole)
    if told_as is not None and kind not in (*told, *ARCHIVES):
        cure = f"leave out --as {told_as}, or name the file that it is of"
        raise _other(name, _TITLES[kind], f"is not what --as {told_as} says", cure)
    if meant and kind not in meant:
        cure = f"if it is what you want to import, call it {_SUFFIX_OF[kind]}"
        raise _other(name, _TITLES[kind], f"is not what {suffix} says", cure)
    return kind


def kinds_told(told_as: str | None) -> tuple[Kind, ...]:
    """The kinds that ``--as`` may mean; none where nothing was told."""
    if told_as is None:
        return ()
    return {"hl7": (Kind.HL7,), "fhir": _JSON[:2], "journal": (Kind.JOURNAL,)}.get(told_as, TABLES)


def _packed(head: bytes, name: str) -> Kind | None:
    """The kind by magic bytes, None for what may be text."""
    if head.startswith(b"\x1f\x8b"):
        return Kind.GZIP
    if head.startswith(b"PAR1"):
        return Kind.PARQUET
    if head.startswith((b"PK\x03\x04", b"PK\x05\x06", b"PK\x07\x08")):
        if any(mark in head for mark in (b"[Content_Types].xml", b"xl/", b"opendocument")):
            raise _other(name, "a spreadsheet or document", "is not a table as text", "save it as CSV UTF-8")
        return Kind.ZIP
    for magic, what in _OTHERS:
        if head.startswith(magic):
            raise _other(name, what, "is none of CSV, Parquet, HL7 v2, FHIR JSON", _cure_of(what))
    if head[257:262] == b"ustar":
        raise _other(name, "a tar archive", "is none of CSV, Parquet, HL7 v2, FHIR JSON", "pack it as ZIP")
    return None


def _cure_of(what: str) -> str:
    if what.startswith("packed") or what.endswith("archive"):
        return "unpack it, or pack it as ZIP or gzip"
    return "export it as CSV UTF-8" if "Office" in what or "database" in what else "name the extract itself"


def _as_text(head: bytes, name: str) -> str:
    """The head as text, whatever mark it begins with; bytes that are no letters are the reader's to tell."""
    for mark, encoding in _MARKS:
        if head.startswith(mark):
            text = head[len(mark) :].decode(encoding, "replace")
            break
    else:
        text = head.decode("utf-8", "replace")
    if len(_ODD.findall(text)) > _ODD_SHARE * len(text) + 4:
        raise _other(name, "binary", "is none of CSV, Parquet, HL7 v2, FHIR JSON", "name the extract itself")
    return text


def _of_text(text: str, name: str, hint: tuple[Kind, ...], whole: bool) -> Kind:
    start = text.lstrip("\ufeff \t\r\n\x0b\x0c\x1c\x85\u2028\u2029\x00")
    if not start and whole:
        rule = "holds nothing but blanks"
        raise BadData(name, [Problem("file", None, rule, "ask the source for it again", "E_EMPTY")])
    if _HL7.match(text.lstrip("\ufeff")):
        return Kind.HL7
    if re.match(r"<[?!A-Za-z]", start):
        raise _marked_up(name, start)
    if re.match(r'\{\s*(["}]|$)|\[\s*([\[{"\]]|$)', start):
        if start[0] == "{" or hint == () or hint[0] in _JSON:
            return _of_json(start, whole)
    if hint[:1] == (Kind.HL7,):
        return Kind.HL7
    if hint and hint[0] in _JSON:
        raise _other(name, _TITLES[Kind.CSV], "is not JSON", "export FHIR as JSON or NDJSON")
    return Kind.CSV


def _marked_up(name: str, start: str) -> BadData:
    if _HTML.match(start):
        return _other(name, "a web page", "is not an extract", "a log-in page perhaps: download it again")
    rule, cure = "XML is not supported", "export FHIR as JSON, HL7 as v2 messages"
    return BadData(name, [Problem("file", "XML", rule, cure, "E_FORMAT")])


def _of_json(start: str, whole: bool) -> Kind:
    """Which JSON: one document, a resource a line, or a journal of messages."""
    line, _, rest = start.partition("\n")
    if re.match(r'\{\s*"journal"\s*:', line):
        return Kind.JOURNAL
    alone = not rest.strip()  # one line, or the beginning of one
    try:
        json.loads(line)
    except (ValueError, RecursionError):  # a document over several lines, or one that is cut here
        resource = _RESOURCE.search(start)
        cut = alone and not whole
        return Kind.FHIR_NDJSON if cut and resource and resource[1] != "Bundle" else Kind.FHIR_BUNDLE
    return Kind.FHIR_BUNDLE if alone else Kind.FHIR_NDJSON


def _other(name: str, what: str, rule: str, cure: str) -> BadData:
    return BadData(name, [Problem("file", what, rule, cure, "E_FILE_TYPE")])
