"""Budget: what a question is expected to take, estimated from mean demand before anything is drawn."""

from __future__ import annotations

from dataclasses import dataclass

from twin.case import Case, Window
from twin.errors import UsageError
from twin.hospital import Hospital
from twin.hospital.duration import mean_ms
from twin.hospital.load import class_rates, visits
from twin.replications.playing import days_until_too_many
from twin.units import MS_DAY, MS_HOUR, MS_MINUTE, MS_SECOND

#: patient-steps that one replication may hold before it is refused (about 300 bytes each, 9 GB)
MOST_ROWS = 30_000_000
#: of all replications together; beyond it the question takes hours (assumed: a planner's patience)
MOST_ROWS_TOGETHER = 20_000_000_000
#: replications of one question; the simulation error falls with their root (assumed: enough for 1 in 1,000)
MOST_REPLICATIONS = 100_000
#: work of a patient-step, and of a replication however small, drawn and played and measured
#: (measured on one core of a cloud machine; the engines' own benchmarks say more) [s]
SECONDS_A_ROW, SECONDS_A_REPLICATION = 2e-6, 0.005
#: most memory while it is drawn and played (measured on one doctor's queue of 250,000)
BYTES_A_ROW = 300


@dataclass(frozen=True)
class Budget:
    """What a run is expected to take, all of it estimated from mean demand."""

    replications: int
    rows: float  # patient-steps a replication

    @property
    def fits(self) -> bool:
        """Whether the twin takes it on."""
        return (
            self.rows <= MOST_ROWS
            and self.rows * self.replications <= MOST_ROWS_TOGETHER
            and self.replications <= MOST_REPLICATIONS
        )

    def __str__(self) -> str:
        together = self.rows * self.replications
        seconds = self.replications * SECONDS_A_REPLICATION + together * SECONDS_A_ROW
        return (
            f"about {self.rows:,.0f} patient-steps a replication and {together:,.0f} in all, "
            f"{_long(seconds)} of work and {self.rows * BYTES_A_ROW / 1e9:,.1f} GB a replication; "
            f"the twin takes {MOST_ROWS:,} a replication, {MOST_ROWS_TOGETHER:,} in all "
            f"and {MOST_REPLICATIONS:,} replications"
        )


def budget(hospital: Hospital, days: int, replications: int) -> Budget:
    """The budget of a question about a hospital, before anything is made of it."""
    return Budget(replications, _rows_a_day(hospital) * days)


def _long(seconds: float) -> str:
    """A length of work in words."""
    ms = seconds * MS_SECOND
    for size, unit in ((365 * MS_DAY, "years"), (MS_DAY, "days"), (MS_HOUR, "hours"), (MS_MINUTE, "minutes")):
        if ms >= 2 * size:
            return f"{ms / size:,.0f} {unit}"
    return f"{seconds:,.0f} seconds"


def _rows_a_day(hospital: Hospital) -> float:
    """Patient-steps that are expected a day; of populations, as many as could be if nobody waited."""
    steps = {name: visits(hospital.pathways[entry.pathway]) for name, entry in hospital.classes.items()}
    rows = sum(rate * float(steps[name].sum()) for name, rate in class_rates(hospital).items())
    for population in hospital.populations.values():
        round_trip = mean_ms(population.away) if population.away is not None else 1.0
        for name, share in population.mix.items():
            lengths = [
                mean_ms(step.duration) for step in hospital.pathways[hospital.classes[name].pathway].steps
            ]
            stay = float(steps[name] @ lengths) if population.away is not None else lengths[0]
            round_trip += share * stay
        a_visit = sum(share * float(steps[name].sum()) for name, share in population.mix.items())
        rows += population.members * a_visit * MS_DAY / round_trip
    return rows


def refuse_too_much(case: Case, window: Window, replications: int, *, days: int | None = None) -> None:
    """Refuse, before anything is drawn, a run that cannot end well.

    ``days`` is what ``days_until_too_many`` says, where it is known already.

    Raises
    ------
    UsageError
        With the estimate and the limit.
    """
    days = days_until_too_many(case, window) if days is None else days
    asked = budget(case.hospital, days, replications)
    if not asked.fits:
        raise UsageError(f"{asked}; ask for fewer days or replications", code="E_BUDGET")
