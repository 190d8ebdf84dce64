"""Bad inputs of import files: what is no file, what is another file than it is called, what does not fit.

Each is refused before it is read, in words that name the file, and nothing of it is kept.
"""

import gzip
import os
import stat
import tempfile
import threading
import zipfile
from pathlib import Path

import pytest

from tests.faults.bad_inputs import Book
from twin.errors import BadData
from twin.records.reading.archive import unpack
from twin.records.reading.limits import USUAL
from twin.records.reading.source import recognise

BOOK = Book("import-file")
VISITS = "encounter,place,started\n1,oak,2026-01-01 10:00\n"
PATIENCE = 20  # seconds until a reading that should be refused at once is said to hang


@pytest.mark.parametrize("name", BOOK.answers)
def test_a_bad_file_is_answered(name: str, tmp_path: Path):
    BOOK.answer(name)(tmp_path)


def refused(path: Path | str, code: str, *words: str) -> None:
    """The file is refused at once, with this code and these words."""
    caught: list[BaseException] = []

    def look() -> None:
        with pytest.raises(BadData) as refusal:
            recognise(path)
        caught.append(refusal.value)

    looking = threading.Thread(target=look, daemon=True)
    looking.start()
    looking.join(PATIENCE)
    assert caught, f"{path} is waited for, or taken"
    told = str(caught[0])
    assert caught[0].code == code, told
    assert all(word in told for word in words), told


def written(path: Path, content: bytes | str) -> Path:
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


# ---------------------------------------------------------------- what is no file


@BOOK.answers_to("B025", "path is a directory, a FIFO, /dev/zero, or a symlink out of the import folder")
def no_regular_file(folder: Path) -> None:
    pipe, inbox = folder / "pipe.csv", folder / "inbox"
    os.mkfifo(pipe)
    inbox.mkdir()
    written(folder / "salaries.csv", VISITS)
    (inbox / "visits.csv").symlink_to("../salaries.csv")
    (inbox / "zero.csv").symlink_to("/dev/zero")

    for path in (folder, pipe, "/dev/zero", "/dev/null", inbox / "visits.csv", inbox / "zero.csv"):
        refused(path, "E_NOT_REGULAR_FILE", Path(path).name)


@BOOK.answers_to("B026", "no read permission on the file")
def no_permission(folder: Path) -> None:
    with tempfile.TemporaryDirectory() as open_folder:
        os.chmod(open_folder, 0o755)
        closed = written(Path(open_folder) / "closed.csv", VISITS)
        other = written(Path(open_folder) / "visits.csv", VISITS)
        os.chmod(closed, 0)
        root = os.geteuid() == 0  # who may read everything: be nobody for a while
        if root:
            os.seteuid(65534)
        try:
            refused(closed, "E_PERMISSION", str(closed))
            assert recognise(other).size == len(VISITS)
        finally:
            if root:
                os.seteuid(0)


# ---------------------------------------------------------------- what is something else, or too much


@BOOK.answers_to("B034", ".csv that is really gzip / PDF / executable (magic bytes differ)")
def another_file_than_it_is_called(folder: Path) -> None:
    for content, what in (
        (gzip.compress(VISITS.encode()), "packed by gzip"),
        (b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n", "a PDF"),
        (b"\x7fELF\x02\x01\x01" + bytes(57), "an executable"),
        (b"MZ\x90\x00\x03", "an executable"),
    ):
        refused(written(folder / "visits.csv", content), "E_FILE_TYPE", "visits.csv", what)


@BOOK.answers_to("B003", "10 GB CSV of valid rows")
def over_the_cap(folder: Path) -> None:
    path = written(folder / "visits.csv", VISITS * 5_000)
    os.truncate(path, USUAL.file_bytes + 1)  # so large, and hardly a block on the disk

    refused(path, "E_TOO_LARGE", "visits.csv", "split it")


@BOOK.answers_to("B033", "ZIP upload with member ../../etc/cron.d/x or a symlink member")
def an_archive_that_leads_out(folder: Path) -> None:
    link = zipfile.ZipInfo("link.csv")
    link.external_attr = (stat.S_IFLNK | 0o777) << 16
    for number, (member, content) in enumerate(
        (("../../etc/cron.d/x", "* * * * * root sh\n"), ("/etc/cron.d/x", VISITS), (link, "/etc/passwd"))
    ):
        path, staging = folder / f"{number}.zip", folder / "upload" / "staging" / str(number)
        staging.mkdir(parents=True)
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr("visits.csv", VISITS)
            archive.writestr(member, content)
        before = sorted(folder.rglob("*"))

        with pytest.raises(BadData) as caught:
            unpack(recognise(path), staging)

        assert caught.value.code == "E_ARCHIVE_PATH"
        assert sorted(folder.rglob("*")) == before
