"""A hospital's staffing explained: what changes, where it is tight, what one more person brings."""

from __future__ import annotations

from calendar import day_name
from collections.abc import Mapping, Sequence

import numpy as np

from optimization.proof.off_forecast import in_words
from optimization.staffing.house import Asked, shifts_of
from optimization.staffing.lives import Lived, in_time_of
from optimization.staffing.pay import employed, hours_of
from optimization.staffing.weeks import Finalist, Weeks
from twin.hospital import Hospital
from twin.plan import Explanation, OffForecast
from twin.units import DAYS_WEEK, HOURS_DAY

#: hours of the week that are told as those in which most wait, and lines of each list
_HOURS, _LINES = 2, 8


def explanation(
    weeks: Weeks,
    best: Finalist,
    usual: Mapping[str, float],
    before: Sequence[Lived],
    after: Sequence[Lived],
    more: Sequence[tuple[str, str, float, float]],
    off: tuple[OffForecast, ...],
    asked: Asked,
) -> Explanation:
    """The reasons for a plan.

    Parameters
    ----------
    usual
        What each group costs as decided now, on the same dates [currency].
    before, after
        Certifying futures as decided now, and under the plan.
    more
        Group, shift, pay, and points more in time with one more person.
    """
    hospital, unit = weeks.case.hospital, weeks.case.hospital.money.currency
    shifts = sum(weeks.shifts(best.people[g]) for g in weeks.of)
    now = sum(usual.values())
    change = f"; {now:,.0f} as decided now ({100 * (best.pay / now - 1):+.0f} %)" if now > 0 else ""
    many = "one group" if len(weeks.of) == 1 else f"{len(weeks.of)} groups"
    sentences = [_sentence(hospital, asked, weeks, best, g, before, after) for g in weeks.of]
    sentences += _emergency(before, after)
    sentences += [text for text in (in_words(off),) if text]
    return Explanation(
        headline=f"{shifts:,} shifts of {many} over {len(weeks.dates)} days for "
        f"{best.pay:,.0f} {unit}{change}",
        sentences=tuple(sentences),
        binds=tuple(_binds(hospital, weeks, best))[:_LINES],
        one_more=tuple(
            (
                f"{hospital.staff[g].title}, one more on {shift} each day ({pay:,.0f} {unit})",
                f"{points:+.1f} points of tasks in time",
            )
            for g, shift, pay, points in more
        ),
        short=tuple(_short(hospital, weeks, after)),
    )


def _sentence(
    hospital: Hospital,
    asked: Asked,
    weeks: Weeks,
    best: Finalist,
    group: str,
    before: Sequence[Lived],
    after: Sequence[Lived],
) -> str:
    spans = shifts_of(hospital, group, asked.shifts)
    week = best.people[group]
    hours = sum(n * hours_of(spans[shift]) for (_, shift), n in week.items())
    own, name = hospital.staff[group], in_time_of(group)
    people = employed(hours, own.absence)
    was, now = _mean(before, name), _mean(after, name)
    return (
        f"{own.title}: {sum(week.values())} shifts and {hours:,.0f} hours a week, {people} full-time people; "
        f"{now:.1f} % start within {asked.limit_minutes:g} minutes, {was:.1f} % as decided now"
    )


def _mean(futures: Sequence[Lived], measure: str) -> float:
    total = sum(f.measures[measure] * f.patients[measure] for f in futures)
    return total / max(sum(f.patients[measure] for f in futures), 1)


def _emergency(before: Sequence[Lived], after: Sequence[Lived]) -> list[str]:
    name = "ed_within_4h"
    if not sum(f.patients.get(name, 0) for f in after):
        return []
    was, now = _mean(before, name), _mean(after, name)
    return [f"{now:.1f} % of emergency patients leave within 4 hours, {was:.1f} % as decided now"]


def _binds(hospital: Hospital, weeks: Weeks, best: Finalist) -> list[str]:
    lines = []
    for group, week in weeks.of.items():
        title = hospital.staff[group].title
        levels = weeks.levels(group, best.people[group])
        floor = np.asarray(week.question.floor[group])
        hours = float((levels == floor)[floor > 0].mean()) if (floor > 0).any() else 0.0
        if hours > 0:
            lines.append(f"{title}: the least that keeps up with the work is there in {hours:.0%} of hours")
        if (most := week.question.most.get(group)) is not None and sum(best.people[group].values()) >= most:
            lines.append(f"{title}: all {most} shifts a week that its people can work are used")
        pinned = sorted({week.names[name][1] for _, name in week.question.pins})
        if pinned:
            lines.append(f"{title}: decided beforehand: {', '.join(pinned)}")
    return lines


def _short(hospital: Hospital, weeks: Weeks, after: Sequence[Lived]) -> list[str]:
    """When most tasks start too late, a week in the mean."""
    many_weeks = max(len(weeks.dates) / DAYS_WEEK, 1e-9) * len(after)
    lines = []
    for group in weeks.of:
        late = np.sum([f.late[group] for f in after], axis=0) / many_weeks
        at = int(late.reshape(-1, _HOURS).sum(axis=1).argmax()) * _HOURS
        many = float(late[at : at + _HOURS].sum())
        if many >= 0.05:
            day, hour = divmod(at, HOURS_DAY)
            when = f"{day_name[day]} from {hour:02d}:00 to {hour + _HOURS:02d}:00"
            title = hospital.staff[group].title
            lines.append(f"{title}: most wait too long on {when}, {many:.1f} tasks a week")
    return lines
