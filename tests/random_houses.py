"""Random small hospitals and workloads that use every rule, for tests of equality and conservation.

Each rule is in force in some of the hospitals, and there in about every second place where it can be, so
that rules meet each other; everything is so tight that patients wait, block each other and go away.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import pairwise
from random import Random
from typing import Any

import numpy as np

from tests.houses import START
from tests.random_snapshots import random_snapshot
from twin.case import Case, Snapshot, Window
from twin.hospital import Hospital
from twin.hospital.check import check_references
from twin.units import MS_MINUTE
from twin.workload import FAR, NONE, Workload, draw_workload

_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")

#: share of hospitals in which each rule is in force
RULES = {
    "nursing": 0.3,
    "discharge": 0.5,
    "exceptions": 0.15,  # rows of calendars with dates or for holidays
    "shifts": 0.2,
    "breaks": 0.15,
    "absence": 0.15,
    "pool": 0.2,
    "stop": 0.3,  # a fall in level stops work
    "gates": 0.2,
    "waiting_room": 0.2,
    "ages": 0.2,
    "preempts": 0.25,
    "patience": 0.3,
    "if_full": 0.2,
    "holds": 0.25,
    "promises": 0.25,
    "repatriates": 0.25,
    "lounge": 0.2,
    "delays": 0.1,
    "kits": 0.3,
    "trays": 0.25,
    "uses": 0.1,
    "booking": 0.3,
    "population": 0.2,
    "parties": 0.15,
    "own_priority": 0.4,
    "circles": 0.12,
}

#: the same where a hospital is crowded with rules, if other than 3 of 4: those that send patients away
_CROWDED = {"if_full": 0.3, "waiting_room": 0.3, "patience": 0.5, "circles": 0.3}


def random_case(rng: Random, *, crowded: bool = False) -> Case:
    """A hospital of a few wards and places, tight enough that patients block each other.

    Where it is ``crowded`` with rules, three of four are in force.
    """
    while True:
        raw = _Maker(rng, crowded).description()
        if not check_references(raw):
            break
    hospital = Hospital.model_validate(raw)
    return Case(hospital, snapshot=random_snapshot(rng, hospital) if rng.random() < 0.5 else Snapshot.empty())


def random_workload(rng: Random, case: Case, *, whole_minutes: bool) -> Workload:
    """A few days of patients; on a clock of whole minutes many things happen at once."""
    window = Window(START, days=rng.randint(1, 4), warm_up=rng.randint(0, 1), tail=rng.randint(0, 1))
    work = draw_workload(case, window, seed=rng.randint(0, 10**9), replication=rng.randint(0, 5))
    if not whole_minutes:
        return work
    return on_a_coarse_clock(work, rng.choice((1, 5, 30)) * MS_MINUTE, at_once=rng.random() < 0.3)


def on_a_coarse_clock(work: Workload, grain: int, *, at_once: bool) -> Workload:
    """The same workload with every time a multiple of ``grain`` [ms]; cues that come at once may stay so."""

    def coarse(values: Any, least: int | None = None) -> Any:
        floor = (np.asarray(values) // grain) * grain
        return floor if least is None else np.maximum(floor, least)

    def known(values: Any, least: int | None = None) -> Any:
        return np.where(values == NONE, NONE, coarse(values, least))

    fixed = (work.arrival < 0) | (work.arrival == FAR)
    arrival = np.where(fixed, work.arrival, coarse(work.arrival, 0))
    order = np.lexsort((work.key, arrival))
    assert np.array_equal(arrival[order], np.sort(arrival))
    duration = coarse(work.duration, grain)
    coarse_work = replace(
        work,
        arrival=arrival,
        came=np.where(work.came == work.arrival, arrival, work.came),
        duration=duration,
        wall=known(work.wall, 0),
        late=coarse(work.late),
        appointment=known(work.appointment),
        limit=known(work.limit),
        patience=known(work.patience, 0),
        delay=np.minimum(coarse(work.delay), duration),
        cue_gap=coarse(work.cue_gap, 1 if at_once else grain),
        lead=coarse(work.lead, grain),
    )
    return _in_order(coarse_work, order)


def _in_order(work: Workload, order: Any) -> Workload:
    """The workload with its patients in another order."""
    lengths = np.diff(work.first)[order]
    first = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)
    rows = np.concatenate(
        [np.arange(work.first[i], work.first[i + 1]) for i in order] or [np.zeros(0)]
    ).astype(np.int64)
    patient_now, row_now = np.argsort(order), np.argsort(rows)
    of_patients: tuple[str, ...] = (
        "key",
        "patient_class",
        "arrival",
        "origin",
        "held",
        "since",
        "came",
        "shows",
        "late",
    )
    of_patients += ("appointment", "session", "promised", "tray", "asked", "limit")
    of_rows = ("step", "duration", "wall", "patience", "delay", "reason")
    cues = np.column_stack(
        [row_now[work.cue_row], work.cue_kind, patient_now[work.cue_patient], work.cue_gap]
    )
    cues = cues[np.lexsort((cues[:, 2], cues[:, 0]))].astype(np.int64)
    pooled = work.pooled.copy()
    pooled[:, 0] = patient_now[pooled[:, 0]]
    columns: dict[str, Any] = {
        "first": first,
        "pooled": pooled[np.lexsort((pooled[:, 1], pooled[:, 0]))],
        **{c: getattr(work, c)[order] for c in of_patients},
        **{c: getattr(work, c)[rows] for c in of_rows},
        **{f"cue_{c}": np.ascontiguousarray(cues[:, i]) for i, c in enumerate(_CUE)},
    }
    return replace(work, **columns)


_CUE = ("row", "kind", "patient", "gap")


# ---- the description -----------------------------------------------------------------------------


def _shares(rng: Random, n: int) -> list[float]:
    weights = [rng.randint(1, 9) for _ in range(n)]
    return [w / sum(weights) for w in weights]


@dataclass
class _Maker:
    """One description; which rules are in force is thrown once for all of it."""

    rng: Random
    crowded: bool = False

    def __post_init__(self) -> None:
        self.rules = {
            name: self.rng.random() < (_CROWDED.get(name, 0.75) if self.crowded else share)
            for name, share in RULES.items()
        }

    def on(self, rule: str, share: float = 0.5) -> bool:
        """Whether a rule that may be in force is so here."""
        return self.rules[rule] and self.rng.random() < share

    def description(self) -> dict[str, Any]:
        """A description as it would be read from a file; it may have faults."""
        rng = self.rng
        self.staff = self.teams()
        self.wards = {f"ward_{i}": self.ward() for i in range(rng.randint(1, 3))}
        self.places = {f"room_{i}": self.place() for i in range(rng.randint(1, 3))}
        if self.rules["lounge"]:
            self.places["lounge"] = self.place()
        self.everywhere = [*self.wards, *(p for p in self.places if p != "lounge")]
        self.gates()
        items, trays, kits, spd = self.supplies()
        self.kits = list(kits)
        pathways = {f"path_{i}": self.pathway() for i in range(rng.randint(1, 3))}
        if self.rules["circles"]:
            pathways |= self.circle()
        classes = {
            f"class_{i}": {"title": "c", "pathway": p, **self.patient_class()} for i, p in enumerate(pathways)
        }
        if self.rules["uses"]:
            pathways["use"] = {"steps": [{"name": "use", "duration": self.duration(), **self.kit(1.0)}]}
            classes["use"] = {"title": "u", "priority": rng.randint(1, 3), "pathway": "use", "of": "use"}
        sources = [*classes]
        self.waiting_rooms(pathways)
        for name, steps in spd.items():
            pathways[name] = steps
            classes[name] = {"title": "t", "priority": rng.randint(1, 3), "pathway": name, "of": "tray"}
        return {
            "name": "random",
            "timezone": rng.choice(("UTC", "Europe/London")),
            "country": "GB-ENG",
            "profiles": {"out": {"hours": self.hours()}, "in": {"hours": self.hours()}},
            "wards": self.wards,
            "places": self.places,
            "staff": self.staff,
            "arrivals": {"door": self.arrivals(sources)},
            "populations": self.populations(classes, pathways, sources),
            "sessions": self.sessions(classes, pathways),
            "items": items,
            "trays": trays,
            "kits": kits,
            "classes": classes,
            "pathways": pathways,
        }

    def hours(self) -> list[float]:
        """Shares of a day in four of its hours."""
        hours = [0.0] * 24
        for h, share in zip(self.rng.sample(range(24), 4), _shares(self.rng, 4), strict=True):
            hours[h] = share
        return hours

    # ---- who comes --------------------------------------------------------------------------

    def arrivals(self, classes: list[str]) -> dict[str, Any]:
        """A stream of patients of all classes."""
        rng = self.rng
        return {
            "title": "door",
            "daily_mean": rng.choice((5, 15, 40)),
            "dispersion": rng.choice((1, 2)),
            "mix": dict(zip(classes, _shares(rng, len(classes)), strict=True)),
            "factor": rng.choice((0.7, 1, 1.3)),
            **({"hour_profile": "in"} if rng.random() < 0.3 else {}),
            **({"party_sizes": _shares(rng, rng.randint(2, 4))} if self.rules["parties"] else {}),
        }

    def populations(
        self, classes: dict[str, Any], pathways: dict[str, Any], sources: list[str]
    ) -> dict[str, Any]:
        """A source that never runs dry, in some hospitals; saturated only where it is held up."""
        rng = self.rng
        if not self.rules["population"]:
            return {}
        held_up = [name for name in sources if self.is_held_up(classes[name], pathways)]
        away = {"away": {"unit": "hours", "mean": rng.choice((1, 6, 20)), "shape": "exponential"}}
        saturated = held_up and rng.random() < 0.6
        mix = rng.sample(*((held_up, rng.randint(1, len(held_up))) if saturated else (sources, 1)))
        return {
            "members": {
                "title": "members",
                "members": rng.randint(1, 4),
                "mix": dict(zip(mix, _shares(rng, len(mix)), strict=True)),
                **({} if saturated else away),
            }
        }

    def is_held_up(self, patient_class: dict[str, Any], pathways: dict[str, Any]) -> bool:
        """Whether one of this class keeps the next one waiting for some time at least."""
        step = pathways[patient_class["pathway"]]["steps"][0]
        first = (step.get("places") or [None])[0]
        if first is None or step.get("if_full", "waits") != "waits" or "booking" in patient_class:
            return False
        table = self.wards.get(first) or self.places[first]
        return "waiting_room" not in table and "discharge_profile" not in table

    def patient_class(self) -> dict[str, Any]:
        """What a class has beside its pathway and its urgency."""
        rng = self.rng
        extra: dict[str, Any] = {"priority": rng.randint(1, 3)}
        if extra["priority"] > 1 and self.on("ages", 0.8):
            extra["ages"] = [{"priority": 1, "after_hours": rng.choice((0.5, 2, 6))}]
        if self.on("preempts"):
            extra["preempts"] = True
        if (self.rules["kits"] or self.rules["trays"]) and rng.random() < 0.5:
            extra["takes_reserve"] = True
        if self.on("booking", 0.7):
            extra["booking"] = {
                "come_early_minutes": rng.choice((0, 0, 30)),
                "early_by_minutes": rng.choice((0, 20)),
                "no_show": rng.choice((0, 0.2)),
                **({"punctuality": {"unit": "minutes", "mean": 25, "cv": 1}} if rng.random() < 0.5 else {}),
            }
        return extra

    def sessions(self, classes: dict[str, Any], pathways: dict[str, Any]) -> dict[str, Any]:
        """Sessions for all classes that are booked; some have a step with a limit."""
        rng = self.rng
        booked = [name for name, table in classes.items() if "booking" in table]
        for name in booked:
            steps = pathways[classes[name]["pathway"]]["steps"]
            if rng.random() < 0.7:
                classes[name]["booking"]["limit_step"] = rng.choice(steps)["name"]
        sessions = {}
        for i in range(rng.randint(1, 2) if booked else 0):
            start = rng.randint(5, 17)
            slots = {
                "slot_minutes": rng.choice((20, 60)),
                "patients_a_slot": rng.randint(1, 2),
                "extra_at_start": rng.randint(0, 2),
            }
            sessions[f"list_{i}"] = {
                "title": "s",
                "classes": booked if i == 0 else rng.sample(booked, rng.randint(1, len(booked))),
                "from": f"{start:02d}:00",
                "to": f"{start + rng.randint(2, 6):02d}:00",
                "sittings": rng.choice((1, 1, 2)),
                "booked_days_ahead": rng.choice((0, 0, 1)),
                "booked_at": f"{rng.randint(0, 12):02d}:00",
                "overrun_minutes": rng.choice((0, 30, 120)),
                **(slots if rng.random() < 0.5 else {}),
            }
        return sessions

    # ---- what is there ----------------------------------------------------------------------

    def calendar(self, key: str, most: int) -> list[dict[str, Any]]:
        """Exceptions to a usual level."""
        rng = self.rng
        rows: list[dict[str, Any]] = []
        for _ in range(rng.randint(0, 2)):
            start = rng.randint(0, 22)
            row = {
                "days": rng.sample(_DAYS, rng.randint(1, 7)),
                "from": f"{start:02d}:00",
                key: rng.randint(0, most),
            }
            if self.on("exceptions"):
                row["days"] = list(_DAYS)
                row |= rng.choice(({"first": "2025-01-07"}, {"last": "2025-01-07"}, {"holidays": "never"}))
            rows.append({**row, "to": f"{rng.randint(start + 1, 24):02d}:00"})
        return rows

    def fall(self) -> dict[str, Any]:
        """What a fall in level does."""
        return {"on_fall": "stop"} if self.on("stop", 0.6) else {}

    def ward(self) -> dict[str, Any]:
        """A ward of a few beds."""
        rng, beds = self.rng, self.rng.randint(1, 3)
        ward = {
            "title": "w",
            "physical_beds": beds,
            "staffed_beds": beds,
            "turnaround_minutes": rng.choice((0, 0, 30)),
            "calendar": self.calendar("staffed_beds", beds),
            **self.fall(),
        }
        if self.on("discharge", 0.7):
            ward["discharge_profile"] = "out"
        if self.on("nursing", 0.4):
            ward["nursing"] = {"group": "team_0", "patients_per_nurse": rng.choice((1, 2, 3))}
        return ward

    def place(self) -> dict[str, Any]:
        """A place of a few units."""
        rng = self.rng
        if rng.random() < 0.07:
            return {"title": "p", "unlimited": True}
        n = rng.randint(1, 3)
        return {
            "title": "p",
            "physical": n,
            "staffed": n,
            "turnaround_minutes": rng.choice((0, 0, 10)),
            "calendar": self.calendar("staffed", n),
            **self.fall(),
        }

    def gates(self) -> None:
        """Some places open only when an earlier one is full."""
        for i, name in enumerate(self.everywhere):
            table = self.wards.get(name) or self.places[name]
            full = [
                p for p in self.everywhere[:i] if not (self.wards.get(p) or self.places[p]).get("unlimited")
            ]
            if full and self.on("gates", 0.4):
                table["opens_when_full"] = self.rng.sample(full, self.rng.randint(1, min(2, len(full))))

    def waiting_rooms(self, pathways: dict[str, Any]) -> None:
        """Waiting rooms before the places where patients begin."""
        for pathway in pathways.values():
            listed = pathway["steps"][0].get("places")
            if listed and self.on("waiting_room", 0.7):
                table = self.wards.get(listed[0]) or self.places[listed[0]]
                table["waiting_room"] = self.rng.randint(0, 2)

    def teams(self) -> dict[str, Any]:
        """Staff groups; one may stand in for the others."""
        teams = {f"team_{i}": self.team() for i in range(self.rng.randint(1, 2))}
        if self.rules["pool"]:
            for team in teams.values():
                team["float_pool"] = "pool"
            teams["pool"] = {"title": "pool", "on_duty": self.rng.randint(1, 2), **self.fall()}
        return teams

    def team(self) -> dict[str, Any]:
        """A staff group, by shifts or by a calendar."""
        rng = self.rng
        team: dict[str, Any] = {"title": "t", **self.fall()}
        if self.on("shifts", 0.8) or self.on("absence", 0.8):
            start = rng.randint(5, 9)
            times = {"day": (start, start + 12), "night": (start + 12, start), "late": (14, 22)}
            team["shifts"] = {
                name: {"from": f"{a:02d}:00", "to": f"{b:02d}:00", "on_duty": rng.randint(1, 3)}
                for name, (a, b) in times.items()
                if name != "late" or rng.random() < 0.3
            }
            if self.rules["absence"]:
                team["absence"] = rng.choice((0.1, 0.4))
        else:
            team |= {"on_duty": rng.randint(1, 3), "calendar": self.calendar("on_duty", 3)}
        if self.on("breaks"):
            team["breaks"] = [{"from": "12:00", "to": "12:30", "away": rng.randint(1, 2)}]
        return team

    # ---- supplies ---------------------------------------------------------------------------

    def supplies(self) -> tuple[dict[str, Any], dict[str, Any], dict[str, Any], dict[str, Any]]:
        """Items, trays, kits of both, and the trays' ways through SPD."""
        rng = self.rng
        count = rng.randint(1, 3) if self.rules["kits"] else 0
        items = {f"item_{i}": self.item(i, count) for i in range(count)}
        trays: dict[str, Any] = {}
        spd: dict[str, Any] = {}
        for i in range(rng.randint(1, 2) if self.rules["trays"] else 0):
            owned = rng.randint(1, 3)
            reserve = rng.choice((0, owned - 1))
            trays[f"tray_{i}"] = {
                "title": "t",
                "owned": owned,
                "reserve": reserve,
                "patient_class": f"spd_{i}",
            }
            steps = [
                {"name": f"spd_step_{k}", "duration": self.duration(), **self.where(), **self.people()}
                for k in range(rng.randint(1, 2))
            ]
            spd[f"spd_{i}"] = {"steps": steps}
        kits = {}
        everything = [*items, *trays]
        for i in range(2 if everything else 0):
            chosen = rng.sample(everything, rng.randint(1, min(2, len(everything))))
            kits[f"kit_{i}"] = {
                "contents": {
                    name: rng.randint(1, trays[name]["owned"] if name in trays else 3) for name in chosen
                }
            }
        return items, trays, kits, spd

    def item(self, i: int, count: int) -> dict[str, Any]:
        """An item that runs short now and then."""
        rng = self.rng
        item: dict[str, Any] = {"title": "i", "stock": rng.randint(1, 25)}
        if rng.random() < 0.7:
            point = rng.randint(0, 8)
            much = rng.choice(
                ({"order_quantity": rng.randint(1, 9)}, {"order_up_to": point + rng.randint(1, 12)})
            )
            review = {"review_days": rng.randint(1, 2), "review_at": f"{rng.randint(0, 20):02d}:30"}
            item["policy"] = {
                "reorder_point": point,
                **much,
                **(review if rng.random() < 0.4 else {}),
            }
        if rng.random() < 0.7:
            item["lead_time"] = {"unit": "hours", "mean": rng.choice((0.5, 4, 15)), "cv": rng.choice((0, 1))}
        if rng.random() < 0.3:
            item["shelf_life_days"] = rng.choice((0.25, 1, 2))
        if rng.random() < 0.3:
            item["pack"] = rng.randint(2, 5)
        if rng.random() < 0.4:
            item["reserve"] = rng.randint(1, 3)
        if i + 1 < count and rng.random() < 0.7:
            item["substitute"] = f"item_{rng.randint(i + 1, count - 1)}"
        return item

    def kit(self, share: float) -> dict[str, Any]:
        """What a step takes."""
        return {"kit": self.rng.choice(self.kits)} if self.kits and self.rng.random() < share else {}

    # ---- pathways ---------------------------------------------------------------------------

    def where(self, kept: set[str] | None = None) -> dict[str, Any]:
        """Places of a step, first choice first; none that the patient may hold already."""
        rng = self.rng
        free = [p for p in self.everywhere if not kept or p not in kept]
        if not free:
            return {}
        chosen = rng.sample(free, min(len(free), rng.choice((1, 1, 2, 3))))
        others = [{"place": p, "after_hours": rng.choice((0, 0.5, 3))} for p in chosen[1:]]
        return {"places": [chosen[0], *others]}

    def people(self) -> dict[str, Any]:
        """The bundle of a step."""
        rng = self.rng
        if rng.random() < 0.5:
            return {}
        groups = rng.sample([*self.staff], rng.randint(1, len(self.staff)))
        if "pool" in groups and len(groups) > 1:
            groups.remove("pool")
        return {"staff": {group: rng.choice((1, 1, 2)) for group in groups}}

    def pathway(self) -> dict[str, Any]:
        """A way of one to four steps."""
        rng, n = self.rng, self.rng.randint(1, 4)
        steps: list[dict[str, Any]] = []
        kept: set[str] = set()  # where the patient may still be as he asks for the step
        for i in range(n):
            step: dict[str, Any] = {"name": f"step_{i}", "duration": self.duration()}
            if kept and rng.random() < 0.4:
                step["in_place"] = True
            elif rng.random() < 0.9:
                step |= self.where(kept)
            step |= self.people() | self.kit(0.4)
            if self.on("own_priority"):
                step["priority"] = rng.randint(1, 3)
            step["keeps_place"] = rng.random() < 0.6
            if i + 1 < n and rng.random() < 0.5:
                step["next"] = {f"step_{i + 1}": 0.7, "home": 0.3}
                if i > 0 and rng.random() < 0.3:
                    step["next"] = {f"step_{i + 1}": 0.5, "home": 0.3, "step_0": 0.2}
                    step["keeps_place"] = False
            steps.append(step | self.of_step(step, last=i + 1 == n))
            if not step["keeps_place"]:
                kept = set()
            elif not step.get("in_place"):
                kept = {p if isinstance(p, str) else p["place"] for p in step.get("places", ())}
        self.keepers(steps)
        self.promises(steps)
        return {"steps": steps}

    def circle(self) -> dict[str, Any]:
        """Ways from place to place round in a circle, on which patients meet who wait for each other."""
        n = len(self.everywhere)
        return {
            f"circle_{i}": {
                "steps": [
                    {
                        "name": name,
                        "duration": self.duration(),
                        "places": [self.everywhere[(i + k) % n]],
                        "keeps_place": k == 0,
                        **(self.people() if self.rng.random() < 0.3 else {}),
                    }
                    for k, name in enumerate(("here", "there"))
                ]
            }
            for i in range(n)
        }

    def keepers(self, steps: list[dict[str, Any]]) -> None:
        """Who may skip a step has no place in which the next one could happen."""
        for step, following in pairwise(steps):
            if following.get("in_place") and not step.get("in_place"):
                step.pop("if_full", None)
                step.pop("out_of_patience", None)

    def of_step(self, step: dict[str, Any], *, last: bool) -> dict[str, Any]:
        """Rules of a single step."""
        rng = self.rng
        extra: dict[str, Any] = {}
        if self.on("patience", 0.6):
            extra["patience"] = {"unit": "hours", "mean": rng.choice((0.5, 2, 6)), "shape": "exponential"}
            extra["out_of_patience"] = rng.choice(("leaves", "skips"))
        elif self.on("if_full", 0.4):
            extra["if_full"] = rng.choice(("leaves", "skips"))
        if self.on("holds"):
            extra["holds_the_line"] = True
        if self.on("preempts", 0.7) and rng.random() < 0.9:
            extra["can_be_stopped"] = True
        if len(step.get("places", ())) > 1 and self.on("repatriates", 0.8):
            extra["repatriates"] = True
        if (
            (last or "home" in step.get("next", {}))
            and (step.get("places") or step.get("in_place"))
            and self.on("lounge", 0.8)
        ):
            extra["lounge"] = {"place": "lounge", "hours": rng.choice((0.5, 2, 8))}
        if self.rules["delays"]:
            extra["delays"] = {"home": {"share": 0.3, "duration": self.duration()}}
        return extra

    def promises(self, steps: list[dict[str, Any]]) -> None:
        """Some steps start only with a later one's place promised."""
        for i, step in enumerate(steps):
            later = [s["name"] for s in steps[i + 1 :] if s.get("places")]
            if later and self.on("promises", 0.6):
                step["needs_next"] = self.rng.choice(later)

    def duration(self) -> dict[str, Any]:
        """A length of some kind."""
        rng = self.rng
        kind = rng.choice(("lognormal", "gamma", "exponential", "exactly", "table"))
        if kind == "table":
            return {"unit": "hours", "quantiles": [[0, 0.1], [0.5, 2], [1, rng.choice((4, 9))]]}
        mean = rng.choice((0.25, 1, 3, 12))
        cv = {} if kind in ("exponential", "exactly") else {"cv": rng.choice((0.5, 1.2))}
        return {"unit": "hours", "mean": mean, "shape": kind, **cv}
