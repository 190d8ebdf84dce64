"""A FHIR server is asked page by page, only at the address that the user named."""

import io
import json
import socket
import threading
from collections.abc import Iterator, Mapping
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from tests.mirror.twin.records.reading.fhir.resources import encounter, patient, reading, slot
from twin.errors import BadData
from twin.records.reading.fhir import asking
from twin.records.reading.fhir.asking import Answer, check_peer, origin_of
from twin.records.reading.fhir.server import fetch
from twin.records.reading.fhir.text import Refused
from twin.records.reading.limits import USUAL

BASE = "https://emr.example/fhir"
FIRST = f"{BASE}/Slot?_count=500"


def page(*resources, next: str | None = None, **more) -> bytes:
    links = [{"relation": "self", "url": FIRST}, *([{"relation": "next", "url": next}] if next else [])]
    entries = [{"resource": each} for each in resources]
    return json.dumps(
        {"resourceType": "Bundle", "type": "searchset", "link": links, "entry": entries, **more}
    ).encode()


class Hospital:
    """A server that knows some addresses, and remembers what it was asked."""

    def __init__(self, **answers: bytes | Answer) -> None:
        self.answers = {FIRST: answers.pop("slots", page())} | answers
        self.asked: list[tuple[str, Mapping[str, str]]] = []

    def __call__(self, address: str, headers: Mapping[str, str]) -> Answer:
        self.asked.append((address, headers))
        found = self.answers.get(address, Answer(404, {}, io.BytesIO()))
        return found if isinstance(found, Answer) else Answer(200, {}, io.BytesIO(found))


def slots(folder, hospital, base=BASE, **more):
    return fetch(base, folder, ["Slot"], opener=hospital, **more)


def refused(folder, hospital, base=BASE, **more) -> BadData:
    with pytest.raises(BadData) as caught:
        slots(folder, hospital, base, **more)
    assert caught.value.problems[0].code == caught.value.code
    return caught.value


def test_all_pages_of_a_search_come_into_one_file(tmp_path):
    second, third = f"{BASE}?_getpages=a%20b&_off=1", f"{BASE}/Slot?_off=2"
    hospital = Hospital(slots=page(slot("s1"), next="?_getpages=a%20b&_off=1"))
    hospital.answers[f"{BASE}/Slot?_getpages=a%20b&_off=1"] = page(slot("s2"), next=second)
    hospital.answers[second] = page(next=third)
    hospital.answers[third] = page(slot("s3"))

    [path] = slots(tmp_path, hospital)

    assert path.name == "Slot.ndjson"
    assert [row["key"] for row in reading(path).rows] == ["Slot/s1", "Slot/s2", "Slot/s3"]


@pytest.mark.parametrize(
    "elsewhere",
    ["http://emr.example/fhir/Slot", "https://evil.example/Slot", "https://emr.example:444/Slot",
     "//evil/Slot", "file:///etc/passwd", "https://emr.example@evil.example/Slot", "https://169.254.169.254/",
     "ftp://emr.example/x", "javascript:1"],
)  # fmt: skip
def test_pages_and_redirects_elsewhere_are_not_asked(tmp_path, elsewhere):
    linked = Hospital(slots=page(slot(), next=elsewhere))
    moved = Hospital(slots=Answer(302, {"location": elsewhere}, io.BytesIO()))

    for hospital in (linked, moved):
        assert refused(tmp_path, hospital).code == "E_ADDRESS"
        assert [address for address, _ in hospital.asked] == [FIRST]


def test_a_redirect_at_the_same_server_is_followed_but_not_for_ever(tmp_path):
    hospital = Hospital(slots=Answer(307, {"location": "/r4/Slot"}, io.BytesIO()))
    hospital.answers["https://emr.example/r4/Slot"] = page(slot())
    assert len(slots(tmp_path, hospital)) == 1

    circle = Hospital(slots=Answer(301, {"location": FIRST}, io.BytesIO()))
    assert refused(tmp_path, circle).code == "E_SERVER"
    assert len(circle.asked) == asking.REDIRECTS + 1


def test_pages_that_go_round_in_a_circle_end(tmp_path):
    hospital = Hospital(slots=page(slot(), next=FIRST))

    assert "circle" in str(refused(tmp_path, hospital))


@pytest.mark.parametrize(
    "base",
    ["ftp://emr.example/fhir", "file:///etc/passwd", "emr.example/fhir", "https://", "https://u:p@emr.example/fhir",
     "https://emr.example/fhir?x=1", "https://emr.example:99999/fhir", "https://emr.example/\nfhir", "http:///x"],
)  # fmt: skip
def test_only_the_plain_address_of_a_server_is_asked(tmp_path, base):
    hospital = Hospital()

    assert refused(tmp_path, hospital, base).code == "E_ADDRESS"
    assert hospital.asked == []


def test_the_token_of_the_environment_goes_along_over_https_only(tmp_path, monkeypatch):
    monkeypatch.setenv("TWIN_FHIR_TOKEN", "s3cret")
    hospital = Hospital(slots=page(slot()))
    slots(tmp_path, hospital)
    assert hospital.asked[0][1]["Authorization"] == "Bearer s3cret"

    said = refused(tmp_path, hospital, "http://emr.example/fhir")
    assert said.code == "E_ADDRESS"
    assert "s3cret" not in str(said)
    assert "s3cret" not in repr(origin_of(BASE, "s3cret"))


def test_a_server_that_wants_a_token_is_told_so(tmp_path):
    said = refused(tmp_path, Hospital(slots=Answer(401, {}, io.BytesIO())))

    assert said.code == "E_SERVER"
    assert "TWIN_FHIR_TOKEN" in str(said)


@pytest.mark.parametrize(
    "answer",
    [b"", b"<html>", b"{}", page(type="collection"), b'{"resourceType": "OperationOutcome"}',
     page(slot())[:-3], Answer(500, {}, io.BytesIO()), Answer(204, {}, io.BytesIO()),
     Answer(200, {"content-encoding": "gzip"}, io.BytesIO(page()))],
)  # fmt: skip
def test_an_answer_that_is_no_search_result_is_refused(tmp_path, answer):
    said = refused(tmp_path, Hospital(slots=answer))

    assert said.code in ("E_SERVER", "E_PARSE", "E_RESOURCE_TYPE")


def test_a_server_without_any_of_the_resources_is_refused_and_one_without_some_is_not(tmp_path):
    hospital = Hospital(slots=page(slot()))

    assert [path.name for path in fetch(BASE, tmp_path, opener=hospital)] == ["Slot.ndjson"]
    assert refused(tmp_path, Hospital(slots=Answer(404, {}, io.BytesIO()))).code == "E_SERVER"


def test_a_page_and_a_file_above_the_caps_are_refused(tmp_path):
    hospital = Hospital(slots=page(*[slot(f"s{n}") for n in range(100)]))

    for limits in (replace(USUAL, bundle_bytes=1000), replace(USUAL, file_bytes=1000)):
        assert refused(tmp_path, hospital, limits=limits).code == "E_TOO_LARGE"


def test_of_patients_only_sex_and_day_of_birth_are_written_down(tmp_path):
    address, smith = f"{BASE}/Patient?_count=500&_elements=id,gender,birthDate", [{"family": "Smith"}]
    hospital = Hospital(**{
        f"{BASE}/Encounter?_count=500": page(encounter()),
        address: page(patient(name=smith), patient("p2", gender="f", name=smith)),
    })  # fmt: skip

    [path] = fetch(BASE, tmp_path, ["Patient", "Encounter"], opener=hospital)

    assert path.name == "Encounter.ndjson"
    assert b"Smith" not in path.read_bytes()
    assert reading(path).of("encounter")[0]["age"] == 73


def test_an_entry_that_cannot_be_taken_is_left_for_the_reader_to_tell(tmp_path):
    twice = page(slot("s1")).replace(b'"id": "s1"', b'"id": "s1", "id": "s2"')

    [path] = slots(tmp_path, Hospital(slots=twice))

    assert reading(path).codes == ["E_DUP_KEY"]


def test_what_came_with_the_results_is_left_out(tmp_path):
    outcome = {"resourceType": "OperationOutcome", "issue": []}

    [path] = slots(tmp_path, Hospital(slots=page(slot("s1"), outcome, patient())))

    assert len(path.read_bytes().splitlines()) == 1


@pytest.mark.parametrize(
    ("host", "peer", "asked"),
    [("emr.example", "169.254.169.254", False), ("169.254.169.254", "169.254.169.254", True),
     ("emr.example", "fe80::1%eth0", False), ("emr.example", "::ffff:169.254.1.1", False),
     ("emr.example", "10.1.2.3", True), ("localhost", "127.0.0.1", True),
     ("emr.example", "fd00:ec2::254", False), ("emr.example", "100.100.100.200", False)],
)  # fmt: skip
def test_a_name_may_not_mean_the_machines_own_network_services(host, peer, asked):
    origin = origin_of(f"https://{host}/fhir")

    if asked:
        check_peer(peer, origin)
    else:
        with pytest.raises(Refused, match="own network") as caught:
            check_peer(peer, origin)
        assert caught.value.code == "E_ADDRESS"


# ---- over a real connection ----------------------------------------------------------------------


class _Speaker(BaseHTTPRequestHandler):
    def do_GET(self):
        self.server.speak(self)

    def log_message(self, *_):
        pass


@pytest.fixture
def speaker() -> Iterator[HTTPServer]:
    server = HTTPServer(("127.0.0.1", 0), _Speaker)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


def address_of(server: HTTPServer) -> str:
    return f"http://127.0.0.1:{server.server_address[1]}/fhir"


def test_results_come_over_a_connection(tmp_path, speaker):
    def speak(request):
        assert request.path == "/fhir/Slot?_count=500"
        body = page(slot())
        request.send_response(200)
        request.send_header("Content-Length", str(len(body)))
        request.end_headers()
        request.wfile.write(body)

    speaker.speak = speak

    [path] = fetch(address_of(speaker), tmp_path, ["Slot"])

    assert reading(path).of("slot")[0]["key"] == "Slot/s1"


@pytest.mark.parametrize(
    "said", [b"", b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n{", b"banana\r\n", b"HTTP/1.1 2\r\n\r\n"]
)
def test_a_connection_that_breaks_or_speaks_nonsense_is_told(tmp_path, speaker, said):
    def speak(request):
        request.wfile.write(said)
        request.close_connection = True

    speaker.speak = speak

    with pytest.raises(BadData) as caught:
        fetch(address_of(speaker), tmp_path, ["Slot"])
    assert caught.value.code in ("E_SERVER", "E_PARSE")


def test_a_server_that_keeps_silent_or_drips_is_given_up(tmp_path, speaker, monkeypatch):
    monkeypatch.setattr(asking, "SILENCE", 0.2)
    monkeypatch.setattr(asking, "PAGE_SECONDS", 0.3)
    over = threading.Event()

    def drip(request):
        request.wfile.write(b"HTTP/1.1 200 OK\r\n\r\n{")
        while not over.wait(0.05):
            try:
                request.wfile.write(b" ")
            except OSError:
                return

    def keep_silent(_):
        over.wait(5)

    for speak in (drip, keep_silent):
        speaker.speak = speak
        with pytest.raises(BadData) as caught:
            fetch(address_of(speaker), tmp_path, ["Slot"])
        assert caught.value.code == "E_SERVER"
    over.set()


def test_nobody_at_the_address_is_told(tmp_path):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]

    with pytest.raises(BadData, match="no answer") as caught:
        fetch(f"http://127.0.0.1:{port}/fhir", tmp_path, ["Slot"])
    assert caught.value.code == "E_SERVER"
