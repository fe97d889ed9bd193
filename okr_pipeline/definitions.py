"""The Dagster definitions of the project in `config/`, or in the directory that OKR_CONFIG names."""

from okr_pipeline.orchestration import build_definitions

defs = build_definitions()
