"""What is wrong in the records, the gravest first; and the rows that were put aside as they were read."""

from __future__ import annotations

from dash import html

from dashboards.figures.bars import place_bars
from dashboards.pages import parts
from dashboards.pages.parts import Column
from dashboards.services import words
from dashboards.services.findings import AsideBatch, AsideLine, FindingLine
from dashboards.services.records_view import RecordsView

KINDS = {"error": ("short", "Error"), "warning": ("watch", "Warning"), "note": ("plain", "Note")}
#: findings that stand open; notes beyond them are folded away
OPEN = 8
ASIDE_COLUMNS = (
    Column("Rule", "rule"),
    Column("Field", "shape"),
    Column("Rows", "num"),
    Column("Which", "which"),
    Column("Looks like", "shape"),
    Column("What to do", "reason"),
)


def findings_card(records: RecordsView) -> parts.Part:
    """Every finding; one calm line where there is none."""
    caption = "Looked for in all records after each import. A finding changes nothing: it tells what to mend."
    if not records.findings:
        return parts.card("Data quality", caption, nothing_found(), name="quality")
    content: list[parts.Part] = [_list(records.findings[:OPEN])]
    rest = records.findings[OPEN:]
    if rest:
        said = f"{len(rest)} more finding{'s' if len(rest) > 1 else ''}"
        content.append(html.Details([html.Summary(said), _list(rest)], className="more"))
    return parts.card("Data quality", caption, *content, cls="flush", name="quality")


def nothing_found() -> parts.Part:
    """No finding."""
    return html.P(
        [parts.chip("calm", "No findings"), " No impossible stays, no bed conflicts, no missing hours."]
    )


def _list(findings: tuple[FindingLine, ...]) -> parts.Part:
    return html.Ul([_finding(line) for line in findings], className="decisions findings")


def _finding(line: FindingLine) -> parts.Part:
    kind, said = KINDS[line.severity]
    told = [html.H3(line.title), html.P(line.detail, className="why")]
    if line.snippet:
        told.append(html.Pre(line.snippet, className="snippet", tabIndex=0))
    if line.examples:
        said_first = "An example" if len(line.examples) == 1 else f"{len(line.examples)} examples"
        listed = html.Ul([html.Li(example) for example in line.examples], className="examples")
        told.append(html.Details([html.Summary(said_first), listed]))
    how_many = html.Div(
        [
            html.B(line.count),
            html.Div(line.share, className="caption"),
            html.Div(line.when, className="caption") if line.when else None,
        ],
        className="howmany",
    )
    return html.Li(
        [
            html.Div(parts.chip(kind, said), className="status"),
            html.Div(told, className="told"),
            how_many,
            html.Div(_places(line), className="where"),
        ],
        className="decision finding",
    )


def _places(line: FindingLine) -> list[parts.Part]:
    if not line.places:
        return []
    label = "By place: " + ", ".join(f"{name} {count:,}" for name, count in line.places)
    more = f"and {line.more} more place{'s' if line.more > 1 else ''}"
    drawn = parts.drawing(place_bars(line.places, label))
    return [drawn, html.Div(more, className="caption")] if line.more else [drawn]


def aside_card(records: RecordsView) -> parts.Part:
    """Rows put aside in the newest imports, by rule."""
    caption = (
        "Not taken, so that one broken row stops no file. Values are kept as shapes: 9 a figure, a a letter."
    )
    content = [part for batch in records.asides for part in _batch(batch)]
    return parts.card("Rows put aside", caption, *content, cls="flush", name="aside")


def _batch(batch: AsideBatch) -> list[parts.Part]:
    head = html.H3(
        [batch.source, html.Span(f" {batch.when}: {batch.share}", className="soft")], className="batch"
    )
    drawn = parts.table(
        f"Put aside of {batch.source}", ASIDE_COLUMNS, [_row(r) for r in batch.lines], "stacked"
    )
    more = f"and {batch.more} more rule{'s' if batch.more > 1 else ''}, each broken by fewer rows."
    return [head, drawn, html.P(more, className="text bound")] if batch.more else [head, drawn]


def _row(line: AsideLine) -> list[parts.Part]:
    return [
        html.Span([line.rule, html.Div(line.code, className="caption")]),
        html.Code(line.field) if line.field else words.DASH,
        f"{line.times:,}",
        line.rows,
        html.Code(line.shape) if line.shape else words.DASH,
        line.cure,
    ]
