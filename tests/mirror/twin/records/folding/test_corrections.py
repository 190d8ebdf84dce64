"""Corrections: a state that is said again, in files that do not tell when, and the end of a visit."""

from tests.mirror.twin.records.folding.telling import folded, message, stay, visit


def ends(*imports: list[dict], as_of: str | None = None) -> list[str]:
    """When the one visit ended, by all imports."""
    told = folded(*imports, as_of=as_of).tables["encounters"]
    return told["ended"].dt.strftime("%H:%M").tolist()


def test_what_is_corrected_back_holds_again():
    first, second = (visit(ended=f"2025-03-10 {hour}:00", row=1) for hour in (11, 10))

    assert ends([first], [second]) == ["10:00"]
    assert ends([first], [second], [first]) == ["11:00"]
    assert ends([first], [second], [first], [second]) == ["10:00"]


def test_a_message_that_is_sent_again_later_undoes_nothing():
    came = message("admit", "2025-03-10 08:00", "oak")
    left = message("discharge", "2025-03-10 09:00")
    not_yet = message("cancel_discharge", None, said_at="2025-03-10 09:30")

    once, again = folded([came, left, not_yet]), folded([came, left, not_yet], [left])

    assert once.tables["encounters"]["ended"].isna().all()
    assert once.bytes == again.bytes


def test_an_open_stay_ends_with_its_visit_whichever_file_came_first():
    whole = [visit(started="2025-03-10 08:00", ended="2025-03-12 11:00")]
    stays = [stay("oak", "2025-03-10 08:00")]

    for imports in ((whole, stays), (stays, whole)):
        told = folded(*imports, as_of=None).tables["ward_stays"]
        assert told["ended"].dt.strftime("%d %H:%M").tolist() == ["12 11:00"]


def test_a_stay_that_is_told_to_go_on_at_a_later_time_than_the_end_of_the_visit_goes_on():
    whole = [visit(started="2025-03-10 08:00", ended="2025-03-12 11:00", said_at="2025-03-12 12:00")]
    stays = [stay("oak", "2025-03-10 08:00", said_at="2025-03-13 12:00")]

    assert folded(whole, stays, as_of=None).tables["ward_stays"]["ended"].isna().all()


def test_a_visit_that_has_ended_is_no_longer_in_progress():
    here = visit(started="2025-03-10 08:00", status="in_progress", said_at="2025-03-10 09:00")
    over = visit(ended="2025-03-12 11:00", said_at="2025-03-12 12:00")

    assert folded([here], [over]).tables["encounters"]["status"].tolist() == ["finished"]
