"""All rules by which the tables are looked at, in one list."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from pathlib import Path

from twin.hospital import Hospital
from twin.records.folding import odd_feeds, odd_stays, odd_things
from twin.records.folding.looking import Rule, Tables
from twin.records.quality import Finding

RULES: tuple[Rule, ...] = (
    odd_stays.two_in_one_bed,
    odd_stays.open_for_too_long,
    odd_stays.long_stays,
    odd_stays.holes,
    odd_stays.more_than_beds,
    odd_stays.empty_stays,
    odd_feeds.silent_hours,
    odd_feeds.silent_days,
    odd_feeds.old_tables,
    odd_feeds.empty_fields,
    odd_things.still_booked,
    odd_things.below_nothing,
    odd_things.endless_shifts,
)


def look(paths: Mapping[str, Path], hospital: Hospital, *, now: datetime) -> list[Finding]:
    """What all rules find in the tables.

    Parameters
    ----------
    paths
        Files of the tables, by name; those that are not there are empty.
    now
        The present, with a time zone.
    """
    tables = Tables(paths, hospital, now)
    found = (rule(tables) for rule in RULES)
    return [finding for finding in found if finding is not None]
