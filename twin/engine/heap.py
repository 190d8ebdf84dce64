"""Heaps: the next event of a class, one packed whole number an event."""

from __future__ import annotations

from twin.engine.compiled import compiled
from twin.engine.state import NEVER, WHO_BITS


@compiled
def push(heap, n, which, value):
    """Add an event to a heap; ``n[which]`` is its size."""
    i = n[which]
    n[which] = i + 1
    while i > 0:
        parent = (i - 1) >> 1
        if heap[parent] <= value:
            break
        heap[i] = heap[parent]
        i = parent
    heap[i] = value


@compiled
def pop(heap, n, which):
    """Take the earliest event from a heap; ``n[which]`` is its size."""
    top = heap[0]
    size = n[which] - 1
    n[which] = size
    value = heap[size]
    i = 0
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
    return top


@compiled
def top(heap, size):
    """Time of the earliest event, or ``NEVER``. [ms]"""
    return heap[0] >> WHO_BITS if size > 0 else NEVER
