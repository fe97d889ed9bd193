"""Proof files: a score with everything it is a function of, in one JSON document, and working it out again from that.

Belongs here: what a proof file holds, writing and verifying it. Does not: what people read about a number (explaining).

A proof file is self-contained: `verify` scores it with the same functions as a run, from the file's content alone, and
`okr_pipeline.recheck` works it out again in plain loops, with nothing but Python's standard library. Equal projects
give equal bytes. docs/proof.md says what each part means.
"""

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from typing import Any, Final

import numpy as np
import pandas as pd

from okr_pipeline.application.errors import UsageError
from okr_pipeline.application.finding import find
from okr_pipeline.application.gathering import Evidence, evaluate, gather
from okr_pipeline.application.scoping import contributors, scope_of, scoped
from okr_pipeline.application.telling import Record, key_result_records, objective_records, plain_rows, stamp
from okr_pipeline.application.workspace import Workspace
from okr_pipeline.config.archive import dump, restore
from okr_pipeline.model.amending import as_promised, configuration_on, defined_on, originally
from okr_pipeline.model.configuration import Configuration
from okr_pipeline.model.frames import OBSERVATIONS, QUARANTINE
from okr_pipeline.model.okr import KeyResult, Objective
from okr_pipeline.model.zones import edition
from okr_pipeline.scoring import baseline_definition, behind_scores, seasons_of, timeline

FORMAT: Final = "okr-pipeline proof"
SCHEMA_VERSION: Final = 1
_BASELINES: Final = ("key_result", "definition", "value", "window_start", "window_end", "recorded_at", "run_id", "of")
_CHECK_INS: Final = (
    "subject",
    "on_date",
    "author",
    "value",
    "confidence",
    "finding",
    "origin",
    "revision",
    "recorded_at",
)
_READS: Final = (
    "metric", "request", "fingerprint", "response_hash", "row_count", "window_start", "window_end", "fetched_at",
    "whole", "flags", "run_id", "recorded_at",
)  # fmt: skip
_CHECKS: Final = (
    "metric", "rule", "family", "status", "severity", "rows_checked", "rows_failed", "detail", "run_id", "recorded_at",
)  # fmt: skip
_INSTANTS: Final = frozenset({"period_start", "period_end", "recorded_at", "window_start", "window_end"})
_NUMBERS: Final = frozenset({"value", "weight", "confidence"})


class ProofRefused(UsageError):  # noqa: N818 - it names what happens to a file
    """A file that is no proof, is damaged, or is of another schema version."""


@dataclass(frozen=True, slots=True)
class Difference:
    """A number that is not what the file says; `where` is `<id>.<column>`, `hash` or a part of the file."""

    where: str
    stated: object
    found: object


@dataclass(frozen=True, slots=True)
class Verdict:
    """What became of working a proof file out again; no differences: it holds, bit for bit."""

    id: str
    kind: str
    as_of: str
    config_version: str
    numbers: int
    differences: tuple[Difference, ...]


def prove(workspace: Workspace, identifier: str, *, as_of: datetime, known_at: datetime | None = None) -> str:
    """The proof file of a key result or objective, as text.

    Raises:
        UsageError: there is no such id.
    """
    subject = find(workspace, identifier)
    narrow = scoped(workspace, subject)
    evidence = gather(narrow, as_of, known_at=known_at, recorded=True)
    used = _used(narrow.configuration, evidence, as_of)
    behind = {"requests": _requests(narrow, used), "checks": _checks(narrow, evidence.known_at)}
    document = proof_of(narrow.configuration, subject, evidence, as_of) | behind
    return laid_out(sealed(json.loads(workspace.secrets.hidden(json.dumps(document, ensure_ascii=False)))))


def proof_of(
    configuration: Configuration, subject: KeyResult | Objective, evidence: Evidence, as_of: datetime
) -> Record:
    """The part of a proof that scores are a function of, with what they are, not yet sealed."""
    scope = scope_of(configuration, subject)
    evidence = _used(scope, evidence, as_of)
    return {
        "format": FORMAT,
        "schema_version": SCHEMA_VERSION,
        "subject": {"id": subject.full_id, "kind": _kind(subject), "title": subject.title},
        "project": configuration.project.name,
        "as_of": stamp(as_of),
        "known_at": stamp(evidence.known_at),
        "config_version": configuration.version,
        "status_rule": configuration.project.status_rule,
        "time_zones": edition(),
        "stated": _stated(scope, subject, evidence, as_of),
        "definition": json.loads(dump(_without_addresses(scope))),
        "failed_metrics": sorted(evidence.failed_metrics & scope.metrics.keys()),
        "baselines": _table(evidence.baselines, _BASELINES),
        "observations": _table(evidence.observations, OBSERVATIONS),
        "quarantine": _table(evidence.quarantine, QUARANTINE),
        "check_ins": _table(evidence.check_ins, _CHECK_INS),
        "calendar": _calendar(scope, as_of),
        "seasons": _seasons(scope, evidence, as_of),
    }


def sealed(document: Record) -> Record:
    """A document with its hash."""
    return {**document, "hash": content_hash(document)}


def verify(text: str) -> Verdict:
    """Whether what a proof file states is what its content gives, bit for bit; nothing but the text is looked at.

    Raises:
        ProofRefused: it is no proof file, or one of another schema version.
    """
    document = opened(text)
    try:
        differences = (*_hash_differences(document), *_differences(document["stated"], _recomputed(document)))
        told = {name: document[name] for name in ("as_of", "config_version")}
        return Verdict(
            id=document["subject"]["id"],
            kind=document["subject"]["kind"],
            numbers=sum(len(_cells(row)) for rows in document["stated"].values() for row in rows),
            differences=differences,
            **told,
        )
    except (LookupError, TypeError, ValueError, AttributeError, StopIteration) as error:
        raise ProofRefused(
            f"The proof file is damaged: {error}. Ask for it anew with `okr explain --proof`."
        ) from error


def opened(text: str) -> Record:
    """A proof file's document.

    Raises:
        ProofRefused: it is none, or one of another schema version.
    """
    try:
        document = json.loads(text)
    except ValueError as error:
        raise ProofRefused(f"This is not a proof file: it is not JSON ({error}).") from None
    if not isinstance(document, dict) or document.get("format") != FORMAT:
        raise ProofRefused(
            f"This is not a proof file: its 'format' is not '{FORMAT}'. `okr explain --proof` makes one."
        )
    version = document.get("schema_version")
    if version != SCHEMA_VERSION:
        raise ProofRefused(
            f"The proof file has schema version {version}, and this program reads version {SCHEMA_VERSION}."
            " Verify it with the release of okr-pipeline that wrote it."
        )
    return document


def content_hash(document: Mapping[str, Any]) -> str:
    """SHA-256 of a document without its hash, in hexadecimal: keys sorted, no spaces, UTF-8."""
    content = {name: value for name, value in document.items() if name != "hash"}
    canonical = json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(canonical.encode()).hexdigest()


def laid_out(document: Mapping[str, Any]) -> str:
    """A document as text that people can read and compare: one line for each entry of a list, one key a line above."""
    return "\n".join(_lines(document, "")) + "\n"


def _lines(value: Any, indent: str) -> Iterator[str]:
    """Containers of containers over several lines, all others on one."""
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    if not any(isinstance(it, dict | list) and it for it in inner):
        yield json.dumps(value, ensure_ascii=False)
        return
    opening, closing = ("{", "}") if isinstance(value, dict) else ("[", "]")
    yield opening
    heads = [f"{json.dumps(name, ensure_ascii=False)}: " for name in value] if isinstance(value, dict) else None
    for number, it in enumerate(inner):
        first, *rest = _lines(it, indent + " ")
        lines = [f"{indent} {heads[number] if heads else ''}{first}", *rest]
        yield from lines[:-1]
        yield lines[-1] + ("," if number < len(value) - 1 else "")
    yield indent + closing


def _kind(subject: KeyResult | Objective) -> str:
    return "key_result" if isinstance(subject, KeyResult) else "objective"


def _used(scope: Configuration, evidence: Evidence, as_of: datetime) -> Evidence:
    """The evidence without the rows that no score of a scope can be made of."""
    observed, held, told = evidence.observations, evidence.quarantine, evidence.check_ins
    key_results = [it.full_id for it in scope.key_results()]
    return replace(
        evidence,
        observations=observed[behind_scores(scope, observed, as_of)].reset_index(drop=True),
        quarantine=held[held["metric"].isin(list(scope.metrics))].reset_index(drop=True),
        baselines=_fixed(scope, evidence.baselines, as_of),
        check_ins=told[told["subject"].isin(key_results)].reset_index(drop=True),
    )


def _fixed(scope: Configuration, baselines: pd.DataFrame, as_of: datetime) -> pd.DataFrame:
    """The baselines that count; `of` says whether `now`, as a key result is defined, or `first`, as it was promised."""
    day = scope.project.calendar.last_date_before(as_of)
    hashes = {
        (it.full_id, name): baseline_definition(scope, defined)
        for it in scope.key_results()
        for name, defined in (("now", defined_on(it, day)), ("first", originally(it)))
    }
    if "definition" not in baselines:
        current = [hashes.get((key_result, "now")) for key_result in baselines["key_result"]]
        baselines = baselines.assign(definition=pd.Series(current, index=baselines.index, dtype=object))
    versions = [
        [name for name in ("now", "first") if hashes.get((key_result, name), "") == definition]
        for key_result, definition in zip(baselines["key_result"], baselines["definition"], strict=True)
    ]
    made = baselines.assign(of=pd.Series(versions, index=baselines.index, dtype=object))
    return made[[bool(version) for version in versions]].reset_index(drop=True)


def _without_addresses(configuration: Configuration) -> Configuration:
    """The definitions without where the store is, which is nobody else's business."""
    return replace(configuration, project=replace(configuration.project, store=""))


def _stated(
    configuration: Configuration, subject: KeyResult | Objective, evidence: Evidence, as_of: datetime
) -> dict[str, list[Record]]:
    """Every column of the scores, forecasts among them, of objectives that are there as a whole."""
    scores = evaluate(configuration, evidence, as_of)
    whole = {it.full_id for it in contributors(configuration, subject)} if isinstance(subject, Objective) else set()
    objectives = [row for row in objective_records(scores.objectives) if row["id"] in whole]
    return {"key_results": key_result_records(scores.key_results), "objectives": objectives}


def _table(frame: pd.DataFrame, columns: Sequence[str]) -> Record:
    """Rows as lists, with the names of their cells once."""
    rows = plain_rows(frame[[name for name in columns if name in frame]])
    return {"columns": list(columns), "rows": [[row.get(name) for name in columns] for row in rows]}


def _calendar(configuration: Configuration, as_of: datetime) -> Record:
    facts = timeline(configuration, as_of)
    return {
        "days": {day.isoformat(): stamp(start) for day, start in facts.days.items()},
        "periods": {
            metric: {grain: [stamp(start) for start in starts] for grain, starts in grains.items()}
            for metric, grains in facts.periods.items()
        },
        "longest_hours": dict(facts.longest_hours),
        "trailing": [{**asdict(it), "ends": stamp(it.ends), "starts": stamp(it.starts)} for it in facts.trailing],
        "earlier": [json.loads(json.dumps(asdict(it), default=str)) for it in facts.earlier],
        "business_days": [day.isoformat() for day in facts.business_days],
    }


def _seasons(configuration: Configuration, evidence: Evidence, as_of: datetime) -> Record:
    """The curves of seasonal plans, `now` and as promised `first`."""
    day = configuration.project.calendar.last_date_before(as_of)
    defined = {"now": configuration_on(configuration, day), "first": as_promised(configuration)}
    return {
        name: seasons_of(it, evidence.observations, as_of, quarantine=evidence.quarantine)
        for name, it in defined.items()
    }


def _requests(workspace: Workspace, evidence: Evidence) -> Record:
    """The newest read of each metric and those whose runs wrote a row that is used."""
    reads = []
    for metric in workspace.configuration.metrics.values():
        found = workspace.store.reads(metric.id, evidence.known_at)
        runs = evidence.observations.loc[evidence.observations["metric"] == metric.id, "run_id"].unique()
        reads.append(found[(found.index == 0) | found["run_id"].isin(runs)])
    return _table(pd.concat(reads), _READS) if reads else _table(pd.DataFrame(), _READS)


def _checks(workspace: Workspace, known_at: datetime) -> Record:
    found = [workspace.store.check_results(metric=it, known_at=known_at) for it in workspace.configuration.metrics]
    return _table(pd.concat(found), _CHECKS) if found else _table(pd.DataFrame(), _CHECKS)


def _recomputed(document: Record) -> dict[str, list[Record]]:
    """The stated numbers anew, from the definition, the evidence and the instants of a document."""
    configuration = restore(json.dumps(document["definition"]))
    subject = _subject(configuration, document["subject"])
    evidence = Evidence(
        known_at=datetime.fromisoformat(document["known_at"]),
        observations=_frame(document["observations"]),
        quarantine=_frame(document["quarantine"]),
        baselines=_frame(document["baselines"]),
        failed_metrics=frozenset(document["failed_metrics"]),
        check_ins=_frame(document["check_ins"]),
    )
    return _stated(scope_of(configuration, subject), subject, evidence, datetime.fromisoformat(document["as_of"]))


def _subject(configuration: Configuration, told: Record) -> KeyResult | Objective:
    if told["kind"] == "objective":
        return configuration.objectives[told["id"]]
    return next(it for it in configuration.key_results() if it.full_id == told["id"])


def _frame(table: Record) -> pd.DataFrame:
    columns = {
        name: _column(name, [row[number] for row in table["rows"]]) for number, name in enumerate(table["columns"])
    }
    return pd.DataFrame(columns)


def _column(name: str, cells: list[Any]) -> "pd.Series[Any]":
    if name in _INSTANTS:
        return pd.to_datetime(pd.Series(cells, dtype=object), utc=True).astype("datetime64[us, UTC]")
    if name in _NUMBERS:
        return pd.Series([np.nan if it is None else it for it in cells], dtype="float64")
    return pd.Series(cells, dtype="int64" if name == "revision" else object)


def _hash_differences(document: Record) -> list[Difference]:
    found = content_hash(document)
    return [] if found == document.get("hash") else [Difference("hash", document.get("hash"), found)]


def _differences(stated: Mapping[str, list[Record]], found: Mapping[str, list[Record]]) -> Iterator[Difference]:
    """Every cell that differs, bit for bit; rows are known by their id."""
    for part in sorted({*stated, *found}):
        one, other = ({row["id"]: _cells(row) for row in rows.get(part, [])} for rows in (stated, found))
        for name in [*one, *(it for it in other if it not in one)]:
            yield from _row_differences(name, one.get(name, {}), other.get(name, {}))


def _cells(row: Record) -> Record:
    """A row with the numbers of its forecast as cells of their own."""
    forecast = row.get("forecast")
    inner = {f"forecast.{name}": value for name, value in forecast.items()} if isinstance(forecast, dict) else {}
    return {name: value for name, value in row.items() if name != "forecast" or not inner} | inner


def _row_differences(name: str, one: Record, other: Record) -> Iterator[Difference]:
    for column in [*one, *(it for it in other if it not in one)]:
        if one.get(column) != other.get(column) or type(one.get(column)) is not type(other.get(column)):
            yield Difference(f"{name}.{column}", one.get(column), other.get(column))
