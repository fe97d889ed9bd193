"""Linting: the classic mistakes in objectives, key results and metrics, each found and rewritten; pure.

Belongs here: finding mistakes in a configuration, and in what is known of its metrics. Does not: the rules' names and
reasons (model), files and lines (config), observations (application).
"""

from okr_pipeline.linting.findings import Facts, Finding, FirstForecast
from okr_pipeline.linting.rules import lint

__all__ = ["Facts", "Finding", "FirstForecast", "lint"]
