"""Cluster: replications on many machines, over a Dask scheduler that is already there.

Its workers are looked at before any work: one that would not compute the same bit for bit is refused.
"""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import Callable
from concurrent.futures import BrokenExecutor, CancelledError, Executor, Future
from types import TracebackType
from typing import Any

from twin.errors import TwinError, UsageError
from twin.replications.hands import Threads
from twin.replications.parcel import Parcel, difference, fingerprint

#: a scheduler, or a first worker, that does not answer for so long is not there [s]
ANSWERS_WITHIN = 5.0
#: workers may need so long to load the twin and say what they compute with [s]
LOADED_WITHIN = 60.0
#: a cluster that has had no worker for so long is given up [s]
WORKER_WITHIN = 30.0
#: how often the cluster is looked at while nothing comes [s]
_LOOK = 2.0


class Cluster(Executor):
    """The executor of a Dask cluster.

    Parameters
    ----------
    address
        Of the scheduler, such as ``tcp://10.0.0.5:8786``; with ``tls://`` the keys are those of Dask's own
        configuration.

    Raises
    ------
    UsageError
        Dask is not installed, nobody answers there, there is no worker, or one computes with something else.
    """

    def __init__(self, address: str) -> None:
        self.address = address
        self._client = _client(address)
        try:
            self._refuse_strangers()
        except BaseException:
            self._client.close(timeout=1)
            raise
        self._executor = self._client.get_executor(pure=False)
        self._sent: dict[str, Any] = {}
        self._looked = self._seen = time.monotonic()

    @property
    def workers(self) -> int:
        """Tasks that the cluster does at the same time."""
        return max(1, sum(self._client.nthreads().values()))

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        """Do ``fn`` on a worker."""
        done: Future[Any] = self._executor.submit(fn, *args, **kwargs)
        return done

    def send(self, parcel: Parcel) -> Any:
        """The bytes of a parcel, to be given to tasks: they travel to a worker once.

        They are the result of a task, so that the scheduler makes them again where they are lost.
        """
        if parcel.key not in self._sent:
            name = f"twin-question-{parcel.key}"
            self._sent[parcel.key] = self._client.submit(bytes, parcel.data, key=name, pure=True)
        return self._sent[parcel.key]

    def look(self) -> None:
        """See whether anybody is still there.

        Raises
        ------
        TwinError
            The scheduler is gone, or has had no worker for a while.
        """
        now = time.monotonic()
        if now - self._looked < _LOOK:
            return
        self._looked = now
        if self._client.status == "running" and self._client.nthreads():
            self._seen = now
        elif now - self._seen > WORKER_WITHIN:
            raise lost(f"the cluster at {self.address} has had no worker for {WORKER_WITHIN:.0f} s")

    def forget(self) -> None:
        """Let go of what was sent."""
        self._sent.clear()

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """Leave the cluster; what waits there is dropped."""
        self._executor.shutdown(wait=False)
        self._sent.clear()
        self._client.close(timeout=2)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Leave the cluster."""
        self.shutdown(wait=False)

    def _refuse_strangers(self) -> None:
        """Refuse a cluster with a worker that would not compute the same."""
        try:
            self._client.wait_for_workers(1, timeout=ANSWERS_WITHIN)
        except TimeoutError as fault:
            raise UsageError(
                f"the cluster at {self.address} has no worker; start one: dask worker {self.address}",
                code="E_CLUSTER",
            ) from fault
        try:
            told = _within(LOADED_WITHIN, self._client.run, fingerprint, on_error="return")
        except TimeoutError as fault:
            raise UsageError(
                f"a worker of the cluster at {self.address} did not say within {LOADED_WITHIN:.0f} s what it "
                "computes with; end it or start it again",
                code="E_CLUSTER",
            ) from fault
        here = fingerprint()
        faults = [f"  {worker}  {words}" for worker, has in told.items() if (words := _stranger(has, here))]
        if faults:
            raise UsageError(
                f"the cluster at {self.address} would not compute the same as this machine:\n"
                + "\n".join(sorted(faults))
                + "\ninstall the same twin and libraries on all (constraints.txt) and restart the workers",
                code="E_CLUSTER",
            )


def _client(address: str) -> Any:
    """A connection to a scheduler."""
    try:
        from distributed import Client, Security
        from distributed.comm import connect
    except ImportError as fault:
        raise UsageError(
            "a cluster needs Dask: pip install 'hospital-twin[cluster]'", code="E_CLUSTER"
        ) from fault

    async def knock() -> None:
        given = Security().get_connection_args("client")
        comm = await asyncio.wait_for(connect(address, timeout=ANSWERS_WITHIN, **given), ANSWERS_WITHIN)
        await comm.close()

    try:
        # Found out first: a client made in vain would keep the program from ending.
        _within(2 * ANSWERS_WITHIN, lambda: asyncio.run(knock()))
        return Client(address, timeout=ANSWERS_WITHIN, set_as_default=False, name="hospital-twin")
    except (OSError, ValueError, RuntimeError, TypeError, MemoryError) as fault:  # or it speaks otherwise
        why = f"{type(fault).__name__}: {fault}".rstrip(": ")
        raise UsageError(
            f'no cluster answers at "{address}" ({why}); '
            "start one with `dask scheduler`, and name the address that it tells",
            code="E_CLUSTER",
        ) from fault


def _within(seconds: float, work: Callable[..., Any], *args: Any, **named: Any) -> Any:
    """What ``work`` returns; a ``TimeoutError`` where that takes longer, and nobody waits for it any more."""
    asking = Threads(1)
    try:
        return asking.submit(work, *args, **named).result(timeout=seconds)
    finally:
        asking.shutdown()


def _stranger(has: Any, here: dict[str, str]) -> str:
    """Why a worker would not compute the same, in words; empty where it would."""
    if isinstance(has, BaseException):
        return f"cannot load the twin: {type(has).__name__}: {has}"
    return difference(has, here)


def is_loss(error: BaseException) -> bool:
    """Whether an error says that a task was lost with who did it, and not that the task itself failed."""
    if isinstance(error, BrokenExecutor | CancelledError):
        return True
    if "distributed" not in sys.modules:
        return False
    from distributed import KilledWorker
    from distributed.comm import CommClosedError

    return isinstance(error, KilledWorker | CommClosedError)


def lost(words: str) -> TwinError:
    """The error of work that was lost for good."""
    return TwinError(f"{words}; nothing of this question was kept, ask it again", code="E_LOST")
