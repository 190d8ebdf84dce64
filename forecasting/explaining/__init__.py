"""Explaining: which inputs moved a forecast, in parts that add up to it."""

from forecasting.explaining.account import Account, Part, explain
from forecasting.explaining.day import of_the_day

__all__ = ["Account", "Part", "explain", "of_the_day"]
