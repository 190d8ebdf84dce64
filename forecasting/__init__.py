"""Forecasting: what the coming days are likely to bring, as sample paths of demand.

This floor learns from the hospital's own history (attendances, admissions, referrals) and answers
with a :class:`twin.demand.DemandForecast`: many equally likely futures, of which quantiles are the
marginals. It is the only place that imports torch, and it knows nothing of optimization.
"""
