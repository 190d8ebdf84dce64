"""Together: beds and nurses of the shipped hospitals in one plan, beside planning one after the other."""

import argparse
from datetime import date
from time import perf_counter, process_time

import numpy as np

from optimization.cover.targets import BEDS_CLOSED
from optimization.together.planning import plan_together
from twin.case import Case, Window
from twin.hospital import parse_hospital, shipped

START = date(2025, 3, 3)


def run(words):
    asked = argparse.ArgumentParser(prog="optimization.py together", description=__doc__)
    asked.add_argument("--hospitals", default="small,reference")
    asked.add_argument("--days", type=int, default=28)
    asked.add_argument("--seeds", type=int, default=3)
    given = asked.parse_args(words)
    for name in given.hospitals.split(","):
        for seed in range(1, given.seeds + 1):
            told(name, seed, given.days)


def told(name, seed, days):
    """One plan: seconds, and what waits and closes under it and under the two others."""
    case, window = Case(parse_hospital(shipped(name))), Window(START, days=days, warm_up=28)
    began, worked = perf_counter(), process_time()
    answer = plan_together(case, window, seed=seed)
    spent, cpu = perf_counter() - began, process_time() - worked
    print(f"{name}, seed {seed}: {spent:.0f} s, {cpu:.0f} s of processor; {answer.how}; "
          f"{answer.certificate.selection and answer.certificate.selection.finalists} finalists")  # fmt: skip
    for way, futures in answer.measures.items():
        closed = np.mean([m[BEDS_CLOSED] for m in futures])
        boarding = np.nanmean([m["boarding_hours_mean"] for m in futures])
        print(f"    {way}: {boarding:.2f} h for a bed in the mean, {closed:.2f} % of bed-hours closed")
    for sentence in answer.explanation.sentences[1:3]:
        print(f"    {sentence}")
