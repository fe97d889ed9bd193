"""Comparing status rules: every key result under every rule, from the same evidence.

Belongs here: the object of `okr status --compare-rules`. Does not: the rules (scoring), its table (cli).
"""

from collections.abc import Mapping
from datetime import UTC, datetime

from okr_pipeline.application.gathering import gather
from okr_pipeline.application.telling import Filter, Record, plain_rows, stamp
from okr_pipeline.application.workspace import Workspace
from okr_pipeline.model.score import Status
from okr_pipeline.model.status_rule import STATUS_RULES, StatusRule
from okr_pipeline.scoring import verdicts

_GOOD = (Status.ON_TRACK, Status.ACHIEVED)
_UNJUDGED = (Status.NOT_STARTED, Status.PAUSED, Status.CANCELLED, Status.UNKNOWN)


def compare_rules(
    workspace: Workspace, *, as_of: datetime, known_at: datetime | None = None, only: Filter | None = None
) -> Record:
    """What every rule says of each key result, and how many get good and bad verdicts at once. Nothing is recorded.

    A key result is mixed where some rule calls it on track or achieved and another does not; `mixed_share` is of those
    that are judged at all, None where none is.
    """
    evidence = gather(workspace, as_of, known_at=known_at)
    frame = verdicts(
        workspace.configuration,
        evidence.observations,
        as_of=as_of,
        quarantine=evidence.quarantine,
        baselines=evidence.baselines,
        failed_sources=evidence.failed_metrics,
        check_ins=evidence.check_ins,
    )
    rows = {row["key_result"]: row for row in plain_rows(frame)}
    key_results = [
        _compared(workspace, it.title, rows[it.full_id])
        for objective in workspace.configuration.objectives.values()
        if only is None or only.admits(objective)
        for it in objective.key_results
        if only is None or only.owner in (None, it.owner)
    ]
    judged = [it for it in key_results if it["judged"]]
    mixed = sum(it["mixed"] for it in judged)
    return {
        "project": workspace.project.name,
        "as_of": stamp(as_of),
        "known_at": stamp(known_at or datetime.now(UTC)),
        "status_rule": workspace.project.status_rule,
        "config_version": workspace.configuration.version,
        "rules": [_described(rule) for rule in STATUS_RULES.values()],
        "key_results": key_results,
        "judged": len(judged),
        "mixed": mixed,
        "mixed_share": mixed / len(judged) if judged else None,
    }


def _compared(workspace: Workspace, title: str, row: Mapping[str, object]) -> Record:
    statuses = {name: row[name] for name in STATUS_RULES}
    chosen = statuses[workspace.project.status_rule]
    good = {status in _GOOD for status in statuses.values()}
    return {
        "id": row["key_result"],
        "title": title,
        "progress": row["progress"],
        "expected_progress": row["expected_progress"],
        "reason": row["reason"],
        "status": chosen,
        "statuses": statuses,
        "differing": [name for name, status in statuses.items() if status != chosen],
        "judged": chosen not in _UNJUDGED,
        "mixed": len(good) > 1,
    }


def _described(rule: StatusRule) -> Record:
    return {
        "name": rule.name,
        "product": rule.product,
        "says": rule.says,
        "words": {word: status.value for word, status in rule.words.items()},
        "readings": list(rule.readings),
        "sources": list(rule.sources),
    }
