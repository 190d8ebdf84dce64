"""Measures: what a run says about the hospital, one number a replication, and how sure it is."""

from twin.measures.census import Need, need
from twin.measures.precision import Estimate, band, estimate, paired
from twin.measures.summary import MEASURES, Measure, summarise
from twin.measures.waiting import StepWait, step_waits

__all__ = [
    "MEASURES",
    "Estimate",
    "Measure",
    "Need",
    "StepWait",
    "band",
    "estimate",
    "need",
    "paired",
    "step_waits",
    "summarise",
]
