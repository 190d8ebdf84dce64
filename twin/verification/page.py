"""The page docs/verification.md: what was compared with what, on which versions, and how it came out."""

from __future__ import annotations

import math
import platform
from collections.abc import Iterable, Sequence
from importlib.metadata import version

from twin.verification.cases import VerificationCase
from twin.verification.judge import FARTHEST, TAIL_WIDTH, WIDTH
from twin.verification.observe import ESTIMATORS
from twin.verification.verdict import Verdict

COMMAND = "twin verify --out docs/verification.md"

_HEAD = f"""# Verification

What the twin says of cases whose answers others have proved. This page is written by

    {COMMAND}

and says what that command found. Each case is a page of TOML in `twin/verification/library`, its
expected values stand in `twin/verification/cases.toml`, and the estimators that turn what happened into
quantities are shared by all cases (the list at the end). `twin verify mm1` plays the cases whose names
begin so; `--quick` is one short round.

A mean **holds** if the half-width of its 95 % interval over replications (Student's t) is at most
{WIDTH:.0%} of the expected value, {TAIL_WIDTH:.0%} for a tail probability (marked *), and it lies within
z = {FARTHEST:g} of it. A tail probability is one of a rare state (below 10 %), or of a wait beyond a limit.
z is Student's t said as the normal score of the same probability. Replications are
added until the widths are reached. The seed of a case is the CRC-32 of its name, so that the numbers below
come out again. Where the width is not judged the limit is "-", with the reason below the table. A trace
made by hand is exact, in both engines.
"""


def verification_page(
    found: Sequence[tuple[VerificationCase, Sequence[Verdict]]], minutes: float | None = None
) -> str:
    """The page as Markdown.

    Parameters
    ----------
    found
        Each case with its verdicts, in the order of the table.
    minutes
        Processor time that it took. [minutes]
    """
    verdicts = [v for _, rows in found for v in rows]
    held = sum(all(v.holds for v in rows) for _, rows in found)
    good = sum(v.holds for v in verdicts)
    versions = ", ".join(f"{name} {version(name)}" for name in ("hospital-twin", "numpy", "numba", "simpy"))
    took = "" if minutes is None else f"; {minutes:.0f} minutes of processor time"
    parts = [
        _HEAD,
        f"Python {platform.python_version()}, {versions}{took}.",
        f"**{held} of {len(found)} cases hold** ({good} of {len(verdicts)} quantities).",
        *(_case(case, rows) for case, rows in found),
        "## Quantities\n",
        _table(("name", "what it is"), ((f"`{name}`", what) for name, (what, _) in ESTIMATORS.items())),
    ]
    return "\n\n".join(part.strip("\n") for part in parts) + "\n"


def _case(case: VerificationCase, rows: Sequence[Verdict]) -> str:
    parts = [
        f"## {case.id}",
        f"{case.title}. Time in {case.unit}.",
        _verdicts(rows),
        f"Source: {case.source}.",
    ]
    return "\n\n".join([*parts, *([f"Note: {case.note}"] if case.note else [])])


def _verdicts(rows: Sequence[Verdict]) -> str:
    head = ("quantity", "where", "expected", "observed", "half-width", "limit", "z", "n", "verdict")
    return _table(head, (_cells(v) for v in rows))


def _cells(v: Verdict) -> tuple[str, ...]:
    return (
        f"`{v.quantity}`" + ("\\*" if v.widest == TAIL_WIDTH else ""),
        v.where,
        v.expected,
        v.observed,
        percent(v.half_width),
        percent(v.widest),
        score(v.z),
        str(v.replications),
        v.in_words if v.holds else f"**{v.in_words}**",
    )


def percent(share: float) -> str:
    """A relative width as per cent, "-" where there is none."""
    return f"{100 * share:.2f} %" if math.isfinite(share) else "-"


def score(z: float) -> str:
    """A z value, "-" where there is none."""
    return f"{z:+.2f}" if math.isfinite(z) else "-"


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = ["| " + " | ".join(head) + " |", "| " + " | ".join("---" for _ in head) + " |"]
    return "\n".join([*lines, *("| " + " | ".join(row) + " |" for row in rows)])
