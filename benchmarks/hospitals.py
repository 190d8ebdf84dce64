"""The hospitals on which speed is measured: the reference hospital, with every rule on, larger and longer.

    python benchmarks/hospitals.py                    how both compare on the same days
    python benchmarks/hospitals.py --write FILE       its description, for `twin simulate FILE`

The reference hospital as shipped does not need all rules: no sessions, kits or shifts. ``every_rule``
is the same hospital with the same patients a day, described with all of them. What is added stands in
``every_rule.toml``; what is said of many wards or clinics alike is added here.
"""

from __future__ import annotations

import argparse
import math
import tomllib
from collections.abc import Iterator
from copy import deepcopy
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import tomlkit

from twin.case import Case, Window
from twin.engine import simulate
from twin.hospital import Hospital, parse_hospital, shipped
from twin.measures import summarise
from twin.workload import Workload, draw_workload

START = date(2025, 1, 6)  # a Monday
Table = dict[str, Any]

#: patients that a nurse of a ward cares for by day and at night (NICE SG1; assumed)
_BY_DAY, _AT_NIGHT = 8, 10
#: the same in critical care: level 3 (1:1) and level 2 (1:2) in equal parts (GPICS)
_CRITICAL = 1.5
#: share of a clinic's patients who are new, their slot, that of a follow-up [min] (assumed: usual)
_NEW, _NEW_SLOT, _FOLLOW_UP_SLOT = 1 / 3, 30, 15
#: share of the slots that those who join the list take (assumed: less than all, or the list would grow)
_SLOTS_TAKEN = 0.98
_WEEKDAYS = ["mon", "tue", "wed", "thu", "fri"]
#: morning and afternoon clinics, of 210 minutes each
_HALF_DAYS = {"morning": ("09:00", "12:30"), "afternoon": ("13:30", "17:00")}
#: -10 (20) minutes: drawn lateness less what is taken off (assumed: usual in papers on appointments)
_ATTENDANCE = {
    "punctuality": {"mean": 30, "cv": 0.667, "unit": "minutes", "shape": "gamma"},
    "early_by_minutes": 40,
    "no_show": 0.076,
}
#: parts of long stays in which the patient could go (assumed)
_DELAYS = {
    "care_at_home": {"share": 0.08, "duration": {"mean": 5, "cv": 0.8, "unit": "days"}},
    "community_bed": {"share": 0.04, "duration": {"mean": 6, "cv": 0.8, "unit": "days"}},
    "transport_and_medicines": {"share": 0.25, "duration": {"mean": 4, "cv": 0.5, "unit": "hours"}},
}
#: stays from this mean on may end with such a delay [days]
_LONG_STAY = 6


def reference() -> Hospital:
    """The reference hospital as it is shipped."""
    return parse_hospital(shipped("reference"))


def every_rule() -> Hospital:
    """The reference hospital and its patients, described with every rule that the engines know."""
    return parse_hospital(every_rule_text(), source="every_rule.toml")


def every_rule_text() -> str:
    """The description of :func:`every_rule` as TOML."""
    raw = tomllib.loads(shipped("reference"))
    added = tomllib.loads((Path(__file__).parent / "every_rule.toml").read_text(encoding="utf-8"))
    sources = {**added.pop("sources"), **raw.pop("sources")}
    lay_over(raw, added)
    _planned_by_specialty(raw)
    _clinics_by_slots(raw)
    _stays(raw)
    _nurses(raw)
    for group in raw["staff"].values():
        if "shifts" in group:  # they say who is on duty, in place of the numbers by hour
            group.pop("on_duty", None)
            group.pop("calendar", None)
    return tomlkit.dumps({**raw, "sources": sources})


def lay_over(raw: Table, added: Table) -> None:
    """Add tables of new names; in those that are there, a given key takes the place of the old one."""
    for key, value in added.items():
        if isinstance(value, dict) and isinstance(raw.get(key), dict) and key not in _WHOLE:
            lay_over(raw[key], value)
        elif key == "steps" and key in raw:
            for step in value:
                next(old for old in raw[key] if old["name"] == step["name"]).update(step)
        else:
            raw[key] = value


#: tables that are replaced as a whole: their shares belong together
_WHOLE = ("mix", "next", "duration")


# ---- what is said of many alike --------------------------------------------------------------------


def _planned_by_specialty(raw: Table) -> None:
    """Orthopaedic operations begin only with a bed promised, major ones with one in critical care."""
    general = raw["pathways"]["planned"]
    after = _step(general, "recovery")["next"]
    beds = {"planned_orthopaedics_a": "orthopaedics_a", "planned_orthopaedics_b": "orthopaedics_b"}
    mix = {}
    for name, promised in {**beds, "planned_major": "critical_care"}.items():
        mix[name] = after.pop(promised)
        pathway = deepcopy(general)
        kit = "major_operation" if promised == "critical_care" else "orthopaedic_operation"
        _step(pathway, "operation").update(needs_next=promised, kit=kit)
        _step(pathway, "recovery")["next"] = {promised: 1}
        raw["pathways"][name] = _without_lost_steps(pathway)
        raw["classes"][name] = {
            **deepcopy(raw["classes"]["planned_inpatient"]),
            "title": f"Planned, {promised.replace('_', ' ')}",
            "pathway": name,
        }
    rest = 1 - sum(mix.values())
    raw["arrivals"]["planned_admissions"]["mix"] = {"planned_inpatient": rest, **mix}
    _step(general, "recovery")["next"] = {to: share / rest for to, share in after.items()}
    raw["pathways"]["planned"] = _without_lost_steps(general)


def _without_lost_steps(pathway: Table) -> Table:
    """The pathway without steps to which nobody goes any more."""
    steps, wanted = pathway["steps"], set()
    for i, step in enumerate(steps):
        if i == 0 or step["name"] in wanted:
            following = [steps[i + 1]["name"]] if i + 1 < len(steps) else []
            wanted |= {step["name"], *step.get("next", following)}
    return {**pathway, "steps": [step for step in steps if step["name"] in wanted]}


def _clinics_by_slots(raw: Table) -> None:
    """Each clinic sees new and follow-up patients in slots of their own, in the morning and afternoon."""
    stream = raw["arrivals"]["outpatients"]
    mix: dict[str, float] = {}
    for name, share in stream["mix"].items():
        place = raw["pathways"][name]["steps"][0]["places"][0]
        slots = {name: _NEW_SLOT}
        mix[name] = share
        if name != "physiotherapy":  # whose visits are all alike
            new = f"{name}_new"
            slots = {new: _NEW_SLOT, name: _FOLLOW_UP_SLOT}
            mix |= {new: share * _NEW, name: share * (1 - _NEW)}
            raw["classes"][new] = {**raw["classes"][name], "pathway": new}
            raw["classes"][new]["title"] += ", new patients"
            raw["pathways"][new] = deepcopy(raw["pathways"][name])
            for kind, slot in slots.items():
                raw["pathways"][kind]["steps"][0]["duration"]["mean"] = slot
        rooms = sum(
            _clinic(raw, kind, slot, mix[kind] * stream["daily_mean"]) for kind, slot in slots.items()
        )
        raw["places"][place]["calendar"][0]["staffed"] = rooms
    stream["mix"] = mix


def _clinic(raw: Table, patient_class: str, slot: int, a_day: float) -> int:
    """Sessions for one class, so many side by side that all who join the list can be booked: how many."""
    raw["classes"][patient_class]["booking"] = deepcopy(_ATTENDANCE)
    extra = int(slot == _FOLLOW_UP_SLOT)
    taken = 2 * (210 // slot + extra)
    sittings = math.ceil(a_day / (taken * _SLOTS_TAKEN))
    for part, (start, end) in _HALF_DAYS.items():
        raw["sessions"][f"{patient_class}_{part}"] = {
            "title": f"{raw['classes'][patient_class]['title']}, {part}",
            "classes": [patient_class],
            "days": _WEEKDAYS,
            "from": start,
            "to": end,
            "holidays": "never",
            "slot_minutes": slot,
            "extra_at_start": extra,
            "sittings": sittings,
            "booked_days_ahead": 1,
            "booked_at": "18:00",
        }
    return sittings


def _stays(raw: Table) -> None:
    """Last stays end in the lounge, outliers are moved home, long stays end with a delay."""
    for step in _last_stays(raw):
        step["lounge"] = {"place": "discharge_lounge", "hours": 2}
        if len(step["places"]) > 1:
            step["repatriates"] = True
        if step["duration"]["mean"] >= _LONG_STAY:
            step["delays"] = deepcopy(_DELAYS)


def _last_stays(raw: Table) -> Iterator[Table]:
    for pathway in raw["pathways"].values():
        for i, step in enumerate(pathway["steps"]):
            usual = {"home": 1} if i + 1 == len(pathway["steps"]) else {}
            in_ward = any(place in raw["wards"] for place in step.get("places", ())[:1])
            if in_ward and step.get("next", usual) == {"home": 1}:
                yield step


def _nurses(raw: Table) -> None:
    """Each ward has nurses on shifts, without whom its beds close."""
    for name, ward in raw["wards"].items():
        beds, group = ward["staffed_beds"], f"nurses_of_{name}"
        day, night = (_CRITICAL, _CRITICAL) if ward.get("critical_care") else (_BY_DAY, _AT_NIGHT)
        spare = 1 if ward.get("critical_care") else 0
        ward["nursing"] = {"group": group, "patients_per_nurse": day, "by_shift": {"night": night}}
        raw["staff"][group] = {
            "title": f"Nurses of {ward['title']}",
            "absence": 0.05,
            "shifts": {
                "day": {"from": "07:00", "to": "19:30", "on_duty": math.ceil(beds / day) + spare},
                "night": {"from": "19:00", "to": "07:30", "on_duty": math.ceil(beds / night) + 1},
            },
        }


def _step(pathway: Table, name: str) -> Table:
    return next(step for step in pathway["steps"] if step["name"] == name)


# ---- larger hospitals ------------------------------------------------------------------------------


def scaled(hospital: Hospital, patients: int = 10) -> Hospital:
    """So many times the patients, in so many times the beds, people, sessions and stock."""
    raw = _table(hospital)
    for stream in raw["arrivals"].values():
        stream["daily_mean"] *= patients
    for population in raw["populations"].values():
        population["members"] *= patients
    for session in raw["sessions"].values():
        session["sittings"] *= patients
    for tray in raw["trays"].values():
        tray.update(owned=tray["owned"] * patients, reserve=tray["reserve"] * patients)
    for item in raw["items"].values():
        _more_stock(item, patients)
    _more(raw, patients)
    return Hospital.model_validate(raw)


def more_beds(hospital: Hospital, beds: int = 10) -> Hospital:
    """So many times the beds, places and people, for the same patients."""
    raw = _table(hospital)
    _more(raw, beds)
    return Hospital.model_validate(raw)


def beside(hospital: Hospital, houses: int = 10) -> Hospital:
    """So many such houses side by side: as many times the places, people and ways, for the same patients.

    Each patient goes to one of them. In this one no table of an engine is as short as in the one house.
    """
    raw = _table(hospital)
    parts = ("wards", "places", "staff", "sessions", "items", "trays", "kits", "classes", "pathways")
    names = {name for part in parts for name in raw[part]}
    copies = [_renamed({part: raw[part] for part in parts}, names, f"_{i}") for i in range(houses)]
    for part in parts:
        raw[part] = {name: entry for copy in copies for name, entry in copy[part].items()}
    for stream in (*raw["arrivals"].values(), *raw["populations"].values()):
        stream["mix"] = {
            f"{name}_{i}": share / houses for name, share in stream["mix"].items() for i in range(houses)
        }
    return Hospital.model_validate(raw)


#: keys whose values name a department, a profile or nothing
_NO_NAMES = ("department", "discharge_profile", "of", "unit", "shape", "title")


def _renamed(part: Any, names: set[str], ending: str) -> Any:
    """A copy in which every one of these names, key or value, has an ending."""
    if isinstance(part, dict):
        kept = {key for key, value in part.items() if key not in names or isinstance(value, bool)}
        return {
            key if key in kept else key + ending: value
            if key in _NO_NAMES
            else _renamed(value, names, ending)
            for key, value in part.items()
        }
    if isinstance(part, list | tuple):
        return [_renamed(each, names, ending) for each in part]
    return part + ending if isinstance(part, str) and part in names else part


def _table(hospital: Hospital) -> Table:
    table: Table = hospital.model_dump(by_alias=True, exclude_none=True)
    return table


_LEVELS = ("physical_beds", "staffed_beds", "physical", "staffed", "on_duty", "away", "waiting_room")


def _more(raw: Table, times: int) -> None:
    """Multiply every level of places and groups, wherever it stands."""

    def multiply(part: Any) -> Any:
        if isinstance(part, dict):
            return {k: v * times if k in _LEVELS else multiply(v) for k, v in part.items()}
        return [multiply(each) for each in part] if isinstance(part, list | tuple) else part

    for section in ("wards", "places", "staff"):
        raw[section] = multiply(raw[section])


def _more_stock(item: Table, times: int) -> None:
    for key in ("stock", "reserve"):
        item[key] *= times
    for key in ("reorder_point", "order_quantity", "order_up_to"):
        if item.get("policy", {}).get(key) is not None:
            item["policy"][key] *= times


# ---- who comes, and what it looks like ----------------------------------------------------------------


def patients_in(work: Workload, hospital: Hospital) -> int:
    """People in a workload: trays on their way and uses of supplies are none."""
    persons = np.array([entry.of == "patient" for entry in hospital.classes.values()])
    return int(persons[work.patient_class].sum())


def reference_mix(work: Workload, hospital: Hospital) -> dict[str, float]:
    """Share of each stream's classes among the patients of a workload."""
    count = patients_in(work, hospital)
    classes = list(hospital.classes)
    return {
        stream: sum(float((work.patient_class == classes.index(name)).sum()) for name in entry.mix) / count
        for stream, entry in hospital.arrivals.items()
        if all(hospital.classes[name].of == "patient" for name in entry.mix)
    }


_SANITY = (
    "ed_within_4h ed_over_12h left_without_being_seen balked refused occupancy icu_occupancy outlier_share "
    "boarding_hours_mean discharged_before_noon theatre_use cancelled_share no_show_share list_length "
    "list_wait_days outpatient_wait_minutes kit_miss_share lounge_a_day repatriations_a_day floated_a_day"
)


def beside_each_other(days: int, warm_up: int) -> None:
    """Measures of both hospitals on the same days."""
    found = []
    for hospital in (reference(), every_rule()):
        case = Case(hospital)
        work = draw_workload(case, Window(START, days=days, warm_up=warm_up), seed=1)
        trace = simulate(case, work)
        found.append(
            {"patients_a_day": patients_in(work, hospital) / work.window.total, **summarise(trace, hospital)}
        )
    print(f"{'':32}{'as shipped':>12}{'every rule':>12}")
    for key in ("patients_a_day", *_SANITY.split()):
        print(f"{key:32}" + "".join(f"{each.get(key, math.nan):>12.2f}" for each in found))


if __name__ == "__main__":
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--write", type=Path, help="write the description with every rule to this file")
    options.add_argument("--days", type=int, default=28)
    options.add_argument("--warm-up", type=int, default=56)
    asked = options.parse_args()
    if asked.write:
        asked.write.write_text(every_rule_text(), encoding="utf-8")
    else:
        beside_each_other(asked.days, asked.warm_up)
