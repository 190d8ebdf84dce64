"""Dashboards: every face of the twin, for people and for machines.

The app in the browser, the command line, the worker and the reports. A face asks a service and
shows the answer; it computes nothing. This file imports nothing, so that ``twin --help`` is quick.
"""
