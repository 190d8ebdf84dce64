"""``twin verify``: the twin beside answers that others have proved."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from dashboards.cli.options import AsJson, Cluster, note, say

if TYPE_CHECKING:
    from twin.verification import Verdict, VerificationCase

Names = Annotated[
    list[str] | None,
    typer.Argument(metavar="[CASE]...", help="Cases whose names begin so; all when omitted."),
]


def command(
    cases: Names = None,
    quick: Annotated[
        bool, typer.Option("--quick", help="One short round: the width of the intervals is not judged.")
    ] = False,
    out: Annotated[
        Path | None, typer.Option("--out", help="Write the page of results (Markdown), whole or not at all.")
    ] = None,
    cluster: Cluster = None,
    json: AsJson = False,
) -> None:
    """Compare the twin with answers that others have proved."""
    import time

    from dashboards.services.files_asked import refuse_file
    from twin.files import write_whole
    from twin.replications.where import on_cluster
    from twin.verification import cases_named, verification_page, verify

    chosen = cases_named(cases or [])
    if out is not None:
        refuse_file(out, "--out")
    begun, progress = time.process_time(), _progress()
    found = []
    if not json:
        say(_HEAD)
    with on_cluster(cluster):
        for case in chosen:
            rows = verify(case, quick=quick, progress=progress)
            progress("", 0, 0)
            found.append((case, rows))
            if not json:
                say(_told(case, rows))
    held = sum(_holds(rows) for _, rows in found)
    closing = f"{held} of {len(found)} cases hold"
    if out is not None:
        write_whole(out, verification_page(found, (time.process_time() - begun) / 60).encode())
        note(f"written: {out}")
    say({"cases": [_document(*pair) for pair in found], "held": held} if json else closing, json)
    if held < len(found):
        raise typer.Exit(1)


_HEAD = (
    f"  {'quantity (where)':<46} {'expected':>16} {'observed':>16} {'± (95 %)':>8} {'limit':>8} "
    f"{'z':>6} {'n':>5}  verdict"
)


def _holds(rows: list[Verdict]) -> bool:
    return all(row.holds for row in rows)


def _told(case: VerificationCase, rows: list[Verdict]) -> str:
    from twin.verification.page import percent, score

    lines = [f"{case.id}: {case.title}"]
    for row in rows:
        lines.append(
            f"  {row.label:<46} {row.expected:>16} {row.observed:>16} {percent(row.half_width):>8} "
            f"{percent(row.widest):>8} {score(row.z):>6} {row.replications:>5}  {row.in_words}"
        )
    return "\n".join(lines)


def _document(case: VerificationCase, rows: list[Verdict]) -> dict[str, object]:
    head = {"id": case.id, "title": case.title, "source": case.source, "unit": case.unit}
    return {**head, "seed": case.seed, "holds": _holds(rows), "quantities": rows}


def _progress():  # type: ignore[no-untyped-def]
    """A line on a terminal that says what is played; nothing elsewhere."""
    shown = sys.stderr.isatty()

    def tell(what: str, done: int, of: int) -> None:
        if shown:
            text = f"{what}: {done} of {of}" if of else ""
            sys.stderr.write(f"\r{text:<78}" if text else "\r" + " " * 78 + "\r")
            sys.stderr.flush()

    return tell
