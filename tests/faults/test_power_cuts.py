"""The power goes: what the store confirmed is there when it is back, whatever the disk had not yet kept.

The store runs with its own code and settings on a simulated disk (``disk``, ``sqlite_on_disk``). The scene is
cut at many instants; each time the ordinary SQLite opens what the disk may have left and everything confirmed
is looked for. A scene goes on from what the cut before it left. With syncing switched off the same harness
must find losses.
"""

from __future__ import annotations

import datetime as dt
import random
import shutil
import sqlite3
from collections import Counter
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from tests.faults.disk import Disk, File, lay_out
from twin.errors import TwinError
from twin.records.quality import Finding
from twin.store import NewFold, NewImport, Store, TableRef, open_store
from twin.store.records import Aside

apsw_disk = pytest.importorskip("tests.faults.sqlite_on_disk", reason="apsw is not installed")

SAID = dt.datetime(2026, 11, 22, 8, 0, tzinfo=dt.UTC)
DAYS = [dt.date(2026, 1, 1) + dt.timedelta(days) for days in range(15)]
ASIDE = (Aside(7, "ward", "A-9", "no such ward", "map it", "E_UNKNOWN_WARD"),)
FINDING = Finding("error", "E_OVERLAP", "Two patients in one bed", "Look.", 3, 120, "ward_stays", {"oak": 3})
PARTS = {"fold": 1, "table": 1, "aside": 1, "finding": 3}  # rows of each import in each table
OFTEN = "PRAGMA wal_autocheckpoint = 12"  # the store's own 1,000 pages bring a checkpoint each hundredth run
CHANCE_OF_A_CUT = {"twin.db": 0.04, "twin.db-wal": 0.015, "twin.db-journal": 0.3}  # before each call


@dataclass
class Confirmed:
    """What the store said is safe."""

    runs: dict[str, Any] = field(default_factory=dict)
    forecasts: list[tuple[str, float]] = field(default_factory=list)
    imports: dict[str, str] = field(default_factory=dict)
    audit: tuple[int, str] = (0, "")

    def copy(self) -> Confirmed:
        return Confirmed(dict(self.runs), list(self.forecasts), dict(self.imports), self.audit)


def life_of_a_run(store: Store, confirmed: Confirmed, n: int) -> None:
    """A run, its forecasts, an import with its folding: seven transactions."""
    run_id = store.runs.add("run", {"n": n, "why": "x" * (n % 700)})
    confirmed.runs[run_id] = "queued"
    claim = store.runs.claim(run_id, owner="ward-pc")
    store.runs.progress(claim, 1, 2, "half")
    stream = f"stream of {run_id}"
    store.forecasts.add(run_id, SAID, stream, DAYS, *[[float(n)] * len(DAYS)] * 4)
    store.runs.finish(claim, {"n": n})
    confirmed.runs[run_id] = {"n": n}
    confirmed.forecasts.append((stream, float(n)))
    entry = NewImport("march.csv", "csv", "a" * 64, run_id, 120, 1, kept(store, run_id), 119, faults=ASIDE)
    fold = NewFold("b" * 64, {"ward_stays": TableRef(kept(store, f"stays {run_id}"), 119)}, [FINDING] * 3)
    store.records.publish([entry], fold, expected_head=store.records.head())
    confirmed.imports[entry.key] = entry.segment
    number = store.audit.write("bed_manager", "plan.approve", run_id)
    with store.database.reading() as connection:
        confirmed.audit = number, connection.exec_driver_sql("SELECT hash FROM audit_head").scalar()


def kept(store: Store, words: str) -> str:
    with store.artefacts.staging() as folder:
        (folder / "file").write_text(words)
        return store.artefacts.keep_file(folder / "file")


class Lost(Exception):
    """Something confirmed is not there."""


class Harmed(Exception):
    """The database cannot be read, or a part of it is half there."""


def look(folder: Path, confirmed: Confirmed) -> None:
    """Open what a cut left with the ordinary SQLite and look for everything that was confirmed."""
    try:
        with closing(sqlite3.connect(folder / "twin.db")) as plain:
            said = plain.execute("PRAGMA integrity_check").fetchall()
        if said != [("ok",)]:
            raise Harmed(str(said))
        with open_store(folder) as store:
            rows = store.audit.verify()
            runs = {
                run.id: run.summary if run.state == "done" else "queued" for run in store.runs.list(10**6)
            }
            said_by_stream = Counter((row.stream, row.mean) for row in store.forecasts.list())
            imports = {entry.key: entry.segment for entry in store.records.imports()}
            with store.database.reading() as connection:
                parts = [
                    connection.exec_driver_sql(f"SELECT count(*) FROM records_{n}").scalar() for n in PARTS
                ]
                sql = "SELECT hash FROM audit WHERE number = ?"
                kept = connection.exec_driver_sql(sql, (confirmed.audit[0],)).scalar()
    except (sqlite3.DatabaseError, TwinError) as fault:
        raise Harmed(str(fault)) from fault
    if rows < confirmed.audit[0] or (rows and confirmed.audit[0] and kept != confirmed.audit[1]):
        raise Lost(f"audit row {confirmed.audit[0]}; {rows} are there")
    for run_id, state in confirmed.runs.items():
        if run_id not in runs or (state != "queued" and runs[run_id] != state):
            raise Lost(f"run {run_id} {state}: {runs.get(run_id)}")
    if any(count != len(DAYS) for count in said_by_stream.values()):
        raise Harmed("a forecast is half there")
    if parts != [count * len(imports) for count in PARTS.values()]:
        raise Harmed(f"an import is half there: {parts}")
    if missing := confirmed.imports.items() - imports.items():
        raise Lost(f"imports {missing}")
    if missing := set(confirmed.forecasts) - set(said_by_stream):
        raise Lost(f"forecasts {missing}")


class Scene:
    """One life of a store from opening to closing, with cuts on the way."""

    def __init__(self, folder: Path, chance: random.Random, confirmed: Confirmed, cuts: int) -> None:
        self.folder, self.chance, self.confirmed, self.left = folder, chance, confirmed, cuts
        self.disk = Disk.of(folder)
        self.found: Counter[str] = Counter()
        self.after: tuple[Path, Confirmed] | None = None
        self.told: list[str] = []

    def watch(self, call: str, path: str) -> None:
        if self.left and self.chance.random() < CHANCE_OF_A_CUT.get(Path(path).name, 0.0):
            self.left -= 1
            self.cut(f"before a {call} of {Path(path).name}")

    def cut(self, instant: str) -> None:
        image = self.folder.parent / f"{self.folder.name} cut {self.left}"
        there = self.disk.after_cut(self.chance)
        if self.chance.random() < 0.5:  # memory that was shared means nothing after a cut
            there["twin.db-shm"] = self.chance.randbytes(32768)
        lay_out(there, image)
        confirmed = self.confirmed.copy()
        try:
            look(image, confirmed)
        except (Lost, Harmed) as fault:
            self.found[type(fault).__name__] += 1
            self.told.append(f"{instant}: {type(fault).__name__}: {fault}")
            shutil.rmtree(image)
            return
        self.found["whole"] += 1
        if self.after is not None:
            shutil.rmtree(self.after[0])
        self.after = image, confirmed

    def play(self, lives: int, *settings: str) -> None:
        system = apsw_disk.System(self.disk, self.watch)
        with apsw_disk.stores_on(system, *settings), open_store(self.folder) as store:
            for n in range(lives):
                life_of_a_run(store, self.confirmed, n)
        assert isinstance(self.disk.file(str(self.folder / "twin.db")), File)


def cut_often(
    folder: Path, cuts: int, *settings: str, lives: int, a_scene: int
) -> tuple[Counter[str], list[str]]:
    """Play scenes until there were so many cuts; how many ended how, and the losses in words."""
    chance, found, told = random.Random(f"cuts {cuts} {settings}"), Counter[str](), []
    start, confirmed, number = folder / "scene 0", Confirmed(), 0
    start.mkdir()
    while found.total() < cuts:
        often = (OFTEN,) if number % 2 else ()
        scene = Scene(start, chance, confirmed, min(a_scene, cuts - found.total()))
        scene.play(lives, *settings, *often)
        found += scene.found
        told += scene.told
        shutil.rmtree(start)
        number += 1
        start, confirmed = folder / f"scene {number}", Confirmed()
        if scene.after is not None and number % 8:  # a fresh store now and then
            scene.after[0].rename(start)
            confirmed = scene.after[1]
        else:
            start.mkdir()
    return found, told


def test_nothing_confirmed_is_lost_when_the_power_goes(tmp_path: Path):
    found, told = cut_often(tmp_path, 60, lives=10, a_scene=20)

    assert (found, told) == (Counter(whole=60), [])


def test_without_syncing_most_cuts_lose_what_was_confirmed(tmp_path: Path):
    found, _ = cut_often(tmp_path, 40, "PRAGMA synchronous = OFF", lives=10, a_scene=20)

    assert found["whole"] < 20


def test_with_half_the_syncing_cuts_lose_but_do_no_harm(tmp_path: Path):
    found, _ = cut_often(tmp_path, 40, "PRAGMA synchronous = NORMAL", lives=10, a_scene=20)

    assert found["Lost"] > 0
    assert found["Harmed"] == 0


@pytest.mark.long
def test_two_thousand_power_cuts_lose_nothing(tmp_path: Path):
    found, told = cut_often(tmp_path, 2000, lives=40, a_scene=50)
    print(found)

    assert (found, told) == (Counter(whole=2000), [])


@pytest.mark.long
@pytest.mark.parametrize("setting", ["OFF", "NORMAL"])
def test_two_thousand_power_cuts_with_less_syncing(tmp_path: Path, setting: str):
    found, _ = cut_often(tmp_path, 2000, f"PRAGMA synchronous = {setting}", lives=40, a_scene=50)
    print(setting, found)

    assert found["whole"] < (1000 if setting == "OFF" else 2000)
    assert setting == "OFF" or not found["Harmed"]
