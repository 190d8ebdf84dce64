"""Beds that are open have nurses: what closes, what is closed on paper, and what nurses for a bed cost."""

from datetime import timedelta

import numpy as np
import pytest

from optimization.beds.counting import broken_rules
from optimization.beds.levels import tables_of
from optimization.beds.model import BedLevels
from optimization.beds.needs import bed_needs
from optimization.beds.parameters import bed_parameters
from optimization.cover.playing import Asked, beds_by_hour
from optimization.solving import solver
from optimization.together.agreement import closed_on_paper, nursed, on_paper_only
from optimization.together.nurses import bed_prices
from optimization.together.pairs import Maker
from optimization.together.question import question
from tests.houses import START
from tests.mirror.optimization.together.houses import two_wards
from twin.case import Case, Window, resolve
from twin.plan import Plan

WINDOW = Window(START, days=8, warm_up=7)
SIMULATION = {"seed": 1, "threads": 1}


def made(hospital, **rules):
    asked = question(Case(hospital), WINDOW, replications=8, **rules)
    needs = bed_needs(asked.beds.case, WINDOW, asked.beds.train, **SIMULATION)
    given = bed_parameters(
        needs, asked.beds.limits, asked.beds.prices, asked.beds.today, calendar=asked.beds.calendar
    )
    highs = solver(time_limit=20)
    return Maker(asked, given, needs, highs, time_limit=20, simulation=SIMULATION)


def test_beds_without_nurses_are_counted_by_the_hour():
    case = Case(
        two_wards(medicine=(4, 3), surgery=(5, 4))
    )  # by day 4 x 4 and 5 x 4, by night 3 x 6 and 4 x 6
    few = Plan("few", cover={"medical": {START + timedelta(days=7 + d): {"day": 3} for d in range(8)}})

    asked = Asked.of(case, WINDOW)

    def closed(each):
        return asked.share_closed(beds_by_hour(resolve(each, WINDOW), each.hospital, asked.hours))

    assert closed(case) == 0  # 16 and 20 beds are asked
    assert closed(case.with_(plan=few)) == pytest.approx(100 * 4 * 12 / (36 * 24))  # 12 of 16, 12 hours of 24
    assert (nursed(made(two_wards()).asked, few, 7)[0] == 16).all()  # the nights still have nurses for all


def test_a_bed_that_no_hour_has_nurses_for_is_not_opened():
    maker = made(two_wards(), total=44)
    levels = BedLevels({("medicine", 0): 24, ("surgery", 0): 20})
    at_best = np.array([[18] * 7, [20] * 7])

    agreed = closed_on_paper(maker.given, levels, at_best)

    assert agreed.open == {("medicine", 0): 18, ("surgery", 0): 20}
    assert on_paper_only(maker.given, agreed, at_best) == {}
    assert on_paper_only(maker.given, levels, at_best) == {"medicine": 6 * 7}


def test_one_day_with_nurses_for_it_keeps_a_bed_of_the_whole_period():
    maker = made(two_wards(), total=44)
    levels = BedLevels({("medicine", 0): 24, ("surgery", 0): 20})
    at_best = np.array([[18, 18, 22, 18, 18, 18, 18], [20] * 7])

    assert closed_on_paper(maker.given, levels, at_best).open["medicine", 0] == 22


def test_pins_and_whole_teams_stay_and_are_told():
    pinned = made(two_wards(), total=44, pins={"medicine": 22})
    by_teams = made(two_wards(), total=44, teams={"medicine": 4})
    at_best = np.array([[18] * 7, [20] * 7])

    kept = closed_on_paper(pinned.given, BedLevels({("medicine", 0): 22, ("surgery", 0): 20}), at_best)
    teams = closed_on_paper(by_teams.given, BedLevels({("medicine", 0): 24, ("surgery", 0): 20}), at_best)

    assert kept.open["medicine", 0] == 22
    assert on_paper_only(pinned.given, kept, at_best) == {"medicine": 4 * 7}
    assert teams.open["medicine", 0] == 20  # from 24 one team of 4; 16 would be below the 18 that have nurses
    assert not broken_rules(by_teams.given, tables_of(by_teams.given, teams))


def test_nobody_asked_could_look_after_more_beds_than_a_pair_opens():
    hospital = two_wards(medicine=(2, 1), surgery=(5, 4), arrivals=(6.0, 2.0))
    maker = made(hospital, total=48)

    pair = maker.pair("by hand", BedLevels({("medicine", 0): 24, ("surgery", 0): 12}))

    at_best = nursed(maker.asked, pair.plan, len(maker.needs.days))
    for i, ward in enumerate(maker.given.wards):
        nursing = hospital.wards[ward].nursing
        for d, day in enumerate(maker.needs.days):
            people = {s: pair.plan.people(nursing.group, day, s) for s in ("day", "night")}
            by_hand = max(people["day"] * 4, people["night"] * 6)
            assert pair.tables.open[i, d] <= at_best[i, d] <= max(by_hand, pair.tables.open[i, d])
            assert pair.tables.open[i, d] <= by_hand


def test_a_bed_more_is_dear_where_nurses_are_short_and_free_where_they_wait():
    maker = made(two_wards(medicine=(4, 3), surgery=(6, 5), arrivals=(7.0, 1.5)), total=44)
    levels = BedLevels({("medicine", 0): 16, ("surgery", 0): 14})
    pair = maker.pair("by hand", levels)

    prices = bed_prices(maker.asked, pair.nurses, maker.beds_alone(levels), maker.needs, pair.tables.open)

    # 24 hours of a nurse from an agency at 26.35 an hour, unsocial hours beside, for 4 or 6 beds: 120 to 210
    assert 40 < prices["medicine"] < 250
    assert prices["surgery"] == pytest.approx(0, abs=1)


def test_dear_nurses_close_beds_of_the_model():
    maker = made(two_wards(), total=44)

    free = maker.best_beds({})
    dear = maker.best_beds({"medicine": 1_000_000.0})

    assert dear.open["medicine", 0] == 0 < free.open["medicine", 0]
