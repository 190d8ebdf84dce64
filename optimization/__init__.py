"""Optimization: how many beds, staff, slots and supplies to have where, with proof.

This floor turns a hospital and its demand into a :class:`twin.plan.Plan`, with a certificate that
the simulation has tried on futures the plan has not seen, and an explanation in words. It is the
only place that imports Pyomo and HiGHS, and it knows nothing of forecasting.
"""
