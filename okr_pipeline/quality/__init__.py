"""Data quality: which of the delivered values are fit to be kept, and why the others are not.

Belongs here: the rules, their thresholds, their judgement by Great Expectations, and the sentences that explain it.
Does not: reading sources, keeping values or quarantine (store), deciding what changed (application).

All metrics are judged together in one long frame with each metric's thresholds joined on as columns, so that the number
of expectations does not grow with the number of metrics. Importing this package does not import great_expectations.
"""

from okr_pipeline.quality.rules import DOUBT_RULES
from okr_pipeline.quality.seasons import history_periods
from okr_pipeline.quality.thresholds import redefined, rules_version
from okr_pipeline.quality.validation import validate
from okr_pipeline.quality.verdict import QualityError, Verdict

__all__ = ["DOUBT_RULES", "QualityError", "Verdict", "history_periods", "redefined", "rules_version", "validate"]
