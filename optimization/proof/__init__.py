"""Proof: what every certificate is made of, alike for every kind of plan. No model is known here."""
