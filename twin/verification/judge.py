"""Judging: the cases played until their means are known well enough, and a verdict on each quantity.

A mean holds if the half-width of its 95 % interval is at most 1 % of the expected value (2 % for a tail
probability) and |z| < 4. Replications are added in rounds until the widths are reached: their number
depends on the case's seed alone.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from datetime import date
from functools import partial

import numpy as np
from scipy import stats

from twin.case import Case, Window
from twin.hospital import Hospital
from twin.measures.precision import Estimate, estimate, paired
from twin.replications import replicate
from twin.trace import Trace
from twin.units import FloatArray
from twin.verification.by_hand import compare_by_hand
from twin.verification.cases import Expect, VerificationCase
from twin.verification.identities import check_identity
from twin.verification.observe import Seen, Where, observe
from twin.verification.verdict import Verdict

START = date(2025, 1, 6)  # a Monday; no case depends on it
WIDTH, TAIL_WIDTH, FARTHEST = 0.01, 0.02, 4.0
#: how many more replications than their estimated need a round brings
MARGIN = 1.08
#: a quick run is one round of so many replications, or of one part in so many of the usual first round
QUICK_ROUND, QUICK_PART = 24, 20

Progress = Callable[[str, int, int], None]
Samples = dict[tuple[str, Where], FloatArray]
#: 1 for each replication that a guard stopped
_STOPPED = ("stopped", Where())


def verify(case: VerificationCase, *, quick: bool = False, progress: Progress | None = None) -> list[Verdict]:
    """Play a case and judge every quantity of it.

    Parameters
    ----------
    quick
        One short round: the width of the intervals is not judged.
    progress
        Told (what is played, done, all).
    """
    told = progress or (lambda what, done, of: None)
    if case.patients:
        return list(compare_by_hand(case))
    if case.identity is not None:
        return list(check_identity(case, quick=quick, progress=partial(told, case.id)))
    samples = {v: _play(case, v, quick, told) for v in _variants(case)}
    rows = [row for e in case.expect for row in _judge(case, e, samples[e.variant], quick)]
    return rows + list(_orders(case, samples, quick))


def _variants(case: VerificationCase) -> list[str | None]:
    named = [e.variant for e in case.expect] + [v for o in case.order for v in o.rising]
    return list(dict.fromkeys(named))


def _play(case: VerificationCase, variant: str | None, quick: bool, told: Progress) -> Samples:
    """Replications of one variant until every width is reached, or the most allowed."""
    hospital, name = case.hospital(variant), f"{case.id} {variant or ''}".strip()
    wanted = _wanted(case, variant)
    found: Samples = {key: np.zeros(0) for key in (_STOPPED, *wanted)}
    done, need = 0, max(QUICK_ROUND, case.least // QUICK_PART) if quick else case.least
    while done < need:
        told(name, done, need)
        rows = replicate(
            Case(hospital),
            Window(START, days=case.days, warm_up=case.warm_up, tail=case.tail),
            seed=case.seed,
            replications=range(done, need),
            reduce=partial(_reduce, hospital=hospital, unit=case.unit, wanted=list(wanted)),
            progress=_after(told, name, done, need),
        )
        for key in found:
            found[key] = np.concatenate([found[key], [row[key] for row in rows]])
        done = need
        if not quick and not any(_fault(found, key) for key in wanted):
            need = min(case.most, max(done, *(_needed(found[k], *w) for k, w in wanted.items())))
    return found


def _after(told: Progress, name: str, done: int, need: int) -> Callable[[int, int], None]:
    """Progress of a round that comes after so many replications."""
    return lambda n, _: told(name, done + n, need)


def _wanted(case: VerificationCase, variant: str | None) -> dict[tuple[str, Where], tuple[float, float]]:
    """Quantities of a variant: what is expected (nan in an order) and the widest half-width allowed."""
    wanted = {}
    for e in case.expect:
        if e.variant == variant:
            for quantity, value in e.are.items():
                wanted[quantity, e.where] = (value, _widest(e, quantity))
    for o in case.order:
        if variant in o.rising:
            wanted.setdefault((o.of, o.where), (math.nan, math.inf))
    return wanted


def _widest(e: Expect, quantity: str) -> float:
    if quantity in e.loose:
        return math.inf
    return TAIL_WIDTH if quantity in e.tail else WIDTH


def _needed(values: FloatArray, expected: float, widest: float) -> int:
    """Replications that bring the half-width down to what is allowed; each has a value."""
    half = estimate(values).margin95
    if not math.isfinite(widest) or half <= widest * abs(expected):
        return 0
    return math.ceil(values.size * (half / (widest * abs(expected))) ** 2 * MARGIN)


def _reduce(
    trace: Trace, *, hospital: Hospital, unit: str, wanted: list[tuple[str, Where]]
) -> dict[tuple[str, Where], float]:
    if trace.stopped_at is not None:
        return {_STOPPED: 1.0, **dict.fromkeys(wanted, math.nan)}
    seen = Seen(trace, hospital, unit)
    return {_STOPPED: 0.0, **{key: observe(seen, *key) for key in wanted}}


def _fault(samples: Samples, key: tuple[str, Where]) -> str:
    """Why a mean of these replications says nothing, in words; empty where each has a value."""
    stopped, missing = int(samples[_STOPPED].sum()), int((~np.isfinite(samples[key])).sum())
    if stopped:
        return f"a guard stopped {stopped} of {samples[key].size} replications"
    return f"{missing} of {samples[key].size} replications have no value" if missing else ""


def _judge(case: VerificationCase, e: Expect, samples: Samples, quick: bool) -> Iterator[Verdict]:
    for quantity, expected in e.are.items():
        known = estimate(samples[quantity, e.where])
        z = _normal_score(known, expected)
        width, widest = known.margin95 / abs(expected), math.inf if quick else _widest(e, quantity)
        fault = _fault(samples, (quantity, e.where))
        near = e.within is None or quick or abs(known.mean - expected) <= e.within
        where = ", ".join(part for part in (e.variant, str(e.where)) if part)
        yield Verdict(
            case.id,
            quantity,
            where,
            f"{expected:.6g}",
            f"{known.mean:.6g}",
            known.n,
            bool(width <= widest and abs(z) < FARTHEST and near and not fault),
            width,
            widest,
            z,
            fault,
        )


def _normal_score(known: Estimate, expected: float) -> float:
    """How far a mean lies from its expected value: Student's t, said as the z of the same probability."""
    if not 0 < known.margin95 < math.inf:
        return 0.0 if known.mean == expected else math.copysign(math.inf, known.mean - expected)
    t = (known.mean - expected) / (known.margin95 / stats.t.ppf(0.975, known.n - 1))
    return float(math.copysign(stats.norm.isf(stats.t.sf(abs(t), known.n - 1)), t))


def _orders(case: VerificationCase, samples: dict[str | None, Samples], quick: bool) -> Iterator[Verdict]:
    """Each variant of an order beside the one before it, replication by replication.

    The difference must be clear; in a quick run it must not be clearly the other way round.
    """
    for o in case.order:
        for low, high in zip(o.rising, o.rising[1:], strict=False):
            a, b = samples[low][o.of, o.where], samples[high][o.of, o.where]
            n = min(a.size, b.size)
            gap: Estimate = paired(a[:n], b[:n])
            where = ", ".join(part for part in (str(o.where), f"{high} - {low}") if part)
            told = f"{gap.mean:.4g} ± {gap.margin95:.2g}"
            fault = _fault(samples[low], (o.of, o.where)) or _fault(samples[high], (o.of, o.where))
            holds = not fault and gap.mean > (-gap.margin95 if quick else gap.margin95)
            yield Verdict(case.id, o.of, where, "> 0", told, n, bool(holds), fault=fault)
