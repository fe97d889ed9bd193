"""Telling contributions: what adds up to what, and what of a whole no part accounts for.

Belongs here: the records of parts beside their whole. Does not: adding them up (scoring), layout (cli).
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from okr_pipeline.model.configuration import Configuration
from okr_pipeline.model.contribution import contributors_of, is_summed
from okr_pipeline.model.okr import KeyResult
from okr_pipeline.model.score import Reason

_NOTHING_YET = (Reason.NOT_STARTED, Reason.NO_PERIOD_ENDED)


def contributions(configuration: Configuration, records: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """For each key result that others contribute to: its value and theirs, from the records of key results.

    `contributed` is the sum of the parts, None where one is unknown, or where they are steps, which are shares of a
    weight. `remainder` is what of the whole no part accounts for: of a sum of its parts 0, of one with a metric of its
    own what it counted beside them.
    """
    found = {record["id"]: record for record in records}
    contributors = contributors_of(configuration.key_results())
    return [
        _told(it, contributors[it.full_id], found)
        for it in configuration.key_results()
        if it.full_id in contributors and it.full_id in found
    ]


def _told(whole: KeyResult, parts: Sequence[KeyResult], found: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    record = found[whole.full_id]
    rows = [found[part.full_id] for part in parts if part.full_id in found]
    values = list(_values(rows))
    adds = whole.measure.kind != "milestones" and len(rows) == len(parts) and None not in values
    contributed = sum(value for value in values if value is not None) if adds else None
    value = record["value"]
    return {
        "key_result": whole.full_id,
        "summed": is_summed(whole),
        "unit": record["unit"] or "share",
        "value": value,
        "contributed": contributed,
        "remainder": None if contributed is None or value is None else value - contributed,
        "parts": [{"id": row["id"], "value": row["value"], "status": row["status"]} for row in rows],
    }


def _values(rows: Sequence[Mapping[str, Any]]) -> Iterator[float | None]:
    """What each part has added: nothing yet where it has not begun, None where it is unknown."""
    for row in rows:
        yield 0.0 if row["value"] is None and row["reason"] in _NOTHING_YET else row["value"]
