"""An archive gives the sources in it, under names of ours, or is refused before anything is unpacked."""

import gzip
import io
import stat
import struct
import zipfile
from dataclasses import replace
from pathlib import Path

import pytest

from tests.mirror.twin.records.reading.test_source import ADMISSION, BUNDLE
from twin.errors import BAD_DATA, BadData, Cancelled
from twin.records.reading.archive import unpack
from twin.records.reading.content import Kind
from twin.records.reading.limits import USUAL
from twin.records.reading.source import recognise

STAYS = (
    "encounter,patient_class,stream,place,step,requested,started,ended\n1,sick,door,oak,stay,,2026-01-01,\n"
)
OCCURRENCE = (
    "visit_occurrence_id,person_id,visit_concept_id,visit_start_datetime,visit_end_datetime\n1,1,9201,,\n"
)


def packed(folder: Path, members: dict[str, str | bytes] | list, name: str = "export.zip") -> Path:
    """A ZIP of these members, in order; a member may bring a ZipInfo of its own."""
    path = folder / name
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for member, text in members.items() if isinstance(members, dict) else members:
            archive.writestr(member, text)
    return path


def unpacked(path: Path, **more):
    folder = path.parent / "staging"
    folder.mkdir()
    return unpack(recognise(path), folder, **more)


def refused(path: Path, code: str, *words: str, **more) -> None:
    """The archive is refused with these words, and nothing is left or written anywhere."""
    before = sorted(path.parent.rglob("*"))
    with pytest.raises(BadData) as caught:
        unpacked(path, **more)
    told = str(caught.value)
    assert (caught.value.code, caught.value.exit_code) == (code, BAD_DATA), told
    assert all(word in told for word in words), told
    assert sorted(path.parent.rglob("*")) == sorted([*before, path.parent / "staging"])


def info(name: str, mode: int = 0, **more) -> zipfile.ZipInfo:
    made = zipfile.ZipInfo(name, **more)
    made.external_attr = mode << 16
    return made


# ---------------------------------------------------------------- what comes out


def test_the_sources_come_out_and_the_rest_is_counted(tmp_path):
    path = packed(
        tmp_path,
        {
            "export/": "",
            "export/stays.csv": STAYS,
            "export/feed.hl7": ADMISSION,
            "export/bundle.json": BUNDLE,
            "export/settings.json": '{"colour": "blue"}',
            "export/LICENCE.txt": "Do what you like.\n",
            "export/prices.csv": "item,price\n1,2\n",
            "export/plan.pdf": "%PDF-1.7\n",
            "__MACOSX/export/._stays.csv": "\0\5\26\7",
            "export/.DS_Store": "Bud1",
            "export/empty.csv": "",
        },
    )

    found = unpacked(path)

    assert [(s.kind, s.name) for s in found.sources] == [
        (Kind.CSV, "export.zip, export/stays.csv"),
        (Kind.HL7, "export.zip, export/feed.hl7"),
        (Kind.FHIR_BUNDLE, "export.zip, export/bundle.json"),
    ]
    assert found.sources[0].path.read_text() == STAYS
    assert (found.left_out, found.named[0]) == (7, "export/settings.json")
    assert {s.path.parent for s in found.sources} == {tmp_path / "staging"}


def test_of_the_tables_of_a_database_the_visits_are_taken(tmp_path):
    path = packed(tmp_path, {"PERSON.csv": "person_id\n1\n", "VISIT_OCCURRENCE.csv": OCCURRENCE})

    assert [source.name for source in unpacked(path).sources] == ["export.zip, VISIT_OCCURRENCE.csv"]


def test_a_word_of_the_user_chooses_among_the_members(tmp_path):
    path = packed(tmp_path, {"stays.csv": STAYS, "feed.hl7": ADMISSION})

    assert [source.kind for source in unpacked(path, told_as="hl7").sources] == [Kind.HL7]


def test_a_table_alone_comes_out_though_no_mapping_fits(tmp_path):
    path = packed(tmp_path, {"visits.csv": "a,b\n1,2\n", "LICENCE.txt": "Do what you like.\n"})

    assert len(unpacked(path).sources) == 1


def test_gzip_gives_its_one_file(tmp_path):
    path = tmp_path / "stays.csv.gz"
    path.write_bytes(gzip.compress(STAYS.encode()))

    (found,) = unpacked(path).sources

    assert (found.kind, found.name, found.path.read_text()) == (Kind.CSV, "stays.csv.gz", STAYS)


def test_progress_is_told_in_bytes_of_the_archive(tmp_path):
    heard = []
    path = packed(tmp_path, {"stays.csv": STAYS})

    unpacked(path, progress=lambda done, size: heard.append((done, size)))

    assert heard
    assert all(0 <= done <= size == path.stat().st_size for done, size in heard)


def test_whoever_asked_may_want_no_more(tmp_path):
    with pytest.raises(Cancelled):
        unpacked(packed(tmp_path, {"stays.csv": STAYS}), cancelled=lambda: True)


# ---------------------------------------------------------------- what is refused


@pytest.mark.parametrize(
    "name",
    [
        "../../etc/cron.d/x",
        "/etc/cron.d/x",
        "a/../../x.csv",
        "..\\..\\x.csv",
        "C:\\x.csv",
        "\\\\host\\x.csv",
        "..",
    ],
)
def test_a_path_that_leads_out_is_told(tmp_path, name):
    path = packed(tmp_path, {"stays.csv": STAYS, name: "* * * * * root sh\n"})

    refused(path, "E_ARCHIVE_PATH", name, "leads out of the archive")


@pytest.mark.parametrize(
    ("mode", "what"), [(stat.S_IFLNK, "a link"), (stat.S_IFIFO, "no file"), (stat.S_IFBLK, "no file")]
)
def test_a_link_or_a_device_in_an_archive_is_told(tmp_path, mode, what):
    path = packed(tmp_path, [("stays.csv", STAYS), (info("link.csv", mode | 0o777), "/etc/passwd")])

    refused(path, "E_ARCHIVE_PATH", "link.csv", what)


def test_an_encrypted_member_is_told(tmp_path):
    path = packed(tmp_path, {"stays.csv": STAYS})
    data = bytearray(path.read_bytes())
    data[data.index(b"PK\x01\x02") + 8] |= 1  # as the directory at its end tells it
    data[6] |= 1
    path.write_bytes(data)

    refused(path, "E_ARCHIVE", "stays.csv", "is encrypted")


def test_a_way_of_packing_that_takes_memory_at_will_is_not_read(tmp_path):
    path = tmp_path / "export.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_LZMA) as archive:
        archive.writestr("stays.csv", STAYS)

    refused(path, "E_ARCHIVE", "packed in a way that is not read")


def test_a_name_that_stands_there_twice_is_told(tmp_path):
    with pytest.warns(UserWarning, match="Duplicate"):
        path = packed(tmp_path, [("stays.csv", STAYS), ("stays.csv", STAYS)])

    refused(path, "E_ARCHIVE", "stays.csv", "twice")


@pytest.mark.parametrize("inner", ["inner.zip", "stays.csv", "inner.gz"])
def test_an_archive_in_an_archive_is_not_unpacked(tmp_path, inner):
    content = packed(tmp_path, {"stays.csv": STAYS}, "inner").read_bytes()
    if inner.endswith(".gz"):
        content = gzip.compress(content)
    (tmp_path / "inner").unlink()

    refused(packed(tmp_path, {inner: content, "feed.hl7": ADMISSION}), "E_ARCHIVE", "inside an archive")


def test_gzip_twice_is_not_unpacked(tmp_path):
    path = tmp_path / "stays.csv.gz"
    path.write_bytes(gzip.compress(gzip.compress(STAYS.encode())))

    with pytest.raises(BadData, match="packed by gzip"):
        unpacked(path)


def test_too_many_members_are_told(tmp_path):
    path = packed(tmp_path, {f"{number}.csv": STAYS for number in range(11)})

    refused(path, "E_TOO_LARGE", "11", "at most 10 files", limits=replace(USUAL, members=10))


def test_an_archive_that_unpacks_to_far_more_than_its_size_is_told(tmp_path):
    path = packed(tmp_path, {"stays.csv": STAYS + "\n" * (70 << 20)})

    refused(path, "E_TOO_LARGE", "unpacks to at most 64 MB")


def test_gzip_that_unpacks_without_end_is_stopped_on_the_way(tmp_path):
    path = tmp_path / "stays.csv.gz"
    with gzip.open(path, "wb") as file:
        for _ in range(70):
            file.write(STAYS.encode() + b"\n" * (1 << 20))

    with pytest.raises(BadData) as caught:
        unpacked(path)

    assert caught.value.code == "E_TOO_LARGE"
    assert sum(file.stat().st_size for file in (tmp_path / "staging").iterdir()) <= 64 << 20


def test_a_size_that_lies_is_found_while_unpacking(tmp_path):
    path = packed(tmp_path, {"stays.csv": STAYS * 100})
    data = bytearray(path.read_bytes())
    struct.pack_into("<I", data, data.index(b"PK\x01\x02") + 24, len(STAYS))
    path.write_bytes(data)

    with pytest.raises(BadData) as caught:
        unpacked(path)

    assert caught.value.code == "E_ARCHIVE"
    assert "damaged" in str(caught.value)


@pytest.mark.parametrize("cut", [30, -1, -30])
def test_an_archive_that_is_cut_short_is_told(tmp_path, cut):
    path = packed(tmp_path, {"stays.csv": STAYS * 100})
    path.write_bytes(path.read_bytes()[:cut])

    refused(path, "E_ARCHIVE", "damaged")


@pytest.mark.parametrize("cut", [12, -1])
def test_gzip_that_is_cut_short_is_told(tmp_path, cut):
    path = tmp_path / "stays.csv.gz"
    path.write_bytes(gzip.compress(STAYS.encode() * 1000)[:cut])

    with pytest.raises(BadData) as caught:
        unpacked(path)

    assert caught.value.code == "E_ARCHIVE"


def test_members_that_share_their_bytes_are_told(tmp_path):
    """A bomb that is small because each member points to the same packed bytes."""
    path = packed(tmp_path, {"one.csv": STAYS, "two.csv": STAYS})
    data = bytearray(path.read_bytes())
    second = data.rindex(b"PK\x01\x02")
    struct.pack_into("<I", data, second + 42, 0)  # the second member begins where the first does
    path.write_bytes(data)

    refused(path, "E_ARCHIVE", "damaged")


@pytest.mark.parametrize("members", [{}, {"LICENCE.txt": "x\n"}, {"a.csv": "a\n1\n", "b.csv": "b\n1\n"}])
def test_an_archive_without_a_source_is_told_with_what_it_holds(tmp_path, members):
    refused(packed(tmp_path, members), "E_ARCHIVE", "no file that can be read", *members)


def test_what_gzip_holds_is_told_by_its_name(tmp_path):
    path = tmp_path / "stays.csv.gz"
    path.write_bytes(gzip.compress(b"%PDF-1.7\n"))

    refused(path, "E_FILE_TYPE", "a PDF")


def test_a_spreadsheet_is_no_archive(tmp_path):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as book:
        book.writestr("[Content_Types].xml", "<Types/>")
    (tmp_path / "book.zip").write_bytes(out.getvalue())

    with pytest.raises(BadData) as caught:
        recognise(tmp_path / "book.zip")

    assert caught.value.code == "E_FILE_TYPE"
