"""What a plan does on futures it has not seen: two numbers a target, each with its bound."""

import json
from dataclasses import dataclass, field

import pytest

from optimization.paths import TrainPaths
from optimization.proof.attempts import Attempts
from optimization.proof.certificate import (
    certificate,
    check_targets,
    document,
    gap_of,
    judge,
    not_measured,
    per_future,
)
from twin.errors import ConfigError, UsageError
from twin.plan import Target

FOUR_HOURS = Target("Left within 4 h", "ed_within_4h", "%", at_least=78)
BOARDING = Target("Wait for a bed", "boarding_hours_mean", "h", at_most=4)


@dataclass(frozen=True)
class Future:
    """A future with what was measured in it."""

    measures: dict[str, float]
    patients: dict[str, int] = field(default_factory=dict)


def futures(*four_hours: float, boarding: float = 2.0) -> list[Future]:
    return [Future({"ed_within_4h": x, "boarding_hours_mean": boarding}) for x in four_hours]


def judged(played: list[Future], *targets: Target):
    return judge(targets, Attempts().next(len(played)), per_future(targets, played))


def test_a_target_has_two_numbers_each_with_its_bound():
    (told,) = judged(futures(*[80.0, 82.0, 84.0, 76.0] * 10), FOUR_HOURS)

    assert told.expected == 80.5
    assert 78 < told.bound95 < 80.5
    assert told.share_of_futures == 0.75
    assert told.share_bound95 is not None and 0.5 < told.share_bound95 < 0.75
    assert not told.holds, "too few futures meet it, however good the mean"


def test_a_share_of_patients_is_counted_over_all_patients():
    busy = Future({"ed_within_4h": 50.0}, {"ed_within_4h": 300})
    quiet = Future({"ed_within_4h": 100.0}, {"ed_within_4h": 100})

    (told,) = judged([busy, quiet], FOUR_HOURS)

    assert told.expected == pytest.approx(62.5)  # 250 of 400 patients


def test_twenty_futures_without_a_miss_hold_a_target_and_do_not_prove_it():
    twenty, hundred = (judged(futures(*[80.0, 82.0] * n), FOUR_HOURS)[0] for n in (10, 50))

    assert (twenty.holds, twenty.proved) == (True, False)  # 0.84: of all futures perhaps fewer than 0.9
    assert (hundred.holds, hundred.proved) == (True, True)


def test_a_share_that_is_not_asked_is_told_all_the_same():
    mean_only = Target("Left within 4 h", "ed_within_4h", "%", at_least=78, share=0)

    (told,) = judged(futures(*[90.0, 76.0] * 30), mean_only)

    assert told.share_of_futures == 0.5
    assert told.holds and told.proved


def test_more_targets_and_later_attempts_cost_certainty():
    played = futures(*[80.0, 82.0, 84.0, 79.0] * 5)
    alone, beside = judged(played, FOUR_HOURS)[0], judged(played, FOUR_HOURS, BOARDING)[0]
    first = Attempts().next(20)
    second = Attempts().with_(first).next(20)
    (later,) = judge([FOUR_HOURS], second, per_future([FOUR_HOURS], played))

    assert beside.bound95 < alone.bound95
    assert later.bound95 < alone.bound95


def test_targets_are_never_judged_on_training_futures():
    with pytest.raises(TypeError):
        judge((), TrainPaths((0, 2)), {})


def test_futures_that_are_not_the_attempt_s_are_refused():
    with pytest.raises(UsageError, match="3 measured; the attempt has 4 futures"):
        judge([FOUR_HOURS], Attempts().next(4), per_future([FOUR_HOURS], futures(80, 80, 80)))


def test_what_no_future_can_measure_is_named_and_left_out():
    played = futures(80.0, 81.0, boarding=float("nan"))

    seen = per_future([FOUR_HOURS, BOARDING], played)

    assert not_measured([FOUR_HOURS, BOARDING], seen) == ("Wait for a bed",)
    assert [r.target for r in judge([FOUR_HOURS, BOARDING], Attempts().next(2), seen)] == [FOUR_HOURS]


def test_a_certificate_is_plain_json_whatever_it_could_not_bound():
    proof = certificate(
        cost=10.0,
        objective=10.0,
        bound=None,
        bound_note="none (rules: priorities)",
        targets=judged(futures(80.0, 81.0), FOUR_HOURS, BOARDING),
        train_paths=2,
        attempt=Attempts().next(2),
        seed=1,
        command="twin optimize beds",
    )

    told = document(proof)

    assert json.loads(json.dumps(told, allow_nan=False)) == told
    assert (told["gap"], told["attempt"], told["wording"]) == (
        None,
        1,
        "in simulation, if demand is as forecast",
    )


def test_the_gap_of_a_plan_that_costs_nothing_is_nothing():
    assert gap_of(0.0, 0.0) == 0.0
    assert gap_of(100.0, 99.0) == pytest.approx(0.01)
    assert gap_of(100.0, float("-inf")) is None


def test_all_faults_of_the_targets_are_told_at_once():
    with pytest.raises(ConfigError) as told:
        check_targets(
            [
                Target("Too much", "ed_within_4h", "%", at_least=101),
                Target("Both", "ed_within_4h", "%", at_least=80, at_most=90),
                Target("Never", "boarding_hours_p90", "h", at_most=float("nan")),
                Target("What?", "ed_within_5h", "%", at_least=90),
                Target("All and more", "ed_within_4h", "%", at_least=80, share=1.2),
            ]
        )

    codes = [p.code for p in told.value.problems]
    assert codes == ["E_RANGE", "E_RANGE", "E_NOT_FINITE", "E_UNKNOWN_NAME", "E_RANGE"]
