"""Codes, identities and numbers are taken as they stand, or told; nothing that tells a person passes."""

import pytest

from tests.mirror.twin.records.reading.extracts.reading_room import NAMES, read_text

VISITS = "encounter,arrived,discharged,ward,age,sex,method\n"
SUPPLIES = "item,at,quantity,kind\n"


def visit(folder, ward="oak", age="40", sex="f", method="emergency"):
    return read_text(folder, VISITS + f"1,2025-01-02,,{ward},{age},{sex},{method}\n")


def movement(folder, quantity, kind="receipt"):
    return read_text(folder, SUPPLIES + f'gloves,2025-01-02 10:00,"{quantity}",{kind}\n')


@pytest.mark.parametrize(
    ("quantity", "code"),
    [
        ("1e400", "E_NOT_FINITE"),
        ("-1e400", "E_NOT_FINITE"),
        ("inf", "E_NOT_FINITE"),
        ("-Infinity", "E_NOT_FINITE"),
        ("NaN", "E_NOT_FINITE"),
        ("1,234", "E_NUMBER"),
        ("1,5", "E_NUMBER"),
        ("1 234", "E_NUMBER"),
        ("1_000", "E_NUMBER"),
        ("0x10", "E_NUMBER"),
        ("١٢٣", "E_NUMBER"),
        ("１２", "E_NUMBER"),
        ("ten", "E_NUMBER"),
        ("1000000000000000000", "E_RANGE"),
        ("0." + "1" * 60, "E_RANGE"),
    ],
)
def test_a_number_that_is_none_is_never_guessed(tmp_path, quantity, code):
    assert movement(tmp_path, quantity).faults == [(2, "quantity", code)]


@pytest.mark.parametrize(
    ("written", "meant"), [("5", 5), ("+5", 5), ("-5.25", -5.25), (".5", 0.5), ("1e3", 1000)]
)
def test_a_number_is_what_its_figures_say(tmp_path, written, meant):
    assert movement(tmp_path, written).column("quantity") == [meant]


@pytest.mark.parametrize(
    ("quantity", "kind", "meant"), [("5", "issue", -5), ("-5", "used", -5), ("5", "return", 5)]
)
def test_what_is_issued_is_less_in_store_whichever_sign_it_has(tmp_path, quantity, kind, meant):
    assert movement(tmp_path, quantity, kind).column("quantity") == [meant]


@pytest.mark.parametrize(
    ("age", "code"),
    [("3.5", "E_INTEGER"), ("1000000000000000000", "E_RANGE"), ("-1", "E_RANGE"), ("140", "E_RANGE")],
)
def test_an_age_is_a_whole_number_of_years(tmp_path, age, code):
    assert visit(tmp_path, age=age).faults == [(2, "age", code)]


@pytest.mark.parametrize(("age", "kept"), [("0", 0), ("89", 89), ("90", 90), ("104", 90), ("40.0", 40)])
def test_ninety_stands_for_all_that_is_older(tmp_path, age, kept):
    assert visit(tmp_path, age=age).column("age") == [kept]


BORN = """
name = "born"
title = "with a date of birth"
[[tells]]
thing = "encounter"
key = [["encounter"]]
[tells.take]
encounter = "encounter"
arrived = "arrived"
age = { born = "dob", born_at = ["arrived"] }
"""


@pytest.mark.parametrize(
    ("born", "age"),
    [("1950-01-02", [75]), ("1950-01-03", [74]), ("2025-01-02", [0]), ("1920-05-01", [90]), ("", [None])],
)
def test_of_a_date_of_birth_only_the_age_is_kept(tmp_path, born, age):
    (tmp_path / "own.toml").write_text(BORN)

    found = read_text(
        tmp_path, f"encounter,arrived,dob\n1,2025-01-02,{born}\n", mapping=str(tmp_path / "own.toml")
    )

    assert found.column("age") == age
    assert not born or born not in str(found.rows())


@pytest.mark.parametrize(
    ("born", "code"),
    [("2025-01-03", "E_RANGE"), ("1825-01-01", "E_RANGE"), ("02/01/1950", "E_AMBIGUOUS_DATE")],
)
def test_a_date_of_birth_that_cannot_be_is_told(tmp_path, born, code):
    (tmp_path / "own.toml").write_text(BORN)

    found = read_text(
        tmp_path, f"encounter,arrived,dob\n1,2025-01-02,{born}\n", mapping=str(tmp_path / "own.toml")
    )

    assert found.faults == [(2, "dob", code)]


def test_words_of_the_source_become_ours(tmp_path):
    found = visit(tmp_path, sex="M", method="Planned")

    assert (found.column("sex"), found.column("method")) == (["male"], ["elective"])


def test_a_code_without_a_word_is_told_with_the_nearest(tmp_path):
    found = visit(tmp_path, method="emergancy")

    assert found.faults == [(2, "method", "E_CODE")]
    assert '"emergency"' in found.told.faults[0].cure


@pytest.mark.parametrize("ward", ["o\x00ak", "o\x07ak", "oak\u200b", "oak\u202e", '"oak\nelm"'])
def test_a_ward_with_a_character_that_cannot_be_seen_is_told(tmp_path, ward):
    assert visit(tmp_path, ward=ward).faults == [(2, "ward", "E_CONTROL_CHAR")]


def test_a_code_is_short(tmp_path):
    assert visit(tmp_path, ward="x" * 61).faults == [(2, "ward", "E_TOO_LARGE")]
    assert visit(tmp_path, ward="x" * 60).told.aside == 0


@pytest.mark.parametrize(
    "ward", ["943 476 5919", "9434765919", "07700 900123", "ann@example.org", "Ann Smith", "SMITH, Ann"]
)
def test_what_tells_somebody_is_put_aside(tmp_path, ward):
    found = visit(tmp_path, ward=f'"{ward}"')

    assert found.faults == [(2, "ward", "E_PII")]
    assert found.rows() == []


def test_an_identity_may_look_like_anything_as_only_its_pseudonym_is_kept(tmp_path):
    found = read_text(
        tmp_path, "encounter,arrived,discharged,patient\nann@example.org,2025-01-02,,943 476 5919\n"
    )

    assert found.column("encounter") == [NAMES.encounter("ann@example.org")]
    assert "943" not in str(found.column("patient")) or NAMES.patient("943 476 5919") in found.column(
        "patient"
    )


@pytest.mark.parametrize(
    ("header", "row", "age"), [("age,dob", "40,1920-05-01", 40), ("dob", "1920-05-01", 90)]
)
def test_a_date_of_birth_is_read_only_where_there_is_no_age(tmp_path, header, row, age):
    found = read_text(tmp_path, f"encounter,arrived,discharged,{header}\n1,2025-01-02,,{row}\n")

    assert found.column("age") == [age]
    assert "1920" not in str(found.rows())
