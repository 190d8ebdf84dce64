"""The STRESS-DES page says of the reference hospital what its description says.

What stands between two marks on the page is made here; after a change of the hospital
``python -m tests.architecture.test_docs_stress_des`` writes those parts anew.
"""

import re
import tomllib
from collections import Counter
from collections.abc import Callable
from fnmatch import fnmatchcase
from pathlib import Path

import numpy as np
import pytest

from tests.architecture.test_every_number_has_a_source import numbers
from tests.reference.test_face_validity import BANDS
from twin.hospital import Hospital, parse_hospital, shipped
from twin.hospital.flows import Flow, class_rates, flows
from twin.hospital.pathway import HOME, Pathway
from twin.hospital.places import Place
from twin.measures import MEASURES

PAGE = Path(__file__).resolve().parents[2] / "docs" / "stress_des.md"
MARK = re.compile(r"(<!-- made of the hospital: (\w+) -->\n)(.*?)(<!-- end -->)", re.DOTALL)
#: the items of the checklist (Monks et al. 2019, table 1)
ITEMS = (
    *("1.1 Purpose of the model", "1.2 Model outputs", "1.3 Experimentation aims"),
    *("2.1 Base model overview diagram", "2.2 Base model logic", "2.3 Scenario logic", "2.4 Algorithms"),
    *("2.5.1 Entities", "2.5.2 Activities", "2.5.3 Resources", "2.5.4 Queues", "2.5.5 Entry and exit points"),
    *("3.1 Data sources", "3.2 Pre-processing", "3.3 Input parameters", "3.4 Assumptions"),
    *("4.1 Initialisation", "4.2 Run length", "4.3 Estimation approach"),
    *("5.1 Software or programming language", "5.2 Random sampling", "5.3 Model execution"),
    *("5.4 System specification", "6.1 Computer model sharing statement"),
)
#: names of areas of the house that are a department in the description
AREAS = {"emergency": "Emergency department", "theatres": "Theatres and recovery", "outpatients": "Clinics"}


# ---- the parts that are made of the hospital -----------------------------------------------------


def diagram(hospital: Hospital) -> str:
    """Areas of the house as boxes, arrows with the patients a day who go that way."""
    arrows: Counter[tuple[str, str]] = Counter()
    rates = class_rates(hospital)
    for stream in hospital.arrivals.values():
        weight = sum(stream.weekday_factors) / len(stream.weekday_factors)
        for name, share in stream.mix.items():
            pathway = hospital.pathways[hospital.classes[name].pathway]
            to = area(hospital, pathway, 0)
            arrows[stream.title, to] += stream.daily_mean * weight * share
    assert np.isclose(sum(arrows.values()), sum(rates.values())), "every patient comes by a stream"
    for flow in flows(hospital):
        for way in _ways(hospital, flow):
            arrows.update(way)
    names = {name: f"n{i}" for i, name in enumerate(dict.fromkeys(n for pair in arrows for n in pair))}
    streams = {stream.title for stream in hospital.arrivals.values()}
    boxes = [
        f'    {key}(["{name}"])' if name in streams | {"Home"} else f'    {key}["{name}"]'
        for name, key in names.items()
    ]
    lines = [
        f"    {names[a]} -->|{rate:,.1f}| {names[b]}"
        for (a, b), rate in arrows.items()
        if a != b and rate >= 0.05
    ]
    return "\n".join(["```mermaid", "flowchart LR", *boxes, *lines, "```"])


def _ways(hospital: Hospital, flow: Flow) -> list[Counter[tuple[str, str]]]:
    pathway = hospital.pathways[hospital.classes[flow.patient_class].pathway]
    here = area(hospital, pathway, flow.index)
    return [
        Counter({(here, "Home" if to is None else area(hospital, pathway, to)): flow.asked * share})
        for to, share in pathway.routes(flow.index)
    ]


def area(hospital: Hospital, pathway: Pathway, index: int) -> str:
    """The part of the house in which a step happens; one without a place belongs to the step after it."""
    step = pathway.steps[index]
    if step.in_place:
        return area(hospital, pathway, index - 1)
    if not step.places:
        return area(hospital, pathway, index + 1)
    place = hospital.everywhere[step.alternatives()[0].place]
    if isinstance(place, Place):
        return AREAS.get(place.department or "", place.title)
    return place.title if place.critical_care else "Wards"


def entities(hospital: Hospital) -> str:
    """Every class of patients."""
    rates = class_rates(hospital)
    rows = [(c.title, c.priority, c.pathway, f"{rates[name]:.1f}") for name, c in hospital.classes.items()]
    return _table(("class of patients", "priority (1 = first)", "pathway", "mean a day"), rows)


def activities(hospital: Hospital) -> str:
    """Every pathway with its steps."""
    rows = [
        (name, len(p.steps), "; ".join(step.title or step.name for step in p.steps))
        for name, p in hospital.pathways.items()
    ]
    return _table(("pathway", "steps", "in the order of the description"), rows)


def resources(hospital: Hospital) -> str:
    """Every ward, place and staff group."""
    places = [
        (
            "ward" if name in hospital.wards else "place",
            place.title,
            f"{place.usual}{_varies(place.calendar)}",
            place.physical,
            f"{place.turnaround_minutes:g}",
        )
        for name, place in hospital.everywhere.items()
    ]
    people = [
        ("people", g.title, f"{g.on_duty}{_varies(g.calendar)}", "", "") for g in hospital.staff.values()
    ]
    head = ("kind", "name", "usually open or on duty", "stand there", "turnaround [minutes]")
    return _table(head, places + people)


def _varies(calendar: tuple) -> str:
    levels = [
        getattr(row, key)
        for row in calendar
        for key in ("staffed_beds", "staffed", "on_duty")
        if hasattr(row, key)
    ]
    return f" (by hour or day: {', '.join(map(str, levels))})" if levels else ""


def entries(hospital: Hospital) -> str:
    """Every stream."""
    rows = [
        (
            s.title,
            f"{s.daily_mean:g}",
            f"{s.dispersion:g}",
            " ".join(f"{w:g}" for w in s.weekday_factors),
            f"{s.holiday_factor:g}",
            s.hour_profile or "evenly",
        )
        for s in hospital.arrivals.values()
    ]
    head = ("stream", "daily mean", "variance / mean", "Monday to Sunday", "public holidays", "hours")
    return _table(head, rows)


def origins(hospital: Hospital) -> str:
    """How many numbers of the description are sourced, derived and assumed."""
    raw = tomllib.loads(shipped("reference"))
    kinds = Counter(
        next(text for pattern, text in hospital.sources.items() if fnmatchcase(path, pattern)).split(":")[0]
        for path in numbers(raw)
    )
    what = {
        "sourced": "stands in the source",
        "derived": "arithmetic on sources",
        "assumed": "assumed, with the reason",
    }
    return _table(("kind", "numbers", "meaning"), [(kind, kinds[kind], what[kind]) for kind in what])


def validity(hospital: Hospital) -> str:
    """Bands in which measures that were not put in must lie."""
    extra = {"home_before_noon": "Patients who go home from a ward before noon, %"}
    rows = [
        (extra.get(m) or f"{MEASURES[m].label}, {MEASURES[m].unit}", low, high)
        for m, (low, high) in BANDS["reference"].items()
    ]
    return _table(("measure", "at least", "at most"), rows)


def _table(head: tuple[str, ...], rows: list[tuple]) -> str:
    lines = [head, ("---",) * len(head), *rows]
    return "\n".join("| " + " | ".join(str(cell) for cell in line) + " |" for line in lines)


PARTS: dict[str, Callable[[Hospital], str]] = {
    part.__name__: part for part in (diagram, entities, activities, resources, entries, origins, validity)
}


def written_anew(page: str) -> str:
    """The page with every part that is made of the hospital."""
    hospital = parse_hospital(shipped("reference"))
    return MARK.sub(lambda found: f"{found[1]}{PARTS[found[2]](hospital)}\n{found[4]}", page)


# ---- tests ---------------------------------------------------------------------------------------


def test_what_is_made_of_the_hospital_is_as_the_hospital_is():
    page = PAGE.read_text(encoding="utf-8")

    assert [found[1] for found in MARK.findall(page)] == list(PARTS)
    assert page == written_anew(page), "write it anew: python -m tests.architecture.test_docs_stress_des"


def test_every_item_of_the_checklist_is_filled():
    headings = re.split(r"^#+ (\d[\d.]+ .+)\n", PAGE.read_text(encoding="utf-8"), flags=re.MULTILINE)

    assert tuple(headings[1::2]) == ITEMS
    assert [name for name, text in zip(headings[1::2], headings[2::2], strict=True) if not text.strip()] == []


@pytest.mark.parametrize("target", sorted(set(re.findall(r"\]\((?!http)([^)#]+)", PAGE.read_text()))))
def test_what_the_page_points_to_is_there(target: str):
    assert (PAGE.parent / target).exists()


def test_patients_who_come_are_patients_who_go():
    text = diagram(parse_hospital(shipped("reference")))
    keys = dict(re.findall(r'(n\d+)\S*"(.+?)"', text))
    arrows = [
        (keys[a], float(n.replace(",", "")), keys[b])
        for a, n, b in re.findall(r"(n\d+) -->\|(.+?)\| (n\d+)", text)
    ]
    streams = {s.title for s in parse_hospital(shipped("reference")).arrivals.values()}

    come = sum(n for a, n, _ in arrows if a in streams)
    go = sum(n for _, n, b in arrows if b == HOME.capitalize())

    assert come == pytest.approx(go, abs=0.5)  # arrows carry one decimal


if __name__ == "__main__":
    PAGE.write_text(written_anew(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
