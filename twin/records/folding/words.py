"""Words: classes, streams and steps that a source tells by name are those of ``hospital.toml``."""

from __future__ import annotations

import pyarrow as pa

from twin.errors import did_you_mean
from twin.hospital import Hospital
from twin.records.folding.account import Account
from twin.records.folding.columns import is_, kept, put_aside, there


def with_known_words(said: pa.Table, hospital: Hospital, account: Account) -> pa.Table:
    """Statements whose class, stream and step are known; the others are put aside.

    What a source leaves empty is found by the rules of ``records.toml`` later.
    """
    steps = {step.name for pathway in hospital.pathways.values() for step in pathway.steps}
    known = {
        "patient_class": ("patient class", tuple(hospital.classes)),
        "stream": ("stream of arrivals", tuple(hospital.arrivals)),
        "step": ("step of any pathway", tuple(sorted(steps))),
    }
    for column, (what, names) in known.items():
        word = said[column].combine_chunks()
        wrong = there(word) & ~is_(word, *names)
        if wrong.any():
            cures = [did_you_mean(odd, names) for odd in word.filter(pa.array(wrong)).to_pylist()]
            rule = f"no such {what} in hospital.toml"
            put_aside(said, wrong, account, column=column, rule=rule, code="E_UNKNOWN_NAME", cures=cures)
            said = kept(said, ~wrong)
    return said
