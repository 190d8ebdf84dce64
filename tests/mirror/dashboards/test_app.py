"""The app without a browser: what it answers, and to whom."""

import json

import pytest

from dashboards.app import build_app
from dashboards.services.serving import open_socket, serve
from tests.answers import drawn_answer
from twin.errors import NotFound, UsageError
from twin.store import open_store


@pytest.fixture
def store(tmp_path):
    with open_store(tmp_path) as opened:
        yield opened


@pytest.fixture
def client(store):
    return build_app(store.workspace, store).server.test_client()


def test_the_frame_is_in_english_and_names_no_other_place(client):
    page = client.get("/", base_url="http://127.0.0.1").text

    assert '<html lang="en"' in page
    assert "http://" not in page.replace("http://www.w3.org", "") and "https://" not in page


def test_only_this_machine_s_own_names_are_answered(client):
    assert client.get("/", base_url="http://127.0.0.1:8050").status_code == 200
    assert client.get("/", base_url="http://localhost:8050").status_code == 200
    assert client.get("/", base_url="http://[::1]:8050").status_code == 200
    assert client.get("/", base_url="http://hospital.example").status_code == 403


def test_browsers_are_told_to_load_nothing_from_elsewhere(client):
    headers = client.get("/", base_url="http://127.0.0.1").headers

    assert "default-src 'self'" in headers["Content-Security-Policy"]


def test_an_unknown_report_is_not_found_and_shows_no_insides(client):
    answer = client.get("/report/nonsense", base_url="http://127.0.0.1")

    assert answer.status_code == 404
    assert "Traceback" not in answer.text


def test_the_answer_of_a_run_is_given_as_json(client, store):
    claim = store.runs.start("run", {}, owner="test")
    store.artefacts.put(claim, "answer.json", json.dumps(drawn_answer(run_id=claim.run_id)).encode())
    store.runs.finish(claim, {})

    answer = client.get(f"/answer/{claim.run_id}.json", base_url="http://127.0.0.1")

    assert answer.json["run_id"] == claim.run_id


def test_a_port_in_use_is_passed_over():
    with open_socket("127.0.0.1", 18050) as first:
        taken = first.getsockname()[1]

        with open_socket("127.0.0.1", taken) as second:
            assert second.getsockname()[1] > taken


def test_other_machines_are_not_served_while_there_are_no_users(tmp_path):
    with pytest.raises(UsageError, match="this machine only"):
        serve(tmp_path, "0.0.0.0", 8050, with_worker=False, say=print)
    with pytest.raises(NotFound, match="no workspace"):
        serve(tmp_path / "nowhere", "127.0.0.1", 8050, with_worker=False, say=print)
