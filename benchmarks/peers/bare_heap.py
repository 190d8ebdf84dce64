"""A bare heap, compiled like the kernel: what one event costs at least, where events wait in one heap.

A binary heap of 1,000 whole numbers of 64 bits; the first is taken out and another put in, over and over.
"""

from __future__ import annotations

import time

import numpy as np
from numba import njit

ENTRIES = 1_000
TURNS = 2_000_000


@njit
def push(heap, size, key):
    """Put a key in; the heap has ``size`` keys before."""
    at = size
    while at > 0:
        above = (at - 1) >> 1
        if heap[above] <= key:
            break
        heap[at] = heap[above]
        at = above
    heap[at] = key


@njit
def pop(heap, size):
    """Take the first out; the heap has ``size`` keys before."""
    first, key, at = heap[0], heap[size - 1], 0
    size -= 1
    while True:
        below = 2 * at + 1
        if below >= size:
            break
        if below + 1 < size and heap[below + 1] < heap[below]:
            below += 1
        if key <= heap[below]:
            break
        heap[at] = heap[below]
        at = below
    heap[at] = key
    return first


@njit
def turn_over(heap, entries, gaps):
    """Fill the heap, then take out and put in once for each gap. Returns the last key taken out."""
    for number in range(entries):
        push(heap, number, gaps[number])
    first = np.int64(0)
    for gap in gaps:
        first = pop(heap, entries)
        push(heap, entries - 1, first + gap)
    return first


def nanoseconds(repeats: int = 3) -> float:
    """One pop and one push, exponential gaps; the best of a few. [ns]"""
    gaps = np.random.default_rng(1).exponential(1e6, TURNS).astype(np.int64) + 1
    heap = np.empty(ENTRIES, np.int64)
    turn_over(heap, ENTRIES, gaps[:ENTRIES])
    times = []
    for _ in range(repeats):
        began = time.process_time()
        turn_over(heap, ENTRIES, gaps)
        times.append(time.process_time() - began)
    return min(times) / TURNS * 1e9


if __name__ == "__main__":
    print(f"a pop and a push at {ENTRIES:,} entries: {nanoseconds():.0f} ns")
