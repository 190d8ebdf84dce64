"""Specialties: who comes, for how long, and how much a refusal weighs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import isfinite

from twin.errors import ConfigError, Problem
from twin.hospital import Hospital
from twin.units import DAYS_WEEK, HOURS_DAY

#: the same share of patients on every day of the week, and in every hour of the day
EVERY_DAY = (1.0,) * DAYS_WEEK
EVERY_HOUR = (1.0 / HOURS_DAY,) * HOURS_DAY


@dataclass(frozen=True)
class Specialty:
    """One specialty with beds of its own; a patient who finds none is refused.

    Attributes
    ----------
    name : a word without spaces, as wards have
    arrivals_a_day : patients who ask for a bed on a mean day [patients a day]
    stay_days, stay_cv : length of stay, lognormal: its mean [days], its standard deviation / mean
    weight : how much one refusal counts, in refusals of weight 1
    least, most : beds that must be there and beds that can stand there [beds]; ``most`` None: no limit
    weekdays : Monday to Sunday, x the mean day
    hours : share of a day's patients who come in each hour
    """

    name: str
    arrivals_a_day: float
    stay_days: float
    stay_cv: float = 1.0
    weight: float = 1.0
    least: int = 0
    most: int | None = None
    weekdays: tuple[float, ...] = EVERY_DAY
    hours: tuple[float, ...] = EVERY_HOUR

    @property
    def offered(self) -> float:
        """Beds that it would fill if it refused nobody. [beds]"""
        return self.arrivals_a_day * self.stay_days


def check_specialties(specialties: Sequence[Specialty], total: int) -> None:
    """Refuse what cannot be shared out, all faults at once.

    Raises
    ------
    ConfigError
        No specialty, a name twice, a number that is none, floors that are above the total.
    """
    names = [s.name for s in specialties]
    problems = (
        []
        if names
        else [Problem("specialties", 0, "at least one specialty to share beds among", code="E_EMPTY_MODEL")]
    )
    if isinstance(total, bool) or not isinstance(total, int) or total < 0:
        problems.append(Problem("total", total, "a whole number of beds, 0 or more"))
    for name in sorted({n for n in names if names.count(n) > 1}):
        problems.append(Problem(f"specialties.{name}", names.count(name), "each name once"))
    for s in specialties:
        problems += _faults(s)
    asked = sum(s.least for s in specialties)
    if not problems and asked > total:
        rule = f"the specialties must have {asked} beds together, {asked - total} more than the total"
        problems.append(Problem("total", total, rule, f"allow {asked} beds, or ask for fewer"))
    if problems:
        raise ConfigError("the allocation", problems)


def _faults(s: Specialty) -> list[Problem]:
    where, problems = f"specialties.{s.name}", []
    for name in ("arrivals_a_day", "stay_cv", "weight"):
        value = getattr(s, name)
        if not (isfinite(value) and value >= 0):
            problems.append(Problem(f"{where}.{name}", value, "a finite number, 0 or more"))
    if not (isfinite(s.stay_days) and s.stay_days > 0):
        problems.append(Problem(f"{where}.stay_days", s.stay_days, "a finite number of days above 0"))
    if s.least < 0 or (s.most is not None and s.most < s.least):
        problems.append(Problem(f"{where}.least", s.least, f"0 or more, and at most {s.most}"))
    if len(s.weekdays) != DAYS_WEEK or len(s.hours) != HOURS_DAY:
        problems.append(Problem(f"{where}.weekdays", len(s.weekdays), "seven weekdays and 24 hours"))
    return problems


def hospital_of(specialties: Sequence[Specialty], beds: Mapping[str, int]) -> Hospital:
    """The twin's hospital of these specialties: a ward each, and nobody waits.

    Parameters
    ----------
    beds
        Open beds of each specialty. [beds]
    """
    stays = {
        s.name: {"mean": s.stay_days, "cv": s.stay_cv, "unit": "days", "shape": "lognormal"}
        for s in specialties
    }
    return Hospital.model_validate(
        {
            "name": "specialties with beds of their own",
            "timezone": "UTC",
            "profiles": {s.name: {"hours": list(s.hours)} for s in specialties},
            "wards": {
                s.name: {"title": s.name, "physical_beds": beds[s.name], "staffed_beds": beds[s.name]}
                for s in specialties
            },
            "arrivals": {
                s.name: {
                    "title": s.name,
                    "daily_mean": s.arrivals_a_day,
                    "weekday_factors": list(s.weekdays),
                    "hour_profile": s.name,
                    "mix": {s.name: 1.0},
                }
                for s in specialties
            },
            "classes": {s.name: {"title": s.name, "priority": 5, "pathway": s.name} for s in specialties},
            "pathways": {
                s.name: {
                    "steps": [
                        {
                            "name": "stay",
                            "places": [s.name],
                            "duration": stays[s.name],
                            "if_full": "leaves",
                        }
                    ]
                }
                for s in specialties
            },
        }
    )
