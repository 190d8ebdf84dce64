"""Futures to learn from and futures to prove with never meet."""

import numpy as np
import pytest

from optimization.paths import CertifyPaths, TrainPaths, apart, split
from tests.houses import START
from twin.demand import DemandForecast
from twin.errors import UsageError


def test_even_futures_train_and_odd_ones_certify():
    train, certify = split(6)

    assert (train.replications, certify.replications) == ((0, 2, 4), (1, 3, 5))


def test_a_type_refuses_the_other_s_futures():
    with pytest.raises(UsageError):
        TrainPaths((0, 1))
    with pytest.raises(UsageError):
        CertifyPaths((1, 2))


def test_a_forecast_with_an_odd_number_of_paths_gives_up_its_last(two_weeks):
    case, _ = two_weeks
    forecast = DemandForecast(START, ("emergency",), np.ones((5, 1, 3), np.int64), "base")

    kept = apart(case.with_(demand=forecast)).demand

    assert kept.n_paths == 4


def test_one_path_cannot_prove_what_was_learned_from_it(two_weeks):
    case, _ = two_weeks
    forecast = DemandForecast(START, ("emergency",), np.ones((1, 1, 3), np.int64), "base")

    with pytest.raises(UsageError, match="one path"):
        apart(case.with_(demand=forecast))
