"""Steps: what one promises, takes, keeps a patient from or moves him to is there and makes sense."""

from __future__ import annotations

from collections.abc import Iterator

from twin.errors import Problem
from twin.hospital.checks.pathways import goes_to, names_of, places_of, reached_from, steps_of
from twin.hospital.checks.tables import (
    EVERYWHERE,
    TOLERANCE,
    Table,
    names,
    number_of,
    table_of,
    tables,
    unknown,
)


def check_steps(raw: Table) -> Iterator[Problem]:
    """The rules of single steps."""
    places, kits = names(raw, *EVERYWHERE), names(raw, "kits")
    for name, pathway in tables(raw, "pathways"):
        steps = steps_of(pathway)
        for i, step in enumerate(steps):
            path = f"pathways.{name}.steps.{i}"
            yield from _once(f"{path}.places", step)
            yield from unknown(f"{path}.kit", step.get("kit"), kits, "kit")
            yield from _needs_next(path, steps, i)
            yield from _repatriates(path, step)
            yield from _lounge(path, step, places)
            yield from _lounge_last(path, steps, i)
            yield from _delays(path, step)


def _once(path: str, step: Table) -> Iterator[Problem]:
    listed = places_of(step)
    for place in sorted({place for place in listed if listed.count(place) > 1}):
        yield Problem(path, place, "is listed twice", "name each place once, with the shorter wait")


def _needs_next(path: str, steps: list[Table], i: int) -> Iterator[Problem]:
    wanted, known = steps[i].get("needs_next"), names_of(steps)
    if not isinstance(wanted, str):
        return
    path = f"{path}.needs_next"
    later = reached_from(steps, i) - {i}
    if wanted not in known:
        yield from unknown(path, wanted, [known[j] for j in sorted(later)], "step of this pathway")
    elif known.index(wanted) not in later:
        yield Problem(path, wanted, "never comes after this step", "name a later step, or leave it out")
    elif not places_of(steps[known.index(wanted)]):
        rule = "has no place of its own that could be promised"
        yield Problem(path, wanted, rule, "name the step that takes the place, or leave it out")


def _repatriates(path: str, step: Table) -> Iterator[Problem]:
    if step.get("repatriates") and len(places_of(step)) < 2:
        rule = "nobody of this step lies in another place than the first of its list"
        yield Problem(f"{path}.repatriates", True, rule, "list the wards for outliers, or leave it out")


def _lounge(path: str, step: Table, places: list[str]) -> Iterator[Problem]:
    if "lounge" not in step:
        return
    lounge = table_of(step, "lounge").get("place")
    yield from unknown(f"{path}.lounge.place", lounge, places, "place")
    if lounge in places_of(step):
        yield Problem(f"{path}.lounge.place", lounge, "is a place of the step itself", "name another")
    if not step.get("in_place") and not places_of(step):
        yield Problem(f"{path}.lounge", None, "a step without a place has none to leave", "leave it out")


def _lounge_last(path: str, steps: list[Table], i: int) -> Iterator[Problem]:
    if "lounge" in steps[i] and None not in goes_to(steps, i):
        rule = "nobody leaves the hospital after this step"
        yield Problem(f"{path}.lounge", None, rule, "give it to the step that ends with the discharge")


def _delays(path: str, step: Table) -> Iterator[Problem]:
    total = sum(number_of(delay, "share") for _, delay in tables(step, "delays"))
    if total > 1 + TOLERANCE:
        rule = "shares of one stay: 1 in all at most"
        yield Problem(
            f"{path}.delays",
            round(total, 6),
            rule,
            "mend them; they are never rescaled silently",
            "E_PROBABILITY",
        )
