"""The outside world: reads KPI values for periods of a window, and nothing about OKRs.

Belongs here: one module per kind of source behind `connectors.contract`. Does not: configuration, stores, Dagster.
"""
