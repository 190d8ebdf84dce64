"""Records: what the hospital's data are, how new, whether days are missing, and what is wrong with them."""

from __future__ import annotations

from dash import html

from dashboards.figures.days import EVERY_NARROW, day_strip
from dashboards.pages import parts
from dashboards.pages.findings import aside_card, findings_card
from dashboards.pages.frame import heading, print_button, shell
from dashboards.pages.parts import Column
from dashboards.services import words
from dashboards.services.records_view import RecordsView, StreamLine, TableLine
from dashboards.services.view import View

BRING = "twin import FILE"
COMING = (
    "Each table with its rows, its first and last day and how fresh it is",
    "Arrivals of every stream, day by day, with the days that are missing",
    "Every import: which file, when, by whom, and how much of it was taken",
    "What is wrong in the records, the gravest first, with what to do",
)
STATES = {
    "fresh": ("calm", "Fresh"),
    "late": ("watch", "Late"),
    "simulated": ("plain", "Simulated"),
    "none": ("plain", "No times"),
}
TABLE_COLUMNS = (
    Column("Table"),
    Column("Rows", "num"),
    Column("First"),
    Column("Last"),
    Column("Newest", "num"),
    Column("State"),
)
STREAM_COLUMNS = (
    Column("Stream"),
    Column("Every day", "days"),
    Column("A day", "num"),
    Column("Last 28 days", "num"),
    Column("Days missing"),
)
IMPORT_COLUMNS = (
    Column("Imported"),
    Column("File"),
    Column("Read as"),
    Column("Rows", "num"),
    Column("Put aside", "num"),
    Column("By"),
)


def records_page(view: View, records: RecordsView) -> parts.Part:
    """The whole page."""
    beside = f"{records.hospital}, {records.age.words}" if records.age else records.hospital
    head = heading("Records", beside, print_button())
    answer = html.P([html.B(records.first), " ", records.then], className="answer", id="answer")
    if records.fault:
        told = parts.notice("error", "", html.Span(records.fault), role="alert")
        return shell("/records", view, head, answer, told)
    if records.kind == "none":
        return shell("/records", view, head, answer, empty_card())
    return shell(
        "/records",
        view,
        head,
        answer,
        bring_card() if records.kind == "simulated" else None,
        figures_strip(records),
        findings_card(records) if records.kind == "own" else None,
        aside_card(records) if records.asides else None,
        tables_card(records),
        streams_card(records),
        imports_card(records),
    )


def empty_card() -> parts.Part:
    """Before the first record: what will stand here, and the command that fills it."""
    return html.Section(
        [
            html.H2("Nothing here yet"),
            html.P("Here will stand:"),
            html.Ul([html.Li(line) for line in COMING]),
            html.Div(["In a terminal: ", html.Code(BRING)], className="buttons"),
        ],
        className="card empty",
        id="bring",
    )


def bring_card() -> parts.Part:
    """How the hospital's own records come in, while a simulated year stands in for them."""
    return html.Section(
        [
            html.H2("Bring your own records"),
            html.P(
                "Extracts as CSV or Parquet, HL7 v2 messages or FHIR R4 bundles. A file is checked whole and "
                "taken whole or not at all; numbers of patients become pseudonyms as they are read, and "
                "names and free text are not kept."
            ),
            html.Div([html.Code(BRING), html.Span("in a terminal", className="soft")], className="buttons"),
        ],
        className="card empty",
        id="bring",
    )


def figures_strip(records: RecordsView) -> parts.Part:
    """The five key numbers."""
    cells = [
        html.Div(
            [
                html.Dt(figure.name),
                html.Dd(
                    [
                        html.B(figure.main, className=f"tone {figure.tone}" if figure.tone else ""),
                        html.Span(figure.beside) if figure.beside else None,
                        html.Div(figure.below, className="caption"),
                    ]
                ),
            ]
        )
        for figure in records.figures
    ]
    return html.Dl(cells, className="card numbers", id="figures")


def tables_card(records: RecordsView) -> parts.Part:
    """Each table: how much, from when to when, how fresh."""
    content = [
        parts.table("What is there", TABLE_COLUMNS, [_table_row(t) for t in records.tables], "stacked")
    ]
    if records.absent:
        names = ", ".join(title.lower() for title in records.absent)
        content.append(html.P(f"Nothing yet of: {names}.", className="text bound"))
    caption = "Times are local. Late: the newest row is more than 36 h old. What is planned may lie ahead."
    return parts.card("What is there", caption, *content, cls="flush", name="tables")


def _table_row(line: TableLine) -> list[parts.Part]:
    kind, said = STATES[line.state]
    return [
        line.title,
        f"{line.rows:,}",
        line.first,
        line.last,
        line.age or words.DASH,
        parts.chip(kind, said),
    ]


def streams_card(records: RecordsView) -> parts.Part:
    """Arrivals by stream, every day drawn."""
    caption = (
        "Grey: each day; ink: mean of seven days; from none to twice the stream’s own mean. Amber: nobody "
        "came on a day that usually brings many, so its records are likely missing."
    )
    rows = [_stream_row(stream) for stream in records.streams]
    drawn = parts.table("Arrivals by stream", STREAM_COLUMNS, rows, "feeds")
    return parts.card("Arrivals by stream", caption, drawn, cls="flush", name="streams")


def _stream_row(line: StreamLine) -> list[parts.Part]:
    gone = f"missing {line.gap_words}" if line.gaps else "no day missing"
    label = f"{line.title}: {words.mean(line.a_day)} a day, {gone}"
    strip = parts.drawing(
        day_strip(line.daily, line.first, line.gaps, label),
        day_strip(line.daily, line.first, line.gaps, label, 326, 60, EVERY_NARROW),
    )
    gaps = html.Span(line.gap_words, className="tone amber") if line.gaps else line.gap_words
    return [
        line.title,
        strip,
        words.mean(line.a_day),
        parts.value(words.mean(line.lately), line.change),
        gaps,
    ]


def imports_card(records: RecordsView) -> parts.Part:
    """Every import, newest first."""
    if not records.imports:
        said = ["No file was imported. ", html.Code(BRING), " brings one in; it is listed here from then on."]
        return parts.card("Imports", "", html.P(said, className="text"), name="imports")
    rows = [
        [
            line.when,
            html.B(line.source),
            line.read_as,
            f"{line.rows:,}",
            html.Span(line.aside_words, className="tone amber") if line.aside else line.aside_words,
            line.actor,
        ]
        for line in records.imports
    ]
    drawn = parts.table("Imports", IMPORT_COLUMNS, rows, "stacked imports")
    caption = "Newest first. What is said later holds over what was said before; nothing is counted twice."
    return parts.card("Imports", caption, drawn, cls="flush", name="imports")
