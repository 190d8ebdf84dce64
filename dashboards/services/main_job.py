"""The main job as a worker or a command does it: the cycle, with the report as its last step."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from dashboards.services.answer import read_answer
from twin.files import write_whole
from twin.store import Job, Store

REPORT = "report.html"


def run_job(job: Job) -> dict[str, Any]:
    """Walk the whole road for one row of the run table, and make its report."""
    from dashboards.reports.html import report_html
    from scenarios.cycle import run_job as walk

    kept = _Kept(job)

    def publish(run_id: str) -> None:
        text = report_html(json.loads(kept.files["answer.json"]))
        job.put(REPORT, text.encode(), "text/html")

    return walk(kept, publish=publish)


class _Kept:
    """A job that remembers what it has put, because a row's files are seen by others only when it is done."""

    def __init__(self, job: Job) -> None:
        self._job = job
        self.files: dict[str, bytes] = {}

    def __getattr__(self, name: str) -> Any:
        return getattr(self._job, name)

    def put(self, name: str, data: bytes, media: str = "application/json") -> str:
        """Keep a file of this run."""
        self.files[name] = data
        return self._job.put(name, data, media)


def save_report(store: Store, run_id: str) -> Path:
    """Copy a finished run's report to where a person finds it, ``WORKSPACE/reports/RUN.html``."""
    place = store.workspace / "reports" / f"{run_id}.html"
    write_whole(place, store.artefacts.get(run_id, REPORT))
    return place


def short_answer(store: Store, run_id: str) -> dict[str, Any]:
    """What a terminal shows of an answer: the decisions, the plan and its proof, and what must be told."""
    answer = read_answer(store, run_id)
    certificate, plan = answer["certificate"], answer["plan"]
    return {
        "run": run_id,
        "hospital": answer["hospital"],
        "as_of": answer["as_of"],
        "streams": [
            {
                "stream": s["stream"],
                "made_by": s["made_by"],
                "mean_a_day": sum(s["forecast"]["mean"]) / len(s["forecast"]["mean"]),
                "source": s["source"],
                "scale_note": s["scale_note"],
                "holdout": s["holdout"],
            }
            for s in answer["streams"]
        ],
        "decisions": answer["decisions"],
        "explanation": answer["explanation"],
        "plan": {"total": plan["total"], "total_today": plan["total_today"], "holds": certificate["holds"]},
        "targets": certificate["targets"],
        "degraded": answer["degraded"],
        "notes": answer.get("notes", []),
        "seconds": (store.runs.get(run_id).summary or {}).get("seconds"),
    }


def words(short: dict[str, Any]) -> str:
    """The short answer as a person reads it."""
    lines = [f"{short['hospital']}, as of {short['as_of'].replace('T', ' ')[:16]}", ""]
    for s in short["streams"]:
        expected = f"{s['mean_a_day']:.1f} a day expected"
        lines.append(f"{s['stream']}: {expected} ({s['made_by']}, {s['source']})")
        if s["scale_note"]:
            lines.append(f"  {s['scale_note']}")
        if s["holdout"] and s["holdout"]["mase"] is not None:
            h = s["holdout"]
            naive = "" if h["naive_mase"] is None else f", same as last week {h['naive_mase']:.2f}"
            lines.append(f"  last {h['days']} days as a hold-out: MASE {h['mase']:.2f}{naive}")
    lines += ["", "Decisions"]
    for d in short["decisions"]:
        lines.append(f"  {d['headline']}" + (f" ({d['range']})" if d["range"] else ""))
        lines.append(f"    {d['act']}. {d['effect']} Decide by {d['decide_by'].replace('T', ' ')[:16]}.")
    lines += ["", "Plan", f"  {short['explanation']['headline']}"]
    lines += [f"  {_target(t)}" for t in short["targets"]]
    lines += [f"note: {text}" for text in short["notes"]]
    lines += [f"degraded: {text}" for text in short["degraded"]]
    if short["seconds"] is not None:
        lines.append(f"run {short['run']} took {short['seconds']:g} s")
    return "\n".join(lines)


def _target(t: dict[str, Any]) -> str:
    verdict = "holds" if t["holds"] else "does not hold"
    share = f"met in {t['share_of_futures']:.0%} of futures, {t['asked_share']:.0%} asked"
    return f"{t['name']}: {t['expected']:.1f} {t['unit']} ({t['limit']}), {share}: {verdict}"
