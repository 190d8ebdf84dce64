"""The records in one sentence: what a manager has to know of them before any table."""

from __future__ import annotations

from dashboards.services import words
from dashboards.services.records_view import RecordsView


def headline(view: RecordsView) -> tuple[str, str]:
    """The sentence to act on, and the one that follows it."""
    if view.kind == "simulated":
        first = "A simulated year stands in for the hospital’s own records."
        return first, "Bring your own in with: twin import FILE. The first import takes its place."
    assert view.age is not None
    told = [words.sentence(part) for part in (_late(view), _wrong(view), _missing(view)) if part]
    reach = f"The records reach to {words.full(view.age.as_of.isoformat())}, {words.age(view.age.hours)} ago."
    first = " ".join(told[:2]) or "The records are in order."
    return first, " ".join([reach, *told[2:]] if told else [reach, "No day is missing."])


def _late(view: RecordsView) -> str:
    """What should be newer: all of it, or some of the tables."""
    assert view.age is not None
    if view.age.is_late:
        return f"the newest record is {words.age(view.age.hours)} old: look at the feed"
    late = [line.title.lower() for line in view.tables if line.state == "late"]
    return f"{words.listed(late)} are late" if late else ""


def _wrong(view: RecordsView) -> str:
    """What the gravest findings come to, the first of them by its name."""
    gravest = next((s for s in ("error", "warning") if view.count(s)), None)
    if gravest is None:
        return ""
    count, title = view.count(gravest), next(line.title for line in view.findings if line.severity == gravest)
    does = "makes" if count == 1 else "make"
    does = f"{does} figures wrong" if gravest == "error" else "may make figures wrong"
    first = "" if count == 1 else "first of all "
    begins = title[:1] if title[1:2].isupper() else title[:1].lower()  # HL7 stays HL7
    return f"{words.plural(count, 'finding')} {does}: {first}{begins}{title[1:]}"


def _missing(view: RecordsView) -> str:
    missing = [stream.title.lower() for stream in view.streams if stream.gaps]
    return f"days are missing in {words.listed(missing)}" if missing else ""
