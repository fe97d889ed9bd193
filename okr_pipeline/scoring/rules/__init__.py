"""The rules that choose a status, one module each; `model.status_rule` names them and their sources.

Belongs here: the pack. Does not: what holds under every rule (statuses).
"""

from collections.abc import Mapping

from okr_pipeline.scoring.rules import engagedly, google, leankit, mooncamp, pace, upraise, viva, zokri
from okr_pipeline.scoring.statuses import Rule

RULES: Mapping[str, Rule] = {
    "pace": pace.RULE,
    "viva": viva.RULE,
    "engagedly": engagedly.RULE,
    "upraise": upraise.RULE,
    "mooncamp": mooncamp.RULE,
    "leankit": leankit.RULE,
    "zokri": zokri.RULE,
    "google": google.RULE,
}
"""By the name that a project chooses it by."""

__all__ = ["RULES"]
