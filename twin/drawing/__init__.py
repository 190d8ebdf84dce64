"""The drawing of a workload: each part of chance in a file of its own, all of it columns without loops.

``twin.workload.draw_workload`` puts the parts together.
"""
