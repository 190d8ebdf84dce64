"""Questions: sides that are played on the same chance, and what is kept of each replication.

A question is plain data and can be sent to another process; ``Prepared`` is the same question made ready
in this one, with all that its replications share decided once.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import Generic, TypeVar

from twin.case import Case, Window, shared_schedule
from twin.engine import Engine
from twin.replications.playing import days_until_too_many, play
from twin.trace import Trace
from twin.workload import same_patients

T = TypeVar("T")


@dataclass(frozen=True)
class Side(Generic[T]):
    """One case of a question.

    Attributes
    ----------
    reduce : what is kept of each trace; where it is sent to another process, a function at the top of a
        module or a ``partial`` of one
    """

    case: Case
    reduce: Callable[[Trace], T]


@dataclass(frozen=True)
class Question(Generic[T]):
    """What is played: every side, each replication on the same chance and the same path.

    Attributes
    ----------
    days : of each side, what ``days_until_too_many`` says
    """

    sides: tuple[Side[T], ...]
    days: tuple[int, ...]
    window: Window
    seed: int
    engine: Engine = "kernel"

    @classmethod
    def of(
        cls, sides: Iterable[Side[T]], window: Window, seed: int, engine: Engine = "kernel"
    ) -> Question[T]:
        """A question about these sides."""
        asked = tuple(sides)
        days = tuple(days_until_too_many(side.case, window) for side in asked)
        return cls(asked, days, window, seed, engine)

    def part(self, first: int, sides: int) -> Question[T]:
        """The same question about some of its sides."""
        kept = slice(first, first + sides)
        return replace(self, sides=self.sides[kept], days=self.days[kept])


class Prepared(Generic[T]):
    """A question in the process that plays it: levels resolved once a side, patients drawn once for all.

    Attributes
    ----------
    alike : places of the sides that meet the same patients, so that one drawing serves them all
    """

    def __init__(self, question: Question[T]) -> None:
        self.question = question
        cases, window = [side.case for side in question.sides], question.window
        self._schedules = [shared_schedule(case, window) for case in cases]
        self.alike: list[list[int]] = []
        for i, case in enumerate(cases):
            for together in self.alike:
                if same_patients(cases[together[0]], case):
                    together.append(i)
                    break
            else:
                self.alike.append([i])

    def play(self, numbers: Iterable[int], check: Callable[[], None] | None = None) -> list[tuple[T, ...]]:
        """What is kept of these replications, in their order: for each, one result a side.

        ``check`` is called before each run of an engine; it raises to stop.
        """
        return [self._one(number, check) for number in numbers]

    def _one(self, number: int, check: Callable[[], None] | None) -> tuple[T, ...]:
        results: dict[int, T] = {}
        for together in self.alike:
            workload = None
            for i in together:
                side, whole = self.question.sides[i], self.question.days[i] >= self.question.window.total
                trace = play(
                    side.case,
                    self.question.window,
                    seed=self.question.seed,
                    replication=number,
                    engine=self.question.engine,
                    schedule=self._schedules[i],
                    days=self.question.days[i],
                    workload=workload,
                    check=check,
                )
                if whole and len(together) > 1:
                    workload = trace.workload
                results[i] = side.reduce(trace)
                del trace  # before the next is played: memory holds one at a time
        return tuple(results[i] for i in range(len(results)))
