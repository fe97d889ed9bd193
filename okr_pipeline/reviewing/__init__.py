"""Reviews of cycles as pure functions: of a configuration, of scores, and of what people said.

Belongs here: grades, calibration of targets, what carries over, what KPIs suggest, and the draft of the next cycle.
Does not: scores (scoring), a store, a file, a clock; Markdown (rendering).
"""

from okr_pipeline.reviewing.asking import kpi_questions
from okr_pipeline.reviewing.drafting import draft
from okr_pipeline.reviewing.reviews import Findings, review

__all__ = ["Findings", "draft", "kpi_questions", "review"]
