"""The conformal guard: intervals are widened until recent truths fall outside as often as promised.

Each level is moved away from the middle by one factor, learned on origins that the model did not
learn from. With few truths the factor stays near one.
"""

from __future__ import annotations

import numpy as np

from forecasting.heads import LEVELS, MIDDLE

EVIDENCE = 150.0  # assumed: truths of one forecast go together; so many weigh as much as no change
NARROWEST, WIDEST = 0.6, 2.5  # assumed: beyond these the model, not its width, is wrong


def guard_factors(quantiles: np.ndarray, truth: np.ndarray) -> np.ndarray:
    """How far each level should be from the middle, relative to now, shape (level,).

    Parameters
    ----------
    quantiles
        Forecasts from recent origins, shape (forecast, horizon, level).
    truth
        What happened, shape (forecast, horizon); NaN where unknown.

    References
    ----------
    Romano, Patterson & Candes (2019), Conformalized Quantile Regression, arXiv:1905.03222;
    here the score is a ratio, so that one factor serves large and small series.
    """
    factors = np.ones(len(LEVELS))
    middle = quantiles[..., MIDDLE]
    for k, level in enumerate(LEVELS):
        if k == MIDDLE:
            continue
        reach = np.abs(quantiles[..., k] - middle)
        away = (truth - middle) * (1 if level > 0.5 else -1)
        use = np.isfinite(away) & (reach > 1e-9)
        if not use.any():
            continue
        share = max(level, 1 - level)
        wanted = float(np.quantile(away[use] / reach[use], share))
        trust = use.sum() / (use.sum() + EVIDENCE)
        factors[k] = np.clip(1 + trust * (wanted - 1), NARROWEST, WIDEST)
    return factors


def guarded(quantiles: np.ndarray, factors: np.ndarray) -> np.ndarray:
    """Quantiles with each level moved by its factor; order is kept by ``marginals.ordered``."""
    middle = quantiles[..., MIDDLE : MIDDLE + 1]
    return middle + (quantiles - middle) * factors
