"""The cycle: the main job from records to report, the same by hand and by night.

Records or a history file are forecast; the coming weeks are played on many futures as they are
decided today; beds are planned and the plan is proved on futures it has not seen; both are compared on the
same patients; the answer is kept, and the report is made by whoever asked.
"""

from __future__ import annotations

import hashlib
import json
import logging
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

from forecasting.challengers import challengers_of
from optimization.beds.planning import BedPlanAnswer, plan_beds
from scenarios.answer import LastWeek, answer_document
from scenarios.base_case import DEMAND, WARM_UP, pack_demand
from scenarios.comparison import Comparison, compare_measures
from scenarios.decisions import decide, tight_hours
from scenarios.foresee import LEAST_HISTORY, PATHS, Foreseen, foresee
from scenarios.outlook import Outlook, look_ahead
from scenarios.plan_book import DOCUMENT, TOML, InForce, dates_of, in_force, plan_document
from scenarios.refusals import named_before_the_run, refuse_closed_ways
from scenarios.sources import KEEP, Source, history_file, own_records
from scenarios.study import cost_rows
from scenarios.track import issue, track_record
from scenarios.watching import told, watch_streams
from twin.case import Case, Snapshot, Window
from twin.errors import BadData, Problem, UsageError
from twin.hospital import Hospital
from twin.store import Job, Store
from twin.workspace import Workspace

Progress = Callable[[float, float, str], None]
Check = Callable[[], None]
Put = Callable[[str, bytes], str]
Publish = Callable[[str], None]

#: the kind of run that answers with a registered model while that is fresh
NIGHTLY = "nightly"
#: days after the measured ones, in which the last visits end [days]
TAIL = 2
#: for each forecast; reached only on a machine much slower than two usual cores [s]
TRAINING_SECONDS = 90.0

_log = logging.getLogger("twin.cycle")


@dataclass(frozen=True)
class Asked:
    """What a main job is asked, as it stands in the inputs of its row."""

    history: Path | None = None
    mapping: Mapping[str, str] = field(default_factory=dict)
    scale: str = KEEP
    days: int = 28
    replications: int = 40
    seed: int = 1
    total: int | None = None
    training_seconds: float = TRAINING_SECONDS
    challengers: tuple[str, ...] = ()  # of the forecast, beside the seasonal naive

    @classmethod
    def of(cls, inputs: Mapping[str, Any]) -> Asked:
        """Read the inputs of a row; what is left out takes its default."""
        given = {name: inputs[name] for name in cls.__dataclass_fields__ if inputs.get(name) is not None}
        if "history" in given:
            given["history"] = Path(given["history"])
        if "challengers" in given:
            given["challengers"] = tuple(given["challengers"])
        return cls(**given)

    def inputs(self) -> dict[str, Any]:
        """The inputs of a row."""
        plain = {name: getattr(self, name) for name in self.__dataclass_fields__}
        return {
            **plain,
            "mapping": dict(self.mapping),
            "challengers": list(self.challengers),
            "history": str(self.history) if self.history else None,
        }

    def command(self, name: str = "run") -> str:
        """The command that asks the same."""
        words = [f"twin {name}"]
        if self.history:
            words += [f"--history {self.history}", *(f"--map {s}={to}" for s, to in self.mapping.items())]
            words.append(f"--scale {self.scale}")
        words.append(f"--days {self.days} --replications {self.replications} --seed {self.seed}")
        words += [f"--challenger {name}" for name in self.challengers]
        return " ".join(words + ([f"--total {self.total}"] if self.total is not None else []))


@dataclass(frozen=True)
class Prepared:
    """A main job that was checked and may begin."""

    asked: Asked
    hospital: Hospital
    source: Source
    window: Window
    snapshot: Snapshot
    workspace: Path

    @property
    def models(self) -> Path:
        """Where the models of this source and horizon are registered."""
        of = hashlib.sha256(f"{self.source_key} {self.asked.days}".encode()).hexdigest()[:16]
        return self.workspace / "models" / of

    @property
    def source_key(self) -> str:
        """Runs with the same key tell of the same patients."""
        source = self.source
        if not source.is_foreign:
            return "records"
        return json.dumps([source.name, sorted(source.streams.items()), source.scale])

    @property
    def data_key(self) -> str:
        """Date and content of the data: the key under which a night is done once."""
        return f"{self.source.as_of:%Y-%m-%d}:{self.source.fingerprint[:16]}:{self.source_key}"


def prepare(workspace: Path, asked: Asked) -> Prepared:
    """Check all that can be checked before anything is written or simulated.

    Raises
    ------
    NotFound, ConfigError, UsageError
        No workspace, faults in ``hospital.toml`` or the mapping, an impossible horizon, a challenger that is
        not there. (exit code 2)
    BadData
        The history or the records cannot be used. (exit code 3)
    """
    if asked.replications < 4:
        raise UsageError(f"a plan with proof needs 4 replications or more; got {asked.replications}")
    Window(date(2000, 1, 1), days=asked.days, warm_up=WARM_UP, tail=TAIL)  # refuses an impossible horizon
    challengers_of(asked.challengers)
    place = Workspace(workspace)
    hospital = place.hospital()
    if asked.history is not None:
        source = history_file(asked.history, hospital, mapping=asked.mapping, scale=asked.scale)
    else:
        source = own_records(place, hospital)
    first = source.history.as_of.date()
    if source.is_foreign:
        warm_up = min(WARM_UP, len(source.history.stamps))
        snapshot = Snapshot.empty()
    else:
        warm_up = 0
        snapshot = place.snapshot(datetime.combine(first, datetime.min.time()))
    if len(source.history.stamps) < LEAST_HISTORY:
        fault = Problem(
            "history", f"{len(source.history.stamps)} days", f"{LEAST_HISTORY} whole days or more"
        )
        raise BadData(source.name, [fault])
    window = Window(first - timedelta(days=warm_up), days=asked.days, warm_up=warm_up, tail=TAIL)
    refuse_closed_ways(Case(hospital), window)
    return Prepared(asked, hospital, source, window, snapshot, workspace)


def run_job(job: Job, publish: Publish | None = None) -> dict[str, Any]:
    """The main job as a row of the run table does it."""
    return run_cycle(
        job.workspace,
        job.store,
        job.claim.run_id,
        Asked.of(job.inputs),
        kind=job.claim.kind,
        put=job.put,
        progress=job.progress,
        check=job.check,
        publish=publish,
    )


def run_cycle(
    workspace: Path,
    store: Store,
    run_id: str,
    asked: Asked,
    *,
    put: Put,
    kind: str = "run",
    progress: Progress | None = None,
    check: Check | None = None,
    publish: Publish | None = None,
    threads: int = 2,
) -> dict[str, Any]:
    """Walk the whole road once.

    Parameters
    ----------
    put
        Keeps a file of this run and returns its SHA-256: the answer, the plan, the demand.
    publish
        The last step, from the roof: makes the report of this run.

    Returns
    -------
    dict
        The summary that the row keeps.

    Raises
    ------
    Infeasible
        No plan keeps to the total; what is short, where and by how much. (exit code 4)
    """
    begun, stages = time.monotonic(), _Stages(progress, check)
    ready = prepare(workspace, asked)
    held = in_force(store, ready.hospital, ready.window.start + timedelta(days=ready.window.warm_up))
    stages.begin("forecasting demand", 0.30)
    foreseen, drift = _watched(store, ready, kind)
    case, notes = _case(ready, foreseen, held)
    notes += named_before_the_run(case, ready.window)
    today, plan, planned = _played(ready, case, stages, threads=threads, check=check)
    stages.begin("writing the answer", 0.02)
    document = _answer(
        store, run_id, kind, ready, foreseen, today, planned, plan, [*notes, *plan.notes], workspace
    )
    document["drift"] = drift
    _keep(store, run_id, ready, foreseen)
    put(DEMAND, pack_demand(case.demand or foreseen.demand))
    number = _propose(store, run_id, ready, plan, put)
    put("answer.json", json.dumps(document, ensure_ascii=False, allow_nan=False).encode())
    if publish is not None:
        publish(run_id)
    return {
        "hospital": ready.hospital.name,
        "as_of": document["as_of"],
        "source_key": ready.source_key,
        "made_by": foreseen.demand.made_by,
        "degraded": document["degraded"],
        "drift": drift,
        "decisions": len(document["decisions"]),
        "plan": number,
        "plan_holds": plan.certificate.holds,
        "seconds": round(time.monotonic() - begun, 1),
    }


def _watched(store: Store, ready: Prepared, kind: str) -> tuple[Foreseen, list[dict[str, Any]]]:
    """The demand to come, with the alarms of the watch on what was said before, and what that watch saw."""
    asked = ready.asked
    foreseen = foresee(
        ready.source,
        days=asked.days + TAIL,
        seed=asked.seed,
        n_paths=max(PATHS, asked.replications + asked.replications % 2),
        time_limit=asked.training_seconds,
        models=ready.models if kind == NIGHTLY else None,
        challengers=asked.challengers,
    )
    drift = watch_streams(store, foreseen, ready.source_key)
    alarms = told(drift, {name: stream.title for name, stream in ready.hospital.arrivals.items()})
    return replace(foreseen, degraded=(*foreseen.degraded, *alarms)), drift


def _played(
    ready: Prepared, case: Case, stages: _Stages, *, threads: int, check: Check | None
) -> tuple[Outlook, BedPlanAnswer, Outlook]:
    """The coming days as decided today, a plan of beds with its proof, and the days as it has them."""
    asked, window = ready.asked, ready.window
    futures: dict[str, Any] = {
        "replications": asked.replications, "seed": asked.seed, "threads": threads, "check": check,
        "progress": stages.inside,
    }  # fmt: skip
    stages.begin("playing the coming days as decided today", 0.20)
    today = look_ahead(case, window, **futures)
    stages.begin("planning beds, and proving the plan on fresh futures", 0.28)
    plan = plan_beds(case, window, total=asked.total, **futures)
    stages.begin("playing the plan on the same patients", 0.20)
    return today, plan, look_ahead(case.with_(plan=plan.plan), window, **futures)


def _keep(store: Store, run_id: str, ready: Prepared, foreseen: Foreseen) -> None:
    """Keep what was known, and what was said of the coming days, to be judged when they have come."""
    source, zone = ready.source, ready.hospital.timezone
    store.histories.put(source.name, source.history)
    for said, of_base in ((foreseen.demand, False), (foreseen.base, True)):
        issue(store, run_id, said, ready.asked.days, source.as_of, zone, of_base=of_base)


def _propose(store: Store, run_id: str, ready: Prepared, plan: BedPlanAnswer, put: Put) -> int:
    """Keep the plan and propose it: seen once the run is done. The document first, then what names it."""
    put(TOML, plan.plan.toml().encode())
    digest = put(DOCUMENT, plan_document("beds", plan, ready.hospital, f"the forecast of run {run_id}"))
    return store.plans.propose(run_id, plan.plan.name, digest, *dates_of(plan.plan))


def _case(ready: Prepared, foreseen: Foreseen, held: InForce) -> tuple[Case, list[str]]:
    """The case of today, and what a reader must be told about it."""
    notes = [*ready.source.notes, *foreseen.notes, *filter(None, [held.told])]
    demand = foreseen.demand
    if ready.window.warm_up:
        demand = foreseen.warmed_up(ready.window.warm_up, ready.asked.seed)
        notes.append(
            f"the house starts empty and lives the last {ready.window.warm_up} observed days "
            "before the forecast begins"
        )
    others = [stream.title for name, stream in ready.hospital.arrivals.items() if name not in demand.series]
    if others:
        notes.append(f"without a history, from the hospital's own model of demand: {', '.join(others)}")
    return Case(ready.hospital, demand, held.plan, ready.snapshot), notes


def _answer(
    store: Store,
    run_id: str,
    kind: str,
    ready: Prepared,
    foreseen: Foreseen,
    today: Outlook,
    planned: Outlook,
    plan: BedPlanAnswer,
    notes: list[str],
    workspace: Path,
) -> dict[str, Any]:
    """The document of all that was found."""
    now = today.hour_of(ready.source.as_of)
    tight = tight_hours(today, planned, now)
    rows = (
        *compare_measures(today.measures, planned.measures),
        *cost_rows(today.case, planned.case, today.window),
    )
    comparison = Comparison("today", "plan", (), rows, ready.asked.replications)
    levels = {"today": plan.today, "planned": plan.planned}
    stopped = [f"a future was stopped early: {why}" for why in today.stopped]
    return answer_document(
        about={
            "run_id": run_id,
            "kind": kind,
            "made_at": datetime.now(UTC).isoformat(timespec="seconds"),
            "seed": ready.asked.seed,
            "replications": ready.asked.replications,
            "command": ready.asked.command(kind),
        },
        source=ready.source,
        foreseen=foreseen,
        today=today,
        planned=planned,
        tight=tight,
        plan=plan,
        comparison=comparison,
        decisions=decide(today, tight, now, plan.plan, levels, plan.certificate, plan.explanation),
        track=track_record(store, foreseen, ready.source_key, ready.hospital.timezone),
        last_week=_last_week(ready, workspace),
        notes=[*notes, *stopped],
    )


def _last_week(ready: Prepared, workspace: Path) -> LastWeek:
    """Beds that a ward needed at an instant in the records; unknown where there are none."""
    if ready.source.is_foreign:
        return lambda ward, at: None
    place = Workspace(workspace)
    seen: dict[datetime, dict[str, int]] = {}

    def needed(ward: str, at: datetime) -> float | None:
        if at not in seen:
            seen[at] = _needed_by_ward(place.snapshot(at), ready.hospital)
        return float(seen[at].get(ward, 0))

    return needed


def _needed_by_ward(snapshot: Snapshot, hospital: Hospital) -> dict[str, int]:
    """Patients in each ward or waiting for it, the first of the places they asked for."""
    counts: dict[str, int] = {}
    for patient in snapshot.patients:
        ward = patient.place
        if patient.waiting:
            pathway = hospital.pathways[hospital.classes[patient.patient_class].pathway]
            places = next(s for s in pathway.steps if s.name == patient.step).alternatives()
            ward = places[0].place if places else None
        if ward in hospital.wards:
            counts[ward] = counts.get(ward, 0) + 1
    return counts


class _Stages:
    """Progress of stages with known shares of the whole, and a place to stop between them."""

    def __init__(self, progress: Progress | None, check: Check | None) -> None:
        self._progress, self._check = progress, check
        self._before = self._share = 0.0
        self._name = ""

    def begin(self, name: str, share: float) -> None:
        """Enter a stage."""
        self._before, self._share, self._name = self._before + self._share, share, name
        _log.info("%s", name)
        if self._check is not None:
            self._check()
        self.inside(0, 1)

    def inside(self, done: int, total: int) -> None:
        """So much of the present stage is done."""
        if self._progress is not None:
            self._progress(100 * (self._before + self._share * done / max(total, 1)), 100, self._name)
