"""Backup and restore: all or nothing, checked byte by byte, from either database into either."""

import datetime as dt
import errno
import gzip
import hashlib
import io
import json
import os
import shutil
import tarfile
import tracemalloc
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

import pytest
from sqlalchemy import text

from tests.mirror.twin.store.older import EARLIER, older_store, rows_of
from tests.mirror.twin.store.test_records import a_fold, an_import
from twin.errors import TwinError, UsageError
from twin.store import ArtefactDamaged, Store, StoreUnusable, audit, open_store
from twin.store import restore as restoring
from twin.store.backup import back_up
from twin.store.migrations import HEAD, NewerStore, version_of
from twin.store.packing import BadBackup, Manifest, Member, Packer, Unpacker
from twin.store.restore import restore
from twin.store.rows import lines_of, tables_of

FIRST = dt.date(2024, 4, 1)
FILES = {
    "hospital.toml": b'name = "small"\n',
    "records.toml": b"[places]\n",
    "records/encounters.parquet": os.urandom(3_000_000),
    "records/secret": b"00ff\n",
    "records/inbox/heard-20240401-1.ndjson": b'{"journal": "twin hl7"}\n',
    "records/inbox/heard-20240401-2.open": b'{"journal": "twin hl7"}\n',
    "models/0123456789abcdef/000001-0123456789abcdef0123456789abcdef.json": b"{}",
    "models/0123456789abcdef/000001-0123456789abcdef0123456789abcdef.safetensors": b"weights",
}


@pytest.fixture
def filled(store: Store) -> Store:
    fill(store)
    return store


def fill(store: Store) -> None:
    """Something in every book and every file."""
    for name, data in FILES.items():
        path = store.workspace / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    claim = store.runs.start("run", {"note": "näh", "share": 0.1}, owner="test")
    sha = store.artefacts.put(claim, "plan", os.urandom(2_500_000))
    store.runs.finish(claim, {"cost": 1 / 3})
    store.plans.propose(claim.run_id, "beds", sha, FIRST, FIRST)
    store.records.publish([an_import(store, "jan")], a_fold(store), expected_head=0)
    store.scenarios.put("surge", "beds = 4\n")
    store.users.add("bed_manager", "planner", actor="test")


def names(folder: Path) -> set[str]:
    return {str(path.relative_to(folder)) for path in folder.rglob("*")} if folder.exists() else set()


def test_a_restored_workspace_has_everything_and_works_on(filled: Store, tmp_path: Path):
    before = rows_of(filled.database)

    made = back_up(filled, tmp_path / "out" / "b.tar.gz", actor="bed_manager")
    put_back = restore(made.file, tmp_path / "again")

    assert names(tmp_path / "out") == {"b.tar.gz"}
    assert made.file.stat().st_mode & 0o777 == 0o600
    assert put_back.audit_rows == made.audit_rows == len(before["audit"]) + 1
    with open_store(tmp_path / "again") as store:
        after = rows_of(store.database)
        assert {name: rows for name, rows in after.items() if not name.startswith("audit")} == {
            name: rows for name, rows in before.items() if not name.startswith("audit")
        }
        assert after["audit"][: len(before["audit"])] == before["audit"]
        assert [row.action for row in store.audit.list(2)] == ["store.backup", "store.restore"]
        store.audit.verify()
        run = store.runs.latest("run")
        assert store.artefacts.get(run.id, "plan") == filled.artefacts.get(run.id, "plan")
        for ref in store.records.tables().values():
            store.artefacts.open_file(ref.sha256)
        if store.database.is_sqlite:
            with store.database.reading() as connection:
                assert connection.exec_driver_sql("PRAGMA journal_mode").scalar() == "wal"
        store.runs.add("run", {})
        store.records.publish([an_import(store, "feb")], a_fold(store), expected_head=1)
    for name, data in FILES.items():
        assert (tmp_path / "again" / name).read_bytes() == data
    assert (tmp_path / "again" / "records" / "secret").stat().st_mode & 0o777 == 0o600


def test_rows_move_from_sqlite_into_postgres(tmp_path: Path, postgres_url: str):
    with open_store(tmp_path / "w") as store:
        fill(store)
        before = rows_of(store.database)
        made = back_up(store, tmp_path / "b.tar.gz")

    put_back = restore(made.file, tmp_path / "again", postgres_url)

    assert "postgresql" in put_back.database
    assert not (tmp_path / "again" / "twin.db").exists()
    with open_store(tmp_path / "again", postgres_url) as store:
        after = rows_of(store.database)
        for name in set(before) - {"audit", "audit_head"}:
            assert sorted(after[name]) == sorted(before[name]), name
        numbers = [store.runs.add("run", {}) for _ in range(2)]
        assert [run.id for run in store.runs.list(2)] == numbers[::-1], "runs are counted on"
        assert store.audit.verify() == made.audit_rows + 3


def test_a_database_that_is_not_empty_is_left_alone(packed: Path, tmp_path: Path, postgres_url: str):
    with open_store(tmp_path / "other", postgres_url) as other:
        before = rows_of(other.database)

        with pytest.raises(UsageError, match="not empty"):
            restore(packed, tmp_path / "again", postgres_url)
        assert rows_of(other.database) == before
    assert not (tmp_path / "again").exists()


def test_a_failed_restore_leaves_the_database_empty(
    packed: Path, tmp_path: Path, postgres_url: str, monkeypatch: pytest.MonkeyPatch
):
    with monkeypatch.context() as broken:
        broken.setattr(restoring, "_check", _fail)
        with pytest.raises(TwinError, match="power"):
            restore(packed, tmp_path / "again", postgres_url)
    assert not (tmp_path / "again").exists()
    assert not list(tmp_path.glob(".again*"))
    restore(packed, tmp_path / "again", postgres_url)


def _fail(*_: object) -> None:
    raise TwinError("power")


@pytest.mark.parametrize("version", EARLIER)
def test_a_backup_of_an_earlier_version_is_restored_and_upgraded(
    tmp_path: Path, url: str | None, version: str
):
    database = older_store(tmp_path / "old", url, version)
    before = rows_of(database)
    digest = next(row for row in before["artefact"])[3]
    with database.reading() as connection:
        tables = {table.name: b"".join(lines_of(connection, table)) for table in tables_of(connection)}
        told = {
            table.name: {"columns": [c.name for c in table.columns], "rows": len(before[table.name])}
            for table in tables_of(connection)
        }
        head = before["audit_head"][0]
    database.close()
    files = {f"tables/{name}.ndjson": data for name, data in tables.items()}
    packed = pack(
        files, tables=told, schema=version, audit_rows=head[1], audit_hash=head[2], left_out=[digest]
    )
    (tmp_path / "b.tar.gz").write_bytes(packed)

    restore(tmp_path / "b.tar.gz", tmp_path / "again")

    with open_store(tmp_path / "again") as store:
        with store.database.reading() as connection:
            assert version_of(connection) == HEAD
        after = rows_of(store.database)
        assert {n: after[n] for n in before if not n.startswith("audit")} == {
            n: before[n] for n in before if not n.startswith("audit")
        }
        assert store.audit.verify() == len(before["audit"]) + 1


def pack(files: dict[str, bytes], **changed) -> bytes:
    members = [Member(name, hashlib.sha256(data).hexdigest(), len(data)) for name, data in files.items()]
    told = {"schema": HEAD, "at": "2024-03-01T12:00:00+00:00", "audit_rows": 0, "audit_hash": "0" * 64}
    manifest = Manifest(**{**told, "tables": {}, "members": members, **changed})
    out = io.BytesIO()
    packer = Packer(out, manifest)
    for member in members:
        packer.add(member, io.BytesIO(files[member.name]))
    packer.close()
    return out.getvalue()


def unpack(path: Path) -> tuple[Manifest, dict[str, bytes]]:
    with path.open("rb") as file:
        unpacker = Unpacker(file)
        return unpacker.manifest, {m.name: b"".join(blocks) for m, blocks in unpacker.members()}


def test_it_is_a_tar_that_any_system_opens(filled: Store, tmp_path: Path):
    made = back_up(filled, tmp_path / "b.tar.gz")

    with tarfile.open(made.file) as tar:
        assert tar.getnames()[0] == "manifest.json"
        assert tar.extractfile("hospital.toml").read() == FILES["hospital.toml"]
        run = tar.extractfile("tables/run.ndjson").read().decode()
    assert json.loads(json.loads(run.splitlines()[0])[6]) == {"note": "näh", "share": 0.1}


def test_a_backup_never_takes_anothers_place(filled: Store, tmp_path: Path):
    taken = tmp_path / "b.tar.gz"
    taken.write_text("the backup of yesterday")

    with pytest.raises(UsageError, match="already") as refused:
        back_up(filled, taken)
    assert refused.value.code == "E_OUTPUT"
    assert taken.read_text() == "the backup of yesterday"


def test_a_damaged_kept_file_is_told_and_the_rest_is_saved_when_asked(filled: Store, tmp_path: Path):
    run = filled.runs.latest("run")
    (sha,) = [plan.sha256 for plan in filled.plans.list()]
    filled.artefacts.path(sha).write_bytes(b"altered")

    with pytest.raises(ArtefactDamaged, match=f"--leave-out-damaged[^$]*{sha[2:]}"):
        back_up(filled, tmp_path / "b.tar.gz")
    assert not (tmp_path / "b.tar.gz").exists()

    made = back_up(filled, tmp_path / "b.tar.gz", leave_out_damaged=True)
    assert made.left_out == (sha,)
    assert restore(made.file, tmp_path / "again").left_out == (sha,)
    with open_store(tmp_path / "again") as store:
        assert store.runs.get(run.id).state == "done"
        with pytest.raises(ArtefactDamaged, match="gone"):
            store.artefacts.get(run.id, "plan")


def test_a_backup_that_cannot_be_written_leaves_nothing(
    filled: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    def full(self, member, source):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(Packer, "add", full)
    with pytest.raises(TwinError, match="No space left") as refused:
        back_up(filled, tmp_path / "out" / "b.tar.gz")
    assert refused.value.code == "E_DISK_FULL"
    assert names(tmp_path / "out") == set()


def test_a_description_edited_meanwhile_is_not_half_taken(
    filled: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    write = filled.audit.write

    def edit(*words: object) -> int:
        (filled.workspace / "hospital.toml").write_bytes(b'name = "SMALL"\n')  # in place, by an editor
        return write(*words)

    monkeypatch.setattr(filled.audit, "write", edit)
    with pytest.raises(TwinError, match=r"hospital\.toml changed"):
        back_up(filled, tmp_path / "out" / "b.tar.gz")
    assert names(tmp_path / "out") == set()


# What is refused


@pytest.fixture
def packed(tmp_path: Path) -> Path:
    """A small backup of a store in SQLite."""
    with open_store(tmp_path / "w") as store:
        claim = store.runs.start("run", {}, owner="test")
        store.artefacts.put(claim, "plan", b"beds = 24" * 50)
        store.runs.finish(claim, {})
        (tmp_path / "w" / "hospital.toml").write_bytes(FILES["hospital.toml"])
        return back_up(store, tmp_path / "b.tar.gz").file


def refused(
    data: bytes, tmp_path: Path, words: str | None = None, kind: type[TwinError] = BadBackup
) -> TwinError:
    (tmp_path / "bad.tar.gz").write_bytes(data)
    before = names(tmp_path)
    with pytest.raises(kind, match=words) as told:
        restore(tmp_path / "bad.tar.gz", tmp_path / "again")
    assert names(tmp_path) == before
    return told.value


def test_a_backup_cut_anywhere_is_refused(packed: Path, tmp_path: Path):
    data = packed.read_bytes()

    for end in {0, 1, 9, 10, 11, *range(0, len(data), 997), len(data) - 8, len(data) - 1}:
        assert refused(data[:end], tmp_path).exit_code == 3


def test_a_backup_cut_between_its_parts_is_refused(packed: Path, tmp_path: Path):
    tar = gzip.decompress(packed.read_bytes())

    for end in range(0, len(tar), 512 * 5):
        refused(gzip.compress(tar[:end], 1), tmp_path)


def test_a_byte_altered_anywhere_is_refused_or_means_nothing(packed: Path, tmp_path: Path):
    tar = gzip.decompress(packed.read_bytes())
    for place in range(5, len(tar), 911):
        altered = bytearray(tar)
        altered[place] ^= 0x41
        (tmp_path / "bad.tar.gz").write_bytes(gzip.compress(bytes(altered), 1))
        try:
            restore(tmp_path / "bad.tar.gz", tmp_path / "again")
        except (BadBackup, NewerStore):
            assert not (tmp_path / "again").exists()
            continue
        with open_store(tmp_path / "again") as store:  # padding, a date in a header
            assert store.audit.verify() == 4
            assert [run.state for run in store.runs.list()] == ["done"]
        shutil.rmtree(tmp_path / "again")


@pytest.mark.parametrize(
    "junk", [b"", b"hello", b"PK\3\4" * 300, bytes(2048), gzip.compress(bytes(4096), mtime=0)]
)
def test_what_is_no_backup_is_refused(tmp_path: Path, junk: bytes):
    assert refused(junk, tmp_path).code == "E_DAMAGED"


def test_more_behind_the_end_is_refused(packed: Path, tmp_path: Path):
    refused(packed.read_bytes() + packed.read_bytes(), tmp_path, "more in it")
    refused(packed.read_bytes() + b"more", tmp_path)


@pytest.mark.parametrize(
    "name",
    ["../evil", "/etc/passwd", "tables/../../x.ndjson", "artefacts/aa/../../../x", "twin.db",
     "records/secret/x", "hospital.toml ", "locks/migrate.lock", "tables/run.ndjson/..", "manifest.json"],
)  # fmt: skip
def test_a_name_that_leads_elsewhere_is_refused(packed: Path, tmp_path: Path, name: str):
    manifest, _ = unpack(packed)

    raw = {**_told(manifest), "members": [*manifest.members, Member(name, "0" * 64, 0)]}
    out = io.BytesIO()
    Packer(out, Manifest(**raw)).close()
    refused(out.getvalue(), tmp_path)

    refused(with_head(packed, tarfile.TarInfo(name)), tmp_path, "stands where hospital.toml belongs")
    assert not (tmp_path.parent / "evil").exists()


def with_head(packed: Path, entry: tarfile.TarInfo) -> bytes:
    """The same backup with another header before hospital.toml."""
    tar = bytearray(gzip.decompress(packed.read_bytes()))
    place = tar.rindex(b"hospital.toml" + bytes(87))
    entry.size = len(FILES["hospital.toml"])
    tar[place : place + 512] = entry.tobuf(tarfile.GNU_FORMAT)[-512:]
    return gzip.compress(bytes(tar), 1)


@pytest.mark.parametrize(
    "kind", [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.DIRTYPE, tarfile.FIFOTYPE, b"x", b"L"]
)
def test_a_link_or_folder_in_the_file_is_refused(packed: Path, tmp_path: Path, kind: bytes):
    entry = tarfile.TarInfo("hospital.toml")
    entry.type, entry.linkname = kind, "/etc/passwd"

    refused(with_head(packed, entry), tmp_path, "no plain file")


def _told(manifest: Manifest) -> dict:
    return {**asdict(manifest), "members": manifest.members}


def test_a_backup_whose_parts_do_not_fit_each_other_is_refused(packed: Path, tmp_path: Path):
    manifest, files = unpack(packed)
    told = {k: v for k, v in _told(manifest).items() if k != "members"}
    art = next(name for name in files if name.startswith("artefacts/"))

    def without(name: str) -> dict[str, bytes]:
        return {n: data for n, data in files.items() if n != name}

    lines = files["tables/audit.ndjson"].splitlines(keepends=True)
    fewer = {**told["tables"], "audit": {**told["tables"]["audit"], "rows": len(lines) - 1}}
    swapped = {**files, "tables/audit.ndjson": b"".join(reversed(lines))}
    edited = {**files, "tables/audit.ndjson": files["tables/audit.ndjson"].replace(b"run.done", b"run.fail")}
    cut = {**files, "tables/audit.ndjson": b"".join(lines[:-1])}
    assert unpack(packed)[1] == files
    refused(pack(without(art), **told), tmp_path, "lacks 1 files")
    refused(pack(cut, **told), tmp_path, "audit")
    refused(pack(cut, **{**told, "tables": fewer}), tmp_path, "audit row", audit.AuditBroken)
    refused(pack(edited, **told), tmp_path, "audit row 2 was altered", audit.AuditBroken)
    refused(pack({**files, art: b"other"}, **told), tmp_path, "not named by its content")
    refused(pack(files, **{**told, "audit_rows": 2}), tmp_path, "does not end")
    refused(pack(without("tables/run.ndjson"), **told), tmp_path, "not one of ours")
    refused(pack({**files, "tables/run.ndjson": b"[1,2]\n"}, **told), tmp_path, "rows of run")
    refused(pack({**files, "tables/run.ndjson": b"{"}, **told), tmp_path, "rows of run")
    refused(
        pack({**files, "tables/run.ndjson": files["tables/run.ndjson"] * 2}, **told), tmp_path, "rows of run"
    )
    moved = {**{n: d for n, d in files.items() if n != "tables/run.ndjson"}, "tables/run.ndjson": b""}
    refused(pack(moved, **told), tmp_path, "rows of")
    (tmp_path / "good.tar.gz").write_bytes(pack(swapped, **told))
    restore(tmp_path / "good.tar.gz", tmp_path / "again")  # the order of lines says nothing


def test_a_backup_of_a_newer_version_is_refused(packed: Path, tmp_path: Path):
    manifest, files = unpack(packed)
    told = {k: v for k, v in _told(manifest).items() if k != "members"}

    error = refused(pack(files, **{**told, "schema": "9999"}), tmp_path, "newer", NewerStore)
    assert error.code == "E_NEWER"
    assert "9999" in str(error)


def test_a_backup_larger_than_the_disk_is_refused_before_it_is_unpacked(
    packed: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    usage = restoring.shutil.disk_usage(tmp_path)
    monkeypatch.setattr(restoring.shutil, "disk_usage", lambda _: usage._replace(free=100))

    error = refused(packed.read_bytes(), tmp_path, "make space", StoreUnusable)
    assert error.code == "E_DISK_FULL"


def test_a_folder_that_holds_something_is_left_alone(packed: Path, tmp_path: Path):
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "letter").write_text("keep me")
    (tmp_path / "file").write_text("keep me")
    (tmp_path / "link").symlink_to(tmp_path / "mine")
    (tmp_path / "empty").mkdir()

    for taken in ("mine", "file", "link"):
        with pytest.raises(UsageError, match="new or empty"):
            restore(packed, tmp_path / taken)
    assert (tmp_path / "mine" / "letter").read_text() == "keep me"
    assert restore(packed, tmp_path / "empty").folder == tmp_path / "empty"
    with pytest.raises(UsageError, match="no such backup"):
        restore(tmp_path / "none", tmp_path / "again")


def test_a_large_table_is_written_and_read_in_little_memory(opened: Callable[[], Store], tmp_path: Path):
    store, rows = opened(), 10_000
    text_of = "levers = [] # " + "x" * 4_000
    with store.database.writing() as connection:
        table = next(table for table in tables_of(connection) if table.name == "scenario")
        row = {"version": 1, "sha256": "", "content": text_of, "made_by": "bed_manager", "at": 0}
        for start in range(0, rows, 500):
            connection.execute(table.insert(), [{**row, "name": f"{start + n}"} for n in range(500)])
    back_up(store, tmp_path / "warm.tar.gz")

    tracemalloc.start()
    made = back_up(store, tmp_path / "b.tar.gz")
    restore(made.file, tmp_path / "again")
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()

    assert peak < 16 << 20, f"{peak / 1e6:.1f} MB at once, of {rows * len(text_of) / 1e6:.0f} MB"
    with open_store(tmp_path / "again") as again, again.database.reading() as connection:
        assert connection.scalar(text("SELECT count(*) FROM scenario")) == rows
