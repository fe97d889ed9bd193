"""OKRs kept true to the business's own numbers: every score validated, explained and reproducible.

`build_definitions` and `OkrPipelineComponent` are for Dagster projects; they are imported when asked for, so that
commands that only read never load dagster.
"""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from okr_pipeline.orchestration import OkrPipelineComponent, build_definitions

__all__ = ["OkrPipelineComponent", "build_definitions"]


def __getattr__(name: str) -> object:
    if name in __all__:
        from okr_pipeline import orchestration

        return getattr(orchestration, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
