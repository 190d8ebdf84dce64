"""Parcels: a question on its way to another process, opened there once however many batches come.

Results must be the same wherever they are played, bit for bit. So a parcel says what it was packed with,
and whoever opens it must compute with the same.
"""

from __future__ import annotations

import hashlib
import importlib.util
import pickle
import platform
import threading
import zlib
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
from scipy import special

from twin.errors import UsageError
from twin.replications.question import Prepared, Question

#: packages whose functions may be part of what is computed
_PACKAGES = ("twin", "forecasting", "optimization", "scenarios", "dashboards")
_LIBRARIES = ("numpy", "numba", "scipy", "pydantic")
#: opened parcels that a process keeps, those used last (assumed: a few questions are asked at the same time)
_KEPT = 4


@dataclass(frozen=True)
class Parcel:
    """A question as bytes.

    Attributes
    ----------
    key : hash of its content, under which it is opened once in a process
    made_with : what the sender computes with
    """

    key: str
    data: bytes
    made_with: Mapping[str, str]


def pack(question: Question[Any]) -> Parcel:
    """A question as bytes.

    Raises
    ------
    UsageError
        A part of it, such as a function made inside another one, cannot be sent.
    """
    try:
        data = zlib.compress(pickle.dumps(question, protocol=5), 1)
    except (pickle.PicklingError, AttributeError, TypeError) as fault:
        raise UsageError(
            f"what is asked cannot be sent to another process: {fault}; what reduces a trace is a function "
            "at the top of a module, or a partial of one"
        ) from fault
    return Parcel(hashlib.sha256(data).hexdigest(), data, fingerprint())


def play_batch(key: str, data: bytes, made_with: Mapping[str, str], numbers: Sequence[int]) -> list[Any]:
    """Play a batch of a parcel's replications in this process.

    Raises
    ------
    UsageError
        This process computes with something else than the sender.
    """
    told = difference(fingerprint(), made_with)
    if told:
        raise UsageError(f"{platform.node()} would not compute the same: {told}", code="E_CLUSTER")
    return _opened(key, data).play(numbers)


def fingerprint() -> dict[str, str]:
    """What this process computes with: versions, a hash of our sources, and one of its arithmetic."""
    return dict(_fingerprint())


@cache
def _fingerprint() -> tuple[tuple[str, str], ...]:
    named = {
        "Python": ".".join(platform.python_version_tuple()[:2]),
        **{name: version(name) for name in _LIBRARIES},
        "the twin's source": _sources(),
        "the processor's arithmetic": _arithmetic(),
    }
    return tuple(named.items())


def difference(there: Mapping[str, str], here: Mapping[str, str]) -> str:
    """What two processes compute with that is not the same, in words; empty where all is."""
    return "; ".join(
        f"{name} is {there.get(name, 'unknown')} there and {mine} here"
        for name, mine in here.items()
        if there.get(name) != mine
    )


def _sources() -> str:
    """Hash of every source file of ours."""
    digest = hashlib.sha256()
    for package in _PACKAGES:
        found = importlib.util.find_spec(package)
        for folder in found.submodule_search_locations or () if found is not None else ():
            for file in sorted(Path(folder).rglob("*.py")):
                digest.update(file.relative_to(folder).as_posix().encode())
                digest.update(file.read_bytes())
    return digest.hexdigest()[:12]


def _arithmetic() -> str:
    """Hash of functions whose last bit may differ between processors and mathematical libraries."""
    x = np.linspace(0.001, 0.999, 4_001)
    values = (
        np.exp(-3 * x),
        np.log(x),
        np.log1p(-x),
        np.expm1(x),
        x**0.37,
        np.sin(x),
        special.ndtri(x),
        special.gammaincinv(2.3, x),
        np.array([x.sum(), (x * x).mean(), x.std()]),
    )
    return hashlib.sha256(b"".join(v.tobytes() for v in values)).hexdigest()[:12]


_OPENED: OrderedDict[str, Prepared[Any]] = OrderedDict()
_OPENING = threading.Lock()


def _opened(key: str, data: bytes) -> Prepared[Any]:
    """The question of a parcel, made ready once in this process; those used last are kept."""
    with _OPENING:  # a second thread of this worker waits for it, and does not open it too
        if key not in _OPENED:
            _OPENED[key] = Prepared(pickle.loads(zlib.decompress(data)))  # noqa: S301 - the sender may run code here
        _OPENED.move_to_end(key)
        while len(_OPENED) > _KEPT:
            _OPENED.popitem(last=False)
        return _OPENED[key]
