"""Bad inputs of the flow of patients: what cannot be is put aside and told, what is odd is kept and flagged."""

import pytest

from tests.faults.bad_inputs import Book
from tests.mirror.twin.records.folding.telling import folded, message, stay, told, visit
from twin.engine import simulate
from twin.records.reading.told import masked

BOOK = Book("flow-data")
#: answered by the reader of extracts, which alone sees columns and dates of birth
READ_BY_EXTRACTS = {"B056", "B057"}
D = "2025-03-01 "


@pytest.mark.parametrize("name", [name for name in BOOK.names() if name not in READ_BY_EXTRACTS])
def test_a_bad_input_is_answered(name: str):
    BOOK.answer(name)()


def test_every_entry_of_the_list_is_answered_in_its_own_words():
    listed = BOOK.skip_unless_listed()

    assert {name: entry.input for name, entry in listed.items() if name not in READ_BY_EXTRACTS} == {
        name: words for name, (words, _) in BOOK.answers.items()
    }
