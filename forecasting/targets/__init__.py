"""Targets: what a workspace's records give to forecast, and the beds needed in the next three days."""
