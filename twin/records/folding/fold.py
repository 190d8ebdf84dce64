"""The folding: from the set of all statements to the tables of today.

A pure function of that set: statements that come in another order, in other files or twice give tables of the
same bytes. One bucket of visits is in memory at a time.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

import pyarrow as pa

from twin.hospital import Hospital
from twin.records.events import Thing
from twin.records.folding.account import Account
from twin.records.folding.balance import Balance, Ledger
from twin.records.folding.columns import is_, kept
from twin.records.folding.counted import COUNTED
from twin.records.folding.merges import one_name
from twin.records.folding.names import Names, Places
from twin.records.folding.order import in_order
from twin.records.folding.rules import look
from twin.records.folding.segments import Segment
from twin.records.folding.statements import Statements, about_visits
from twin.records.folding.tables import TABLES
from twin.records.folding.things import TABLE_OF, fold_things
from twin.records.folding.visits import fold_visits
from twin.records.folding.writing import FoldedTable, TableFile
from twin.records.quality import SEVERITIES, Finding
from twin.records.reading.told import Told


@dataclass(frozen=True)
class Folded:
    """What all statements come to.

    Attributes
    ----------
    tables
        The tables that have rows, by name.
    told_by_import
        Rows put aside at this stage, by number of the import; ``read`` is 0, the reading has counted them.
    findings
        Oddities, worst first.
    balance
        Whether the census of each ward and day follows from the day before.
    """

    tables: Mapping[str, FoldedTable]
    told_by_import: Mapping[int, Told]
    findings: tuple[Finding, ...]
    balance: Balance
    statements: int = field(default=0)


def fold(
    segments: Sequence[Segment],
    names: Names,
    hospital: Hospital,
    folder: Path | str,
    *,
    now: datetime,
    looks: bool = True,
) -> Folded:
    """Fold all statements into tables.

    Parameters
    ----------
    segments
        The statements of every import, in any order.
    names
        The hospital's words for its places and classes.
    folder
        Where the tables' files are written, each by its name; large sets are spilled there meanwhile.
    now
        The present, with a time zone.
    looks
        Whether the tables are looked at by all rules, too.

    Raises
    ------
    OSError
        A segment cannot be read, or a table not be written.
    """
    place = Path(folder)
    account = Account(COUNTED, hospital.timezone)
    files = {name: TableFile(name, place) for name in TABLES}
    with Statements(segments, place) as statements:
        common = in_order(statements.common)
        places = Places(names, hospital, common)
        patients = one_name(common, Thing.PATIENT_MERGE)
        ledger = Ledger(hospital)
        for number in range(statements.buckets):
            tables = _fold_bucket(statements.bucket(number), places, patients, account)
            ledger.add(tables["encounters"], tables["ward_stays"])
            for name, rows in tables.items():
                files[name].add(rows)
                account.of[name] += rows.num_rows
        account.of["statements"] = statements.rows
    done = {name: file.close() for name, file in files.items()}
    written = {name: table for name, table in done.items() if table is not None}
    paths = {name: table.path for name, table in written.items()}
    seen = look(paths, hospital, now=now) if looks else []
    findings = sorted([*seen, *account.findings()], key=_worst_first)
    return Folded(written, account.told(), tuple(findings), ledger.close(now), statements.rows)


def _worst_first(finding: Finding) -> tuple[int, int, str]:
    return SEVERITIES.index(finding.severity), -finding.count, finding.code


def _fold_bucket(
    bucket: pa.Table, places: Places, patients: Mapping[str, str], account: Account
) -> dict[str, pa.Table]:
    """The rows of all tables that one bucket comes to."""
    said = in_order(bucket)
    account.count("N_DUPLICATED", bucket.num_rows - said.num_rows)
    visits, others = about_visits(said)
    folded = fold_visits(visits, places, patients, account)
    tables = {"encounters": folded.encounters, "ward_stays": folded.ward_stays}
    for thing, (name, _) in TABLE_OF.items():
        own = kept(others, is_(others["thing"], thing))
        if own.num_rows:
            tables[name] = fold_things(own, thing, places, patients, account)
    return tables
