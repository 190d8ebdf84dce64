"""Scenarios: named what-if questions and their answers, and the cycle that joins everything.

A scenario is a named list of levers, each a change of the case; a study plays them on the same
patients and compares. The cycle walks the whole road: records, forecast, simulation, plan, check,
store. "Scenario" never means a random draw: that is a path.
"""
