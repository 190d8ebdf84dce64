"""Pathways: steps that can be reached and left, places and people that exist, places that are kept."""

from __future__ import annotations

from collections.abc import Iterator

from twin.errors import Problem
from twin.hospital.checks.tables import EVERYWHERE, Table, names, shares, tables, unknown
from twin.hospital.pathway import HOME


def check_pathways(raw: Table) -> Iterator[Problem]:
    """The steps of each pathway."""
    places = names(raw, *EVERYWHERE)
    for name, table in tables(raw, "pathways"):
        steps = steps_of(table)
        known = names_of(steps)
        for i, step in enumerate(steps):
            path = f"pathways.{name}.steps.{i}"
            if known.count(known[i]) > 1 or known[i] == HOME:
                yield Problem(f"{path}.name", known[i], "a name used once, and not the word home")
            for place in places_of(step):
                yield from unknown(f"{path}.places", place, places, "place")
            yield from _routes(path, step, known)
        yield from _patience(f"pathways.{name}", steps)
        yield from _places_kept(f"pathways.{name}", steps)
        yield from _way_out(f"pathways.{name}", steps)


def steps_of(pathway: Table) -> list[Table]:
    """Steps of a pathway; one that is no table counts as an empty one, so that places in the list stay."""
    steps = pathway.get("steps")
    return [s if isinstance(s, dict) else {} for s in steps] if isinstance(steps, list) else []


def names_of(steps: list[Table]) -> list[str]:
    """Names of steps."""
    return [str(step.get("name")) for step in steps]


def places_of(step: Table) -> list[str]:
    """Names of the places of a step, in order."""
    listed = step.get("places")
    found = []
    for entry in listed if isinstance(listed, list) else []:
        place = entry.get("place") if isinstance(entry, dict) else entry
        if isinstance(place, str):
            found.append(place)
    return found


def goes_to(steps: list[Table], i: int) -> list[int | None]:
    """Steps that may follow a step; None where the patient may leave."""
    routes, known = steps[i].get("next"), names_of(steps)
    if isinstance(routes, dict):
        kept = [to for to, share in routes.items() if isinstance(share, int | float) and share > 0]
        return [None if to == HOME else known.index(to) for to in kept if to == HOME or to in known]
    return [i + 1 if i + 1 < len(steps) else None]


def comes_from(steps: list[Table], i: int) -> list[int]:
    """Steps that a step may follow."""
    return [h for h in range(len(steps)) if i in goes_to(steps, h)]


def reached_from(steps: list[Table], i: int) -> set[int]:
    """Steps that may come at any time after a step."""
    reached: set[int] = set()
    waiting = [i]
    while waiting:
        for to in goes_to(steps, waiting.pop()):
            if to is not None and to not in reached:
                reached.add(to)
                waiting.append(to)
    return reached


def _patience(path: str, steps: list[Table]) -> Iterator[Problem]:
    """Who does not wait has no patience that could end."""
    for i, step in enumerate(steps):
        goes = step.get("if_full")
        if step.get("patience") is not None and goes in ("leaves", "skips"):
            rule = f'who {goes} at once (if_full = "{goes}") does not wait'
            yield Problem(f"{path}.steps.{i}.patience", None, rule, "take one of the two out")


def _routes(path: str, step: Table, known: list[str]) -> Iterator[Problem]:
    routes = step.get("next")
    if not isinstance(routes, dict):
        return
    yield from shares(f"{path}.next", routes)
    for to in routes:
        yield from unknown(f"{path}.next.{to}", to, [*known, HOME], "step of this pathway")


def _places_kept(path: str, steps: list[Table]) -> Iterator[Problem]:
    """An ``in_place`` step follows only steps that keep a place; a kept place is not asked for again."""
    known = names_of(steps)
    if steps and steps[0].get("in_place"):
        yield Problem(f"{path}.steps.0.in_place", True, "the first step has no place before it to stay in")
    for i, step in enumerate(steps):
        if step.get("in_place") and step.get("places"):
            rule = "a step in the place already held lists no places"
            yield Problem(f"{path}.steps.{i}.places", None, rule)
        held = _held(steps, i) if step.get("keeps_place") else set()
        for j in goes_to(steps, i):
            if j is None:
                continue
            if steps[j].get("in_place"):
                yield from _in_place(f"{path}.steps.{i}", step, known[j])
            again = held & set(places_of(steps[j]))
            if again and not steps[j].get("in_place"):
                rule = f'already held after "{known[i]}"'
                yield Problem(f"{path}.steps.{j}.places", sorted(again)[0], rule, "say in_place = true")


def _in_place(path: str, step: Table, following: str) -> Iterator[Problem]:
    """What a step must be for the next to happen in its place."""
    if not step.get("keeps_place"):
        rule = f'"{following}" happens in the place of this step, so this step keeps it'
        yield Problem(f"{path}.keeps_place", step.get("keeps_place", False), rule, "keeps_place = true")
    if step.get("in_place"):
        return  # who skips it stays where he is
    if not step.get("places"):
        yield Problem(
            f"{path}.places", None, f'"{following}" happens in the place of this step, and it has none'
        )
    rule = f'"{following}" happens in the place of this step, which one who skips it does not have'
    if step.get("if_full") == "skips":
        yield Problem(f"{path}.if_full", "skips", rule, '"leaves" or "waits"')
    if step.get("patience") is not None and step.get("out_of_patience") == "skips":
        yield Problem(f"{path}.out_of_patience", "skips", rule, '"leaves"')


def _held(steps: list[Table], i: int, seen: frozenset[int] = frozenset()) -> set[str]:
    if not steps[i].get("in_place"):
        return set(places_of(steps[i]))
    before = [h for h in comes_from(steps, i) if h not in seen]
    return set().union(*(_held(steps, h, seen | {i}) for h in before)) if before else set()


def _way_out(path: str, steps: list[Table]) -> Iterator[Problem]:
    """From every step the patient can go home in the end."""
    known = names_of(steps)
    leads_out: set[int] = set()
    while True:
        more = {
            i
            for i in range(len(steps))
            if i not in leads_out and any(j is None or j in leads_out for j in goes_to(steps, i))
        }
        if not more:
            break
        leads_out |= more
    for i in range(len(steps)):
        if i not in leads_out:
            rule = "a patient who comes here never leaves"
            yield Problem(f"{path}.steps.{i}", known[i], rule, "give it a way home")
