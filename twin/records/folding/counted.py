"""Counted: what did no harm while the statements were folded, in the words of findings."""

from __future__ import annotations

from twin.records.folding.account import Code

_FEED = "If it grows, ask who keeps the feed."
COUNTED: dict[str, Code] = {
    "N_DUPLICATED": Code(
        "note", "Statements said more than once",
        "The same message or row came again, word for word; it counts once.", "statements",
    ),
    "N_SUPERSEDED": Code(
        "note", "Stays that a later source replaced",
        "Two sources told overlapping stays of one visit; the one said later holds.", "ward_stays",
    ),
    "N_SAME_WARD": Code(
        "note", "Transfers to the ward the patient is in",
        f"They move nobody and were counted. {_FEED}", "ward_stays",
    ),
    "N_ADMITTED_TWICE": Code(
        "warning", "Admitted again without a discharge",
        "A second admission came while the patient was in a bed; it counts as a move.", "encounters",
    ),
    "N_NO_ADMISSION": Code(
        "warning", "Moved or left without an admission",
        "The first message of the visit is no admission: the feed began later, or lost it.", "encounters",
    ),
    "N_MOVED_BY_UPDATE": Code(
        "warning", "An update shows the patient in another ward",
        "No transfer said so; the patient counts as moved at the time of the update.", "ward_stays",
    ),
    "N_LEFT_ELSEWHERE": Code(
        "warning", "Discharged from another ward than the last one known",
        "A transfer is missing: until the discharge the patient counts in the ward before.", "ward_stays",
    ),
    "N_CANCEL_OF_NOTHING": Code(
        "note", "Cancels of what was never said",
        "The message that they take back is not in the records; they change nothing.", "encounters",
    ),
    "N_AFTER_LEAVING": Code(
        "warning", "Moved after the discharge",
        "A later message says that the patient had left by then; the move was left out.", "ward_stays",
    ),
    "N_UNKNOWN_PLACE": Code(
        "note", "Stores or teams that hospital.toml does not have",
        "Their movements and shifts are kept without a place; name them in records.toml, [places].",
        "supply_movements",
    ),
}  # fmt: skip
