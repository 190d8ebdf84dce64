"""Heaps: the next event of a class, one packed whole number an event.

Each number has four below it, and behind the last stand four that never happen, so that the earliest
of four is found without a look at the size. What is taken from the top leaves a hole that sinks to
the bottom, where the last number fills it: it belongs there or nearly so.
"""

from __future__ import annotations

import numpy as np

from twin.engine.compiled import compiled, small
from twin.engine.state import ALARMS, ENDS, NEVER, RUN_END, TOO_SMALL, WHO, WHO_BITS
from twin.units import IntArray

#: numbers behind the last that never happen
BEHIND = 4


def empty_heap(most: int) -> IntArray:
    """A heap for at most so many events, with none in it."""
    heap = np.empty(most + 2 * BEHIND, np.int64)
    heap[:BEHIND] = NEVER
    return heap


@small
def _rise(heap, i, value):
    while i > 0:
        parent = (i - 1) >> 2
        if heap[parent] <= value:
            break
        heap[i] = heap[parent]
        i = parent
    heap[i] = value


@compiled
def push(h, heap, which, at, who):
    """Add an event to a heap; ``h.n[which]`` is its size. One at or after the end never happens."""
    size = h.n[which]
    if size + 2 * BEHIND > heap.size:
        h.n[TOO_SMALL] = 1
        return
    h.n[which] = size + 1
    heap[size + BEHIND] = NEVER
    _rise(heap, size, (min(at, h.n[RUN_END]) << WHO_BITS) | who)


@small
def _take_out(heap, size, hole):
    """Close a hole among the first ``size + 1`` numbers of a heap with the last of them."""
    last = heap[size]
    heap[size] = NEVER
    if hole == size:
        return
    child = 4 * hole + 1
    while child < size:
        first, best = heap[child], child
        for other in range(child + 1, child + 4):
            if heap[other] < first:
                first, best = heap[other], other
        heap[hole] = first
        hole = best
        child = 4 * hole + 1
    _rise(heap, hole, last)


@compiled
def pop(h, heap, which):
    """Take the earliest event from a heap: who it is for."""
    earliest = heap[0]
    size = h.n[which] - 1
    h.n[which] = size
    _take_out(heap, size, 0)
    return earliest & WHO


@compiled
def remove_end(h, patient):
    """Take the end of a patient's step out of the heap of ends."""
    i = 0
    while h.ends[i] & WHO != patient:
        i += 1
    size = h.n[ENDS] - 1
    h.n[ENDS] = size
    _take_out(h.ends, size, i)


@small
def top(heap):
    """Time of the earliest event; later than any run where there is none. [ms]"""
    return heap[0] >> WHO_BITS


@compiled
def alarm(h, at, patient):
    """Look at a patient again at an instant, if that is before the end."""
    if at < h.n[RUN_END]:
        push(h, h.alarms, ALARMS, at, patient)
