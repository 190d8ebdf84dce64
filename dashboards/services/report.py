"""The report of a run, or of a plan, as a file on disk."""

from __future__ import annotations

from pathlib import Path

from dashboards.services.answer import latest_run, read_answer
from scenarios.plan_book import KIND, read_plan
from twin.errors import NotFound, UsageError
from twin.store import Store, open_store

FORMATS = ("html",)


def write_report(
    workspace: Path,
    run_id: str | None = None,
    form: str = "html",
    out: Path | None = None,
    *,
    plan: int | None = None,
) -> Path:
    """Write the report of one finished main job, or of one plan, and say where.

    Parameters
    ----------
    run_id
        The last finished main job when omitted; the run of a plan made by hand gives that plan's report.
    out
        ``report-RUN.html`` in the present folder when omitted. An older file of that name is replaced.
    plan
        The number of a plan of the book, in place of a run.

    Raises
    ------
    UsageError
        A format that is not written yet, or a place that cannot be written to.
    NotFound
        No workspace there, no such run, or none that is finished.
    """
    if form not in FORMATS:
        raise UsageError(f'no report in the format "{form}" yet; there is {", ".join(FORMATS)}')
    if run_id is not None and plan is not None:
        raise UsageError(f"either run {run_id} or --plan {plan}, not both")
    if not workspace.is_dir():
        raise NotFound(f"no workspace at {workspace}; make one with: twin init {workspace}")
    with open_store(workspace) as store:
        chosen, text = _report_of_plan(store, plan) if plan is not None else _report_of(store, run_id)
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
    made = next((entry.number for entry in store.plans.list() if entry.run_id == chosen), None)
    if made is not None and store.runs.get(chosen).kind == KIND:
        return _report_of_plan(store, made)
    return chosen, report_html(read_answer(store, chosen))


def _report_of_plan(store: Store, number: int) -> tuple[str, str]:
    from dashboards.reports.plan import plan_report_html

    return f"plan-{number}", plan_report_html(read_plan(store, number))
