"""Compiled code is never older than its source: an edit anywhere in it is seen by the next process.

Two files of a little package, one of which calls the other, and a switch that a third defines. Each run is
a process of its own, as after an edit; a file that is edited keeps its date, so that only its content tells.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from twin import compiling
from twin.compiling import cache_folder, source_key

HOUSE = Path(__file__).resolve().parents[2]

_LITTLE = {
    "__init__.py": "",
    "compiled.py": """
from pathlib import Path
from twin.compiling import compiler
compiled = compiler("little", Path(__file__).parent.glob("*.py"))
""",
    "words.py": "FREE = 3\n",
    "price.py": """
from little.compiled import compiled
from little.words import FREE

@compiled
def price(n):
    return (n - FREE) * 2
""",
    "total.py": """
from little.compiled import compiled
from little.price import price

@compiled
def total(n):
    return price(n) + 1
""",
}
_ASK = """
from little.total import total
print("answer", total(20), "compiled" if total.stats.cache_misses else "found")
"""
_PLAIN = (
    "from numba import njit\ncompiled = njit(cache=True)\n"  # as one would without a folder for each source
)


def tell(work: str, folder: Path, **environment: str) -> str:
    """What a new process prints, its code kept below ``folder``."""
    known = {k: v for k, v in os.environ.items() if not k.startswith("NUMBA_")}
    paths = os.pathsep.join((str(folder), str(HOUSE)))
    settings = {"PYTHONPATH": paths, "XDG_CACHE_HOME": str(folder / "cache"), "PYTHONDONTWRITEBYTECODE": "1"}
    told = subprocess.run(
        [sys.executable, "-c", work],
        cwd=folder,
        env={**known, **settings, **environment},
        capture_output=True,
        text=True,
        timeout=900,
        check=False,
    )
    assert told.returncode == 0, told.stderr[-2_000:]
    return told.stdout.strip()


def edit(file: Path, old: str, new: str) -> None:
    """Change a file in place; its date stays what it was."""
    times = file.stat()
    text = file.read_text()
    assert old in text
    file.write_text(text.replace(old, new))
    os.utime(file, ns=(times.st_atime_ns, times.st_mtime_ns))


@pytest.fixture
def little(tmp_path) -> Path:
    """The little package in a folder of its own."""
    package = tmp_path / "little"
    package.mkdir()
    for name, text in _LITTLE.items():
        (package / name).write_text(text)
    return package


def test_an_edited_callee_is_seen_and_an_undone_edit_finds_the_old_code(little):
    assert tell(_ASK, little.parent) == "answer 35 compiled"
    assert tell(_ASK, little.parent) == "answer 35 found"

    edit(little / "price.py", "* 2", "* 3")
    assert tell(_ASK, little.parent) == "answer 52 compiled"

    edit(little / "price.py", "* 3", "* 2")
    assert tell(_ASK, little.parent) == "answer 35 found"


def test_an_edited_constant_of_another_file_is_seen(little):
    assert tell(_ASK, little.parent) == "answer 35 compiled"

    edit(little / "words.py", "FREE = 3", "FREE = 5")

    assert tell(_ASK, little.parent) == "answer 31 compiled"


def test_without_a_folder_for_each_source_the_old_answer_would_be_told(little):
    (little / "compiled.py").write_text(_PLAIN)
    kept = {"NUMBA_CACHE_DIR": str(little.parent / "kept")}
    assert tell(_ASK, little.parent, **kept) == "answer 35 compiled"

    edit(little / "price.py", "* 2", "* 3")

    assert tell(_ASK, little.parent, **kept) == "answer 35 found"  # 52 would be right


def test_code_with_every_index_checked_is_kept_apart(little):
    assert tell(_ASK, little.parent) == "answer 35 compiled"
    assert tell(_ASK, little.parent, NUMBA_BOUNDSCHECK="1") == "answer 35 compiled"

    assert tell(_ASK, little.parent) == "answer 35 found"
    assert len(list((little.parent / "cache" / "hospital-twin" / "little").iterdir())) == 2


def test_where_the_folder_cannot_be_written_the_code_is_compiled_and_dropped(little):
    file = little.parent / "a file, no folder"
    file.write_text("")
    temporary = little.parent / "temporary"
    temporary.mkdir()
    elsewhere = {"XDG_CACHE_HOME": str(file), "TMPDIR": str(temporary)}

    assert tell(_ASK, little.parent, **elsewhere) == "answer 35 compiled"
    assert tell(_ASK, little.parent, **elsewhere) == "answer 35 compiled"

    assert file.read_text() == ""
    assert list(temporary.iterdir()) == []  # nothing is left behind


# ---- folders -----------------------------------------------------------------------------------------


@pytest.fixture
def source(tmp_path, monkeypatch) -> Path:
    """A file to be compiled, in a home of its own."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    file = tmp_path / "price.py"
    file.write_text("1")
    yield file
    cache_folder.cache_clear()


def folder_of(file: Path) -> Path:
    """The folder as a new process finds it."""
    cache_folder.cache_clear()
    return cache_folder("price", (file,))


def test_folders_of_old_sources_are_cleared_away_but_for_the_last_few(source):
    folders = []
    for version in range(compiling._KEPT + 3):
        source.write_text(str(version))
        folders.append(folder_of(source))
        os.utime(folders[-1], (version, version))  # one after the other

    kept = set(folders[0].parent.iterdir())

    assert len(set(folders)) == len(folders)
    assert kept == set(folders[-compiling._KEPT :])


def test_a_folder_that_is_used_again_is_not_old(source):
    first = folder_of(source)
    os.utime(first, (1, 1))
    for version in range(compiling._KEPT - 1):
        source.write_text(f"later {version}")
        os.utime(folder_of(source), (2 + version, 2 + version))
    source.write_text("1")
    assert folder_of(source) == first

    source.write_text("newest")
    folder_of(source)

    assert first.is_dir()


@pytest.mark.parametrize("setting", ["NUMBA_BOUNDSCHECK", "NUMBA_OPT", "NUMBA_CPU_NAME"])
def test_what_numba_is_told_is_part_of_the_key(source, monkeypatch, setting):
    monkeypatch.delenv(setting, raising=False)
    before = source_key([source])

    monkeypatch.setenv(setting, "1")

    assert source_key([source]) != before


def test_the_way_of_compiling_is_part_of_every_key(tmp_path):
    package = tmp_path / "twin"
    package.mkdir()
    (package / "__init__.py").write_text("")
    for file in compiling.WORDS:
        copy = package / file.relative_to(Path(compiling.__file__).parent)
        copy.parent.mkdir(exist_ok=True)
        shutil.copy(file, copy)
    ask = """
from pathlib import Path
from twin.compiling import compiler
compiler("little", [])
print(next((Path("cache") / "hospital-twin" / "little").iterdir()).name)
"""
    keys = []
    for file in (None, package / "compiling.py", package / "trace.py", package / "drawing" / "origins.py"):
        if file is not None:
            file.write_text(file.read_text() + "\n# edited\n")
        shutil.rmtree(tmp_path / "cache", ignore_errors=True)
        keys.append(tell(ask, tmp_path))

    assert len(set(keys)) == 4


# ---- the kernel itself ---------------------------------------------------------------------------------

_PLAY = """
from datetime import date
from twin.case import Case, Window
from twin.engine import simulate
from twin.engine.kernel import _run
from twin.hospital import parse_hospital, shipped
from twin.workload import draw_workload
case = Case(parse_hospital(shipped("small")))
trace = simulate(case, draw_workload(case, Window(date(2025, 1, 6), days=1, tail=0), seed=1))
print(int((trace.ended - trace.started)[0]), "compiled" if _run.stats.cache_misses else "found")
"""

_ONE_MS_LONGER = ("end = now + ", "end = 1 + now + ")  # of `end_of`: when a step ends


@pytest.mark.long
def test_an_edit_deep_in_the_kernel_changes_what_is_played(tmp_path):
    shutil.copytree(HOUSE / "twin", tmp_path / "twin", ignore=shutil.ignore_patterns("__pycache__"))
    right = tell(_PLAY, tmp_path)
    length = int(re.match(r"\d+", right)[0])
    assert right == f"{length} compiled"

    edit(tmp_path / "twin" / "engine" / "moves.py", *_ONE_MS_LONGER)
    assert tell(_PLAY, tmp_path) == f"{length + 1} compiled"

    edit(tmp_path / "twin" / "engine" / "moves.py", *reversed(_ONE_MS_LONGER))
    assert tell(_PLAY, tmp_path) == f"{length} found"
