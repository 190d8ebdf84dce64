"""Targets of a cover plan: beds closed for lack of nurses, beside every measure of the twin."""

from __future__ import annotations

from twin.plan import Target

#: the measure that only a cover plan asks for, what it is called, and its unit
BEDS_CLOSED = "beds_closed"
BEDS_CLOSED_TITLE = ("Beds closed for lack of nurses", "%")


def default_targets() -> tuple[Target, ...]:
    """What a cover plan must reach unless the planner says otherwise.

    References
    ----------
    NHS England, A&E attendances and emergency admissions: waits over four hours from decision to admit.
    The share of beds closed is assumed: one in fifty.
    """
    return (
        Target(BEDS_CLOSED_TITLE[0], BEDS_CLOSED, BEDS_CLOSED_TITLE[1], at_most=2),
        Target("Wait for a bed, slowest tenth", "boarding_hours_p90", "h", at_most=4),
    )
