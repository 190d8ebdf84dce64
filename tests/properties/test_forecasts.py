"""Whatever the counts were, a forecast is finite, ordered and not negative."""

import numpy as np
import pandas as pd
from hypothesis import given, settings
from hypothesis import strategies as st

from forecasting.heads import LEVELS
from forecasting.service import forecast
from twin.records.history import History

COUNTS = st.lists(
    st.one_of(st.integers(0, 50), st.integers(0, 10**9), st.just(0), st.none()), min_size=1, max_size=80
)


@settings(max_examples=40, deadline=None)
@given(counts=COUNTS, frequency=st.sampled_from(["h", "D", "W", "MS"]), horizon=st.integers(1, 20))
def test_quantiles_are_finite_ordered_and_not_negative(counts, frequency, horizon):
    y = np.array([np.nan if c is None else float(c) for c in counts])
    y[0] = 1.0 if np.isnan(y[0]) else y[0]
    step = {"h": "h", "D": "D", "W": "7D", "MS": "MS"}[frequency]
    frame = pd.DataFrame(
        {"unique_id": "s", "ds": pd.date_range("2021-03-01", periods=len(y), freq=step), "y": y}
    )

    result = forecast(History(frame, frequency), horizon, n_paths=10, made_by="base")

    quantiles = result.table[[f"q{level:g}" for level in LEVELS]].to_numpy()
    assert np.isfinite(quantiles).all() and (quantiles >= 0).all()
    assert (np.diff(quantiles, axis=1) >= 0).all()
    assert np.isfinite(result.table["mean"]).all()
    assert np.isfinite(result.paths).all() and (result.paths >= 0).all()
