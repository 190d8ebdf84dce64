"""Chance: every uniform number is found by its key, never by its turn.

A draw belongs to (seed, replication, named stream, source, day, index, step, visit). More demand
adds patients and moves none; a new stream moves no other. Each draw is the inversion of one
uniform number, so that there are no loops and no rejections.

The hash is the finaliser of SplitMix64 (Steele, Lea & Flood 2014, OOPSLA, doi:10.1145/2660193.2660195).
"""

from __future__ import annotations

import hashlib

import numpy as np
from numpy.typing import NDArray

from twin.units import FloatArray

UIntArray = NDArray[np.uint64]

GOLDEN = np.uint64(0x9E3779B97F4A7C15)
MIX_1 = np.uint64(0xBF58476D1CE4E5B9)
MIX_2 = np.uint64(0x94D049BB133111EB)

#: step between two uniform numbers, and the last of them before 1
STEP, LAST = 2.0**-53, 1 - 2.0**-53


def name_key(name: str) -> np.uint64:
    """The 64-bit key of a stream's name; names, not numbers, keep streams apart."""
    return np.uint64(int.from_bytes(hashlib.blake2b(name.encode(), digest_size=8).digest(), "little"))


def mix(key: UIntArray | np.uint64, *parts: UIntArray | IntLike | np.uint64) -> UIntArray:
    """A key made of a key and more parts, element by element. Shape: the parts broadcast."""
    with np.errstate(over="ignore"):
        value = np.asarray(key, dtype=np.uint64)
        for part in parts:
            value = finalise((value ^ finalise(np.asarray(part).astype(np.uint64) + GOLDEN)) + GOLDEN)
    return value


IntLike = int | NDArray[np.int64]


def finalise(value: UIntArray | np.uint64) -> UIntArray:
    """The finaliser of SplitMix64, element by element; products wrap around. Same shape."""
    whole = np.asarray(value, dtype=np.uint64)
    with np.errstate(over="ignore"):
        whole = (whole ^ (whole >> np.uint64(30))) * MIX_1
        whole = (whole ^ (whole >> np.uint64(27))) * MIX_2
    return whole ^ (whole >> np.uint64(31))


def uniform(key: UIntArray | np.uint64) -> FloatArray:
    """The uniform number of each key, strictly between 0 and 1."""
    top = np.asarray(key, dtype=np.uint64) >> np.uint64(11)
    return np.minimum((top.astype(np.float64) + 0.5) * STEP, LAST)


def root(seed: int, replication: int) -> np.uint64:
    """The key under which all chance of one replication lives.

    ``replication`` is hashed, not added, so that seeds 1, 2, 3 share no future.
    """
    return np.uint64(mix(name_key(f"seed {seed}"), replication))
