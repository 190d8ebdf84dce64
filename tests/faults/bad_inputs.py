"""The list of bad inputs: each entry of an area, and the statement of this house that answers it.

The list lies beside the house and may be absent; what it asks is tested all the same. Where it is there,
every entry of the area has its answer, word for word: an entry that changes, or a new one, is a failure.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from dashboards.cli import main
from twin.errors import CODES

HOUSE = Path(__file__).resolve().parents[2]
Answer = Callable[..., None]


@dataclass(frozen=True)
class Entry:
    """One bad input, what is expected, and the function that does the one and holds the other."""

    id: str
    input: str
    expected: str


class Book:
    """The answers of one area."""

    def __init__(self, area: str) -> None:
        self.area = area
        self.answers: dict[str, tuple[str, Answer]] = {}

    def answers_to(self, name: str, bad_input: str) -> Callable[[Answer], Answer]:
        """Register the answer to an entry by its name and its words."""

        def register(answer: Answer) -> Answer:
            self.answers[name] = (bad_input, answer)
            return answer

        return register

    def listed(self) -> dict[str, Entry] | None:
        """Entries of the list in this area; None where the list is absent."""
        data = Path(os.environ.get("TWIN_SHARED_DATA") or HOUSE.parent / "shared" / "data")
        path = data / "verification" / "bad_inputs.json"
        if not path.is_file():
            return None
        rows = [row for row in json.loads(path.read_text("utf-8")) if row["area"] == self.area]
        return {row["id"]: Entry(row["id"], row["input"], row["expected"]) for row in rows}

    def names(self) -> list[str]:
        """Every entry, of the list and of this house."""
        return sorted({*self.answers, *(self.listed() or {})})

    def answer(self, name: str) -> Answer:
        """The answer to an entry; the list, where it is there, asks what was answered."""
        assert name in self.answers, f"{name} of the list has no answer: {(self.listed() or {})[name]}"
        return self.answers[name][1]

    def skip_unless_listed(self) -> dict[str, Entry]:
        """Entries of the list, or a skip that says where it was looked for."""
        listed = self.listed()
        if listed is None:
            pytest.skip(f"the list of bad inputs is not beside the house ({self.area})")
        return listed

    def hold_the_list(self) -> None:
        """Every entry of the list is answered in its own words, with codes that are in our table."""
        listed = self.skip_unless_listed()
        assert {name: entry.input for name, entry in listed.items()} == {
            name: words for name, (words, _) in self.answers.items()
        }
        wanted = {code for entry in listed.values() for code in re.findall(r"E_[A-Z_]+", entry.expected)}
        assert wanted <= set(CODES)


@dataclass(frozen=True)
class Said:
    """What a command said, and the code it left with."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> dict:
        """The one document on standard output."""
        return json.loads(self.out)

    def is_refused(self, code: str, *words: str, exit_code: int = 2) -> None:
        """It was refused with this code and these words, and no more was done or shown."""
        assert self.code == exit_code, self.err
        assert f"[{code}]" in self.err
        for word in words:
            assert word in self.err
        assert "Traceback" not in self.err
        assert self.out == ""


class Twin:
    """The command line as a user types it, in this process."""

    def __init__(self, capsys: pytest.CaptureFixture[str], folder: Path) -> None:
        self._capsys, self.folder = capsys, folder

    def __call__(self, *words: object) -> Said:
        with pytest.raises(SystemExit) as end:
            main([str(word) for word in words])
        told = self._capsys.readouterr()
        return Said(int(end.value.code or 0), told.out, told.err)

    def file(self, text: str, name: str = "hospital.toml") -> Path:
        """A file with this text."""
        path = self.folder / name
        path.write_text(text, encoding="utf-8")
        return path
