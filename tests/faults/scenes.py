"""Scenes of the store, played by processes of their own: killed, refused their calls, or written down.

``Stage`` keeps one small process that has imported everything and forks an actor for each scene, so that
hundreds of kills take seconds. Each line that an actor says is something the store confirmed to it.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import json
import os
import signal
import subprocess
import sys
import threading
import time
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from scenarios.plan_book import write_down
from tests.plans import beds_planned
from twin.errors import Locked, TwinError
from twin.files import write_whole
from twin.hospital import parse_hospital, shipped
from twin.records.quality import Finding
from twin.store import (
    AlreadyImported,
    HeadMoved,
    NewFold,
    NewImport,
    StaleLease,
    Store,
    TableRef,
    exclusive,
    open_store,
)
from twin.store.content import digest_of
from twin.workspace import Asking, Workspace, bring_in

HOUSE = Path(__file__).resolve().parents[2]
SAID = dt.datetime(2026, 11, 22, 8, 0, tzinfo=dt.UTC)
DAYS = [dt.date(2026, 1, 1) + dt.timedelta(days) for days in range(20)]
MANY = 10**9


def say(**what: Any) -> None:
    """Tell what was confirmed; one write, so that a line is there whole or not at all."""
    os.write(1, (json.dumps(what) + "\n").encode())


# ---------------------------------------------------------------- what the store is asked to do


def run_once(store: Store, name: str, n: int) -> None:
    """A run from asking to its end, with a file, forecasts and a line in the audit."""
    run_id = store.runs.add("run", {"n": n, "why": "x" * (n % 700)})
    say(run=run_id, state="queued")
    claim = store.runs.claim(run_id, owner=name)
    digest = store.artefacts.put(claim, "plan", f"{name} {n} ".encode() * 500)
    stream = f"stream of {run_id}"
    store.forecasts.add(run_id, SAID, stream, DAYS, *[[float(n)] * len(DAYS)] * 4)
    store.runs.progress(claim, 1, 2, "half")
    store.runs.finish(claim, {"sha": digest})
    say(run=run_id, state="done", sha=digest, stream=stream, mean=float(n))
    say(audit=store.audit.write(name, "plan.approve", run_id))


def keep(store: Store, words: str) -> str:
    """A file as an import makes it: written elsewhere, then taken in."""
    with store.artefacts.staging() as folder:
        staged = folder / "file"
        staged.write_text(words)
        return store.artefacts.keep_file(staged)


def publish_once(store: Store, name: str, n: int, lines: int = 2000) -> None:
    """An import of one file and the folding on top of it; again from the folding where another was first."""
    segment = keep(store, f"statement of {name} {n}\n" * lines)
    entry = NewImport(f"{name}.csv", "csv", "a" * 64, f"{name} {n}", lines, 1, segment, lines - 1)
    finding = Finding(
        "error", "E_OVERLAP", "Two patients in one bed", "Look.", 3, 120, "ward_stays", {"oak": 3}
    )
    while True:
        head = store.records.head()
        table = keep(store, f"tables of {name} {n} on {head}\n" * lines)
        fold = NewFold("b" * 64, {"ward_stays": TableRef(table, lines)}, [finding] * 5)
        try:
            number = store.records.publish([entry], fold, expected_head=head, actor=name)
        except HeadMoved:
            continue
        except AlreadyImported as known:
            say(already=entry.key, segment=known.imports[0].segment)
            return
        say(import_key=entry.key, fold=number, segment=segment, table=table)
        return


# ---------------------------------------------------------------- scenes


def one_run(workspace: str, url: str | None, name: str) -> None:
    with open_store(workspace, url) as store:
        run_once(store, name, 1)


def one_publish(workspace: str, url: str | None, name: str) -> None:
    with open_store(workspace, url) as store:
        publish_once(store, name, 1)


def bring_in_file(workspace: str, url: str | None, name: str, source: str) -> None:
    """The whole import of a file: read in a child, folded in another, published."""
    if url is not None:
        os.environ["DATABASE_URL"] = url
    brought = bring_in(Workspace(workspace), [source], Asking(actor=name)).or_raise()
    (kept,) = brought.kept
    say(brought=kept.source, again=kept.again, rows=kept.rows)


def same_import(workspace: str, url: str | None, name: str) -> None:
    """The same file, brought in by several at once."""
    with open_store(workspace, url) as store:
        publish_once(store, "march", 1)


def some_of_all(workspace: str, url: str | None, name: str, lives: int = 6) -> None:
    with open_store(workspace, url) as store:
        for n in range(lives):
            run_once(store, name, n)
            publish_once(store, name, n, lines=300)


def all_for_ever(workspace: str, url: str | None, name: str) -> None:
    with open_store(workspace, url) as store:
        say(at_work=name)
        for n in range(MANY):
            publish_once(store, name, n, lines=300)
            run_once(store, name, n)


def many_of_all(workspace: str, url: str | None, name: str, lives: int) -> None:
    """Runs of seven transactions each, and foldings on top of whatever the others published."""
    with open_store(workspace, url) as store:
        for n in range(lives):
            run_once(store, name, n)
            store.workers.heartbeat(name)
            store.audit.write(name, "plan.look", str(n))
            publish_once(store, name, n, lines=20)


def fill_the_disk(workspace: str, url: str | None, name: str) -> None:
    """Write until something is refused."""
    with open_store(workspace, url) as store:
        for n in range(MANY):
            publish_once(store, f"{name} {n}", n)
            run_once(store, name, n)


def write_a_plan(folder: str, url: str | None, name: str) -> None:
    for n in range(3):
        write_whole(Path(folder) / "plans" / "plan.toml", f"beds = {n}\n".encode() * 1000)
        say(written=n)


def keep_a_plan(workspace: str, url: str | None, name: str) -> None:
    """A plan that was made: its run, its files and its proposal."""
    house = parse_hospital(shipped("small"))
    planned = beds_planned(dt.date(2025, 3, 4))
    with open_store(workspace, url) as store:
        entry, _ = write_down(store, "beds", planned, house, actor=name)
        say(plan=entry.number)


def take_all(workspace: str, url: str | None, name: str) -> None:
    with open_store(workspace, url) as store:
        while (claim := store.runs.claim(owner=name)) is not None:
            say(taken=claim.run_id)
            store.runs.finish(claim, {"by": name})


def only_open(workspace: str, url: str | None, name: str) -> None:
    open_store(workspace, url).close()
    say(opened=name)


def sleep_over_the_lease(workspace: str, url: str | None, name: str) -> None:
    """A laptop that is shut in the middle of a run; the test wakes it."""
    with open_store(workspace, url) as store:
        claim = store.runs.claim(owner=name, lease_seconds=0.0)
        say(held=claim.token)
        os.kill(os.getpid(), signal.SIGSTOP)
        writes = (
            lambda: store.runs.finish(claim, {"by": name}),
            lambda: store.runs.progress(claim, 1, 2),
            lambda: store.artefacts.put(claim, "plan", b"late"),
        )
        for write in writes:
            try:
                write()
            except StaleLease:
                say(refused=True)


def hold_the_night(workspace: str, url: str | None, name: str) -> None:
    """A nightly job that takes a while, or is told who has it in hand."""
    try:
        with exclusive(workspace, "nightly"):
            say(holds=os.getpid())
            time.sleep(1.0)
    except Locked as told:
        say(refused=str(told), exit_code=told.exit_code)


SCENES: dict[str, Callable[..., None]] = {
    scene.__name__: scene
    for scene in (
        one_run,
        one_publish,
        bring_in_file,
        same_import,
        some_of_all,
        all_for_ever,
        many_of_all,
        fill_the_disk,
        write_a_plan,
        keep_a_plan,
        take_all,
        only_open,
        sleep_over_the_lease,
        hold_the_night,
    )
}


# ---------------------------------------------------------------- the process that forks them


def serve() -> None:
    """Take scenes from standard input, one a line, and play each in a process of its own."""
    for line in sys.stdin:
        asked = json.loads(line)
        curtain = os.pipe()  # all begin at once, when everybody knows their numbers
        children = [_fork(asked, n, curtain) for n in range(asked["actors"])]
        say(actors=children)
        for end in curtain:
            os.close(end)
        for child in children:
            code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
            say(ended=child, code=code)


def _fork(asked: dict[str, Any], n: int, curtain: tuple[int, int]) -> int:
    child = os.fork()
    if child:
        return child
    code = 1
    try:
        os.setpgid(0, 0)
        os.close(curtain[1])
        os.read(curtain[0], 1)
        SCENES[asked["scene"]](asked["workspace"], asked["url"], f"{asked['name']} {n}", **asked["more"])
        code = 0
    except TwinError as error:
        say(error=error.code, kind=type(error).__name__, message=str(error))
        code = 3
    except BaseException:
        traceback.print_exc()
    finally:
        os._exit(code)


# ---------------------------------------------------------------- the test's side of it


@dataclass(frozen=True)
class Played:
    """What the actors of a scene said, and how each ended."""

    told: list[dict[str, Any]]
    codes: list[int]

    @property
    def errors(self) -> list[dict[str, Any]]:
        return [line for line in self.told if "error" in line]

    def of(self, word: str) -> list[Any]:
        """Every value said under this word."""
        return [line[word] for line in self.told if word in line]


class Stage:
    """Where scenes are played; a context manager."""

    def __init__(self, **environment: str) -> None:
        env = {name: value for name, value in os.environ.items() if name != "DATABASE_URL"} | environment
        command = [sys.executable, "-m", "tests.faults.scenes"]
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
        self._mother = subprocess.Popen(command, cwd=HOUSE, env=env, text=True, **pipes)
        self._errors: list[str] = []
        self._listener = threading.Thread(target=self._listen, daemon=True)
        self._listener.start()

    def play(
        self,
        scene: str,
        workspace: Path,
        url: str | None = None,
        *,
        name: str = "writer",
        actors: int = 1,
        kill_after: float | None = None,
        kill_at_work: bool = False,
        when: Callable[[dict[str, Any], list[int]], None] = lambda line, actors: None,
        **more: Any,
    ) -> Played:
        """Play a scene to its end, or kill its actor so many seconds after its begin (or its first word).

        ``when`` is called with each line that is said and the actors' process numbers.
        """
        asked = {"scene": scene, "workspace": str(workspace), "url": url, "name": name, "actors": actors}
        print(json.dumps(asked | {"more": more}), file=self._mother.stdin, flush=True)
        told: list[dict[str, Any]] = []
        codes: list[int] = []
        children: list[int] = []
        while len(codes) < actors:
            line = json.loads(self._mother.stdout.readline())
            if "ended" in line:
                codes.append(line["code"])
            elif "actors" in line:
                children = line["actors"]
            else:
                told.append(line)
                when(line, children)
            if kill_after is not None and children and (told or not kill_at_work):
                time.sleep(kill_after)
                for child in children:
                    kill_group(child)
                kill_after = None
        return Played(told, codes)

    def traces(self) -> str:
        """Everything that was written to standard error so far."""
        return "".join(self._errors)

    def __enter__(self) -> Stage:
        return self

    def __exit__(self, *_: object) -> None:
        self._mother.stdin.close()
        self._mother.wait(timeout=30)
        self._listener.join(timeout=30)

    def _listen(self) -> None:
        self._errors.extend(self._mother.stderr)


def kill_group(leader: int) -> None:
    """Kill a process and all it started, at once."""
    for kill in (os.kill, os.killpg):
        with contextlib.suppress(ProcessLookupError):
            kill(leader, signal.SIGKILL)


# ---------------------------------------------------------------- what must hold afterwards


def assert_kept(store: Store, told: list[dict[str, Any]]) -> None:
    """Everything confirmed is there, whole, its files by their hashes; nothing is half there."""
    assert store.audit.verify() >= max([0, *(line.get("audit", 0) for line in told)])
    published = {entry.key: entry for entry in store.records.imports()}
    streams: dict[str, list[float]] = {}
    for row in store.forecasts.list():
        streams.setdefault(row.stream, []).append(row.mean)
    for line in told:
        if "run" in line:
            run = store.runs.get(line["run"])
            assert line["state"] == "queued" or run.state == "done"
            assert "sha" not in line or run.summary == {"sha": line["sha"]}
            assert "stream" not in line or streams[line["stream"]] == [line["mean"]] * len(DAYS)
        if "import_key" in line:
            assert published[line["import_key"]].segment == line["segment"]
            assert store.records.head() >= line["fold"]
    assert all(len(means) == len(DAYS) for means in streams.values())
    assert_whole(store)


def assert_whole(store: Store) -> None:
    """Sound tables; every row's file there with its content; no folding without its tables and findings."""
    for run in store.runs.list(100_000, state="done"):
        assert store.artefacts.names(run.id) == ("plan",)
        store.artefacts.get(run.id, "plan")
    imports = assert_files_whole(store)
    with store.database.reading() as connection:
        count = "SELECT count(*) FROM "
        folds, tables, findings = (
            connection.exec_driver_sql(count + f"records_{what}").scalar()
            for what in ("fold", "table", "finding")
        )
    assert folds == store.records.head() == imports == tables
    assert findings == 5 * folds


def assert_files_whole(store: Store) -> int:
    """A sound database, imports without a gap, every file that a row names; how many imports there are."""
    imports = store.records.imports()
    assert [entry.number for entry in imports] == list(range(len(imports), 0, -1))
    for entry in imports:
        assert digest_of(store.artefacts.path(entry.segment)) == entry.segment
    with store.database.reading() as connection:
        digests = connection.exec_driver_sql("SELECT sha256 FROM records_table").scalars().all()
        if store.database.is_sqlite:
            assert connection.exec_driver_sql("PRAGMA journal_mode").scalar() == "wal"
            assert connection.exec_driver_sql("PRAGMA integrity_check").scalar() == "ok"
            assert connection.exec_driver_sql("PRAGMA foreign_key_check").all() == []
    for digest in digests:
        assert digest_of(store.artefacts.path(digest)) == digest
    return len(imports)


if __name__ == "__main__":
    serve()
