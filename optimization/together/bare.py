"""The house where nurses close no bed: what a plan asks of the wards, whoever there is to nurse them."""

from __future__ import annotations

from dataclasses import replace

from twin.case import Case


def without_nurses(case: Case) -> Case:
    """The same case where nurses close no bed: what is asked of the wards, not what is left of it."""
    wards = {name: ward.model_copy(update={"nursing": None}) for name, ward in case.hospital.wards.items()}
    plan = replace(case.plan, cover={})
    return case.with_(hospital=case.hospital.model_copy(update={"wards": wards}), plan=plan)
