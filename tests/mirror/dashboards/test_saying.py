"""How a command says its result: words for a person, one JSON document for a machine."""

import json
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import numpy as np

from dashboards.cli.options import note, say


@dataclass(frozen=True)
class Answer:
    """A result of a command."""

    day: date
    beds: dict[str, int]
    share: float
    file: Path


ANSWER = Answer(date(2024, 2, 29), {"medicine": 28}, 0.8249, Path("plan.toml"))


def test_a_text_is_said_as_it_is(capsys):
    say("28 beds")

    assert capsys.readouterr().out == "28 beds\n"


def test_a_value_is_said_one_line_a_name(capsys):
    say(ANSWER)

    lines = capsys.readouterr().out.splitlines()
    assert lines == ["day    2024-02-29", "beds", "  medicine  28", "share  0.8249", "file   plan.toml"]


def test_a_value_is_one_json_document(capsys):
    say(ANSWER, json=True)

    assert json.loads(capsys.readouterr().out) == {
        "day": "2024-02-29",
        "beds": {"medicine": 28},
        "share": 0.8249,
        "file": "plan.toml",
    }


def test_json_has_no_infinity_and_takes_arrays(capsys):
    say({"waits": np.array([1.5, np.inf]), "n": np.int64(3), "rate": float("nan")}, json=True)

    assert json.loads(capsys.readouterr().out) == {"waits": [1.5, None], "n": 3, "rate": None}


def test_a_note_stands_beside_the_result(capsys):
    note("reading records")

    said = capsys.readouterr()
    assert (said.out, said.err) == ("", "reading records\n")
