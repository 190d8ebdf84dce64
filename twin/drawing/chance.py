"""Keyed chance in compiled code: the same keys and the same uniform numbers as ``twin.streams``.

A key is made of parts one after the other; what is known beforehand of a part, its own hash, is worked
out once (``part``), so that a further part costs one round of the hash.
"""

from __future__ import annotations

import numpy as np

from twin.drawing.compiled import compiled
from twin.streams import GOLDEN, LAST, MIX_1, MIX_2, STEP, UIntArray, finalise, name_key

_30, _27, _31, _11 = np.uint64(30), np.uint64(27), np.uint64(31), np.uint64(11)


def part(name: str) -> np.uint64:
    """The hash of a name as part of a key."""
    with np.errstate(over="ignore"):
        return np.uint64(finalise(name_key(name) + GOLDEN))


def parts(names: list[str]) -> UIntArray:
    """The hashes of names, shape (name,)."""
    return np.array([part(name) for name in names], np.uint64)


@compiled
def hashed(number):
    """The hash of a number as part of a key."""
    return _finalised(np.uint64(number) + GOLDEN)


@compiled
def joined(key, hashed_part):
    """The key that ``streams.mix(key, part)`` makes, of the part's hash."""
    return _finalised((np.uint64(key) ^ np.uint64(hashed_part)) + GOLDEN)


@compiled
def uniform_of(key):
    """The uniform number of a key, strictly between 0 and 1."""
    return min((np.float64(np.uint64(key) >> _11) + 0.5) * STEP, LAST)


@compiled
def drawn(key, hashed_part):
    """The uniform number of a key and one more part."""
    return uniform_of(joined(key, hashed_part))


@compiled
def _finalised(value):
    value = np.uint64(value)
    value = (value ^ (value >> _30)) * MIX_1
    value = (value ^ (value >> _27)) * MIX_2
    return value ^ (value >> _31)
