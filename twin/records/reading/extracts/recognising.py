"""Recognising: which mapping an extract is read with, by its header.

The mapping fits whose needed columns are all there; of several the one that knows the most columns. Upper
and lower case make no difference, and columns that no mapping knows do not either.
"""

from __future__ import annotations

import difflib
from collections import Counter
from collections.abc import Sequence
from functools import lru_cache

from twin.errors import BadData, Problem, did_you_mean
from twin.records.reading.asked import Asked
from twin.records.reading.extracts.mapping import Mapping, load_mapping, shipped_mappings

#: likeness from which a column's name is a slip of another's, 0 to 1 (assumed: one letter in eight)
_SURELY_MEANT = 0.85
#: share of the needed columns from which a file is meant for a mapping, though some are missing (assumed)
_MEANT = 0.5
#: columns of the file shown in a fault
_SHOWN = 20


@lru_cache(maxsize=1)
def _shipped() -> tuple[Mapping, ...]:
    return tuple(load_mapping(name) for name in shipped_mappings())


def mapping_for(header: Sequence[str], asked: Asked) -> Mapping:
    """The mapping that was asked for, or the one that fits the header.

    Raises
    ------
    BadData
        A needed column is missing or stands there twice, or no mapping fits, or two fit alike.
    NotFound, ConfigError
        The mapping that was asked for is not there, or has faults of its own.
    """
    mapping = load_mapping(asked.mapping) if asked.mapping else _recognised(header, asked)
    problems = [
        *_missing(mapping, header),
        *_twice(mapping, header),
        *(_slips(mapping, header) if mapping.exact else ()),
    ]
    if problems:
        raise BadData(asked.source, problems)
    return mapping


def _needs(mapping: Mapping) -> list[tuple[str, ...]]:
    """Needed columns with their other names, each once."""
    return list(dict.fromkeys(names for names, needed in mapping.columns() if needed and names))


def _here(mapping: Mapping, header: Sequence[str]) -> list[bool]:
    """Of each needed column whether the header has it."""
    there = {name.lower() for name in header}
    return [any(name.lower() in there for name in names) for names in _needs(mapping)]


def _recognised(header: Sequence[str], asked: Asked) -> Mapping:
    there = {name.lower() for name in header}
    fitting = [mapping for mapping in _shipped() if all(_here(mapping, header))]
    known = {mapping.name: len(there & set(mapping.known())) for mapping in fitting}
    best = [mapping for mapping in fitting if known[mapping.name] == max(known.values())]
    if len(best) == 1:
        return best[0]
    found = ", ".join(name[:40] for name in header[:_SHOWN]) + (", ..." if len(header) > _SHOWN else "")
    if best:
        names = " and ".join(mapping.name for mapping in best)
        problem = Problem("row 1", found, f"the columns fit {names} alike", "name the mapping", "E_HEADER")
        raise BadData(asked.source, [problem])
    shares = {mapping.name: sum(_here(mapping, header)) / len(_needs(mapping)) for mapping in _shipped()}
    nearest = max(_shipped(), key=lambda mapping: (shares[mapping.name], len(there & set(mapping.known()))))
    if shares[nearest.name] >= _MEANT:
        return nearest  # its missing columns are told by name
    wants = [
        Problem(
            mapping.name, None, "needs " + ", ".join(names[0] for names in _needs(mapping)), mapping.title
        )
        for mapping in _shipped()
    ]
    rule = "no mapping fits these columns"
    cure = "name one with its columns, or write a mapping of your own"
    raise BadData(asked.source, [Problem("row 1", found, rule, cure, "E_HEADER"), *wants])


def _missing(mapping: Mapping, header: Sequence[str]) -> list[Problem]:
    problems = []
    others = [name for name in header if name and name.lower() not in mapping.known()]
    for names, here in zip(_needs(mapping), _here(mapping, header), strict=True):
        if not here:
            near = did_you_mean(names[0], others) if others else ""
            shown = ", ".join(name[:40] for name in header[:10])
            cure = near if near.startswith("did you mean") else f"the header has {shown}"
            rule = f"is missing, and the mapping {mapping.name} needs it"
            problems.append(Problem(f"column {' or '.join(names)}", None, rule, cure, "E_MISSING_COLUMN"))
    return problems


def _twice(mapping: Mapping, header: Sequence[str]) -> list[Problem]:
    times = Counter(name.lower() for name in header)
    return [
        Problem("row 1", name, "the column stands there twice", "keep one", "E_HEADER")
        for name in mapping.known()
        if times[name] > 1
    ]


def _slips(mapping: Mapping, header: Sequence[str]) -> list[Problem]:
    there = {name.lower() for name in header}
    others = [name for name in header if name and name.lower() not in mapping.known()]
    return [
        Problem("row 1", other, "no such column", f'did you mean "{name}"?', "E_HEADER")
        for name in mapping.known()
        if name not in there
        for other in difflib.get_close_matches(name, others, n=1, cutoff=_SURELY_MEANT)
    ]
