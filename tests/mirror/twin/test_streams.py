"""Streams: a uniform number belongs to its key, not to its turn."""

import numpy as np
from scipy import stats

from twin.streams import mix, name_key, root, uniform


def test_a_number_is_found_by_its_key_whatever_is_drawn_beside_it():
    base = root(1, 0)

    alone = uniform(mix(base, name_key("stay"), np.array([7])))
    among = uniform(mix(base, name_key("stay"), np.arange(100)))

    assert alone[0] == among[7]


def test_numbers_are_uniform_and_strictly_between_0_and_1():
    u = uniform(mix(root(2, 3), name_key("stay"), np.arange(200_000)))

    assert u.min() > 0 and u.max() < 1
    assert stats.kstest(u, "uniform").pvalue > 1e-4


def test_neighbours_in_index_stream_seed_and_replication_are_unrelated():
    index = np.arange(20_000)
    first = uniform(mix(root(1, 0), name_key("stay"), index))

    for other in (
        uniform(mix(root(1, 0), name_key("stay"), index + 1)),
        uniform(mix(root(1, 0), name_key("hour"), index)),
        uniform(mix(root(2, 0), name_key("stay"), index)),
        uniform(mix(root(1, 1), name_key("stay"), index)),
        uniform(mix(root(1, 0), name_key("stay"), index, 1)),
    ):
        assert abs(np.corrcoef(first, other)[0, 1]) < 4 / np.sqrt(index.size)


def test_the_order_of_the_parts_of_a_key_counts():
    assert mix(root(1, 0), 2, 3) != mix(root(1, 0), 3, 2)


def test_seeds_one_after_the_other_share_no_future():
    futures = {int(root(seed, replication)) for seed in range(40) for replication in range(40)}

    assert len(futures) == 1_600
