"""What is worked out once is worked out again for other values, and forgotten with those it was made of."""

from __future__ import annotations

import gc

from twin.once import Once


class Value:
    """Something that is compared by what it is, as a hospital is."""


def test_it_is_made_once_for_the_same_values():
    once, value, calls = Once[int](), Value(), []

    results = [once.get(lambda: calls.append(1) or len(calls), value, also="monday") for _ in range(3)]

    assert results == [1, 1, 1]


def test_it_is_made_anew_for_another_value_or_another_day():
    once, value = Once[str](), Value()

    first = once.get(lambda: "first", value, also="monday")

    assert first == "first"
    assert once.get(lambda: "second", value, also="tuesday") == "second"
    assert once.get(lambda: "third", Value(), also="monday") == "third"


def test_it_is_forgotten_with_its_value():
    once = Once[list[int]]()
    for _ in range(100):
        once.get(lambda: [1], Value())
    gc.collect()

    once.get(lambda: [2], kept := Value())

    assert len(once._made) == 1
    assert once.get(lambda: [3], kept) == [2]


def test_the_latest_few_are_kept():
    once, values = Once[int](most=2), [Value() for _ in range(3)]
    for i, value in enumerate(values):
        once.get(lambda i=i: i, value)

    assert once.get(lambda: -1, values[2]) == 2
    assert once.get(lambda: -1, values[0]) == -1
