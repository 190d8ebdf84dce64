"""Errors: all faults of a source as one text, a line each, and the exit code that goes with it."""

import pytest

from twin import errors
from twin.errors import BadData, ConfigError, Problem, did_you_mean


def test_every_fault_has_a_line_with_path_value_rule_and_cure():
    faults = [
        Problem("wards.cardiology.staffed_beds", -2, "a ward has 0 or more staffed beds"),
        Problem("pathways.hip.ward", "orthopedics", "no such ward", 'did you mean "orthopaedics"?'),
    ]

    text = str(ConfigError("hospital.toml", faults))

    assert text.splitlines()[0] == "hospital.toml has 2 problems"
    assert "wards.cardiology.staffed_beds = -2" in text.splitlines()[1]
    assert text.splitlines()[2].endswith('no such ward; did you mean "orthopaedics"?')


def test_a_long_value_is_cut_not_printed_whole():
    assert len(str(Problem("x", "y" * 500, "short"))) < 120


@pytest.mark.parametrize(
    ("error", "code"),
    [
        ("ConfigError", 2),
        ("UsageError", 2),
        ("NotFound", 2),
        ("Overload", 2),
        ("BadData", 3),
        ("Infeasible", 4),
        ("Degraded", 5),
        ("Locked", 75),
        ("TwinError", 1),
    ],
)
def test_a_cron_job_can_act_on_the_exit_code(error, code):
    assert getattr(errors, error).exit_code == code


def test_all_errors_descend_from_one():
    kinds = [kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, Exception)]

    assert all(issubclass(kind, errors.TwinError) for kind in kinds)


def test_bad_data_may_be_one_sentence():
    assert str(BadData("the history is empty")) == "the history is empty"


def test_the_nearest_name_is_offered():
    assert did_you_mean("orthopedics", ["orthopaedics", "surgery"]) == 'did you mean "orthopaedics"?'
    assert did_you_mean("zzz", ["b", "a"]) == "known: a, b"
