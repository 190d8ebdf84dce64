"""Heaps: the next event of a class, one packed whole number an event."""

from __future__ import annotations

from twin.engine.compiled import compiled
from twin.engine.state import ALARMS, ENDS, NEVER, RUN_END, TOO_SMALL, WHO, WHO_BITS


@compiled
def push(h, heap, which, at, who):
    """Add an event to a heap; ``h.n[which]`` is its size. One at or after the end never happens."""
    i = h.n[which]
    if i == heap.size:
        h.n[TOO_SMALL] = 1
        return
    h.n[which] = i + 1
    value = (min(at, h.n[RUN_END]) << WHO_BITS) | who
    while i > 0:
        parent = (i - 1) >> 1
        if heap[parent] <= value:
            break
        heap[i] = heap[parent]
        i = parent
    heap[i] = value


@compiled
def pop(h, heap, which):
    """Take the earliest event from a heap: who it is for."""
    top = heap[0]
    size = h.n[which] - 1
    h.n[which] = size
    _sink(heap, 0, size, heap[size])
    return top & WHO


@compiled
def _sink(heap, i, size, value):
    while True:
        child = 2 * i + 1
        if child >= size:
            break
        if child + 1 < size and heap[child + 1] < heap[child]:
            child += 1
        if heap[child] >= value:
            break
        heap[i] = heap[child]
        i = child
    heap[i] = value


@compiled
def remove_end(h, patient):
    """Take the end of a patient's step out of the heap of ends."""
    i = 0
    while h.ends[i] & WHO != patient:
        i += 1
    size = h.n[ENDS] - 1
    h.n[ENDS] = size
    if i == size:
        return
    value = h.ends[size]
    while i > 0 and h.ends[(i - 1) >> 1] > value:
        h.ends[i] = h.ends[(i - 1) >> 1]
        i = (i - 1) >> 1
    _sink(h.ends, i, size, value)


@compiled
def top(h, heap, which):
    """Time of the earliest event, or ``NEVER``. [ms]"""
    return heap[0] >> WHO_BITS if h.n[which] > 0 else NEVER


@compiled
def alarm(h, at, patient):
    """Look at a patient again at an instant, if that is before the end."""
    if at < h.n[RUN_END]:
        push(h, h.alarms, ALARMS, at, patient)
