"""Parts of a description: frozen values with no unknown keys, units and sources as data."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator

from twin.units import MS_DAY, MS_IN, Unit, clock_ms

Name = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,39}$")]
Weekday = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
TimeUnit = Literal["minutes", "hours", "days"]
Beds = Annotated[int, Field(ge=0, le=100_000), Unit("beds")]
People = Annotated[int, Field(ge=0, le=100_000), Unit("people")]
Share = Annotated[float, Field(ge=0, le=1, allow_inf_nan=False), Unit("fraction")]


class Model(BaseModel):
    """A part of a description: frozen, and a key that it does not know is a fault."""

    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        strict=False,
        allow_inf_nan=False,
        populate_by_name=True,
        use_attribute_docstrings=True,
    )


class Hours(Model):
    """A stretch of a calendar: on these days, from one time of day to another.

    A row with dates, or for holidays only, is an exception: it counts before all rows without.
    """

    days: tuple[Weekday, ...] = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
    """Days of the week on which the row counts."""
    start: str = Field("00:00", alias="from", description='time of day "HH:MM"')
    end: str = Field(
        "24:00",
        alias="to",
        description='time of day "HH:MM"; later than `from`, but for a shift over midnight',
    )
    first: date | None = Field(None, description="first local date on which the row counts")
    last: date | None = Field(None, description="last local date on which the row counts")
    holidays: Literal["also", "only", "never"] = Field(
        "also", description="whether it counts on public holidays"
    )

    @field_validator("start", "end")
    @classmethod
    def _is_a_time_of_day(cls, text: str) -> str:
        clock_ms(text)
        return text

    @property
    def is_exception(self) -> bool:
        """Whether the row is for dates or holidays, and counts before the usual week."""
        return self.first is not None or self.last is not None or self.holidays == "only"

    def counts_on(self, day: date, *, is_holiday: bool) -> bool:
        """Whether the row counts on a local date."""
        return (
            day.strftime("%a").lower() in self.days
            and (self.first is None or day >= self.first)
            and (self.last is None or day <= self.last)
            and (self.holidays == "also" or (self.holidays == "only") == is_holiday)
        )

    @property
    def span(self) -> tuple[int, int]:
        """Wall-clock start and end. [ms after midnight]"""
        return clock_ms(self.start), clock_ms(self.end)


class Duration(Model):
    """How long something takes: a mean and a coefficient of variation, or a table of quantiles."""

    mean: Annotated[float, Field(gt=0, le=1e6), Unit("as in `unit`")] | None = None
    """Mean length; this or `quantiles`."""
    cv: Annotated[float, Field(ge=0, le=10), Unit("standard deviation / mean")] = 0.0
    """Standard deviation / mean; 0 means always the mean."""
    unit: TimeUnit
    """Unit of the mean, of `at_most` and of the quantiles."""
    shape: Literal["lognormal", "gamma", "exponential", "exactly"] = "lognormal"
    """Distribution with this mean and CV."""
    at_most: Annotated[float, Field(gt=0, le=1e6), Unit("as in `unit`")] | None = None
    """The longest that can be drawn."""
    quantiles: tuple[tuple[Share, Annotated[float, Field(ge=0, le=1e6), Unit("as in `unit`")]], ...] = ()
    """Pairs [share, value]: a measured distribution, straight between its points."""

    @property
    def ms(self) -> int:
        """Milliseconds in the unit of this duration."""
        return MS_IN[self.unit]


class Profile(Model):
    """Shares of a day by hour, 0 to 23; they sum to one."""

    hours: tuple[Share, ...] = Field(min_length=24, max_length=24)
    """Share of the day that falls into each hour."""
    recorded: tuple[Share, ...] | None = Field(
        None,
        min_length=24,
        max_length=24,
        description="hours in force when the stays were recorded, if other than `hours`",
    )

    @property
    def width(self) -> int:
        """Length of one of its hours. [ms]"""
        return MS_DAY // len(self.hours)


class Money(Model):
    """What things cost, in one currency and one base year."""

    currency: str = "GBP"
    """ISO code of the currency."""
    base_year: Annotated[int, Field(ge=1990, le=2100), Unit("year")] = 2024
    """Year of the prices."""
    open_bed_day: Annotated[float, Field(ge=0), Unit("currency a bed a day")] = 0.0
    """Cost of a bed that is open for a day."""
