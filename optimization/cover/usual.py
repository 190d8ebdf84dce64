"""Usual nurses: what is laid over a hospital whose wards do not say who nurses them.

Each ward gets a group of its own on long days and nights, as many on duty as its usual beds take by the
ratios below, and all of them one float pool. It is a first answer: who knows the real numbers writes them
into the hospital.
"""

from __future__ import annotations

import json
from math import ceil

from twin.hospital import Hospital
from twin.hospital.places import Nursing, Ward
from twin.hospital.places import StaffGroup as Group

#: NICE guideline SG1 (2014): harm is likelier where a registered nurse has more than eight patients by day
BY_DAY = 8.0
#: RCN, Guidance on safe nurse staffing levels in the UK (2010): eleven on NHS wards at night, in the mean
AT_NIGHT = 11.0
#: Guidelines for the Provision of Intensive Care Services V2.1 (2022): one to one at level 3, one to two at
#: level 2; assumed: as many patients of either, so two nurses for three
CRITICAL_CARE = 1.5
#: long days, the commonest shifts of UK wards, with half an hour to hand over (Griffiths et al. 2014, Med.
#: Care 52(11), 975-981, doi:10.1097/MLR.0000000000000233)
SHIFTS = {"day": ("07:30", "20:00"), "night": ("19:30", "08:00")}
#: NHS Digital, NHS sickness absence rates: about one in twenty
ABSENCE = 0.05
#: people of the float pool / all on the wards' shifts (assumed: one in twenty)
FLOATING = 0.05
#: a name is at most 40 letters long, so that much of it is left before an ending [letters]
LONGEST = 33
#: the group that is lent
POOL = "float_nurses"


def names_nurses(hospital: Hospital) -> bool:
    """Whether any ward says which nurses it needs."""
    return any(ward.nursing is not None for ward in hospital.wards.values())


def with_usual_nurses(hospital: Hospital) -> tuple[Hospital, tuple[str, ...]]:
    """The same hospital with usual nurses on every ward where none names its own; what was assumed, in words.

    A hospital in which a ward names its nurses is given back as it is.
    """
    if names_nurses(hospital) or not hospital.wards:
        return hospital, ()
    staff, wards = dict(hospital.staff), dict(hospital.wards)
    pool = _free(POOL, staff)
    most = dict.fromkeys(SHIFTS, 0)
    for name, ward in hospital.wards.items():
        group = _free(f"{name[:LONGEST]}_nurses", staff)
        nursing = _nursing(group, ward)
        on_duty = {shift: _enough(ward.staffed_beds, _ratio(nursing, shift)) for shift in SHIFTS}
        staff[group] = _group(f"{ward.title}, nurses", on_duty, pool)
        wards[name] = ward.model_copy(update={"nursing": nursing})
        most = {shift: most[shift] + on_duty[shift] for shift in SHIFTS}
    staff[pool] = _group("Float pool", {shift: ceil(FLOATING * n) for shift, n in most.items()}, None)
    return hospital.model_copy(update={"staff": staff, "wards": wards}), (_told(),)


def _told() -> str:
    """What was assumed, in a sentence."""
    return (
        f"no ward says which nurses it needs, so usual ones were assumed: one to {BY_DAY:g} patients by day, "
        f"{AT_NIGHT:g} at night, {CRITICAL_CARE:g} in critical care, enough on duty for the usual beds, "
        f"{ABSENCE:.0%} absent; put your own into the hospital as wards.WARD.nursing and staff.GROUP.shifts"
    )


def rows_of(hospital: Hospital) -> str:
    """The usual nurses as TOML, to put into a hospital's own file and to correct there."""
    laid, lines = with_usual_nurses(hospital)[0], ["# Usual nurses; correct what is different here."]
    for name, group in laid.staff.items():
        if name not in hospital.staff:
            pool = [f'float_pool = "{group.float_pool}"'] if group.float_pool else []
            lines += [
                "",
                f"[staff.{name}]",
                f"title = {json.dumps(group.title)}",
                f"absence = {group.absence}",
            ]
            lines += pool + [
                f'shifts.{s} = {{ from = "{shift.start}", to = "{shift.end}", on_duty = {shift.on_duty} }}'
                for s, shift in group.shifts.items()
            ]
    for name, ward in laid.wards.items():
        nursing = ward.nursing
        if nursing is not None:
            lines += ["", f"[wards.{name}.nursing]", f'group = "{nursing.group}"']
            lines.append(f"patients_per_nurse = {nursing.patients_per_nurse:g}")
            lines += [f"by_shift.{s} = {ratio:g}" for s, ratio in nursing.by_shift.items()]
    return "\n".join([*lines, ""])


def _nursing(group: str, ward: Ward) -> Nursing:
    if ward.critical_care:
        return Nursing(group=group, patients_per_nurse=CRITICAL_CARE)
    return Nursing(group=group, patients_per_nurse=BY_DAY, by_shift={"night": AT_NIGHT})


def _ratio(nursing: Nursing, shift: str) -> float:
    return nursing.by_shift.get(shift, nursing.patients_per_nurse)


def _enough(beds: int, ratio: float) -> int:
    """People asked to a shift so that enough of them come in the mean. [people]"""
    return ceil(ceil(beds / ratio - 1e-9) / (1 - ABSENCE) - 1e-9) if beds else 0


def _group(title: str, on_duty: dict[str, int], pool: str | None) -> Group:
    shifts = {
        name: {"from": start, "to": end, "on_duty": on_duty[name]} for name, (start, end) in SHIFTS.items()
    }
    return Group.model_validate({"title": title, "shifts": shifts, "absence": ABSENCE, "float_pool": pool})


def _free(name: str, taken: dict[str, Group]) -> str:
    """A name that no group has yet."""
    while name in taken:
        name = f"{name[:LONGEST]}_more"
    return name
