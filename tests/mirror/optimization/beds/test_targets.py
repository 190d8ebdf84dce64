"""Targets as a planner types them."""

import pytest

from optimization.beds.targets import default_targets, read_targets
from twin.errors import ConfigError
from twin.measures import MEASURES


def test_a_target_is_a_measure_and_a_level():
    outliers, seen = read_targets(["outlier_share<=5", "ed_within_4h >= 78"])

    assert (outliers.measure, outliers.at_most, outliers.unit) == ("outlier_share", 5, "%")
    assert (seen.measure, seen.at_least, seen.name) == ("ed_within_4h", 78, MEASURES["ed_within_4h"].label)


@pytest.mark.parametrize(
    "measure",
    [
        "boarding_hours_p90",
        "outlier_share",
        "refused",
        "balked",
        "occupancy",
        "cancelled_share",
        "short_mornings",
    ],
)
def test_boarding_outliers_refusals_occupancy_and_cancelled_electives_can_be_targets(measure):
    assert read_targets([f"{measure}<=5"])[0].at_most == 5


def test_the_usual_targets_name_measures_that_there_are():
    assert all(t.measure in MEASURES or t.measure == "short_mornings" for t in default_targets())


def test_all_faults_are_told_at_once():
    with pytest.raises(ConfigError) as told:
        read_targets(["outlier_shar<=5", "occupancy<=lots", "refused"])

    assert len(told.value.problems) == 3
