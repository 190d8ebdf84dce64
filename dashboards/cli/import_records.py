"""``twin import``: the hospital's own records into the workspace, each file whole or not at all."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from dashboards.cli.options import DEFAULT_WORKSPACE, AsJson, Workspace, note, say

if TYPE_CHECKING:
    from twin.errors import Problem
    from twin.workspace import Brought, Kept

_TIMES = ["%Y-%m-%dT%H:%M:%S", "%Y-%m-%dT%H:%M", "%Y-%m-%d"]


Sources = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="SOURCE...",
        help="CSV, Parquet, HL7 v2, FHIR R4 (JSON, NDJSON) or zip; or the address of a FHIR server.",
    ),
]
ToldAs = Annotated[
    str | None,
    typer.Option(
        "--as",
        metavar="NAME",
        help="What the files are: a mapping (stays, encounters, hes, appointments, ...), hl7 or fhir.",
    ),
]
MappingFile = Annotated[
    Path | None,
    typer.Option("--map", metavar="FILE", help="A mapping of your own for CSV and Parquet (TOML)."),
]
Begins = Annotated[
    datetime | None,
    typer.Option(
        formats=["%Y-%m-%d"], metavar="DATE", help="First day from which every arrival is in the files."
    ),
]
AsOf = Annotated[
    datetime | None,
    typer.Option(
        formats=_TIMES,
        metavar="TIME",
        help="Last instant of the data; the hour of the last event when omitted.",
    ),
]
MostAside = Annotated[
    float,
    typer.Option(
        min=0,
        max=100,
        metavar="PERCENT",
        help="Refuse a file of which more rows than this cannot be used.",
    ),
]
MostUnbalanced = Annotated[
    float,
    typer.Option(
        min=0,
        max=100,
        metavar="PERCENT",
        help="Refuse files that leave more ward-days than this with a census that cannot be.",
    ),
]
FaultsFile = Annotated[
    Path | None,
    typer.Option("--faults", metavar="FILE", help="Write every fault told as a CSV of its own."),
]
OnlyLook = Annotated[bool, typer.Option("--check", help="Read and tell, but keep nothing.")]
Again = Annotated[
    bool, typer.Option("--again", help="Work all records out anew under today's names; no SOURCE.")
]


def command(
    sources: Sources = None,
    told_as: ToldAs = None,
    mapping: MappingFile = None,
    begins: Begins = None,
    as_of: AsOf = None,
    most_aside: MostAside = 1.0,
    most_unbalanced: MostUnbalanced = 0.5,
    faults: FaultsFile = None,
    only_look: OnlyLook = False,
    again: Again = False,
    workspace: Workspace = DEFAULT_WORKSPACE,
    json: AsJson = False,
) -> None:
    """Bring records in: each file whole or not at all, faults told by row.

    What a file is, is recognised; names of wards and classes that differ from hospital.toml are told in
    records.toml. Rows that cannot be used are put aside and told; a file with too many of them is refused
    and changes nothing. The same file again changes nothing. No name, address or free text is kept.
    """
    from twin.errors import UsageError
    from twin.workspace import Asking, bring_in
    from twin.workspace import Workspace as Folder

    if bool(sources) == again:
        raise UsageError("name the files to bring in, or --again without any")
    folder = Folder(workspace)
    asking = Asking(
        told_as=told_as,
        mapping=None if mapping is None else str(mapping),
        begins=begins.date() if begins else None,
        as_of=as_of,
        most_aside=most_aside / 100,
        most_unbalanced=most_unbalanced / 100,
        only_look=only_look,
        say=note,
    )
    brought = bring_in(folder, sources or [], asking)
    if faults is not None:
        _write_faults(faults, brought)
    for line in _told(brought):
        note(line)
    if not brought.refused or brought.kept:
        _say_what_is_there(folder, brought, json)
    brought.or_raise()


def _told(brought: Brought) -> list[str]:
    """A line a file, then what was put aside and what was left out on purpose."""
    lines = [_line(kept, brought.only_looked) for kept in brought.kept]
    for kept in brought.kept:
        problems = kept.told.problems(kept.unit)
        lines += [f"  put aside: {problem}" for problem in problems]
        lines += [f"  {times:,} {what}" for what, times in sorted(kept.told.notes.items())]
    return lines


def _line(kept: Kept, only_looked: bool) -> str:
    if kept.again:
        return f"{kept.source}: was imported before, as it is; nothing to do"
    if not kept.statements:
        return f"{kept.source}: {kept.format}, {kept.rows:,} {kept.unit}s read, none of which the twin keeps"
    verb = "would be" if only_looked else "are"
    aside = f", {kept.aside:,} put aside" if kept.aside else ""
    read = f"{kept.source}: {kept.format}, {kept.rows:,} {kept.unit}s read"
    return f"{read}, {kept.rows - kept.aside:,} {verb} in{aside}"


def _say_what_is_there(folder: Any, brought: Brought, json: bool) -> None:
    from dashboards.cli.records import findings_in_words, words
    from twin.errors import NotFound

    try:
        holdings = folder.holdings()
    except NotFound:  # only supplies, rosters or appointments so far, and no simulated year
        holdings = None
    if json:
        say({**(vars(holdings) if holdings else {}), "files": _files(brought)}, json)
    elif holdings is not None:
        say(words(holdings))
    else:
        tables = [f"{name}  {rows:,} rows" for name, rows in brought.tables.items()]
        say("\n".join(tables + findings_in_words(brought.findings)))


def _files(brought: Brought) -> list[dict[str, Any]]:
    """Each file and what became of it, for a machine."""
    kept = [
        {
            "source": one.source, "format": one.format, "state": "again" if one.again else "kept",
            "read": one.rows, "aside": one.aside, "notes": dict(one.told.notes),
            "faults": [vars(fault) for fault in one.told.faults],
        }
        for one in brought.kept
    ]  # fmt: skip
    refused = [
        {"source": one.source, "state": "refused", "error": one.error.as_table()} for one in brought.refused
    ]
    return kept + refused


def _write_faults(path: Path, brought: Brought) -> None:
    """Every fault that is told, a row each: file, row, field, value, rule, cure, code."""
    import csv
    import io

    from twin.files import write_whole

    page = io.StringIO()
    rows = csv.writer(page)
    rows.writerow(["file", "where", "value", "rule", "cure", "code"])
    for kept in brought.kept:
        for p in kept.told.problems(kept.unit):
            rows.writerow([kept.source, *_cells(p)])
    for one in brought.refused:
        for p in one.error.problems:
            rows.writerow([one.source, *_cells(p)])
    write_whole(path, page.getvalue().encode())
    note(f"faults written to {path}")


def _cells(problem: Problem) -> list[str]:
    """A fault as cells; a value that a spreadsheet would take for a formula is quoted."""
    value = "" if problem.value is None else str(problem.value)
    if value[:1] in ("=", "+", "-", "@", "\t", "\r"):
        value = "'" + value
    return [problem.path, value, problem.rule, problem.cure, problem.code]
