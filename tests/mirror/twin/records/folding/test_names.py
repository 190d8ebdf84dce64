"""The hospital's words for its places and classes are read whole, or refused with every fault at once."""

import pytest

from tests.mirror.twin.records.house import house
from twin.errors import ConfigError
from twin.records.folding.names import Names, Places, parse_names, read_names

PAGE = """
[places]
"W-4A" = "oak"
ED = "cubicles"

[[classes]]
class = "sick"
stream = "letters"
when = { kind = "inpatient", method = ["elective", "transfer"], age_from = 16 }
"""


def refused(text: str) -> dict[str, tuple[object, str, str]]:
    with pytest.raises(ConfigError) as caught:
        parse_names(text, house())
    return {p.path: (p.value, p.rule, p.cure) for p in caught.value.problems}


def test_places_and_rules_are_read():
    names = parse_names(PAGE, house())

    assert names.places == {"W-4A": "oak", "ED": "cubicles"}
    assert names.classes[0].patient_class == "sick"
    assert names.classes[0].when.kind == ("inpatient",)
    assert names.classes[0].when.method == ("elective", "transfer")


def test_without_a_file_the_codes_are_the_names(tmp_path):
    names = read_names(tmp_path / "records.toml", house())

    assert names == Names()
    assert Places(names, house()).name("oak") == "oak"
    assert Places(names, house()).name("W-4A") is None


def test_the_hospitals_own_words_hold_over_equal_names():
    places = Places(parse_names('[places]\noak = "elm"\n', house()), house())

    assert places.name("oak") == "elm"


def test_every_fault_is_told_at_once():
    faults = refused(
        """
        [places]
        "W-4A" = "oaks"
        [[classes]]
        class = "sicker"
        [[classes]]
        class = "sick"
        stream = "dor"
        when = { kind = "inpatent", age_from = 60, age_to = 16 }
        """
    )

    assert faults == {
        "places.W-4A": ("oaks", "no such ward or place in hospital.toml", 'did you mean "oak"?'),
        "classes.0.class": ("sicker", "no such patient class", 'did you mean "sick"?'),
        "classes.1.stream": ("dor", "no such stream of arrivals", 'did you mean "door"?'),
        "classes.1.when.kind": ("inpatent", "no such kind", 'did you mean "inpatient"?'),
        "classes.1.when.age_from": (60, "at most age_to, 16", ""),
    }


def test_a_key_that_is_not_known_is_a_fault():
    faults = refused('[[classes]]\nclass = "sick"\nwhen = { kinds = "inpatient" }\n[wards]\n')

    assert {path: rule for path, (_, rule, _) in faults.items()} == {
        "classes.0.when.kinds": "no such key here",
        "wards": "no such key here",
    }


def test_a_broken_page_is_told_with_the_line():
    assert "line 2" in refused('[places]\n"W-4A = "oak"\n')["TOML"][1]
