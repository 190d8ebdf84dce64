"""Numbers, hours and chances as a bed manager says them.

A chance is always told with its count out of twenty; whole people and beds; a true minus sign; a day by its
name when it is within a week and by its date when it is further off.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date, datetime, timedelta

THIN = "\N{NARROW NO-BREAK SPACE}"
MINUS = "\N{MINUS SIGN}"
DASH = "\N{EN DASH}"
WHOLE = {"beds", "patients", "patients a day", "people", "bed", "arrivals a day", "admissions a day"}

CHANCES = (
    (19, "almost certain"),
    (15, "probable"),
    (11, "more likely than not"),
    (6, "possible"),
    (2, "unlikely"),
    (0, "very unlikely"),
)


def out_of_20(chance: float) -> int:
    """A chance as a count of twenty equally likely outcomes."""
    return min(max(round(chance * 20), 0), 20)


def count_words(chance: float, between: str = " in ") -> str:
    """``19 in 20``; a chance that is not nothing is never told as nothing."""
    count = out_of_20(chance)
    if count == 0:
        return f"none{between}20" if chance <= 0 else f"under 1{between}20"
    return f"{count}{between}20"


def chance_words(chance: float) -> str:
    """``almost certain``, ``probable`` ... ``very unlikely``."""
    return next(said for least, said in CHANCES if out_of_20(chance) >= least)


def tone(chance: float) -> str:
    """The colour of a chance of being short: red from 15 in 20, amber from 10, else ink."""
    count = out_of_20(chance)
    return "red" if count >= 15 else "amber" if count >= 10 else "ink"


def number(value: float | None, unit: str = "", signed: bool = False) -> str:
    """People and beds whole, money whole with commas, everything else to one decimal."""
    if value is None:
        return DASH
    decimals = _decimals(value, unit)
    rounded = round(value, decimals)
    sign = MINUS if rounded < 0 else "+" if signed and rounded > 0 else ""
    return f"{sign}{abs(rounded):,.{decimals}f}"


def mean(value: float | None, unit: str = "", signed: bool = False) -> str:
    """A mean over days or futures: one decimal, also of people and beds; money and thousands whole."""
    return number(value, "" if unit in WHOLE else unit, signed)


def is_nothing(value: float, unit: str = "") -> bool:
    """Whether a mean is told as zero: known to differ, yet by less than its last decimal."""
    return not any(digit in mean(value, unit) for digit in "123456789")


def mean_span(low: float, high: float, unit: str = "", signed: bool = False) -> str:
    """``−4.4 to −3.2``: the margin of a mean."""
    return f"{mean(low, unit, signed)} to {mean(high, unit, signed)}"


def _decimals(value: float, unit: str) -> int:
    if unit in WHOLE or unit.startswith(("£", "€", "$", "GBP")) or abs(value) >= 1000:
        return 0
    return 2 if "a bed" in unit else 1  # turnover of a bed stays near 1: one decimal would hide every change


def percent(share: float) -> str:
    """``95 %``."""
    return f"{round(share * 100)}{THIN}%"


def span(low: float, high: float, unit: str = "beds", signed: bool = False) -> str:
    """``30 to 39``."""
    return f"{number(low, unit, signed)} to {number(high, unit, signed)}"


def moment(text: str) -> datetime:
    """An ISO time or date, as the clock of the hospital shows it."""
    return datetime.fromisoformat(text).replace(tzinfo=None)


def hour(text: str, seen_from: str) -> str:
    """``Mon 08:00`` within a week, else ``7 Dec 08:00``."""
    at, now = moment(text), moment(seen_from)
    near = abs(at - now) < timedelta(days=7)
    return f"{at:%a %H:%M}" if near else f"{at.day} {at:%b %H:%M}"


def day(text: str, seen_from: str = "") -> str:
    """``Mon 23 Nov``."""
    at = moment(text)
    return f"{at:%a} {at.day} {at:%b}"


def full(text: str) -> str:
    """``Sunday 22 November 2026, 06:00``."""
    at = moment(text)
    return f"{at:%A} {at.day} {at:%B %Y}, {at:%H:%M}"


def days(on: Sequence[date], *, span: bool = False) -> str:
    """Days by their dates, those in a row as one stretch: ``28 Feb to 3 Mar 2026, 7 Apr 2026``.

    ``span`` takes all from the first to the last as one stretch.
    """
    runs: list[tuple[date, date]] = []
    for at in sorted(on):
        if runs and (span or at - runs[-1][1] <= timedelta(days=1)):
            runs[-1] = (runs[-1][0], at)
        else:
            runs.append((at, at))
    return ", ".join(_stretch(first, last) for first, last in runs)


def _stretch(first: date, last: date) -> str:
    end = f"{last.day} {last:%b %Y}"
    if first == last:
        return end
    if first.year != last.year:
        return f"{first.day} {first:%b %Y} to {end}"
    return f"{first.day} to {end}" if first.month == last.month else f"{first.day} {first:%b} to {end}"


def age(hours: float) -> str:
    """How old something is: ``40 min``, ``9 h``, ``3 days``, ``8 years``."""
    if hours < 1:
        return f"{max(round(hours * 60), 0)} min"
    if hours < 48:
        return f"{round(hours)} h"
    days = hours / 24
    if days < 365:
        return f"{round(days)} days"
    years = round(days / 365.25)
    return f"{years} year{'s' if years != 1 else ''}"


def plural(count: int, one: str, many: str = "") -> str:
    """``one decision``, ``3 decisions``: small counts in words."""
    small = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
    said = small[count] if 0 <= count < len(small) else str(count)
    return f"{said} {one if count == 1 else many or one + 's'}"


def ordinal(count: int) -> str:
    """``first``, ``second``, ``third``, ``4th``."""
    names = ("first", "second", "third")
    return names[count - 1] if 1 <= count <= len(names) else f"{count}th"


def many(count: int, one: str) -> str:
    """``1 error``, ``3 errors``: counts in figures."""
    return f"{count:,} {one}{'' if count == 1 else 's'}"


def listed(names: Sequence[str]) -> str:
    """``beds``; ``beds and theatres``; ``beds, theatres and clinics``."""
    return " and ".join(filter(None, (", ".join(names[:-1]), names[-1]))) if names else ""


def sentence(said: str) -> str:
    """Words with a capital first and a full stop last; nothing stays nothing."""
    if not said:
        return ""
    return spaced(said[0].upper() + said[1:] + ("" if said.endswith((".", "!", "?")) else "."))


def spaced(said: str) -> str:
    """Words with the thin space before every per cent sign, and true minus signs: ``90 %``, ``−6``."""
    return re.sub(r"(?<=[ (])-(?=\d)", MINUS, re.sub(r"(?<=\d) ?%", f"{THIN}%", said))


def is_date(text: str) -> bool:
    """Whether the words are an ISO day or time."""
    try:
        date.fromisoformat(text[:10])
    except ValueError:
        return False
    return True
