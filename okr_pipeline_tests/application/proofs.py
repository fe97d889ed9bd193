"""Proof files of small worlds, and what is tampered with in them.

Belongs here: worlds into documents, and walking over a document's leaves. Does not: expectations.
"""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pandas as pd

from okr_pipeline.application.gathering import Evidence
from okr_pipeline.application.proving import Record, laid_out, proof_of, sealed
from okr_pipeline.model.configuration import Configuration
from okr_pipeline.model.frames import CHECK_INS, QUARANTINE
from okr_pipeline.model.okr import KeyResult, Objective

KNOWN_AT = datetime(2013, 6, 1, tzinfo=UTC)
Path = tuple[str | int, ...]


def evidence_of(
    observations: pd.DataFrame,
    quarantine: pd.DataFrame | None = None,
    baselines: pd.DataFrame | None = None,
    failed: frozenset[str] = frozenset(),
    check_ins: pd.DataFrame | None = None,
) -> Evidence:
    """What a world knows, as the store would tell it."""
    none_held = pd.DataFrame(columns=list(QUARANTINE))
    none_fixed = pd.DataFrame({"key_result": pd.Series(dtype=object), "value": pd.Series(dtype="float64")})
    return Evidence(
        known_at=KNOWN_AT,
        observations=observations,
        quarantine=none_held if quarantine is None else quarantine,
        baselines=none_fixed if baselines is None else baselines,
        failed_metrics=failed,
        check_ins=pd.DataFrame(columns=list(CHECK_INS)) if check_ins is None else check_ins,
    )


def proof(configuration: Configuration, subject: KeyResult | Objective, evidence: Evidence, as_of: datetime) -> Record:
    """A sealed document, as it is read back from its file."""
    return json.loads(laid_out(sealed(proof_of(configuration, subject, evidence, as_of))))


def leaves(value: Any, path: Path = ()) -> Iterator[tuple[Path, Any]]:
    """Every value of a document that holds no other, with the way to it."""
    if isinstance(value, dict | list):
        for key, inner in value.items() if isinstance(value, dict) else enumerate(value):
            yield from leaves(inner, (*path, key))
    else:
        yield path, value


def tampered(document: Record, path: Path, value: object) -> Record:
    """The document with another value at a place."""
    copy = json.loads(json.dumps(document))
    place = copy
    for key in path[:-1]:
        place = place[key]
    place[path[-1]] = value
    return copy
