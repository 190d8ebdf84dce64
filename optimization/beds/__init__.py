"""Beds: how many each ward opens under one total, with proof and reasons."""
