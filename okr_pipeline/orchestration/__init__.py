"""Dagster: assets, checks, schedules and jobs over the use cases. The only room that imports dagster.

Belongs here: when and in what order use cases run, and what an engineer sees of them. Does not: any decision about
OKRs or data; an asset body loads, calls one use case and returns with metadata.
"""

from okr_pipeline.orchestration.build import build_definitions
from okr_pipeline.orchestration.component import OkrPipelineComponent

__all__ = ["OkrPipelineComponent", "build_definitions"]
