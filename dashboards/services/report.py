"""The report of a run as a file on disk."""

from __future__ import annotations

from pathlib import Path

from dashboards.services.answer import latest_run, read_answer
from twin.errors import NotFound, UsageError
from twin.store import Store, open_store

FORMATS = ("html",)


def write_report(
    workspace: Path, run_id: str | None = None, form: str = "html", out: Path | None = None
) -> Path:
    """Write the report of one finished main job and say where.

    Parameters
    ----------
    run_id
        The last finished main job when omitted.
    out
        ``report-RUN.html`` in the present folder when omitted. An older file of that name is replaced.

    Raises
    ------
    UsageError
        A format that is not written yet, or a place that cannot be written to.
    NotFound
        No workspace there, no such run, or none that is finished.
    """
    if form not in FORMATS:
        raise UsageError(f'no report in the format "{form}" yet; there is {", ".join(FORMATS)}')
    if not workspace.is_dir():
        raise NotFound(f"no workspace at {workspace}; make one with: twin init {workspace}")
    with open_store(workspace) as store:
        chosen, text = _report_of(store, run_id)
    place = out or Path(f"report-{chosen}.html")
    try:
        place.write_text(text, encoding="utf-8")
    except OSError as fault:
        raise UsageError(f"cannot write {place}: {fault.strerror}") from fault
    return place


def _report_of(store: Store, run_id: str | None) -> tuple[str, str]:
    from dashboards.reports.html import report_html

    last = latest_run(store) if run_id is None else None
    chosen = run_id or (last.id if last else None)
    if chosen is None:
        raise NotFound("no finished main job yet; run one with: twin run")
    return chosen, report_html(read_answer(store, chosen))
