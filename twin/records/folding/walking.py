"""Walking: the messages of all visits of a bucket, one visit after the other, as columns."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from twin.records.events import Said
from twin.records.folding.account import Account
from twin.records.folding.columns import NONE, is_, kept, ms, put_aside
from twin.records.folding.messages import CANCELS, Lived, Verb, live
from twin.records.folding.order import group_ends, group_starts, taken
from twin.records.folding.stays import OPEN, Stays
from twin.records.reading.told import Fault
from twin.units import IntArray

_FAULTS = {
    "E_TRANSFER_CYCLE": (
        "fifty transfers within a minute: nobody is moved so often",
        "stop the feed's loop, and send where the patient is",
    ),
    "E_NEGATIVE_LOS": ("a visit ends after it has started", "correct it, or leave the visit out"),
}
_WORDS = {code: str(code) for code in Said}


@dataclass
class Walked:
    """What the messages of all visits come to.

    Attributes
    ----------
    stays
        Of all visits; ``row`` is -1.
    void
        Turns of messages that were taken back or put aside, shape (message,).
    visits, came, registered, left, left_turn, planned, seen
        A row a visit that has messages: its code; instants in ms (``NONE`` where not told); whether it is
        planned; whether any message of coming, moving or leaving holds.
    """

    stays: Stays
    void: IntArray
    visits: IntArray
    came: IntArray
    registered: IntArray
    left: IntArray
    left_turn: IntArray
    planned: IntArray
    seen: IntArray


def walk(verbs: pa.Table, visit: IntArray, turn: IntArray, names: Sequence[str], account: Account) -> Walked:
    """Walk through all visits that messages tell of.

    Parameters
    ----------
    verbs
        Messages in order of saying.
    visit, turn
        Code of each message's visit and its place in the order of saying, shape (message,).
    """
    verbs, visit, turn, void = _dated(verbs, visit, turn, account)
    order = np.argsort(visit, kind="stable")
    verbs, visit, turn = taken(verbs, order), visit[order], turn[order]
    said = _verbs(verbs)
    starts = group_starts(visit)
    ends = group_ends(starts, len(visit))
    rows: list[tuple] = []
    lives: list[tuple] = []
    gone: list[int] = void.tolist()
    said_at, turns = ms(verbs["said_at"]).tolist(), turn.tolist()
    numbers = verbs["number"].to_pylist()
    for start, end in zip(starts.tolist(), ends.tolist(), strict=True):
        own = said[start:end]
        code = int(visit[start])
        lived = live(own)
        for stay in lived.stays:
            told = start + stay.told
            rows.append(
                (code, stay.place, stay.bed, stay.start, stay.end, said_at[told], turns[told],
                 numbers[told], stay.messages)
            )  # fmt: skip
        gone += [turns[start + n] for n in lived.void]
        left_turn = turns[start + lived.left_told] if lived.left is not None else -1
        lives.append((code, lived.came, lived.registered, lived.left, left_turn, *_state(own, lived)))
        if lived.notes:
            _count(own, lived, names[code], account)
        if lived.aside:
            gone += [turns[start + n] for n, _ in lived.aside]
            _put_aside(verbs, start, own, lived, account)
    columns = list(zip(*lives, strict=True)) or [()] * 7
    numbered = [np.array([NONE if v is None else v for v in column], dtype=np.int64) for column in columns]
    return Walked(_stays(rows, names), np.array(sorted(gone), dtype=np.int64), *numbered)


def _dated(
    verbs: pa.Table, visit: IntArray, turn: IntArray, account: Account
) -> tuple[pa.Table, IntArray, IntArray, IntArray]:
    """Messages of which it is known when what they tell happened; the turns of the others."""
    at = ms(verbs["at"])
    for other in ("ended", "started", "said_at"):
        fits = {
            "ended": is_(verbs["said"], Said.DISCHARGE),
            "started": is_(verbs["said"], Said.ADMIT, Said.REGISTER),
        }.get(other, ~is_(verbs["said"], *CANCELS))
        at = np.where((at == NONE) & fits, ms(verbs[other]), at)
    unknown = (at == NONE) & ~is_(verbs["said"], *CANCELS)
    rule = "a message tells when what it says happened"
    put_aside(verbs, unknown, account, column="at", rule=rule, cure="send EVN-2 or EVN-6", code="E_DATE")
    place = verbs.schema.get_field_index("at")
    verbs = verbs.set_column(place, pa.field("at", pa.int64()), pa.array(at))
    return kept(verbs, ~unknown), visit[~unknown], turn[~unknown], turn[unknown]


def _verbs(verbs: pa.Table) -> list[Verb]:
    texts = [verbs[name].to_pylist() for name in ("place", "bed", "from_place")]
    times = [verbs[name].cast(pa.int64()).to_pylist() for name in ("started", "ended")]
    said = [_WORDS[word] for word in verbs["said"].to_pylist()]
    return list(map(Verb, said, verbs["at"].to_pylist(), *texts, *times))


def _state(verbs: Sequence[Verb], lived: Lived) -> tuple[bool, bool]:
    """Whether a visit is planned, and whether anything of it has happened."""
    out = {*lived.void, *(n for n, _ in lived.aside)}
    alive = {verb.said for n, verb in enumerate(verbs) if n not in out} if out else {v.said for v in verbs}
    happened = alive - {Said.PREADMIT, Said.UPDATE, *CANCELS}
    return Said.PREADMIT in alive, bool(happened) or bool(lived.stays)


def _count(verbs: Sequence[Verb], lived: Lived, name: str, account: Account) -> None:
    for code, number in lived.notes:
        verb = verbs[number]
        at = verb.at if verb.at != NONE else None
        account.count(code, place=verb.place, example=f"encounter {name}", at=at)


def _put_aside(verbs: pa.Table, start: int, own: Sequence[Verb], lived: Lived, account: Account) -> None:
    for number, code in lived.aside:
        rule, cure = _FAULTS[code]
        where = verbs.slice(start + number, 1).select(["number", "row", "said"]).to_pylist()[0]
        shown = f"{own[number].said} {np.datetime64(own[number].at, 'ms')}"
        account.fault(where["number"], Fault(where["row"] or 0, "at", shown, rule, cure, code))


def _stays(rows: Sequence[tuple], names: Sequence[str]) -> Stays:
    columns = [list(column) for column in zip(*rows, strict=True)] or [[] for _ in range(9)]
    visit, place, bed, start, end, said_at, turn, number, messages = columns
    empty = np.full(len(visit), None, dtype=object)
    key = [f"{names[code]}@{_written(at)}" for code, at in zip(visit, start, strict=True)]
    return Stays(
        visit=np.array(visit, dtype=np.int64),
        key=np.array(key, dtype=object),
        place=np.array(place, dtype=object),
        bed=np.array(bed, dtype=object),
        step=empty,
        patient=empty,
        requested=np.full(len(visit), NONE, dtype=np.int64),
        started=np.array(start, dtype=np.int64),
        ended=np.array([OPEN if at is None else at for at in end], dtype=np.int64),
        said_at=np.array(said_at, dtype=np.int64),
        turn=np.array(turn, dtype=np.int64),
        number=np.array(number, dtype=np.int64),
        row=np.full(len(visit), -1, dtype=np.int64),
        versions=np.array(messages, dtype=np.int64),
    )


def _written(at: int) -> str:
    """An instant as short as it can be told."""
    return str(np.datetime64(at, "ms") if at % 1000 else np.datetime64(at // 1000, "s"))
