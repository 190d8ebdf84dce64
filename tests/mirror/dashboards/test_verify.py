"""``twin verify``: what it says, what it writes, and how it ends."""

import json
import re
from pathlib import Path

import pytest

from dashboards.cli import main
from twin.verification import all_cases, judge

HOUSE = Path(__file__).resolve().parents[3]
PAGE = HOUSE / "docs" / "verification.md"


def verify(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, str, str]:
    with pytest.raises(SystemExit) as end:
        main(["verify", *words])
    said = capsys.readouterr()
    return int(end.value.code or 0), said.out, said.err


def test_a_trace_by_hand_is_shown_with_its_verdict(capsys):
    code, told, _ = verify(capsys, "hand_lindley")

    assert code == 0
    head, title, *_ = told.splitlines()
    assert head.split()[:3] == ["quantity", "(where)", "expected"]
    assert head.split()[-4:] == ["limit", "z", "n", "verdict"]
    assert title.startswith("hand_lindley: One server")
    assert told.count("0, 4, 5, 8, 10") == 4  # expected and observed, in two engines
    assert told.splitlines()[-1] == "1 of 1 cases hold"


def test_a_miss_ends_with_exit_code_1(capsys, monkeypatch):
    monkeypatch.setattr(judge, "FARTHEST", 0.0)  # nothing is near enough

    code, told, _ = verify(capsys, "hunt_blocking_buffer0", "--quick")

    assert code == 1
    assert "MISSES" in told
    assert told.splitlines()[-1] == "0 of 1 cases hold"


def test_the_beginning_of_a_name_is_enough(capsys):
    _, told, _ = verify(capsys, "hand_p")

    assert told.splitlines()[-1] == "2 of 2 cases hold"


def test_a_name_that_no_case_has_is_told_with_the_nearest(capsys):
    code, told, error = verify(capsys, "hand_lindly")

    assert code == 2
    assert told == ""
    assert 'no verification case "hand_lindly"; did you mean "hand_lindley"?' in error


def test_json_is_one_document_with_every_verdict(capsys):
    code, told, _ = verify(capsys, "hand_renege", "--json")

    document = json.loads(told)
    assert code == 0
    assert document["held"] == 1
    (case,) = document["cases"]
    assert case["id"] == "hand_renege"
    assert {row["where"] for row in case["quantities"]} == {"kernel engine", "reference engine"}
    assert all(row["holds"] for row in case["quantities"])


def test_a_page_that_cannot_be_written_is_refused_before_the_work(capsys, tmp_path):
    code, told, error = verify(capsys, "hand_lindley", "--out", str(tmp_path))

    assert code == 2
    assert told == ""
    assert f"--out {tmp_path}: a folder stands there; name a file in it" in error


def test_the_page_is_written_with_command_versions_table_and_sources(capsys, tmp_path):
    page = tmp_path / "verification.md"

    verify(capsys, "hunt_blocking_buffer0", "--quick", "--out", str(page))

    text = page.read_text()
    assert "twin verify --out docs/verification.md" in text
    assert re.search(r"numba \d+\.\d+", text)
    assert "| `throughput` | second | 0.666667 |" in text
    assert "Hunt (1956)" in text
    assert "**1 of 1 cases hold** (1 of 1 quantities)" in text


def test_the_page_in_the_docs_has_every_case_and_every_one_holds():
    text = PAGE.read_text()

    assert re.findall(r"^## (\S+)$", text, flags=re.MULTILINE)[:-1] == [case.id for case in all_cases()]
    assert "MISSES" not in text
    assert f"**{len(all_cases())} of {len(all_cases())} cases hold**" in text


def test_the_page_in_the_docs_expects_what_the_cases_expect():
    text = PAGE.read_text()

    for case in all_cases():
        rows = text.split(f"## {case.id}\n")[1].split("\n## ")[0]
        for e in case.expect:
            for quantity, value in e.are.items():
                assert re.search(rf"\| `{re.escape(quantity)}`\S* \| [^|]* \| {value:.6g} \|", rows), (
                    case.id,
                    quantity,
                )
