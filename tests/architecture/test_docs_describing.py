"""How to describe it: every snippet of the page can be played, and shows its rule at work."""

import re
import textwrap
import tomllib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from twin.case import Case, Window
from twin.engine import Engine, simulate
from twin.hospital import Hospital
from twin.hospital.base import Model
from twin.hospital.check import check_references
from twin.hospital.schema import parts
from twin.measures import MEASURES, delays_table, summarise
from twin.plan import Plan
from twin.trace import UNSET, Kind, Outcome, Trace
from twin.workload import draw_workload

PAGE = Path(__file__).resolve().parents[2] / "docs" / "describing.md"
FRAME = "The hospital of this page"
#: two weeks around Christmas: the first fills the house, the second is measured
WINDOW = Window(date(2026, 12, 14), warm_up=7, days=7, tail=0)


@dataclass(frozen=True)
class Section:
    """A rule of the page: its snippets, and the section whose tables they need."""

    title: str
    text: str

    @property
    def snippets(self) -> list[dict[str, Any]]:
        return [tomllib.loads(block) for block in re.findall(r"```toml\n(.*?)```", self.text, re.DOTALL)]

    @property
    def builds_on(self) -> str | None:
        found = re.search(r"^With the tables of \*(.+)\*\.$", self.text, re.MULTILINE)
        return found[1] if found else None

    @property
    def measures(self) -> list[str]:
        shown = self.text.partition("**Shown as**")[2].partition("\n\n")[0]
        return re.findall(r"`(\w+)`", shown)


@cache
def sections() -> dict[str, Section]:
    pieces = re.split(r"^##+ (.+)\n", PAGE.read_text(encoding="utf-8"), flags=re.MULTILINE)[1:]
    found = (Section(title, text) for title, text in zip(pieces[::2], pieces[1::2], strict=True))
    return {section.title: section for section in found if section.snippets}


RULES = [name for name in sections() if name != FRAME]
SNIPPETS = [(name, i) for name, section in sections().items() for i in range(len(section.snippets))]


def laid_over(below: dict[str, Any], above: dict[str, Any]) -> dict[str, Any]:
    """Tables and steps of other names are added; in those of the same name a key given again counts."""
    return below | {section: _joined(below.get(section), tables) for section, tables in above.items()}


def _joined(below: Any, above: Any) -> Any:
    if not isinstance(below, dict):
        return above
    joined = dict(below)
    for name, table in above.items():
        old = below.get(name)
        both = isinstance(old, dict) and isinstance(table, dict)
        joined[name] = old | table if both else table
        if both and "steps" in table:
            joined[name]["steps"] = _steps(old.get("steps", []), table["steps"])
    return joined


def _steps(below: list[dict[str, Any]], above: list[dict[str, Any]]) -> list[dict[str, Any]]:
    steps = {step["name"]: step for step in below}
    return list((steps | {step["name"]: steps.get(step["name"], {}) | step for step in above}).values())


def described(name: str, i: int) -> dict[str, Any]:
    """The whole description that a snippet stands for."""
    section = sections()[name]
    if name == FRAME:
        return section.snippets[i]
    below = described(section.builds_on, 0) if section.builds_on else described(FRAME, 0)
    return laid_over(below, section.snippets[i])


def hospital_of(name: str, i: int) -> Hospital:
    return Hospital.model_validate(described(name, i))


@cache
def played(name: str, i: int, engine: Engine = "reference") -> Trace:
    case = Case(hospital_of(name, i))
    return simulate(case, draw_workload(case, WINDOW, seed=1), engine=engine)


# ---- what each section says happens, happened ----------------------------------------------------


def told(*kinds: Kind) -> Callable[[Trace], bool]:
    return lambda trace: all(len(trace.log.only(kind)) > 0 for kind in kinds)


def ended(*outcomes: Outcome) -> Callable[[Trace], bool]:
    return lambda trace: set(outcomes) <= {Outcome(o) for o in trace.outcome}


def levels(of: str, *values: int) -> Callable[[Trace], bool]:
    return lambda trace: set(values) <= set(trace.schedule.levels[of].values.tolist())


def used(place: str) -> Callable[[Trace], bool]:
    return lambda trace: bool((trace.place == trace.places.index(place)).any())


def had(patient_class: str, place: str) -> Callable[[Trace], bool]:
    def fact(trace: Trace) -> bool:
        of = np.array([key.patient_class == patient_class for key in trace.steps])
        return bool((of[trace.workload.step] & (trace.place == trace.places.index(place))).any())

    return fact


def began(step: str) -> Callable[[Trace], bool]:
    def fact(trace: Trace) -> bool:
        of = np.array([key.name == step for key in trace.steps])
        return bool((of[trace.workload.step] & (trace.started != UNSET)).any())

    return fact


def began_before(first_class: str, urgent_class: str) -> Callable[[Trace], bool]:
    """Whether one who asked earlier began before a more urgent one while both waited."""

    def fact(trace: Trace) -> bool:
        work, first = trace.workload, trace.workload.first[:-1]
        asked, start = trace.requested[first], trace.started[first]
        names = np.array([key.patient_class for key in trace.steps])[work.step[first]]
        aged, urgent = (names == first_class) & (start != UNSET), (names == urgent_class) & (start != UNSET)
        while_waiting = (asked[urgent] < start[aged][:, None]) & (start[aged][:, None] < start[urgent])
        return bool((while_waiting & (asked[aged][:, None] < asked[urgent])).any())

    return fact


def together(size: int) -> Callable[[Trace], bool]:
    return lambda trace: bool(np.bincount(np.unique(trace.came, return_inverse=True)[1]).max() >= size)


def all_of(*facts: Callable[[Trace], bool]) -> Callable[[Trace], bool]:
    return lambda trace: all(fact(trace) for fact in facts)


HAPPENS: dict[str, Callable[[Trace], bool]] = {
    FRAME: all_of(ended(Outcome.DONE), used("medicine")),
    "Open beds, opening hours and holidays": all_of(
        levels("medicine", 18, 20, 24, 21), levels("cubicles", 5, 6, 8), levels("doctors", 2, 3)
    ),
    "Shifts, breaks and absence": lambda trace: trace.workload.absent.size > 0,
    "A float pool": told(Kind.FLOATED),
    "Beds that close when nurses are missing": all_of(levels("medicine", 15, 20)),
    "When a level falls": told(Kind.STOPPED, Kind.RESUMED),
    "Outliers: other wards after a wait": had("urgent", "surgery"),
    "Moving outliers home": told(Kind.MOVED),
    "Corridor and other escalation places": all_of(used("corridor"), used("winter")),
    "Side rooms, isolation and closed bays": all_of(
        had("infectious", "side_rooms"), had("urgent", "side_rooms"), levels("medicine", 14, 18)
    ),
    "Patience": all_of(ended(Outcome.LEFT), began("social_worker")),
    "Nobody waits: loss systems": ended(Outcome.REFUSED),
    "A waiting room": ended(Outcome.BALKED),
    "Ageing": began_before("minor", "urgent"),
    "Pre-emption": told(Kind.STOPPED, Kind.RESUMED),
    "Holding the line": began("set"),
    "Operating lists": all_of(told(Kind.BOOKED), had("hip", "theatres"), had("hip", "surgery")),
    "Emergencies between cases": all_of(
        had("emergency_operation", "theatres"), had("emergency_operation", "emergency_theatre")
    ),
    "A bed promised before the operation": told(Kind.PROMISED),
    "Recovery and critical care behind the theatre": all_of(used("recovery"), used("critical_care")),
    "Day cases": all_of(began("rest"), began("ward")),
    "Slots, overbooking, lateness and no-shows": all_of(told(Kind.BOOKED), ended(Outcome.NO_SHOW)),
    "Walk-ins, and a second visit after a test": began("result"),
    "By telephone, and hospital at home": all_of(began("advice"), used("at_home")),
    "Hours of discharge": lambda trace: bool((trace.workload.wall >= 0).any()),
    "Medically fit, but still here": lambda trace: bool((trace.workload.delay > 0).any()),
    "Discharge lounge": told(Kind.MOVED),
    "Items, kits and orders": told(Kind.TAKEN, Kind.ORDERED, Kind.DELIVERED, Kind.MISSED, Kind.EXPIRED),
    "A reserve for emergencies, and substitutes": told(Kind.RESERVE, Kind.SUBSTITUTED),
    "Trays that return through SPD": all_of(began("sterilise"), told(Kind.TAKEN)),
    "Use outside operations": told(Kind.TAKEN),
    "Streams": ended(Outcome.DONE),
    "How long things take": ended(Outcome.DONE),
    "Parties": together(4),
    "Patients who come again and again": ended(Outcome.DONE),
}


# ---- tests ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(("name", "i"), SNIPPETS)
def test_a_snippet_is_a_description_without_faults(name: str, i: int):
    raw = described(name, i)

    assert list(check_references(raw)) == []
    assert Hospital.model_validate(raw).classes


@pytest.mark.parametrize(("name", "i"), SNIPPETS)
def test_a_snippet_can_be_played_and_its_rule_is_seen_at_work(name: str, i: int):
    trace = played(name, i)

    assert trace.stopped_at is None
    assert HAPPENS[name](trace)


@pytest.mark.parametrize(("name", "i"), SNIPPETS)
def test_both_engines_tell_the_same_of_a_snippet(name: str, i: int):
    assert played(name, i, "kernel").same_as(played(name, i))


@pytest.mark.parametrize("name", sections())
def test_what_a_section_says_is_shown_is_shown(name: str):
    section = sections()[name]
    runs = [summarise(played(name, i), hospital_of(name, i)) for i in range(len(section.snippets))]

    assert section.measures or "waits" in section.text
    assert [m for m in section.measures if m not in MEASURES] == []
    assert [m for m in section.measures if not any(np.isfinite(run.get(m, np.nan)) for run in runs)] == []


@pytest.mark.parametrize("name", RULES)
def test_a_section_says_when_what_happens_and_what_is_shown(name: str):
    text = sections()[name].text

    for part in ("**When.**", "**On the day.**", "**Shown as**"):
        assert text.count(part) == 1, part


def keys_said(value: Any) -> Iterator[tuple[str, str]]:
    """(table, key) of every key that a description gives."""
    if isinstance(value, Model):
        for name in value.model_fields_set:
            yield owner(type(value), name), name
            yield from keys_said(getattr(value, name))
    elif isinstance(value, dict | tuple):
        for inner in value.values() if isinstance(value, dict) else value:
            yield from keys_said(inner)


def owner(table: type[Model], key: str) -> str:
    """The table in which a key is written down: rows of calendars, shifts and sessions have it from Hours."""
    return next(c.__name__ for c in reversed(table.__mro__) if key in vars(c).get("__annotations__", {}))


def test_every_key_of_the_description_is_in_a_snippet():
    every = {(owner(part, key), key) for part in parts() for key in part.model_fields}
    said = {key for snippet in SNIPPETS for key in keys_said(hospital_of(*snippet))}

    assert sorted(every - said) == []


def test_every_measure_is_shown_by_a_section():
    shown = {measure for section in sections().values() for measure in section.measures}

    assert sorted(set(MEASURES) - shown) == []


def test_a_run_goes_on_from_a_checkpoint_as_the_page_says(tmp_path, monkeypatch):
    text = PAGE.read_text(encoding="utf-8")
    blocks = [textwrap.dedent(block) for block in re.findall(r"```python\n(.*?)```", text, re.DOTALL)]
    monkeypatch.chdir(tmp_path)
    said: dict[str, Any] = {
        "hospital": hospital_of(FRAME, 0),
        "window": Window(date(2026, 12, 21), days=7, tail=0),
        "plan": Plan("more beds", {"medicine": {date(2026, 12, 25): 24}}),
    }

    for block in blocks:
        exec(block, said)

    later = Window(date(2026, 12, 25), days=3, tail=0)
    fork = [
        simulate(case, draw_workload(case, later, seed=1)) for case in (said["as_it_is"], said["more_beds"])
    ]
    assert said["there"].patients
    assert fork[0].workload.key.tolist() == fork[1].workload.key.tolist()
    assert [trace.schedule.levels["medicine"].values.tolist() for trace in fork] == [[20], [24, 20]]


def test_delays_by_reason_are_those_of_the_page():
    name = "Medically fit, but still here"

    table = delays_table(played(name, 0), hospital_of(name, 0))

    assert set(table["reason"]) == {"care_at_home", "transport"}
