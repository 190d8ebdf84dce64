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

_GOLDEN = np.uint64(0x9E3779B97F4A7C15)
_MIX_1 = np.uint64(0xBF58476D1CE4E5B9)
_MIX_2 = np.uint64(0x94D049BB133111EB)


def name_key(name: str) -> np.uint64:
    """The 64-bit key of a stream's name; names, not numbers, keep streams apart."""
    return np.uint64(int.from_bytes(hashlib.blake2b(name.encode(), digest_size=8).digest(), "little"))


def mix(key: UIntArray | np.uint64, *parts: UIntArray | IntLike | np.uint64) -> UIntArray:
    """A key made of a key and more parts, element by element. Shape: the parts broadcast."""
    with np.errstate(over="ignore"):
        value = np.asarray(key, dtype=np.uint64)
        for part in parts:
            value = _finalise((value ^ _finalise(np.asarray(part).astype(np.uint64) + _GOLDEN)) + _GOLDEN)
    return value


IntLike = int | NDArray[np.int64]


def _finalise(value: UIntArray) -> UIntArray:
    value = (value ^ (value >> np.uint64(30))) * _MIX_1
    value = (value ^ (value >> np.uint64(27))) * _MIX_2
    return value ^ (value >> np.uint64(31))


def uniform(key: UIntArray | np.uint64) -> FloatArray:
    """The uniform number of each key, strictly between 0 and 1."""
    top = np.asarray(key, dtype=np.uint64) >> np.uint64(11)
    return (top.astype(np.float64) + 0.5) * 2.0**-53


def root(seed: int, replication: int) -> np.uint64:
    """The key under which all chance of one replication lives.

    ``replication`` is hashed, not added, so that seeds 1, 2, 3 share no future.
    """
    return np.uint64(mix(name_key(f"seed {seed}"), replication))
