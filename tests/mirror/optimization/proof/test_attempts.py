"""A plan that fails is improved and tried again: on fresh futures, for a part of the chance of error."""

import pytest

from optimization.paths import CertifyPaths
from optimization.proof.attempts import ALPHA, Attempt, Attempts, share_of
from twin.errors import UsageError


def three_attempts() -> Attempts:
    attempts = Attempts()
    for futures in (3, 2, 4):
        attempts = attempts.with_(attempts.next(futures))
    return attempts


def test_no_two_attempts_share_a_future():
    used = [attempt.paths.replications for attempt in three_attempts().made]

    assert used == [(1, 3, 5), (7, 9), (11, 13, 15, 17)]


def test_however_often_one_tries_the_chance_of_error_is_never_overspent():
    assert sum(share_of(k) for k in range(1, 10_000)) < 1
    assert three_attempts().spent < ALPHA


def test_the_first_attempt_may_spend_the_most():
    spends = [attempt.alpha for attempt in three_attempts().made]

    assert spends == sorted(spends, reverse=True)
    assert spends[0] == pytest.approx(0.0304, abs=1e-4)


def test_a_forecast_without_fresh_paths_is_told_how_many_are_left():
    attempts = Attempts().with_(Attempts().next(8, n_paths=20))

    with pytest.raises(UsageError, match="20 paths 2 are left") as told:
        attempts.next(8, n_paths=20)
    assert told.value.code == "E_BUDGET"


def test_a_future_that_was_used_is_refused():
    attempts = three_attempts()

    with pytest.raises(UsageError, match="used by an earlier attempt"):
        attempts.with_(Attempt(4, 0.001, CertifyPaths((7,))))


def test_an_attempt_spends_its_part_and_no_more():
    with pytest.raises(UsageError, match="attempt 1 comes next"):
        Attempts().with_(Attempt(1, 0.05, CertifyPaths((1, 3))))
    with pytest.raises(UsageError, match="attempt 1 comes next"):
        Attempts().with_(Attempt(2, 0.001, CertifyPaths((1, 3))))
