"""Explaining: which inputs moved a forecast, in parts that add up to it."""

from forecasting.explaining.account import Account, Part, explain

__all__ = ["Account", "Part", "explain"]
