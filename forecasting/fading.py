"""Fading: what a silence says of a rare item: no longer wanted, or only not wanted yet.

An item of which one a month is expected and none came for a year is perhaps no longer used; one of which
one a year is expected says nothing by that. So a silence is measured in the counts that were to come in it,
and what came after silences as long, in all rare series together, tells how far the level has to be moved.
"""

from __future__ import annotations

import numpy as np

KNOTS = np.array([0.0, 0.25, 0.5, 1.0, 2.0, 4.0, 8.0, 16.0])  # expected counts missed; assumed: by doubling
EVIDENCE = 30.0  # counts beside those that came after such silences; assumed: 30 are known to a fifth
KIN_PERIODS = 2.0  # periods that the mean of kin counts for in what was to come; assumed
_LEAST = 1e-9


def missed_counts(counts: np.ndarray, exposure: np.ndarray, kin: float) -> np.ndarray:
    """Counts that were to come since the last one, at the end of each period, shape (series, time).

    Parameters
    ----------
    counts, exposure
        Counts and the factor of the season, 0 where nothing is known, shape (series, time).
    kin
        Mean count a period of all series.
    """
    came, exposed = counts.cumsum(axis=1), exposure.cumsum(axis=1)
    last = np.maximum.accumulate(np.where(counts > 0, np.arange(counts.shape[1]), -1), axis=1)
    some, at = last >= 0, np.maximum(last, 0)
    by_then, exposed_then = (
        np.where(some, np.take_along_axis(sums, at, axis=1), 0.0) for sums in (came, exposed)
    )
    usual = (by_then + KIN_PERIODS * kin) / (exposed_then + KIN_PERIODS)
    return usual * (exposed - exposed_then)


def faded(
    level: np.ndarray, counts: np.ndarray, exposure: np.ndarray, leads: np.ndarray, known: int
) -> np.ndarray:
    """The level, moved by what came after silences as long as the present one, shape (series, time).

    Parameters
    ----------
    level
        Level at the end of each past period, shape (series, time).
    counts, exposure
        Counts and the factor of the season, 0 where nothing is known, same shape.
    leads
        Periods ahead that the level should serve.
    known
        What came is learned from the first so many periods alone.

    Notes
    -----
    On the whole the level stays: only how it differs by silence is learned.

    References
    ----------
    Teunter, Syntetos & Babai (2011), Eur. J. Oper. Res. 214, 606-615: an intermittent item's chance of being
    used fades with each empty period; here how much is learned from all series instead of being set.
    """
    total = exposure[:, :known].sum()
    if total <= _LEAST:
        return level
    missed = missed_counts(counts, exposure, counts[:, :known].sum() / total)
    knot, part = _between(missed)
    first = min(known // 4, int(2 * leads.max()))
    came, foretold = np.zeros(len(KNOTS)), np.zeros(len(KNOTS))
    for lead in leads:
        then = slice(first, known - lead)
        after = counts[:, first + lead : known]
        said = level[:, then] * exposure[:, first + lead : known]
        for sums, what in ((came, after), (foretold, said)):
            for step, share in ((0, 1 - part[:, then]), (1, part[:, then])):
                sums += np.bincount(
                    (knot[:, then] + step).ravel(), (what * share).ravel(), minlength=len(KNOTS)
                )
    if came.sum() <= _LEAST or foretold.sum() <= _LEAST:
        return level
    foretold *= came.sum() / foretold.sum()
    moved = (came + EVIDENCE) / (foretold + EVIDENCE)
    return level * (moved[knot] * (1 - part) + moved[knot + 1] * part)


def _between(missed: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The knot below, and how far it is to the next one, both of the shape given."""
    inside = np.minimum(missed, KNOTS[-1])
    knot = np.clip(np.searchsorted(KNOTS, inside, side="right") - 1, 0, len(KNOTS) - 2)
    return knot, (inside - KNOTS[knot]) / (KNOTS[knot + 1] - KNOTS[knot])
