"""Bad days of the store and its jobs: migrations that are killed, disks that may not be written, a server
without a connection free, a backup taken while others write, an audit that somebody altered.

Each is played on both databases; where one cannot have that day, its nearest is played.
"""

from __future__ import annotations

import errno
import json
import os
import re
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, text

from dashboards.app import build_app
from dashboards.cli import nightly
from tests.faults import test_disk_full as disk_full
from tests.faults import test_store_survives as survives
from tests.faults.bad_inputs import Book, Twin
from tests.faults.scenes import Stage
from tests.faults.test_kills import kill_often
from tests.mirror.twin.store.older import EARLIER, older_store, rows_of
from twin.store import AuditBroken, Store, StoreUnusable, database, exclusive, open_store
from twin.store.audit import _hash, verify
from twin.store.backup import back_up
from twin.store.migrations import HEAD, upgrade, version_of
from twin.store.restore import restore

BOOK = Book("store-jobs")
HOUSE = Path(__file__).resolve().parents[2]


@pytest.fixture
def twin(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, url: str | None, monkeypatch: pytest.MonkeyPatch
) -> Twin:
    """The command line on the database of the test."""
    monkeypatch.delenv("DATABASE_URL", raising=False)
    if url is not None:
        monkeypatch.setenv("DATABASE_URL", url)
    return Twin(capsys, tmp_path)


# ---- a migration that is killed ------------------------------------------------------------------

KILLED = '''
"""Upgrade with a kill at each statement in turn; a line tells what was found after each."""
import json, os, signal, sys
from sqlalchemy import event, inspect, text
from twin.store.database import reach_database
from twin.store.migrations import upgrade, version_of

url, version = sys.argv[1:]


def forked(scene, *given):
    child = os.fork()
    if child == 0:
        try:
            scene(*given)
        finally:
            os._exit(1)
    return os.waitpid(child, 0)[1]


def upgrade_killed_at(last):
    database, seen = reach_database(url), 0

    def count(*_):
        nonlocal seen
        seen += 1
        if seen == last:
            os.kill(os.getpid(), signal.SIGKILL)

    event.listen(database.engine, "before_cursor_execute", count)
    event.listen(database.engine, "commit", count)
    upgrade(database.engine)
    os._exit(0)


def look():
    database = reach_database(url)
    opens = upgrade(database.engine, just_look=True, to=version)
    with database.reading() as connection:
        names = [name for name in inspect(connection).get_table_names() if name != "alembic_version"]
        rows = {name: connection.scalar(text(f"SELECT count(*) FROM {name}")) for name in names}
    print(json.dumps({"opens": opens, "rows": rows}), flush=True)
    os._exit(0)


for last in range(1, 1000):
    if not os.WIFSIGNALED(forked(upgrade_killed_at, last)):
        break
    assert forked(look) == 0
'''


@BOOK.answers_to("B162", "migration killed half-way")
def a_migration_that_is_killed(tmp_path: Path, url: str | None) -> None:
    for version in EARLIER:
        old = older_store(tmp_path, url, version)
        before = rows_of(old)
        address = old.engine.url.render_as_string(hide_password=False)
        old.close()

        told = subprocess.run(
            [sys.executable, "-c", KILLED, address, version],
            cwd=HOUSE, capture_output=True, text=True, timeout=300, check=False,
        )  # fmt: skip
        assert told.returncode == 0, told.stderr

        looks = [json.loads(line) for line in told.stdout.splitlines()]
        assert len(looks) > 12, "killed at a dozen statements and more"
        as_it_was = {"opens": True, "rows": {name: len(rows) for name, rows in before.items()}}
        assert all(look == as_it_was for look in looks), "the version before opens what it had"
        with open_store(tmp_path, url) as store:  # the last try was left alone
            with store.database.reading() as connection:
                assert version_of(connection) == HEAD
            after = rows_of(store.database)
            assert {name: after[name] for name in before} == before
            assert upgrade(store.database.engine, just_look=True)
            assert store.audit.verify() == len(before["audit"])
            _is_sound(store)


# ---- disks that may not be written ---------------------------------------------------------------


@BOOK.answers_to("B164", "store on NFS / read-only mount")
def a_disk_that_is_shared_or_may_not_be_written(
    tmp_path: Path, url: str | None, monkeypatch: pytest.MonkeyPatch, twin: Twin
) -> None:
    if url is None:
        _a_network_drive(tmp_path, monkeypatch, twin)
    _a_folder_that_may_not_be_written(tmp_path, url, monkeypatch)
    _a_database_that_may_not_be_written(tmp_path, url)
    _a_mount_for_reading(tmp_path / "mounted")


def _a_network_drive(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, twin: Twin) -> None:
    shared = tmp_path / "shared"
    mounts = tmp_path / "mounts"
    for kind in ("nfs4", "nfs", "cifs", "fuse.sshfs"):
        mounts.write_text(f"disk / ext4 rw 0 0\nserver:/x {shared} {kind} rw 0 0\n")
        with monkeypatch.context() as here:
            here.setattr(database, "MOUNTS", mounts)
            (shared / "w").mkdir(parents=True, exist_ok=True)
            said = twin("status", "--workspace", shared / "w")
        said.is_refused("E_NETWORK_FOLDER", kind, "DATABASE_URL")
        assert not list((shared / "w").glob("twin.db*")), "no log was begun on it"


def _a_folder_that_may_not_be_written(
    tmp_path: Path, url: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    def read_only(*_: object, **__: object) -> None:
        raise OSError(errno.EROFS, os.strerror(errno.EROFS))

    with open_store(tmp_path / "w", url) as store:
        claim = store.runs.start("run", {}, owner="test")
        with monkeypatch.context() as here:
            here.setattr("tempfile.mkdtemp", read_only)
            with pytest.raises(StoreUnusable) as refused:
                store.artefacts.put(claim, "plan", b"{}")
        assert refused.value.code == "E_READ_ONLY"
        store.runs.finish(claim, {})
        assert store.artefacts.names(claim.run_id) == ()
    with monkeypatch.context() as here:
        here.setattr(database.tempfile, "TemporaryFile", read_only)
        with pytest.raises(StoreUnusable, match="cannot be written") as refused:
            open_store(tmp_path / "w", url)
    assert (refused.value.code, refused.value.exit_code) == ("E_READ_ONLY", 2)


def _a_database_that_may_not_be_written(tmp_path: Path, url: str | None) -> None:
    with open_store(tmp_path / "w", url) as store:
        before = rows_of(store.database)
        store.database.engine.dispose()
        make = "PRAGMA query_only = ON" if url is None else "SET default_transaction_read_only = on"
        with store.database.engine.connect() as connection:
            connection.exec_driver_sql(make)
            connection.commit()
        with pytest.raises(StoreUnusable) as refused:
            store.runs.add("run", {})
        assert refused.value.code == "E_READ_ONLY"
        assert rows_of(store.database) == before, "reading goes on"


def _a_mount_for_reading(folder: Path) -> None:
    """A file system that is really mounted for reading only, where there is the right to mount one."""
    unshare = shutil.which("unshare")
    if (
        unshare is None
        or subprocess.run([unshare, "-m", "true"], capture_output=True, check=False).returncode
    ):
        return
    open_store(folder).close()
    words = (
        f"mount --bind '{folder}' '{folder}' && mount -o remount,ro,bind '{folder}' && "
        f"exec '{sys.executable}' -c 'from dashboards.cli import main; main()' "
        f"status --workspace '{folder}'"
    )
    environment = {name: value for name, value in os.environ.items() if name != "DATABASE_URL"}
    said = subprocess.run(
        [unshare, "-m", "sh", "-c", words],
        cwd=HOUSE, capture_output=True, text=True, check=False, env=environment,
    )  # fmt: skip
    assert said.returncode == 2, said.stderr
    assert "[E_READ_ONLY]" in said.stderr
    assert "Traceback" not in said.stderr


# ---- a server without a connection free ----------------------------------------------------------


@BOOK.answers_to("B166", "PostgreSQL at max_connections")
def a_server_without_a_free_connection(
    tmp_path: Path, url: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(database, "BUSY_TIMEOUT_SECONDS", 1)
    with open_store(tmp_path, url) as store:
        run_id = store.runs.add("run", {})
        app = build_app(tmp_path, store).server.test_client()
        take_all = _every_place_in_the_pool if url is None else _every_connection_of_the_server
        store.database.engine.dispose()

        with take_all(store) as free_one:
            begun = time.monotonic()
            with pytest.raises(StoreUnusable) as refused:
                store.runs.get(run_id)
            assert time.monotonic() - begun >= 1, "waited for its turn first"
            assert refused.value.code == "E_BUSY"
            assert "geheim" not in str(refused.value)
            said = app.get(f"/answer/{run_id}.json", headers={"Host": "127.0.0.1"})
            assert said.status_code == 503, "the page says so, and lives"

            later = threading.Timer(0.3, free_one)
            later.start()
            assert store.runs.get(run_id).id == run_id, "one that gets free in time is enough"
            later.join()

        for _ in range(30):  # and after: as before, with nothing left open
            store.runs.get(run_id)
        assert app.get(f"/answer/{run_id}.json", headers={"Host": "127.0.0.1"}).status_code == 404
        assert store.database.engine.pool.checkedout() == 0
        assert store.database.engine.pool.checkedin() <= 5


@contextmanager
def _every_place_in_the_pool(store: Store) -> Iterator[Callable[[], None]]:
    with ExitStack() as held:
        first = store.database.engine.connect()
        for _ in range(14):
            held.enter_context(store.database.engine.connect())
        try:
            yield first.close
        finally:
            first.close()


@contextmanager
def _every_connection_of_the_server(store: Store) -> Iterator[Callable[[], None]]:
    import psycopg

    address = store.database.engine.url.set(drivername="postgresql").render_as_string(hide_password=False)
    with ExitStack() as held:
        taken: list[Any] = []
        while True:
            try:
                taken.append(held.enter_context(psycopg.connect(address)))
            except psycopg.OperationalError as error:
                assert "clients" in str(error) or "slots" in str(error)
                break
        yield taken[0].close


# ---- a backup while others write -----------------------------------------------------------------

WRITER = """
import sys
from tests.faults.scenes import all_for_ever
all_for_ever(sys.argv[1], sys.argv[2] or None, sys.argv[3])
"""


@BOOK.answers_to("B167", "backup taken during a write; restore into a new folder")
def a_backup_while_others_write(tmp_path: Path, url: str | None) -> None:
    with open_store(tmp_path / "w", url) as store, _writers(tmp_path / "w", url, 2) as told:
        while sum("import_key" in line for line in told) < 3:
            time.sleep(0.02)
        confirmed = list(told)
        made = back_up(store, tmp_path / "b.tar.gz")
        meanwhile = len(told)
        assert meanwhile > len(confirmed), "others wrote all the while"

    restore(made.file, tmp_path / "again")

    with open_store(tmp_path / "again") as store:
        assert store.audit.verify() == made.audit_rows + 1
        _is_sound(store)
        keys = {entry.key: entry.segment for entry in store.records.imports()}
        for line in confirmed:
            if "import_key" in line:
                assert keys[line["import_key"]] == line["segment"]
            if line.get("state") == "done":
                run = store.runs.get(line["run"])
                assert (run.state, run.summary) == ("done", {"sha": line["sha"]})
                assert store.artefacts.get(run.id, "plan")
        for segment in store.records.segments():
            store.artefacts.open_file(segment.sha256)
        for table in store.records.tables().values():
            store.artefacts.open_file(table.sha256)


def _is_sound(store: Store) -> None:
    """As the database itself sees it."""
    if store.database.is_sqlite:
        with store.database.reading() as connection:
            assert connection.exec_driver_sql("PRAGMA integrity_check").scalar() == "ok"
            assert connection.exec_driver_sql("PRAGMA foreign_key_check").all() == []


@contextmanager
def _writers(workspace: Path, url: str | None, count: int) -> Iterator[list[dict[str, Any]]]:
    told: list[dict[str, Any]] = []

    def listen(writer: subprocess.Popen[str]) -> None:
        for line in writer.stdout:
            told.append(json.loads(line))

    command = [sys.executable, "-c", WRITER, str(workspace), url or ""]
    writers = [
        subprocess.Popen([*command, f"writer {n}"], cwd=HOUSE, stdout=subprocess.PIPE, text=True)
        for n in range(count)
    ]
    ears = [threading.Thread(target=listen, args=(writer,)) for writer in writers]
    for ear in ears:
        ear.start()
    try:
        yield told
    finally:
        for writer in writers:
            writer.kill()
            writer.wait()
        for ear in ears:
            ear.join()


# ---- an audit that somebody altered --------------------------------------------------------------

SHIFT = (
    "UPDATE audit SET number = -(number + 1) WHERE number >= 3",
    "UPDATE audit SET number = -number WHERE number < 0",
)
SWAP = (
    "UPDATE audit SET number = 99 WHERE number = 2",
    "UPDATE audit SET number = 2 WHERE number = 5",
    "UPDATE audit SET number = 5 WHERE number = 99",
)
ROW = (
    "INSERT INTO audit (number, at, actor, action, subject, detail, hash) "
    "SELECT {n}, at, 'eve', action, subject, detail, {hash} FROM audit WHERE number = 2"
)
ALTERED: dict[str, tuple[tuple[str, ...], str]] = {
    "edited": (("UPDATE audit SET actor = 'eve' WHERE number = 4",), "audit row 4 was altered"),
    "dated back": (("UPDATE audit SET at = at - 1 WHERE number = 1",), "audit row 1 was altered"),
    "hash edited": ((f"UPDATE audit SET hash = '{'0' * 64}' WHERE number = 3",), "audit row 3 was altered"),
    "deleted": (("DELETE FROM audit WHERE number = 3",), "audit row 3 is missing"),
    "first deleted": (("DELETE FROM audit WHERE number = 1",), "audit row 1 is missing"),
    "all deleted": (("DELETE FROM audit",), "audit row 1 is missing"),
    "two swapped": (SWAP, "audit row 2 was altered"),
    "tail cut": (
        ("DELETE FROM audit WHERE number > 4",),
        "audit row 5 is missing: 6 rows were written, 4 are there",
    ),
    "inserted": ((*SHIFT, ROW.format(n=3, hash="hash")), "audit row 3 was altered"),
    "added at the end": (
        (ROW.format(n=7, hash="'{forged}'"),),
        "audit row 7 was inserted: 6 rows were written",
    ),
    "end gone": (("DELETE FROM audit_head",), "kept apart, is gone"),
    "end moved": (("UPDATE audit_head SET number = 9",), "audit row 7 is missing"),
    "end altered": ((f"UPDATE audit_head SET hash = '{'0' * 64}'",), "audit row 6 was altered"),
}


@BOOK.answers_to("B168", "audit row edited / deleted / two swapped / tail cut")
def an_audit_that_somebody_altered(tmp_path: Path, url: str | None, twin: Twin) -> None:
    with open_store(tmp_path, url) as store:
        for n in range(6):
            store.audit.write("bed_manager", "plan.approve", f"plan {n}")
        _without_its_guard(store)
        for name, (changes, words) in ALTERED.items():
            with pytest.raises(_UndoneError), store.database.writing() as connection:
                _change(connection, changes)
                with pytest.raises(AuditBroken) as told:
                    verify(connection)
                assert words in str(told.value), name
                raise _UndoneError
        assert twin("audit", "verify", "--workspace", tmp_path).out == "6 audit rows in an unbroken chain\n"

        with store.database.writing() as connection:
            _change(connection, ALTERED["edited"][0])
    said = twin("audit", "verify", "--workspace", tmp_path)
    said.is_refused("E_AUDIT", "audit row 4 was altered", exit_code=1)
    listed = twin("audit", "list", "--last", 3, "--workspace", tmp_path, "--json")
    assert [row["actor"] for row in listed.json["rows"]] == ["eve", "bed_manager", "bed_manager"], (
        "still there to be read"
    )


class _UndoneError(Exception):
    """Undoes what a test did to the audit."""


def _change(connection: Connection, changes: tuple[str, ...]) -> None:
    last = connection.execute(text("SELECT hash FROM audit_head")).scalar()
    row = connection.execute(text("SELECT at, action, subject, detail FROM audit WHERE number = 2")).one()
    forged = _hash(last, [7, row.at, "eve", *row[1:]])
    for change in changes:
        connection.execute(text(change.replace("{forged}", forged)))


def _without_its_guard(store: Store) -> None:
    """Somebody with the keys of the database."""
    sqlite = ("DROP TRIGGER audit_keeps_update", "DROP TRIGGER audit_keeps_delete")
    with store.database.writing() as connection:
        for drop in sqlite if store.database.is_sqlite else ("DROP TRIGGER audit_keeps ON audit",):
            connection.execute(text(drop))


# ---- days that are played at length elsewhere in this folder: here each once ---------------------


@BOOK.answers_to("B155", "kill -9 at a random point of a nightly write")
def a_kill_at_any_instant(stage: Stage, tmp_path: Path, url: str | None) -> None:
    kill_often(stage, tmp_path, url, 4)


@BOOK.answers_to("B156", "power cut (unsynced sectors lost/torn)")
def a_power_cut(tmp_path: Path, url: str | None) -> None:
    if url is None:
        cuts = pytest.importorskip("tests.faults.test_power_cuts")
        found, told = cuts.cut_often(tmp_path, 20, lives=6, a_scene=10)
        assert (dict(found), told) == ({"whole": 20}, [])
        return
    with open_store(tmp_path, url) as store, store.database.reading() as connection:
        for setting in (
            "fsync",
            "synchronous_commit",
            "full_page_writes",
        ):  # its own to keep: nothing of ours
            assert connection.exec_driver_sql(f"SHOW {setting}").scalar() == "on"  # may switch it off


@BOOK.answers_to("B157", "disk full in mid-commit")
def a_disk_that_is_full(small_disk: Path, url: str | None) -> None:
    work = disk_full.in_a_commit if url is None else disk_full.in_a_segment  # a server's disk is its own
    disk_full.fill_up(small_disk, url, work)


@BOOK.answers_to("B158", "two nightly jobs at the same second")
def two_nights_at_once(stage: Stage, tmp_path: Path, url: str | None, twin: Twin) -> None:
    open_store(tmp_path, url).close()

    played = stage.play("hold_the_night", tmp_path, url, actors=8)

    (holder,) = played.of("holds")
    refused = [line for line in played.told if "refused" in line]
    assert [line["exit_code"] for line in refused] == [75] * 7
    for line in refused:
        assert re.search(rf"already under way .*held by process {holder} since \d{{4}}-", line["refused"])
    (tmp_path / "hospital.toml").touch()
    with exclusive(tmp_path, nightly.LOCK):
        said = twin("nightly", "--workspace", tmp_path)
    said.is_refused("E_LOCKED", "already under way", str(os.getpid()), "since", exit_code=75)


@BOOK.answers_to("B159", "job's worker killed / paused (SIGSTOP) beyond its lease, then resumed")
def a_worker_that_wakes_up_late(stage: Stage, tmp_path: Path, url: str | None) -> None:
    survives.wake_up_late(stage, tmp_path, url)


@BOOK.answers_to("B160", "8 writers on SQLite")
def eight_writers(stage: Stage, tmp_path: Path, url: str | None) -> None:
    survives.write_together(stage, tmp_path, url, lives=3)


# ---- every entry, on both databases --------------------------------------------------------------


@pytest.mark.parametrize("name", BOOK.names())
def test_a_bad_day_of_the_store_is_answered(name: str, url: str | None, request: pytest.FixtureRequest):
    answer = BOOK.answer(name)
    wanted = answer.__code__.co_varnames[: answer.__code__.co_argcount]

    answer(**{fixture: request.getfixturevalue(fixture) for fixture in wanted})


def test_every_entry_of_the_list_is_answered_in_its_own_words():
    BOOK.hold_the_list()
