"""Together: many replications of one case, or of several on the same chance, wherever there are hands.

Each replication is reduced to what is asked before the next begins, so that memory does not grow with
their number. The work goes out in batches, and what was lost with a process or a worker goes out again:
the results are the same, in the same order, whoever played them.
"""

from __future__ import annotations

import queue
import threading
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import CancelledError, Executor, Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, TypeVar

from twin.case import Case, Window
from twin.engine import Engine
from twin.errors import Cancelled
from twin.replications.cluster import Cluster, is_loss, lost
from twin.replications.hands import Processes, Threads
from twin.replications.limits import refuse_too_much
from twin.replications.parcel import Parcel, pack, play_batch
from twin.replications.question import Prepared, Question, Side
from twin.replications.where import cluster_here
from twin.trace import Trace

T = TypeVar("T")

#: sides that are played by one task, so that one parcel and one drawing serve many; fewer than the tables
#: that are kept (``twin.once``), so that none is made twice
MOST_SIDES = 50
#: runs of an engine in one task: enough that 1-2 ms to send it do not matter, few enough to end soon
MOST_IN_BATCH = 500
#: tasks a worker at the least, so that all end at about the same time; on this machine a task costs little
TASKS_A_WORKER, TASKS_A_THREAD = 4, 128
#: how often a task is sent when who had it was lost; to processes of our own so often beside others, then
#: alone: what is lost beside others may be another's fault, so it has two tries of its own left
TRIES, TRIES_BESIDE_OTHERS = 4, 2
#: how long to wait for a result before looking up [s]
_LOOK_UP = 0.2


def replicate(
    case: Case,
    window: Window,
    *,
    seed: int,
    replications: Iterable[int],
    reduce: Callable[[Trace], T],
    engine: Engine = "kernel",
    threads: int = 2,
    executor: Executor | None = None,
    progress: Callable[[int, int], None] | None = None,
    check: Callable[[], None] | None = None,
) -> list[T]:
    """Draw and play each replication and keep what ``reduce`` makes of its trace.

    Parameters
    ----------
    replications
        Numbers of the replications; number r meets the same patients in every case, and lives on
        path r of the forecast.
    reduce
        Where the work leaves this process, a function at the top of a module or a ``partial`` of one.
    threads
        How many replications are played at the same time on this machine: threads for the kernel,
        processes for the reference engine.
    executor
        Whose hands do the work: any executor of threads, processes or a Dask cluster. When omitted, the
        cluster that ``on_cluster`` names, or else this machine.
    progress
        Told (done, all) after each batch.
    check
        Called between batches and twice a second or more; it raises to stop (``Cancelled``).

    Returns
    -------
    list
        In the order of ``replications``, whoever was first.

    Raises
    ------
    UsageError
        The run would not fit in memory or in a day; or what is asked cannot be sent to who should do it.
    TwinError
        A batch was lost several times with the process or worker that played it.
    """
    return replicate_sides(
        [Side(case, reduce)], window, seed=seed, replications=replications, engine=engine,
        threads=threads, executor=executor, progress=progress, check=check,
    )[0]  # fmt: skip


def replicate_sides(
    sides: Sequence[Side[T]],
    window: Window,
    *,
    seed: int,
    replications: Iterable[int],
    engine: Engine = "kernel",
    threads: int = 2,
    executor: Executor | None = None,
    progress: Callable[[int, int], None] | None = None,
    check: Callable[[], None] | None = None,
) -> list[list[T]]:
    """Play several cases, each replication of all of them on the same chance; see ``replicate``.

    Patients are drawn once for all sides that meet the same ones. ``progress`` counts replications of each
    side.

    Returns
    -------
    list
        For each side its results, in the order of ``replications``.
    """
    numbers = list(replications)
    question = Question.of(sides, window, seed, engine)
    for side, days in zip(sides, question.days, strict=True):
        refuse_too_much(side.case, window, len(numbers), days=days)
    if not (numbers and sides):
        return [[] for _ in sides]
    if min(question.days) < window.total:
        threads = 1  # each holds as many patients as a run may: one at a time
    hands = _Hands(executor if executor is not None else cluster_here(), engine, threads)
    results: list[list[Any]] = [[None] * len(numbers) for _ in sides]
    played = _Together(question, numbers, hands)

    def keep(task: _Task, found: Sequence[tuple[T, ...]]) -> None:
        for place, row in enumerate(found, start=task.place):
            for side, result in enumerate(row, start=task.first_side):
                results[side][place] = result

    try:
        played.gather(keep, progress, check)
    finally:
        played.stop()
    return results


@dataclass(frozen=True)
class _Task:
    """A batch: some replications of some sides."""

    question: int
    sides: int
    first_side: int
    numbers: tuple[int, ...]
    place: int  # of the first among all replications
    tries: int = 0

    @property
    def goes_alone(self) -> bool:
        return self.tries >= TRIES_BESIDE_OTHERS

    def again(self) -> _Task:
        return _Task(self.question, self.sides, self.first_side, self.numbers, self.place, self.tries + 1)

    def __str__(self) -> str:
        first, last = self.numbers[0], self.numbers[-1]
        return f"replication {first}" if first == last else f"replications {first} to {last}"


class _Hands:
    """An executor and how it is spoken to; one of our own is made anew when it breaks."""

    def __init__(self, given: Executor | None, engine: Engine, threads: int) -> None:
        self._kind = None if given is not None else Threads if engine == "kernel" else Processes
        self._threads = threads
        self.executor: Executor = given if given is not None else self._own()

    @property
    def is_here(self) -> bool:
        """Whether the work stays in this process."""
        return isinstance(self.executor, Threads | ThreadPoolExecutor)

    @property
    def workers(self) -> int:
        """Tasks that are done at the same time, as far as the executor tells."""
        for name in ("workers", "_max_workers"):
            if isinstance(told := getattr(self.executor, name, None), int):
                return max(1, told)
        return self._threads

    def _own(self) -> Executor:
        assert self._kind is not None
        return self._kind(max(1, self._threads))

    @property
    def at_once(self) -> int | None:
        """Tasks that may be with them at the same time; None where any number may.

        Processes of a pool are lost together, and all that was sent to them: so only what keeps them busy.
        """
        return self.workers + 1 if self._kind is Processes else None

    def remake(self) -> bool:
        """Begin again with new hands; False where they are not ours to make."""
        if self._kind is not None:
            self.executor.shutdown(wait=False, cancel_futures=True)
            self.executor = self._own()
        return self._kind is not None or isinstance(self.executor, Cluster)

    def stop(self) -> None:
        """Let our own hands go."""
        if self._kind is not None:
            self.executor.shutdown(wait=False, cancel_futures=True)
        elif isinstance(self.executor, Cluster):
            self.executor.forget()


class _Together:
    """The batches of one call: sent out, waited for, and sent again where they were lost."""

    def __init__(self, question: Question[Any], numbers: Sequence[int], hands: _Hands) -> None:
        self._hands, self._stopped = hands, threading.Event()
        sides = len(question.sides)
        starts = range(0, sides, MOST_SIDES)
        questions = [question.part(first, MOST_SIDES) for first in starts]
        self._prepared: list[Prepared[Any]] = [Prepared(q) for q in questions] if hands.is_here else []
        self._parcels: list[Parcel] = [] if hands.is_here else [pack(q) for q in questions]
        size = batch_size(len(numbers), len(questions), len(questions[0].sides), hands.workers, hands.is_here)
        # One question after the other, so that what is made of one is at hand for all its batches.
        self._waiting = deque(
            _Task(q, len(part.sides), starts[q], tuple(numbers[i : i + size]), i)
            for q, part in enumerate(questions)
            for i in range(0, len(numbers), size)
        )
        self._all = sides * len(numbers)
        self._pending: dict[Future[Any], tuple[_Task, Executor]] = {}
        self._ended: queue.SimpleQueue[Future[Any]] = queue.SimpleQueue()

    def gather(
        self,
        keep: Callable[[_Task, Any], None],
        progress: Callable[[int, int], None] | None,
        check: Callable[[], None] | None,
    ) -> None:
        """Send all batches and keep what comes back, until all is there."""
        done = 0
        while self._waiting or self._pending:
            self._send()
            try:
                future = self._ended.get(timeout=_LOOK_UP)
            except queue.Empty:
                if isinstance(self._hands.executor, Cluster):
                    self._hands.executor.look()
            else:
                task, executor = self._pending.pop(future)
                error = _error(future)
                if error is None:
                    keep(task, future.result())
                    done += task.sides * len(task.numbers)
                    if progress is not None:
                        progress(done, self._all)
                elif is_loss(error):
                    self._again(task, executor, error)
                else:
                    raise error
            if check is not None:
                check()

    def stop(self) -> None:
        """Drop what waits; what was begun here ends when it next looks up."""
        self._stopped.set()
        for future in self._pending:
            future.cancel()
        self._hands.stop()

    def _send(self) -> None:
        """Send what waits, as far as the hands take it."""
        while self._waiting and self._has_room(self._waiting[0]):
            task, executor = self._waiting.popleft(), self._hands.executor
            try:
                future = self._submit(task, executor)
            except Exception as error:
                if not is_loss(error):
                    raise
                self._again(task, executor, error)
            else:
                self._pending[future] = task, executor
                future.add_done_callback(self._ended.put)

    def _has_room(self, task: _Task) -> bool:
        """Whether a task may be sent now: one that was lost often goes alone, so none is lost for another."""
        most = self._hands.at_once
        if most is None or not self._pending:
            return True
        alone = task.goes_alone or any(sent.goes_alone for sent, _ in self._pending.values())
        return not alone and len(self._pending) < most

    def _submit(self, task: _Task, executor: Executor) -> Future[Any]:
        if self._hands.is_here:
            return executor.submit(self._prepared[task.question].play, task.numbers, self._go_on)
        parcel = self._parcels[task.question]
        data = executor.send(parcel) if isinstance(executor, Cluster) else parcel.data
        return executor.submit(play_batch, parcel.key, data, parcel.made_with, task.numbers)

    def _again(self, task: _Task, lost_with: Executor, error: BaseException) -> None:
        """Let a task that was lost wait once more, before all others, so that one lost for good is told."""
        why = f"{type(error).__name__}: {error}".rstrip(": ")
        if task.tries + 1 >= TRIES:
            raise lost(f"who played {task} was lost {TRIES} times ({why})") from error
        if lost_with is self._hands.executor and not self._hands.remake():
            raise lost(f"the executor was lost with {task} ({why})") from error
        self._waiting.appendleft(task.again())

    def _go_on(self) -> None:
        if self._stopped.is_set():
            raise Cancelled("nobody waits for this replication any more")


def _error(future: Future[Any]) -> BaseException | None:
    """Why a task has no result; None where it has one."""
    return CancelledError() if future.cancelled() else future.exception()


def batch_size(replications: int, questions: int, sides: int, workers: int, is_here: bool) -> int:
    """Replications in one task: many where there are many, several tasks a worker where there are few."""
    tasks = workers * (TASKS_A_THREAD if is_here else TASKS_A_WORKER)
    return max(1, min(replications * questions // tasks, MOST_IN_BATCH // sides))
