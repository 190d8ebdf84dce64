"""Theatre book: the booked list as the workspace's own records of theatre cases tell it.

Which kits a case takes is known by the way that the patient's class goes in ``hospital.toml``: those of its
steps. The class is that of the visit or, of a case whose visit is still to come, what the rules of
``records.toml`` make of its specialty, priority and theatre. A case is booked when it was asked for, off when
its status last said so, and carried out on the day on which it began.
"""

from __future__ import annotations

from datetime import datetime

import pandas as pd
import pyarrow.parquet as pq

from forecasting.targets.booked import BookedList, book_of
from forecasting.targets.material import material_of
from twin.errors import UsageError
from twin.hospital import Hospital
from twin.records.folding.classes import with_classes
from twin.records.folding.names import Names, read_names
from twin.workspace import Workspace

SOURCE = "records of theatre cases"
_CASES = (
    "encounter",
    "specialty",
    "priority",
    "place",
    "requested",
    "planned_start",
    "started",
    "status",
    "said_at",
)
_MORNING = pd.Timedelta(hours=12)  # an extract of the afternoon is the list of the next morning; assumed


def booked_of_records(workspace: Workspace, hospital: Hospital) -> tuple[BookedList, tuple[str, ...]]:
    """The booked list of a workspace, and in words what of its records it leaves out.

    Raises
    ------
    NotFound
        The workspace holds no records. (exit code 2)
    UsageError
        They hold no theatre case that tells its kit. (exit code 2)
    """
    material = material_of(workspace, hospital)
    cases = _read(workspace, hospital, "theatre_cases", _CASES)
    if cases is None or cases.empty or material.known_until is None:
        raise UsageError(
            "the records hold no theatre cases: bring them in (twin import FILE), or name --booked LIST"
        )
    of = material.visits.set_index("encounter")["patient_class"]
    raw = _read(workspace, hospital, "encounters", ("encounter", "patient_class"))
    told = {} if raw is None else raw.set_index("encounter")["patient_class"].dropna().to_dict()
    classes = cases["encounter"].map(told | of.dropna().to_dict())
    names = read_names(workspace.path / "records.toml", hospital)
    return book_from(_classed(cases, classes, names, hospital), hospital, material.known_until)


def _classed(cases: pd.DataFrame, classes: pd.Series, names: Names, hospital: Hospital) -> pd.DataFrame:
    """Cases with the class of their visit, or that which the rules give them."""
    unsaid = dict.fromkeys(("stream", "kind", "method", "sex"), None)
    place = cases["place"].map(lambda code: names.places.get(code, code))
    page = cases.assign(**unsaid, age=float("nan"), place=place, patient_class=classes.astype(object))
    return with_classes(page, names, hospital)


def book_from(
    cases: pd.DataFrame, hospital: Hospital, known_until: datetime
) -> tuple[BookedList, tuple[str, ...]]:
    """The booked list of these theatre cases; a row a case and kit.

    Parameters
    ----------
    cases
        ``patient_class, requested, planned_start, started, status, said_at``, local times.
    """
    kits = kits_of(hospital)
    kind = cases["patient_class"]
    takes = kind.map(lambda name: kits.get(name, ()))
    day = cases["started"].fillna(cases["planned_start"]).dt.normalize()
    dated = day.notna() & cases["requested"].notna()
    fits = dated & (takes.map(len) > 0)
    notes = []
    if missing := int((~dated).sum()):
        notes.append(f"{missing} theatre cases do not say when they were asked for or planned; left out")
    if unknown := int((dated & kind.isna()).sum()):
        notes.append(f"{unknown} theatre cases are of no known class, so of no known kit; left out")
    if not fits.any():
        said = "; ".join(notes) or "no pathway of their classes takes a kit in hospital.toml"
        raise UsageError(f"no theatre case of the records tells its kit: {said}")
    off = cases["status"] == "cancelled"
    book = pd.DataFrame(
        {
            "kind": takes,
            "planned": day,
            "booked_at": cases["requested"],
            "cancelled_at": cases["said_at"].fillna(cases["planned_start"]).where(off),
            "done": (cases["started"].notna() | (cases["status"] == "done")) & ~off,
        }
    )
    today = (pd.Timestamp(known_until) + _MORNING).date()
    book = book[fits].explode("kind", ignore_index=True).assign(kind=lambda rows: rows["kind"].astype(str))
    return book_of(book, SOURCE, today), tuple(notes)


def kits_of(hospital: Hospital) -> dict[str, tuple[str, ...]]:
    """The kits that a patient of each class takes, by the steps of its way."""
    return {
        name: tuple(step.kit for step in hospital.pathways[one.pathway].steps if step.kit is not None)
        for name, one in hospital.classes.items()
    }


def _read(
    workspace: Workspace, hospital: Hospital, table: str, columns: tuple[str, ...]
) -> pd.DataFrame | None:
    """A table of what was brought in, in local time; None where there is none."""
    with workspace.store() as store:
        if store is None or not store.records.head() or table not in store.records.tables():
            return None
        kept = store.records.tables()[table]
        path = store.artefacts.open_file(kept.sha256, table)
        page = pq.read_table(path, columns=list(columns)).to_pandas()
    for column in page.select_dtypes("datetimetz"):
        page[column] = page[column].dt.tz_convert(hospital.timezone).dt.tz_localize(None)
    return page
