"""Stays that extracts and bundles tell: the newest word holds, field by field, or the visit as a whole."""

from tests.mirror.twin.records.folding.telling import folded, stay, told, visit
from twin.records.folding.names import Names

D = "2025-03-01 "


def test_a_later_extract_fills_in_what_an_earlier_one_did_not_know():
    monday = [stay("oak", D + "10:00", bed="4", said_at=D + "23:00")]
    tuesday = [stay("oak", D + "10:00", "2025-03-02 09:00", said_at="2025-03-02 23:00")]

    for imports in ((monday, tuesday), (tuesday, monday)):
        outcome = folded(*imports)

        assert outcome.rows("ward_stays", "place", "bed", "started", "ended", "said_at", "versions") == [
            ("oak", "4", "03-01 10:00", "03-02 09:00", "03-02 23:00", 2)
        ]
        assert outcome.encounter("status", "ended") == ("finished", "03-02 09:00")


def test_an_extract_that_does_not_tell_when_it_was_made_speaks_of_its_last_instant():
    outcome = folded([stay("oak", D + "10:00")], as_of="2025-03-04")

    assert outcome.rows("ward_stays", "said_at") == [("03-04 00:00",)]


def test_the_version_said_last_holds_and_both_are_counted():
    outcome = folded(
        [visit(specialty="300", said_at=D + "12:00", age=40)],
        [visit(specialty="301", said_at=D + "10:00", outcome="home")],
    )

    assert outcome.encounter("specialty", "age", "outcome", "versions") == ("300", 40, "home", 2)


def test_a_visit_told_whole_replaces_its_stays_as_a_group():
    old = [
        stay("cubicles", D + "10:00", D + "12:00", whole=True, said_at=D + "12:00", said_by="1"),
        stay("elm", D + "12:00", whole=True, said_at=D + "12:00", said_by="1"),
    ]
    new = [stay("oak", D + "11:00", whole=True, said_at=D + "13:00", said_by="2")]

    for imports in ((old, new), (new, old)):
        assert folded(*imports).stays() == [("oak", "03-01 11:00", None)]


def test_a_visit_told_whole_without_an_end_goes_on():
    old = [visit(started=D + "10:00", ended=D + "12:00", sex="female", whole=True, said_at=D + "12:00")]
    new = [visit(started=D + "10:00", status="in_progress", whole=True, said_at=D + "13:00")]

    outcome = folded(new, old)

    assert outcome.encounter("started", "ended", "sex", "status") == (
        "03-01 10:00", None, "female", "in_progress",
    )  # fmt: skip


def test_two_places_at_once_in_one_source_put_the_later_row_aside():
    outcome = folded(
        [
            stay("cubicles", D + "10:00", D + "13:00"),
            stay("oak", D + "12:00", D + "14:00"),
            stay("elm", D + "15:00"),
        ]
    )

    assert outcome.aside == [(1, 2, "E_OVERLAP")]
    assert outcome.stays() == [
        ("cubicles", "03-01 10:00", "03-01 13:00"),
        ("elm", "03-01 15:00", None),
    ]


def test_of_two_sources_the_one_said_later_holds():
    early = [stay("cubicles", D + "10:00", D + "13:00", said_at=D + "14:00")]
    late = [stay("oak", D + "12:00", D + "14:00", said_at=D + "15:00")]

    for imports in ((early, late), (late, early)):
        outcome = folded(*imports)

        assert outcome.stays() == [("oak", "03-01 12:00", "03-01 14:00")]
        assert (outcome.aside, outcome.found("N_SUPERSEDED")) == ([], 1)


def test_a_stay_that_went_on_ends_where_a_later_word_has_the_patient_elsewhere():
    early = [stay("cubicles", D + "10:00", said_at=D + "11:00")]
    late = [stay("oak", D + "12:00", said_at=D + "15:00")]

    outcome = folded(late, early)

    assert outcome.stays() == [("cubicles", "03-01 10:00", "03-01 12:00"), ("oak", "03-01 12:00", None)]


def test_an_end_before_its_start_is_put_aside():
    outcome = folded([stay("oak", D + "10:00", "2025-02-27 10:00"), stay("elm", D + "10:00", visit="E2")])

    assert outcome.aside == [(1, 1, "E_NEGATIVE_LOS")]
    assert [row[0] for row in outcome.rows("ward_stays", "encounter")] == ["E2"]


def test_an_end_before_its_start_is_seen_where_two_statements_tell_them():
    first = told(thing="ward_stay", key="7", said="state", encounter="E1", place="oak", started=D + "10:00")
    second = told(
        thing="ward_stay", key="7", said="state", encounter="E1", ended=D + "09:00", said_at="2025-03-20"
    )

    assert folded([first], [second]).aside == [(2, 1, "E_NEGATIVE_LOS")]


def test_rows_that_cannot_be_are_put_aside_in_words():
    outcome = folded(
        [
            stay("oak", D + "10:00", requested=D + "11:00", visit="E1"),
            stay("oak", None, D + "11:00", visit="E2"),
            stay("oak", None, visit="E3"),
            stay("W99", D + "10:00", visit="E4"),
            stay("oak", D + "10:00", visit="E5"),
        ]
    )

    faults = outcome.result.told_by_import[1].faults
    assert [(fault.row, fault.field, fault.rule, fault.code) for fault in faults] == [
        (1, "started", "a step starts after it was asked for", "E_DATA"),
        (2, "ended", "a stay that has ended has a start", "E_DATA"),
        (3, "started", "a row has a start or, for one who still waits, `requested`", "E_DATA"),
        (4, "place", "no such ward or place in hospital.toml", "E_UNKNOWN_WARD"),
    ]
    assert [row[0] for row in outcome.rows("ward_stays", "encounter")] == ["E5"]


def test_one_visit_of_one_source_has_one_class():
    rows = [
        stay("cubicles", D + "10:00", D + "11:00", patient_class="sick"),
        stay("oak", D + "11:00", patient_class="well"),
    ]

    outcome = folded(rows)

    assert outcome.aside == [(1, 2, "E_DATA")]
    assert outcome.encounter("patient_class") == ("sick",)


def test_a_request_is_answered_by_a_stay_that_a_later_extract_tells():
    monday = [stay("oak", None, requested=D + "10:00", said_at=D + "12:00")]
    tuesday = [stay("oak", D + "14:00", requested=D + "10:00", said_at="2025-03-02")]

    assert folded(monday).rows("ward_stays", "requested", "started") == [("03-01 10:00", None)]
    assert folded(tuesday, monday).rows("ward_stays", "requested", "started") == [
        ("03-01 10:00", "03-01 14:00")
    ]


def test_a_stay_that_is_gone_never_was_and_may_come_back():
    row = stay("oak", D + "10:00", said_at=D + "11:00")
    gone = {**row, "said": "gone", "said_at": stay("oak", D + "12:00")["started"]}
    again = {**stay("elm", D + "13:00", said_at=D + "14:00"), "key": row["key"]}

    assert folded([gone], [row]).stays() == []
    assert folded([again], [row], [gone]).stays() == [("elm", "03-01 13:00", None)]


def test_a_stay_of_no_length_is_a_stay():
    outcome = folded([stay("oak", D + "10:00", D + "10:00")])

    assert outcome.stays() == [("oak", "03-01 10:00", "03-01 10:00")]
    assert outcome.aside == []


def test_patients_and_visits_that_were_merged_are_one():
    merges = [
        told(thing="patient_merge", key="P1", said="state", patient="P2", said_at=D + "10:00"),
        told(thing="patient_merge", key="P2", said="state", patient="P3", said_at=D + "11:00"),
        told(thing="encounter_merge", key="E1", said="state", encounter="E2", said_at=D + "12:00"),
    ]
    stays = [
        stay("cubicles", D + "10:00", D + "12:00", visit="E1", patient="P1"),
        stay("oak", D + "12:00", visit="E2", patient="P3"),
    ]

    for imports in ((merges, stays), (stays, merges)):
        assert folded(*imports).rows("ward_stays", "encounter", "patient", "place") == [
            ("E2", "P3", "cubicles"),
            ("E2", "P3", "oak"),
        ]


def test_a_ward_is_known_by_the_hospitals_own_code_or_by_what_holds_it():
    locations = [
        told(thing="location", key="Location/4", said="state", part_of="Location/9"),
        told(thing="location", key="Location/9", said="state", place="W-4A", part_of="Location/4"),
    ]
    rows = [stay("W-4A", D + "10:00", D + "11:00"), stay("Location/4", D + "11:00")]

    outcome = folded([*locations, *rows], names=Names(places={"W-4A": "oak"}))

    assert [place for place, _, _ in outcome.stays()] == ["oak", "oak"]


def test_an_unknown_place_is_told_with_the_nearest_name():
    fault = folded([stay("oaks", D + "10:00")]).result.told_by_import[1].faults[0]

    assert 'did you mean "oak"?' in fault.cure
    assert fault.value == "oaks"


def test_a_number_that_thousands_of_visits_share_is_settled_all_the_same():
    days = [f"2025-02-{1 + n % 28:02} {n // 28 % 24:02}:{n % 60:02}" for n in range(20_000)]
    rows = [stay("oak", at, "2025-03-01") | {"key": f"{n}"} for n, at in enumerate(days)]

    outcome = folded(rows)

    assert outcome.result.told_by_import[1].aside == 19_999
    assert len(outcome.stays()) == 1
