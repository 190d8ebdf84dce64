"""Allocation: one total of beds shared out to specialties that refuse whom they have no bed for.

Each specialty has beds of its own and no queue, so that its refusals depend on its own beds alone: a
separable loss system. There, and only there, the best allocation is known exactly.
"""
