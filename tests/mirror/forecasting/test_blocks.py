"""Many thousand series are answered a block at a time, and as well as a few."""

import numpy as np
import pandas as pd
import pytest

from forecasting import blocks
from forecasting.contest import hold_contest
from forecasting.explaining import explain
from forecasting.features import calendar_of
from forecasting.service import check_paths, forecast
from forecasting.training import Clock
from twin.errors import UsageError
from twin.records.history import history_of

DAYS, AHEAD = 200, 7
STAMPS = pd.date_range("2023-01-02", periods=DAYS + AHEAD)
LEVEL = np.linspace(20, 80, 30)


@pytest.fixture
def thirty_wards(monkeypatch: pytest.MonkeyPatch) -> np.ndarray:
    monkeypatch.setattr(blocks, "BLOCK", 8)
    return np.random.default_rng(0).poisson(LEVEL[:, None], (30, DAYS)).astype(float)


@pytest.mark.parametrize("made_by", ["base", "lstm"])
def test_every_series_is_answered_as_if_alone_with_its_block(thirty_wards: np.ndarray, made_by: str):
    told: list[tuple[int, int]] = []
    contest = blocks.in_blocks(hold_contest, lambda done, n: told.append((done, n)))

    champion = contest(
        thirty_wards, calendar_of(STAMPS, "D"), AHEAD, seed=0, clock=Clock(2.0), made_by=made_by
    )

    assert champion.quantiles.shape == (30, AHEAD, 11)
    assert champion.mean.mean(axis=1) == pytest.approx(LEVEL, rel=0.2)
    assert np.isfinite(champion.quantiles).all()
    assert (np.diff(champion.quantiles, axis=2) >= 0).all()
    assert champion.quantiles[..., 5].mean(axis=1) == pytest.approx(LEVEL, rel=0.2)
    assert told == [(8, 30), (16, 30), (24, 30), (30, 30)]
    assert champion.reason.startswith("among 8 of 30 series, ")


@pytest.mark.parametrize("made_by", ["base", "lstm"])
def test_one_of_many_wards_is_explained_by_its_block_and_the_parts_add_up(thirty_wards, made_by: str):
    rows = [
        pd.DataFrame({"unique_id": f"ward_{k:02d}", "ds": STAMPS[:DAYS], "y": counts})
        for k, counts in enumerate(thirty_wards)
    ]
    history = history_of(pd.concat(rows, ignore_index=True))

    result = forecast(history, AHEAD, n_paths=0, made_by=made_by, country="none", time_limit=2.0)
    accounts = explain(result, "ward_21")

    assert result.champion.made is None, "what all were made of is not kept"
    for k, account in enumerate(accounts):
        assert account.served == result.champion.quantiles[21, k, 5]
        assert account.usual + sum(part.value for part in account.parts) == pytest.approx(account.served)
        assert account.error < 0.01
        assert abs(sum(p.value for p in account.parts if p.reason == "rounding")) < 0.01 * account.served


def test_few_series_are_answered_at_once(thirty_wards: np.ndarray):
    asked = {"seed": 0, "clock": Clock(None), "made_by": "base"}
    few = thirty_wards[:16]

    together = hold_contest(few, calendar_of(STAMPS, "D"), AHEAD, **asked)
    blocked = blocks.in_blocks(hold_contest)(few, calendar_of(STAMPS, "D"), AHEAD, **asked)

    assert np.array_equal(together.quantiles, blocked.quantiles)


def test_more_paths_than_memory_holds_are_refused_with_how_many_fit():
    with pytest.raises(UsageError, match="ask for at most 35 paths") as refused:
        check_paths(200, 100_000, 28)

    assert refused.value.code == "E_BUDGET"
