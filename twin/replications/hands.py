"""Hands: executors of this machine, threads for the kernel and processes for the reference engine.

The kernel lets go of the interpreter's lock while it runs, so threads carry it without a copy of anything.
SimPy never does, so it is given processes. Both can be dropped at any time: nobody waits for what they
have begun, and they do not keep the program alive.
"""

from __future__ import annotations

import multiprocessing
import os
import queue
import signal
import threading
from collections.abc import Callable
from concurrent.futures import Executor, Future, ProcessPoolExecutor
from multiprocessing import connection
from typing import Any

_Task = tuple["Future[Any]", Callable[..., Any], tuple[Any, ...], dict[str, Any]]


class Threads(Executor):
    """Threads that die with the program: a task half done when nobody waits any more is dropped."""

    def __init__(self, workers: int = 2) -> None:
        self.workers = max(1, workers)
        self._stopped = threading.Event()
        self._waiting: queue.SimpleQueue[_Task | None] = queue.SimpleQueue()
        self._begun = 0

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        """Do ``fn`` in the next free thread."""
        if self._stopped.is_set():
            raise RuntimeError("these threads were told to stop")
        task: Future[Any] = Future()
        self._waiting.put((task, fn, args, kwargs))
        if self._begun < self.workers:
            self._begun += 1
            threading.Thread(target=self._take, daemon=True, name="twin-replication").start()
        return task

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """Begin nothing more: what waits is cancelled, what was begun is dropped and not waited for."""
        self._stopped.set()
        for _ in range(self._begun):
            self._waiting.put(None)

    def _take(self) -> None:
        while (entry := self._waiting.get()) is not None:
            task, fn, args, kwargs = entry
            if self._stopped.is_set():
                task.cancel()
            elif task.set_running_or_notify_cancel():
                try:
                    task.set_result(fn(*args, **kwargs))
                except BaseException as error:  # noqa: BLE001 - raised again where the result is waited for
                    task.set_exception(error)


class Processes(ProcessPoolExecutor):
    """Processes that end at once when told to stop, and with the program that began them.

    They load the program's main file, as Python's own pools do: a script begins its work under
    ``if __name__ == "__main__"``.
    """

    def __init__(self, workers: int = 2) -> None:
        self.workers = max(1, workers)
        super().__init__(self.workers, _context(), initializer=_with_parent)

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """End the processes, whatever they have begun."""
        begun = list((self._processes or {}).values())
        super().shutdown(wait=False, cancel_futures=True)
        for process in begun:
            process.terminate()


def _context() -> Any:
    """How processes are begun: as copies of one that has loaded the twin and has no threads, if it can be."""
    if "forkserver" not in multiprocessing.get_all_start_methods():
        return multiprocessing.get_context("spawn")
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["twin.replications.parcel", "twin.engine.reference", "twin.measures"])
    return context


def _with_parent() -> None:
    """End this process when its parent has ended; leave Ctrl-C to the parent."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    parent = multiprocessing.parent_process()
    if parent is None:
        return
    sentinel = parent.sentinel

    def watch() -> None:
        connection.wait([sentinel])
        os._exit(1)

    threading.Thread(target=watch, daemon=True, name="twin-parent").start()
