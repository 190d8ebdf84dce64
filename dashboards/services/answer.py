"""The latest answer of the main job, and how far it may be trusted now.

An answer is the document a finished run left behind. It is read whole and never recomputed here: a page
shows what was certified, or says that nothing was.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from dashboards.services.words import age, moment, plural
from twin.errors import NotFound
from twin.store import Run, Store

Answer = Mapping[str, Any]
KINDS = ("run", "nightly")
STALE_HOURS = 24.0  # older data are told above the page (assumed: a day's cycle may be late, not missed)
HEARTBEAT_SECONDS = 10.0  # a worker that has not been seen for so long is told as absent
FORMAT = 1


@dataclass(frozen=True)
class Freshness:
    """How old the data of an answer are, seen from now."""

    hours: float

    @property
    def is_stale(self) -> bool:
        """Whether a decision should no longer be approved on it."""
        return self.hours > STALE_HOURS

    @property
    def words(self) -> str:
        """``9 h old``."""
        return f"{age(self.hours)} old"


def latest_run(store: Store) -> Run | None:
    """The finished main job that ended last, by hand or by night; None before the first."""
    done = [run for run in (store.runs.latest(kind) for kind in KINDS) if run is not None]
    return max(done, key=lambda run: run.ended or run.created, default=None)


def latest_answer(store: Store) -> Answer | None:
    """What the last finished main job answered; None before the first."""
    run = latest_run(store)
    return None if run is None else read_answer(store, run.id)


def read_answer(store: Store, run_id: str) -> Answer:
    """The answer of one run.

    Raises
    ------
    NotFound
        The run left no answer, or one of a later format than this page can read.
    """
    if "answer.json" not in store.artefacts.names(run_id):
        raise NotFound(f"run {run_id} left no answer; only a finished main job does")
    answer = json.loads(store.artefacts.get(run_id, "answer.json"))
    if answer.get("format") != FORMAT:
        raise NotFound(
            f"run {run_id} has an answer of format {answer.get('format')}; this version reads {FORMAT}"
        )
    return dict(answer)


def running_job(store: Store) -> Run | None:
    """The main job that waits or runs now, newest first; None when none does."""
    return next(
        (run for run in store.runs.list(20) if run.kind in KINDS and run.state in ("queued", "running")), None
    )


def failed_since(store: Store) -> Run | None:
    """The newest main job if it failed, so that the page can say so above an older answer."""
    newest = next((run for run in store.runs.list(20) if run.kind in KINDS), None)
    return newest if newest is not None and newest.state == "failed" else None


def freshness(answer: Answer, now: datetime | None = None) -> Freshness:
    """Age of the data behind an answer."""
    return Freshness(max(((now or datetime.now()) - moment(answer["as_of"])).total_seconds() / 3600, 0.0))


def worker_is_seen(store: Store) -> bool:
    """Whether a worker gave a sign of life in the last 10 seconds."""
    gap = store.workers.seconds_since()
    return gap is not None and gap < HEARTBEAT_SECONDS


def ask_for_run(store: Store) -> str:
    """Put the main job in the queue, on the workspace's own records, unless one waits or runs already."""
    waiting = running_job(store)
    return waiting.id if waiting is not None else store.runs.add("run", {})


def headline(answer: Answer) -> tuple[str, str]:
    """The one sentence a manager can act on, and the one that follows it."""
    decisions = answer["decisions"]
    approvals = sum(row["status"] == "approve" for row in decisions)
    count = len(decisions) - approvals
    parts = [plural(count, "decision")] if count else []
    parts += [plural(approvals, "approval")] if approvals else []
    first = ", ".join(parts).capitalize() + "." if parts else "Nothing needs a decision."
    return first, " ".join([_tight_point(answer), _in_order(answer)]).strip()


def tight_wards(answer: Answer) -> list[Any]:
    """Wards with at least 4 chances in 20 of being short: the ones worth a line."""
    return [ward for ward in answer["wards"] if ward["chance_short"] >= 0.2]


def plan_rows(answer: Answer) -> list[dict[str, Any]]:
    """The plan beside today, ward by ward; changed wards first, then those likeliest to be short."""
    names = {ward["ward"]: ward for ward in answer["wards"]}
    today, planned = answer["plan"]["today"], answer["plan"]["beds"]
    rows = [
        {
            "ward": key,
            "name": names[key]["name"] if key in names else key,
            "today": today.get(key, 0),
            "planned": planned.get(key, 0),
            "difference": planned.get(key, 0) - today.get(key, 0),
            "known": names.get(key),
        }
        for key in planned
    ]
    return sorted(rows, key=lambda row: (-abs(row["difference"]), -_chance(row["known"])))


def _chance(ward: Any) -> float:
    return 0.0 if ward is None else float(ward["chance_short"])


def streams_in_order(answer: Answer) -> list[Any]:
    """Streams of arrivals: those driven by a file the reader named, the emergency ones, the others."""
    return sorted(
        answer["streams"], key=lambda row: (row["scale"] is None, "emergency" not in row["name"].lower())
    )


def sources(answer: Answer) -> str:
    """Where the data came from, each source once."""
    return "; ".join(dict.fromkeys(stream["source"] for stream in answer["streams"])) or "none"


def told_once(answer: Answer) -> list[str]:
    """Notes of the run that are not said already by a reason for a fallback."""
    return [note for note in answer.get("notes", []) if not any(note in why for why in answer["degraded"])]


def track_of(answer: Answer, stream: str) -> list[Any]:
    """The record of one stream's forecasts, newest day first."""
    rows = [row for row in answer["track_record"] if row["stream"] == stream]
    return sorted(rows, key=lambda row: str(row["ds"]), reverse=True)


def track_summary(record: Sequence[Any]) -> str:
    """How good past forecasts were, in one sentence counted from the rows."""
    rows = [row for row in record if row["happened"] is not None]
    if not rows:
        return "No forecast of this hospital has met its day yet."
    held = sum(row["q10"] <= row["happened"] <= row["q90"] for row in rows)
    missed = sum(abs(row["said"] - row["happened"]) for row in rows) / len(rows)
    both = [row for row in rows if row["last_week"] is not None]
    said = f"The 80 % range held what happened on {held} of {len(rows)} days; "
    said += f"the middle missed by {missed:.1f} a day"
    if not both:
        return said + "."
    baseline = sum(abs(row["last_week"] - row["happened"]) for row in both) / len(both)
    return f"{said}, “same as last week” by {baseline:.1f}."


def _tight_point(answer: Answer) -> str:
    if not answer["wards"] or answer["wards"][0]["chance_short"] < 0.5:
        return "No ward is more likely than not to be short in the next 72 hours."
    ward = answer["wards"][0]
    at = moment(ward["tightest"]["ds"])
    return f"{ward['name']} is the tight point, on {at:%A} at {at:%H:%M}."


def _in_order(answer: Answer) -> str:
    calm = len(answer["wards"]) - len(tight_wards(answer))
    if not calm:
        return ""
    are = "is" if calm == 1 else "are"
    return f"{plural(calm, 'ward').capitalize()} of {len(answer['wards'])} {are} in order."
