"""Once: what is worked out of values that never change is kept beside them, and forgotten with them."""

from __future__ import annotations

import threading
import weakref
from collections import deque
from collections.abc import Callable, Hashable
from typing import Any, Generic, TypeVar

T = TypeVar("T")


class Once(Generic[T]):
    """Results by the identity of the values they were made of; equal values made anew are others.

    So many are kept at most, the latest. A result must not hold on to the values themselves.
    """

    def __init__(self, most: int = 64) -> None:
        self._made: dict[Hashable, tuple[tuple[weakref.ref[Any], ...], T]] = {}
        self._gone: deque[Hashable] = deque()  # may grow at any moment, also while the rest is changed
        self._most, self._lock = most, threading.Lock()

    def get(self, make: Callable[[], T], *values: Any, also: Hashable = None) -> T:
        """The result for these values (and for ``also``, which is compared); made if it is not there."""
        name = (*map(id, values), also)
        found = self._made.get(name)
        if found is not None and all(ref() is value for ref, value in zip(found[0], values, strict=True)):
            return found[1]
        made = make()
        refs = tuple(weakref.ref(value, lambda _: self._gone.append(name)) for value in values)
        with self._lock:
            while self._gone:
                self._made.pop(self._gone.popleft(), None)
            self._made.pop(name, None)
            self._made[name] = (refs, made)
            while len(self._made) > self._most:
                del self._made[next(iter(self._made))]
        return made
