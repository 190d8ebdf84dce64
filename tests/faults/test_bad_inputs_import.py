"""Bad inputs of an import: a file that anybody may have written is read right, or refused in words.

What is no file, or another than it is called, is refused before it is read. Every row that tells something
wrong is put aside with row, column, rule and code; a file that tells nothing is refused whole.
"""

import gzip
import os
import stat
import tempfile
import threading
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.faults.bad_inputs import Book, Said, Twin
from twin.errors import BadData
from twin.records.events import SCHEMA
from twin.records.reading.archive import unpack
from twin.records.reading.asked import Asked
from twin.records.reading.extracts import read
from twin.records.reading.extracts.text import Text
from twin.records.reading.limits import USUAL, Limits
from twin.records.reading.pseudonyms import Pseudonyms
from twin.records.reading.source import recognise
from twin.records.reading.told import Told
from twin.store import open_store

BOOK = Book("import-file")
NAMES = Pseudonyms(b"a secret of sixteen bytes")
STAYS = "encounter,patient,ward,start,end\n"
VISITS = "encounter,place,started\n1,oak,2026-01-01 10:00\n"
SUPPLIES = "item,at,quantity,kind,place\n"
PATIENCE = 20  # seconds until a reading that should be refused at once is said to hang


@dataclass(frozen=True)
class Outcome:
    """What became of a file: its statements, the rows put aside, or why it was refused."""

    table: pa.Table
    told: Told
    refused: BadData | None

    @property
    def faults(self) -> list[tuple[int, str, str]]:
        """Row, column and code of each row put aside."""
        return [(fault.row, fault.field, fault.code) for fault in self.told.faults]

    def column(self, name: str) -> list:
        """A column of what was read; nothing may have been put aside."""
        assert self.refused is None and self.told.aside == 0, (self.refused, self.faults)
        return self.table[name].to_pylist()

    def is_refused(self, code: str, *words: str) -> None:
        """Nothing was read, for a reason in words."""
        assert self.refused is not None
        assert self.refused.exit_code == 3
        told = self.refused.told()
        assert f"[{code}]" in told
        for word in words:
            assert word in told


Import = Callable[[str | bytes | Path], Outcome]


@pytest.fixture
def imported(tmp_path: Path) -> Import:
    """Read a file, or a CSV of this text."""

    def of(content: str | bytes | Path) -> Outcome:
        path = content if isinstance(content, Path) else tmp_path / "extract.csv"
        if not isinstance(content, Path):
            path.write_bytes(content.encode() if isinstance(content, str) else content)
        told = Told()
        asked = Asked(path.name, "Europe/London", datetime(2025, 6, 1, tzinfo=UTC), NAMES)
        batches = []
        try:
            batches += read(path, asked, told)
        except BadData as error:
            return Outcome(SCHEMA.empty_table(), told, error)
        return Outcome(pa.Table.from_batches(batches, SCHEMA), told, None)

    return of


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Where files are written."""
    return tmp_path


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


# ---- what a CSV may look like ---------------------------------------------------------------------


@BOOK.answers_to("B002", "CSV with header only")
def header_only(imported: Import) -> None:
    imported(STAYS).is_refused("E_NO_ROWS", "has a header and no rows")


@BOOK.answers_to("B005", "CSV with a quote opened in row 3 and never closed, 50 MB")
def quote_never_closed(imported: Import, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "open.csv"
    with path.open("w") as file:
        file.write(STAYS + "1,7,oak,2025-01-02,\n" + '2,7,"oak,2025-01-02,\n')
        for _ in range(60):
            file.write("3,7,oak,2025-01-02 10:00,\n" * (2**20 // 26))
    pieces: list[int] = []
    piece = Text._piece
    monkeypatch.setattr(Text, "_piece", lambda text: pieces.append(1) or piece(text))

    outcome = imported(path)

    outcome.is_refused("E_PARSE", "row 3", "a quote opens here and is never closed")
    assert len(pieces) < 45  # of a megabyte each, about thirty read ahead; the others never are


@BOOK.answers_to("B007", "CSV in UTF-16LE with BOM")
def utf_16(imported: Import) -> None:
    text = STAYS + "1,7,Thérèse,2025-01-02,\n"

    assert imported(b"\xff\xfe" + text.encode("utf-16-le")).column("place") == ["Thérèse"]
    assert imported(b"\xfe\xff" + text.encode("utf-16-be")).column("place") == ["Thérèse"]
    imported(text.encode("utf-16-le")).is_refused("E_ENCODING", "byte order mark")


@BOOK.answers_to("B009", "CSV with UTF-8 BOM before the first column name")
def utf_8_mark(imported: Import) -> None:
    outcome = imported(b"\xef\xbb\xbf" + STAYS.encode() + b"000123,7,oak,2025-01-02,\n")

    assert outcome.column("encounter") == [NAMES.encounter("000123")]


@BOOK.answers_to("B010", "CSV with NUL bytes in a ward name")
def nul_in_a_ward(imported: Import) -> None:
    outcome = imported(STAYS + "1,7,oak,2025-01-02,\n2,7,o\0ak,2025-01-02,\n")

    assert outcome.faults == [(3, "ward", "E_CONTROL_CHAR")]
    assert outcome.table["place"].to_pylist() == ["oak"]


@BOOK.answers_to("B011", "CSV separator ';' with decimal comma")
def semicolons(imported: Import) -> None:
    outcome = imported((SUPPLIES + "gloves,2025-01-02,1.5,receipt,S1\n").replace(",", ";"))
    comma = imported(SUPPLIES.replace(",", ";") + "gloves;2025-01-02;1,5;receipt;S1\n")

    assert outcome.column("quantity") == [1.5]
    assert comma.faults == [(2, "quantity", "E_NUMBER")]  # until a mapping says decimal = ","


@BOOK.answers_to("B013", "rows with one more cell than the header")
def one_cell_more(imported: Import) -> None:
    outcome = imported(STAYS + "1,7,oak,2025-01-02,\n2,7,oak,2025-01-02,,x\n3,8,elm,2025-01-02,\n")

    assert outcome.faults == [(3, "", "E_ROW_WIDTH")]
    assert outcome.table["row"].to_pylist() == [2, 4]
    assert outcome.table["place"].to_pylist() == ["oak", "elm"]


@BOOK.answers_to("B015", "required column missing / renamed / other case")
def column_missing(imported: Import) -> None:
    row = "1,7,oak,2025-01-02,\n"

    imported("encounter,patient,start,end\n1,7,2025-01-02,\n").is_refused("E_MISSING_COLUMN", "ward")
    imported(STAYS.replace("ward", "wrad") + row).is_refused("E_MISSING_COLUMN", 'did you mean "wrad"?')
    assert imported(STAYS.upper() + row).column("place") == ["oak"]


@BOOK.answers_to("B016", "200,000 columns")
def too_many_columns(imported: Import) -> None:
    header = ",".join(f"column_{number}" for number in range(200_000))

    outcome = imported(header + "\n" + "1," * 199_999 + "1\n")

    outcome.is_refused("E_TOO_MANY_COLUMNS", f"at most {Limits().columns}")


@BOOK.answers_to("B017", "MRN with leading zeros 000123")
def leading_zeros(imported: Import) -> None:
    outcome = imported(STAYS + "1,000123,oak,2025-01-02,\n2,123,oak,2025-01-02,\n")

    assert outcome.column("patient") == [NAMES.patient("000123"), NAMES.patient("123")]


@BOOK.answers_to("B018", "ward code literally 'NA', 'None' or 'nan'")
def wards_like_nothing(imported: Import) -> None:
    rows = "".join(
        f"{at},7,{ward},2025-01-02,\n" for at, ward in enumerate(("NA", "None", "nan", "null", "N/A"))
    )

    outcome = imported(STAYS + rows)

    # null stands for nothing in this mapping, which says so; a stay has its ward
    assert outcome.table["place"].to_pylist() == ["NA", "None", "nan", "N/A"]
    assert outcome.faults == [(5, "ward", "E_DATA")]


@BOOK.answers_to("B019", "value 1e400 / -1e400 / inf / NaN in los or count")
def not_finite(imported: Import) -> None:
    rows = "".join(f"gloves,2025-01-02,{value},receipt,S1\n" for value in ("1e400", "-1e400", "inf", "NaN"))

    outcome = imported(SUPPLIES + rows)

    assert outcome.faults == [(row, "quantity", "E_NOT_FINITE") for row in (2, 3, 4, 5)]


@BOOK.answers_to("B020", "value '1,234' or '\u0661\u0662\u0663' (Arabic digits) or '\uff11\uff12'")
def other_figures(imported: Import) -> None:
    rows = "".join(
        f'gloves,2025-01-02,"{value}",receipt,S1\n'
        for value in ("1,234", "\u0661\u0662\u0663", "\uff11\uff12")
    )

    outcome = imported(SUPPLIES + rows)

    assert outcome.faults == [(row, "quantity", "E_NUMBER") for row in (2, 3, 4)]


@BOOK.answers_to("B021", "count 3.5 where an integer is due; count 10^18")
def not_whole(imported: Import) -> None:
    header = "encounter,arrived,discharged,age\n"

    outcome = imported(header + "1,2025-01-02,,3.5\n2,2025-01-02,,1000000000000000000\n3,2025-01-02,,10^18\n")

    assert outcome.faults == [(2, "age", "E_INTEGER"), (3, "age", "E_RANGE"), (4, "age", "E_NUMBER")]
    assert imported(SUPPLIES + "gloves,2025-01-02,1e18,receipt,S1\n").faults == [(2, "quantity", "E_RANGE")]


# ---- what a Parquet file may look like ------------------------------------------------------------


@BOOK.answers_to("B027", "Parquet: 'PAR1' + zeros + 'PAR1'")
def empty_shell(imported: Import, tmp_path: Path) -> None:
    path = tmp_path / "stays.parquet"
    path.write_bytes(b"PAR1" + bytes(1000) + b"PAR1")

    imported(path).is_refused("E_PARSE", "is not a Parquet file that can be read")


@BOOK.answers_to("B028", "Parquet bomb: 2.8 MB, 300 M rows of one dictionary string")
def bomb(imported: Import, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "bomb.parquet"
    word = pa.DictionaryArray.from_arrays(np.zeros(5_000_000, np.int8), ["oak"])
    schema = pa.schema([(name, word.type) for name in ("encounter", "ward", "start", "end")])
    with pq.ParquetWriter(path, schema) as writer:
        for _ in range(6):
            writer.write_table(pa.table([word] * 4, schema))
    monkeypatch.setattr(pq.ParquetFile, "iter_batches", lambda *_, **__: pytest.fail("it was read"))

    imported(path).is_refused("E_TOO_LARGE", "30,000,000 rows for its size")


@BOOK.answers_to("B029", "Parquet with the schema drifted (int -> string, ts without zone)")
def drifted(imported: Import, tmp_path: Path) -> None:
    path = tmp_path / "moved.parquet"
    at = pa.array([datetime(2025, 1, 2)])
    columns = {
        "item": ["gloves"],
        "quantity": [5],
        "kind": ["receipt"],
        "at": at.cast(pa.timestamp("us", "UTC")),
    }
    pq.write_table(pa.table(columns), path)
    assert imported(path).column("quantity") == [5]
    pq.write_table(pa.table({**columns, "quantity": ["5"], "at": at}), path)

    outcome = imported(path)

    outcome.is_refused("E_SCHEMA", "wants a number", "wants text, a date or a timestamp with its time zone")
    assert outcome.refused is not None
    assert [(fault.path, fault.value) for fault in outcome.refused.problems] == [
        ("column at", "timestamp[us]"),
        ("column quantity", "string"),
    ]


# ---- what is no file ------------------------------------------------------------------------------


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


# ---- what is something else, or too much ----------------------------------------------------------


@BOOK.answers_to("B034", ".csv that is really gzip / PDF / executable (magic bytes differ)")
def another_file_than_it_is_called(folder: Path) -> None:
    for content, what in (
        (gzip.compress(VISITS.encode(), mtime=0), "packed by gzip"),
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


# ---- the same once more ---------------------------------------------------------------------------


class Ward:
    """A workspace of one ward into which files are brought by the command."""

    def __init__(self, twin: Twin) -> None:
        self.twin, self.folder = twin, twin.folder / "ws"
        assert twin("init", self.folder, "--size", "small", "--until", "2025-01-03").code == 0
        assert self.bring("first.csv", *self.rows(1, 20)).code == 0

    @staticmethod
    def rows(first: int, count: int) -> list[str]:
        """Visits on one ward, each an hour after the other."""
        return [
            f"{number},medicine,2025-03-01 {number % 24:02}:00,2025-03-0{2 + number % 7} 10:00"
            for number in range(first, first + count)
        ]

    def bring(self, name: str, *rows: str) -> Said:
        file = self.twin.file("encounter,ward,started,ended\n" + "\n".join(rows) + "\n", name)
        return self.twin("import", file, "--workspace", self.folder)

    def tables(self) -> dict[str, str]:
        """The content of every table of the records, by name."""
        with open_store(self.folder) as store:
            return {name: table.sha256 for name, table in store.records.tables().items()}

    def imports(self) -> int:
        with open_store(self.folder) as store:
            return len(store.records.imports())


@pytest.fixture
def ward(capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Ward:
    monkeypatch.delenv("DATABASE_URL", raising=False)
    return Ward(Twin(capsys, tmp_path))


@BOOK.answers_to("B022", "same file imported twice")
def the_same_file(ward: Ward) -> None:
    before = ward.tables()

    said = ward.bring("first.csv", *ward.rows(1, 20))

    assert said.code == 0
    assert "was imported before, as it is; nothing to do" in said.err
    assert (ward.tables(), ward.imports()) == (before, 1)


@BOOK.answers_to("B023", "same rows in another file, other order")
def the_same_rows(ward: Ward) -> None:
    before = ward.tables()

    said = ward.bring("second.csv", *reversed(ward.rows(1, 20)))

    assert said.code == 0
    assert ward.imports() == 2
    assert ward.tables() == before, "every total is what it was"


# ---- all of them ----------------------------------------------------------------------------------


@pytest.mark.parametrize("name", BOOK.names())
def test_a_bad_file_is_answered(name: str, request: pytest.FixtureRequest):
    answer = BOOK.answer(name)
    wanted = answer.__code__.co_varnames[: answer.__code__.co_argcount]

    answer(**{fixture: request.getfixturevalue(fixture) for fixture in wanted})


def test_every_entry_of_the_list_is_answered_in_its_own_words():
    BOOK.hold_the_list()
