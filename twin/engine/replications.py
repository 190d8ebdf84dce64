"""Replications: the same case lived many times, each on its own chance and its own path.

Threads carry the kernel, which lets go of the interpreter's lock while it runs. Each replication is
reduced to what is asked before the next begins, so that memory does not grow with their number.
"""

from __future__ import annotations

import math
import queue
import threading
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Generic, TypeVar

import numpy as np
from numpy.typing import NDArray

from twin.case import Case, Schedule, Window, shared_schedule
from twin.engine import Engine, simulate
from twin.engine.rules import MOST_WAITING
from twin.errors import Cancelled, UsageError
from twin.hospital import Hospital
from twin.hospital.duration import mean_ms
from twin.hospital.load import class_rates, growth_a_day, overloaded, visits
from twin.trace import UNSET, Kind, Outcome, Trace
from twin.units import DAYS_WEEK, MS_DAY, MS_HOUR, MS_MINUTE, MS_SECOND
from twin.workload import STOPPED, draw_workload

T = TypeVar("T")

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
#: by so much a queue is given longer to outgrow the run than its mean growth says
_MARGIN = 1.2


def replicate(
    case: Case,
    window: Window,
    *,
    seed: int,
    replications: Iterable[int],
    reduce: Callable[[Trace], T],
    engine: Engine = "kernel",
    threads: int = 2,
    progress: Callable[[int, int], None] | None = None,
    check: Callable[[], None] | None = None,
) -> list[T]:
    """Draw and play each replication and keep what ``reduce`` makes of its trace.

    Parameters
    ----------
    replications
        Numbers of the replications; number r meets the same patients in every case, and lives on
        path r of the forecast.
    progress
        Told (done, all) after each.
    check
        Called between replications; it raises to stop (``Cancelled``).

    Returns
    -------
    list
        In the order of ``replications``, whichever thread was first.

    Raises
    ------
    UsageError
        The run would not fit in memory or in a day.
    """
    numbers = list(replications)
    refuse_too_much(case, window, len(numbers))
    schedule = shared_schedule(case, window)

    def one(number: int) -> T:
        trace = play(
            case, window, seed=seed, replication=number, engine=engine, schedule=schedule, check=hands.go_on
        )
        return reduce(trace)

    if days_until_too_many(case, window) < window.total:
        threads = 1  # each holds as many patients as a run may: one at a time
    hands: _Hands[T] = _Hands(one, numbers)
    results: dict[int, T] = {}
    try:
        hands.begin(max(1, threads))
        while len(results) < len(numbers):
            for place, result in hands.finished(0.2):
                results[place] = result
                if progress is not None:
                    progress(len(results), len(numbers))
            if check is not None:
                check()
    finally:
        hands.stop()
    return [results[i] for i in range(len(numbers))]


def play(
    case: Case,
    window: Window,
    *,
    seed: int,
    replication: int,
    engine: Engine = "kernel",
    schedule: Schedule | None = None,
    check: Callable[[], None] | None = None,
) -> Trace:
    """Draw and play one replication; where a queue is sure to outgrow the run, no further than that.

    A run that its guard stops needs no patient who comes later. So where the offered load says that
    the guard will act, only as many days are drawn as that takes, and twice as many until it has acted:
    the patients drawn are the same, so is what happens to them, and memory does not grow with the days
    asked for.

    ``schedule`` holds the levels of all replications, or None where each has its own; ``check`` is called
    before the engine starts, and raises to stop.
    """
    days = days_until_too_many(case, window)
    while True:
        part = window if days >= window.total else Window(window.start, days=days, tail=0)
        workload = draw_workload(case, part, seed=seed, replication=replication)
        if check is not None:
            check()
        trace = simulate(case, workload, engine=engine, schedule=schedule)
        if part is window:
            return trace
        if trace.stopped_at is not None and waiting_at_stop(trace) > MOST_WAITING:
            asked = replace(workload, window=window, clock=window.clock(case.hospital))
            return replace(trace, workload=asked)
        days *= 2


def days_until_too_many(case: Case, window: Window) -> int:
    """Days after which more patients should wait than a run may hold; those of the window if never. [days]"""
    if case.demand is not None:
        return window.total
    growth = max((growth_a_day(case.hospital, pool) for pool in overloaded(case.hospital)), default=0.0)
    if growth * window.total <= MOST_WAITING:
        return window.total
    return min(window.total, math.ceil(_MARGIN * MOST_WAITING / growth) + DAYS_WEEK)


def waiting_at_stop(trace: Trace) -> int:
    """Patients who waited for a step when the run ended, those stopped in one too. [patients]"""
    waits = (trace.requested != UNSET) & (trace.started == UNSET)
    waits |= _stopped(trace)
    waits &= (trace.outcome == Outcome.OPEN)[trace.patient]
    return int(np.unique(trace.patient[waits]).size)


def _stopped(trace: Trace) -> NDArray[np.bool_]:
    """Whether each row was stopped when the run ended and not gone on with since, shape (row,)."""
    work, rows = trace.workload, trace.workload.step.size
    given_up = trace.log.only(Kind.ABANDONED)
    begins = np.full(rows, UNSET)  # of the visit that counts: an abandoned one counts no longer
    np.maximum.at(begins, given_up.who, given_up.at)
    balance = np.zeros(rows, np.int64)
    balance[work.first[:-1][(work.origin == STOPPED) & (np.diff(work.first) > 0)]] = 1
    balance[given_up.who] = 0
    for kind, one in ((Kind.STOPPED, 1), (Kind.RESUMED, -1)):
        told = trace.log.only(kind)
        counts = told.at > begins[told.who]
        np.add.at(balance, told.who[counts], one)
    return balance > 0


class _Hands(Generic[T]):
    """Threads that take numbers in turn; when told to stop nobody waits for what they have begun.

    They die with the process: a replication half played is dropped, whatever its length.
    """

    def __init__(self, work: Callable[[int], T], numbers: list[int]) -> None:
        self._work, self._stopped, self._numbers = work, threading.Event(), numbers
        self._waiting: queue.SimpleQueue[tuple[int, int]] = queue.SimpleQueue()
        self._done: queue.SimpleQueue[tuple[int, T] | BaseException] = queue.SimpleQueue()
        for entry in enumerate(numbers):
            self._waiting.put(entry)

    def begin(self, threads: int) -> None:
        """Start so many threads."""
        for _ in range(min(threads, len(self._numbers))):
            threading.Thread(target=self._take, daemon=True, name="twin-replication").start()

    def _take(self) -> None:
        while not self._stopped.is_set():
            try:
                place, number = self._waiting.get_nowait()
            except queue.Empty:
                return
            try:
                self._done.put((place, self._work(number)))
            except BaseException as error:  # noqa: BLE001 - raised again where the result is waited for
                self._done.put(error)
                return

    def finished(self, seconds: float) -> Iterator[tuple[int, T]]:
        """The next result, if it comes within so many seconds; a fault of its thread is raised here."""
        try:
            found = self._done.get(timeout=seconds)
        except queue.Empty:
            return
        if isinstance(found, BaseException):
            raise found
        yield found

    def go_on(self) -> None:
        """Raise ``Cancelled`` once nobody waits for the result."""
        if self._stopped.is_set():
            raise Cancelled("nobody waits for this replication any more")

    def stop(self) -> None:
        """Let nobody begin another."""
        self._stopped.set()


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


def expected_rows(case: Case, window: Window) -> float:
    """Patient-steps that one replication is expected to hold."""
    return _rows_a_day(case.hospital) * days_until_too_many(case, window)


def refuse_too_much(case: Case, window: Window, replications: int) -> None:
    """Refuse, before anything is drawn, a run that cannot end well.

    Raises
    ------
    UsageError
        With the estimate and the limit.
    """
    asked = Budget(replications, expected_rows(case, window))
    if not asked.fits:
        raise UsageError(f"{asked}; ask for fewer days or replications", code="E_BUDGET")
