"""A file of messages is read as it comes: line ends, frames, batches, separators, times, repetitions."""

from pathlib import Path

import pytest

from tests.mirror.twin.records.reading.hl7.feed import adt, asked, encounter, heard, refused, utc
from twin.records.reading.hl7 import frames, reader
from twin.records.reading.hl7.message import USUAL, unescape
from twin.records.reading.limits import Limits

IN, OUT = adt("A01", "1"), adt("A03", "2", "20240302103000", visit={36: "01"})
BATCH = "FHS|^~\\&|PAS\rBHS|^~\\&|PAS\r{}BTS|2\rFTS|1\r"


def verbs(feed) -> list[str]:
    return [row["said"] for row in feed.rows]


@pytest.mark.parametrize(
    "feed",
    [
        IN + OUT,
        (IN + OUT).replace("\r", "\n"),
        (IN + OUT).replace("\r", "\r\n"),
        "\ufeff" + IN + OUT,
        IN + "\r\r" + OUT.rstrip("\r"),
        f"\x0b{IN}\x1c\r\x0b{OUT}\x1c\r",
        f"\x0b{IN}\x1c\r\n\x0b{OUT}",
        BATCH.format(IN + OUT),
        BATCH.format(IN) + BATCH.format(OUT),
    ],
    ids=["CR", "LF", "CRLF", "BOM", "blank lines", "MLLP", "MLLP open", "batch", "two batches"],
)
def test_messages_are_found_whatever_stands_around_them(tmp_path: Path, feed: str):
    read = heard(tmp_path, feed)

    assert verbs(read) == ["admit", "discharge"]
    assert [row["row"] for row in read.rows] == [1, 2]
    assert (read.told.read, read.told.aside) == (2, 0)


@pytest.mark.parametrize("size", [1, 2, 3, 7, 64, 200])
def test_it_makes_no_difference_where_a_block_of_the_file_ends(tmp_path, monkeypatch, size):
    whole = heard(tmp_path, f"\x0b{IN}\x1c\r", OUT, IN.replace("\r", "\n"))
    monkeypatch.setattr(frames, "_CHUNK", size)

    assert heard(tmp_path, f"\x0b{IN}\x1c\r", OUT, IN.replace("\r", "\n")).rows == whole.rows


def test_other_separators_are_taken_from_the_header(tmp_path: Path):
    table = str.maketrans("|^~\\&", "#$%@*")

    assert heard(tmp_path, IN.translate(table)).rows == heard(tmp_path, IN).rows


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("A\\T\\E", "A&E"),
        ("\\F\\\\S\\\\R\\\\E\\", "|^~\\"),
        ("\\X4F414B\\", "OAK"),
        ("\\Xzz\\", ""),
        ("OAK\\.br\\", "OAK"),
        ("\\H\\OAK\\N\\", "OAK"),
        ("OAK\\", "OAK"),
        ("O\\AK", "OAK"),
    ],
)
def test_escapes_are_what_they_stand_for(text: str, meant: str):
    assert unescape(text, USUAL) == meant


def test_a_message_in_latin_letters_of_another_set_is_read(tmp_path: Path):
    feed = heard(tmp_path, adt("A01", visit={3: "GYNÄKO"}).encode("latin-1"))

    assert feed.one["place"] == "GYNÄKO"
    assert feed.told.notes["messages that are not UTF-8: read as ISO 8859-1"] == 1


def test_the_same_message_again_counts_once(tmp_path: Path):
    feed = heard(tmp_path, IN, OUT, IN, IN)

    assert verbs(feed) == ["admit", "discharge"]
    assert feed.told.notes["messages that came again, the same byte for byte: counted once"] == 2


def test_another_message_under_the_same_number_is_another_message(tmp_path: Path):
    assert verbs(heard(tmp_path, adt("A01", "1"), adt("A02", "1"))) == ["admit", "transfer"]


def test_what_was_read_long_ago_is_forgotten(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(reader, "REMEMBERED", 2)
    others = [adt("A08", str(number)) for number in range(5, 9)]

    assert len(heard(tmp_path, IN, *others, IN).rows) == 6


def test_statements_come_in_batches(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(reader, "BATCH", 3)

    assert len(heard(tmp_path, *(adt("A08", str(number)) for number in range(8))).rows) == 8


def test_numbers_of_messages_are_ordered_as_numbers(tmp_path: Path):
    feed = heard(tmp_path, *(adt("A08", number) for number in ("9", "10", "100", "99")))

    assert [row["said_by"].lstrip("PAS/0") for row in sorted(feed.rows, key=lambda row: row["said_by"])] == [
        "9", "10", "99", "100",
    ]  # fmt: skip


@pytest.mark.parametrize("number", ["X4711", "V100-3", ""])
def test_a_message_number_that_names_person_or_visit_is_not_kept(tmp_path: Path, number: str):
    said = heard(tmp_path, adt("A01", number)).one

    assert said["said_by"].startswith("#") and len(said["said_by"]) == 25


@pytest.mark.parametrize(
    ("at", "meant"),
    [
        ("20240301103000", "2024-03-01 10:30"),
        ("202403011030", "2024-03-01 10:30"),
        ("2024030110", "2024-03-01 10:00"),
        ("20240301", "2024-03-01 12:00"),
        ("20240301+0100", "2024-03-01 11:00"),
        ("20240601", "2024-06-01 11:00"),
        ("20240301103000.5", "2024-03-01 10:30:00.500"),
        ("20240301103000.1234", "2024-03-01 10:30:00.123"),
        ("20240301103000+0100", "2024-03-01 09:30"),
        ("20240301103000-0530", "2024-03-01 16:00"),
        ("20240501103000", "2024-05-01 09:30"),
        ("20240301103000^S", "2024-03-01 10:30"),
    ],
)
def test_a_time_of_any_precision_is_an_instant(tmp_path: Path, at: str, meant: str):
    assert heard(tmp_path, adt("A08", at=at)).one["at"] == utc(meant)


@pytest.mark.parametrize(
    "at",
    ["20241399999999", "20240230", "20240301250000", "20240301106000", "1" * 100_000, "20240301103000+9999",
     "20240301103000+0160", "2024-03-01T10:30", "1 March", "24", "202", "2024", "202403", "18991231",
     "２０２４０３０１", "20240301103060"],
)  # fmt: skip
def test_what_is_no_time_puts_its_message_aside(tmp_path: Path, at: str):
    for message in (adt("A08", at=at), adt("A08", event={6: at}), adt("A01", visit={44: at})):
        feed = heard(tmp_path, message, OUT)
        assert feed.codes == ["E_DATE"]
        assert verbs(feed) == ["discharge"]


def test_a_time_that_the_clocks_skip_is_put_aside_and_one_that_comes_twice_is_taken_by_a_rule(tmp_path):
    skipped = heard(tmp_path, adt("A08", at="20240331013000"))
    offset = heard(tmp_path, adt("A08", at="20240331013000+0000"))
    autumn = asked(now=utc("2024-12-01"))
    begins = heard(tmp_path, adt("A01", at="20241027013000"), asked_for=autumn)
    ends = heard(tmp_path, adt("A03", visit={45: "20241027013000"}), asked_for=autumn)

    assert skipped.codes == ["E_NONEXISTENT_TIME"]
    assert offset.one["at"] == utc("2024-03-31 01:30")
    assert begins.one["at"] == utc("2024-10-27 00:30")
    assert ends.one["at"] == utc("2024-10-27 01:30")
    assert any("repeats" in note for note in begins.told.notes)


def test_what_lies_in_the_future_is_put_aside_beyond_a_quarter_of_an_hour(tmp_path: Path):
    now = asked("UTC")

    assert heard(tmp_path, adt("A01", at="20240601121500"), asked_for=now).told.aside == 0
    assert heard(tmp_path, adt("A01", at="20240601121501"), asked_for=now).codes == ["E_FUTURE"]
    assert heard(tmp_path, adt("A01", visit={44: "20240601150000"}), asked_for=now).codes == ["E_FUTURE"]
    assert heard(tmp_path, adt("A01", at="20240602"), asked_for=now).codes == ["E_FUTURE"]
    early = asked("UTC", now=utc("2024-06-01 08:00"))
    assert heard(tmp_path, adt("A01", at="20240601"), asked_for=early).one["at"] == utc("2024-06-01 08:00")
    planned = heard(tmp_path, adt("A05", visit={44: "20240801"}), asked_for=now).one
    assert planned["planned_start"] == utc("2024-08-01 12:00")
    assert "started" not in planned


def test_a_message_without_any_time_is_put_aside(tmp_path: Path):
    assert heard(tmp_path, adt("A01", at="")).codes == ["E_DATE"]


def test_a_message_without_a_header_is_put_aside_and_the_next_is_read(tmp_path: Path):
    feed = heard(tmp_path, "EVN|A01|2024\rPID|1\r", IN, "\x0bPID|1\x1c\r", OUT)

    assert feed.codes == ["E_NO_MSH", "E_NO_MSH"]
    assert verbs(feed) == ["admit", "discharge"]
    assert [row["row"] for row in feed.rows] == [2, 4]


@pytest.mark.parametrize(
    "data", [b"", b"\r\n\r\n", b"\x0b\x1c\r", b"\xef\xbb\xbf", b"FHS|^~\\&\rBHS|^~\\&\r"]
)
def test_a_file_without_a_message_is_refused(tmp_path: Path, data: bytes):
    assert refused(tmp_path, data) == "E_NO_MSH"


@pytest.mark.parametrize(
    "text",
    [
        "MSH",
        "MSH|",
        "MSH||||",
        "MSH|^^~&|",
        "MSH^^~\\&|",
        "MSH|^~\\&#$|",
        "MSH\x01^~\\&\x01",
        'MSH|^~\\"|',
    ],
)
def test_a_header_that_divides_nothing_is_put_aside(tmp_path: Path, text: str):
    feed = heard(tmp_path, text + "\r", IN)

    assert feed.codes == ["E_PARSE"]
    assert verbs(feed) == ["admit"]


def test_a_message_that_is_too_large_is_passed_over(tmp_path: Path):
    small = asked(limits=Limits(message_bytes=2_000, segments=20))
    long = IN + "OBX|1|TX|" + "x" * 5_000 + "\r"
    many = IN + "OBX|1\r" * 30

    feed = heard(tmp_path, long, OUT, many, adt("A08", "3"), asked_for=small)

    assert feed.codes == ["E_TOO_LARGE", "E_TOO_MANY_SEGMENTS"]
    assert verbs(feed) == ["discharge", "update"]


@pytest.mark.parametrize(
    ("place", "code"),
    [("W" * 201, "E_TOO_LARGE"), ("W\x07", "E_CONTROL_CHAR"), ("\\X0007\\", "E_CONTROL_CHAR")],
)
def test_what_cannot_be_a_code_puts_its_message_aside(tmp_path: Path, place: str, code: str):
    assert heard(tmp_path, adt("A01", visit={3: place})).codes == [code]


def test_what_the_twin_does_not_read_is_counted(tmp_path: Path):
    feed = heard(tmp_path, IN + "ZBE|1\rOBX|1\rOBX|2\r", "MSH|^~\\&|||||20240301||ZZZ^Z99|7\r")

    assert len(feed.rows) == 1
    assert feed.told.notes == {
        "segments that the twin does not read": 3,
        "messages of other types and triggers": 1,
    }


def test_the_trigger_of_an_old_message_stands_in_its_event(tmp_path: Path):
    old = IN.replace("ADT^A01", "ADT")

    assert heard(tmp_path, old).one["said"] == "admit"


def test_two_visits_of_one_person_are_two(tmp_path: Path):
    feed = heard(tmp_path, IN, adt("A01", "9", visit={19: "V200"}))

    assert [row["encounter"] for row in feed.rows] == [encounter(), encounter("V200")]
    assert len({row["patient"] for row in feed.rows}) == 1
