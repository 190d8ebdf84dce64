"""Told: what the passes say of a run, as whole numbers."""

from __future__ import annotations

from typing import NamedTuple


class Doors(NamedTuple):
    """The cohort, and those of it who went without."""

    came: int
    left: int
    refused: int
    balked: int


class Attendances(NamedTuple):
    """Attendances of the emergency department; sums in ms.

    ``with_cubicle`` and ``with_doctor`` count those whose wait for it is known or goes on.
    """

    came: int
    within_4h: int
    over_12h: int
    stay: int
    with_cubicle: int
    cubicle_wait: int
    with_doctor: int
    doctor_wait: int
    unseen: int
    inside: int


class Waits(NamedTuple):
    """Waits for a ward bed and for a clinic's room; sums in ms."""

    boarded: int
    boarding: int
    boarded_over_12h: int
    in_clinic: int
    clinic_wait: int


class Beds(NamedTuple):
    """Stays and discharges of the measured days; bed time by outliers and time medically fit in ms."""

    discharges: int
    before_noon: int
    begun: int
    begun_outside: int
    by_outliers: int
    fit_and_delayed: int


class Moves(NamedTuple):
    """Patients moved in the measured days: home to their ward, and elsewhere (to a lounge)."""

    home: int
    lounge: int


class Kits(NamedTuple):
    """Patients' steps with a kit in the measured days; units of reserves and substitutes."""

    taken: int
    missed: int
    reserve: int
    substituted: int
    postponed: int


class Lists(NamedTuple):
    """Time on the lists within the measured days, and the wait of the cohort who came; in ms."""

    listed: int
    came: int
    wait: int


class Visits(NamedTuple):
    """Bookings in sittings of the measured days, and what came of them."""

    booked: int
    cancelled: int
    not_attended: int


class Sessions(NamedTuple):
    """Sittings of the measured days: those filled by time, and those with slots; times in ms."""

    theatres: int
    used: int
    planned: int
    overrun: int
    clinics: int
    idle: int
    overtime: int
