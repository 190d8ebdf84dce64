"""Checks of records: names the hospital knows, times in order, nobody in two beds at once.

Every check reads the same columns of text and adds its faults; only when none is found do the
columns become ``Encounters``.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

import numpy as np
import pandas as pd

from twin.errors import BadData, Problem, did_you_mean
from twin.hospital import Hospital
from twin.records.columns import TOLD, Columns
from twin.records.encounters import COLUMNS, TIMES, Encounters
from twin.records.localtime import ambiguous_dates, earliest, latest, never_shown

#: longest silence before the last instant; a later date is taken for a slip (assumed: a quarter of a year)
LONGEST_SILENCE = timedelta(days=92)
#: so far a feed's clock may run ahead before its times are in the future (assumed: clocks differ by minutes)
FEED_AHEAD = timedelta(minutes=15)
FIRST_YEAR, LAST_YEAR = 1990, 2200
_CURE = "correct it, or leave the visit out"


@dataclass
class Review:
    """All rows of all files, and the faults found so far."""

    table: pd.DataFrame
    parts: Sequence[Columns]
    faults: list[Problem]

    def tell(
        self,
        column: str,
        wrong: pd.Series,
        rule: str,
        cure: str = "",
        value: str | None = None,
        code: str = "",
    ) -> None:
        """Add the rows where ``wrong`` holds; ``value`` names the column whose text is shown."""
        rows = np.flatnonzero(wrong.to_numpy(dtype=bool))
        for row in rows[:TOLD]:
            shown = self.table[value or column].iloc[row]
            self.faults.append(Problem(f"{self.label(row)}, {column}", str(shown) or None, rule, cure, code))
        if len(rows) > TOLD:
            more = f"and {len(rows) - TOLD} more rows where this does not hold: {rule}"
            self.faults.append(Problem(column, None, more, code=code))

    def label(self, row: int) -> str:
        """The row as a person finds it: its number, and its file where there are several."""
        for part in self.parts:
            if row < len(part.rows):
                return ("" if len(self.parts) == 1 else f"{part.source}, ") + f"row {part.rows[row]}"
            row -= len(part.rows)
        raise IndexError(row)


def check_encounters(
    parts: Sequence[Columns],
    hospital: Hospital,
    faults: Sequence[Problem] = (),
    *,
    begins: date | None = None,
    as_of: datetime | None = None,
    now: datetime | None = None,
) -> Encounters:
    """Columns of text as ``Encounters``, or every fault of them (see ``read_encounters``)."""
    text = pd.concat([part.table for part in parts], ignore_index=True)
    text = text.reindex(columns=list(COLUMNS), fill_value="").fillna("")
    review = Review(text, parts, list(faults))
    _names(review, hospital)
    times = {name: _times(review, name, hospital.timezone) for name in TIMES}
    times["requested"] = times["requested"].where(text["requested"] != "", times["started"])
    visit = text["encounter"]
    first = times["requested"].groupby(visit).transform("min")
    times["arrived"] = times["arrived"].where(text["arrived"] != "", first)
    _repeated(review)
    _order(review, times, hospital.timezone)
    _one_visit(review, times)
    last = _as_of(review, times, as_of, now)
    _two_places(review, times, hospital.timezone)
    source = ", ".join(part.source for part in parts)
    if review.faults:
        raise BadData(source, review.faults)
    assert last is not None
    frame = _frame(text, times)
    start = begins or frame["arrived"].min().date()
    if start > last.date():
        raise BadData(source, [Problem("begins", start.isoformat(), f"is after the last instant, {last}")])
    return Encounters(frame, start, last, "imported")


def _names(review: Review, hospital: Hospital) -> None:
    """Every name is one of the hospital's; a ward that is not is told with the nearest."""
    text = review.table
    review.tell("encounter", text["encounter"] == "", "every row names its encounter")
    known: dict[str, tuple[Collection[str], str]] = {
        "patient_class": (hospital.classes, "patient class"),
        "stream": (hospital.arrivals, "stream of arrivals"),
        "place": (hospital.everywhere, "ward or place"),
    }
    for column, (names, what) in known.items():
        for name in text[column].unique():
            if name not in names and not (column == "place" and name == ""):
                cure = did_you_mean(name, names)
                review.tell(column, text[column] == name, f"no such {what} in hospital.toml", cure)
    pairs = text[["patient_class", "step"]].drop_duplicates()
    for patient_class, step in pairs.itertuples(index=False):
        if patient_class not in hospital.classes:
            continue
        steps = {s.name: s for s in hospital.pathways[hospital.classes[patient_class].pathway].steps}
        here = (text["patient_class"] == patient_class) & (text["step"] == step)
        if step not in steps:
            rule = f"no such step on the pathway of {patient_class}"
            review.tell("step", here, rule, did_you_mean(step, steps))
        elif steps[step].places or steps[step].in_place:
            nowhere = here & (text["place"] == "") & (text["started"] != "")
            review.tell("place", nowhere, "a stay that has started names its place", value="step")


def _times(review: Review, column: str, timezone: str) -> pd.Series:
    """Local times of a column; missing where the field is empty."""
    text = review.table[column]
    given = text != ""
    offset = text.str.contains(r":\d{2}.*(?:[Zz]|[+-]\d{2}(?::?\d{2})?)$", regex=True)
    rule = f"{column} is local time without an offset"
    review.tell(column, given & offset, rule, "convert to the hospital's local time")
    shaped = text.str.fullmatch(r"\d{4}-\d{2}-\d{2}(?:[ T]\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?)?")
    read = pd.to_datetime(text.where(given & shaped & ~offset), format="ISO8601", errors="coerce")
    read = read.astype("datetime64[ms]")
    either = ambiguous_dates(text)
    rule = f"{column} may be day/month or month/day, and is never guessed"
    review.tell(column, either, rule, "write 2024-03-31 14:00", code="E_AMBIGUOUS_DATE")
    open_stay = "; leave the field empty while it goes on" if column in ("started", "ended") else ""
    cure = f"write 2024-03-31 14:00 (03/04/2024 is ambiguous){open_stay}"
    unread = given & ~offset & read.isna() & ~either
    review.tell(column, unread, f"{column} is an ISO date and time", cure)
    odd = (read.dt.year < FIRST_YEAR) | (read.dt.year > LAST_YEAR)
    review.tell(column, odd, f"{column} lies between {FIRST_YEAR} and {LAST_YEAR}", "correct the year")
    skipped = never_shown(read.where(~odd), timezone)
    rule = f"{column} is no time of that day: in {timezone} the clocks go forward over it"
    cure = "write what the hospital's clocks showed, an hour later or earlier"
    review.tell(column, skipped, rule, cure, code="E_NONEXISTENT_TIME")
    return read.where(~odd)


def _repeated(review: Review) -> None:
    again = review.table.duplicated(keep="first")
    review.tell("encounter", again, "the same row stands there twice", "keep one")


def _order(review: Review, times: dict[str, pd.Series], timezone: str) -> None:
    """Nobody leaves before they came, starts before they asked or asks before they arrived."""
    text = review.table
    rows = (
        ("ended", "started", "a stay ends after it has started"),
        ("started", "requested", "a step starts after it was asked for"),
        ("requested", "arrived", "a step is asked for after arrival"),
    )
    for later, before, rule in rows:
        wrong = times[later] < times[before]
        if wrong.any():  # in the autumn hour that repeats, a later instant may show an earlier time
            after = latest(times[later][wrong], timezone)
            wrong[wrong] = after < earliest(times[before][wrong], timezone)
        review.tell(later, wrong, rule, _CURE)
    asked_only = (text["started"] == "") & (text["ended"] != "")
    review.tell("started", asked_only, "a stay that has ended has a start", _CURE, value="ended")
    nothing = (text["started"] == "") & (text["requested"] == "")
    rule = "a row has a start or, for one who still waits, `requested`"
    review.tell("started", nothing, rule, value="encounter")


def _one_visit(review: Review, times: dict[str, pd.Series]) -> None:
    """All rows of an encounter are one patient's visit."""
    visit = review.table["encounter"]
    cure = "give another visit another encounter"
    for column in ("patient_class", "stream"):
        codes = pd.Series(pd.factorize(review.table[column])[0])
        differs = codes != codes.groupby(visit).transform("first")
        review.tell(column, differs, "one encounter has one " + column, cure)
    arrived = times["arrived"]
    differs = arrived.notna() & (arrived != arrived.groupby(visit).transform("first"))
    review.tell("arrived", differs, "one encounter arrives once", cure)


def _as_of(
    review: Review, times: dict[str, pd.Series], given: datetime | None, now: datetime | None
) -> datetime | None:
    """The last instant of the data; nothing may lie after one that was given, nor after the present."""
    if now is not None and given is not None and given > now + FEED_AHEAD:
        rule = f"lies in the future: it is {now:%Y-%m-%d %H:%M} at the hospital"
        cure = "name the last instant of the data"
        review.faults.append(Problem("as_of", f"{given:%Y-%m-%d %H:%M}", rule, cure, "E_FUTURE"))
    if given is not None:
        for column, values in times.items():
            told = review.table[column] != ""
            rule = f"{column} lies in the future: the data end at {given:%Y-%m-%d %H:%M}"
            review.tell(column, told & (values > given), rule, _CURE, code="E_FUTURE")
        return given
    last_event = max((values.max() for values in times.values() if values.notna().any()), default=None)
    if last_event is None:
        return None
    if now is not None:
        for column, values in times.items():
            told = review.table[column] != ""
            rule = f"{column} lies in the future: it is {now:%Y-%m-%d %H:%M} at the hospital"
            cure = "set the clock of the feed right, or name the last instant of the data with --as-of"
            review.tell(column, told & (values > now + FEED_AHEAD), rule, cure, code="E_FUTURE")
    limit = times["arrived"].max() + LONGEST_SILENCE
    for column, values in times.items():
        rule = f"{column} lies more than {LONGEST_SILENCE.days} days after the last arrival"
        cure = "correct it, or name the last instant of the data with --as-of"
        review.tell(column, values > limit, rule, cure)
    return last_event.ceil("h").to_pydatetime()


def _two_places(review: Review, times: dict[str, pd.Series], timezone: str) -> None:
    """In order of time, each stay of a visit begins when the one before is over."""
    visit = pd.factorize(review.table["encounter"])[0]
    frame = pd.DataFrame({"visit": visit, "started": times["started"], "ended": times["ended"]})
    frame = frame[frame["started"].notna()].sort_values(["visit", "started", "ended"], kind="stable")
    same = frame["visit"].eq(frame["visit"].shift())
    before = frame["ended"].shift()
    wrong = same & (before.isna() | (frame["started"] < before))
    if wrong.any():
        starts = frame["started"][wrong]  # in the autumn hour that repeats, the order is not known
        wrong[wrong] = earliest(starts, timezone) == latest(starts, timezone)
    review.tell(
        "started",
        wrong.reindex(review.table.index, fill_value=False),
        "the patient is in another place at that time",
        "end the stay before, or correct the start",
        code="E_OVERLAP",
    )


def _frame(text: pd.DataFrame, times: dict[str, pd.Series]) -> pd.DataFrame:
    """Typed columns, by encounter in order of arrival; stays of one visit in order of time."""
    frame = pd.DataFrame({name: times.get(name, text[name]) for name in COLUMNS})
    for name in COLUMNS:
        if name not in TIMES:
            frame[name] = pd.Categorical(frame[name].where(frame[name] != ""))
    order = ["arrived", "encounter", "requested", "started"]
    return frame.sort_values(order, kind="stable").reset_index(drop=True)
