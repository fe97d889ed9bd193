"""What the errors of warehouses' drivers mean.

Belongs here: SQLSTATEs, numbers and names, as the warehouses document them. Does not: messages and redaction
(`failures`).
"""

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final

from sqlalchemy.exc import ArgumentError

from connectors.errors import source_key
from connectors.sql.meanings import AWAY, FULL, LOGIN, PLACE, QUERY, RIGHTS, SLOW, VALUES, WRITES, Meaning

_STATES: Final[Mapping[str, Meaning]] = {
    # The longest beginning of a SQLSTATE counts; Snowflake and Databricks follow the standard.
    "02": QUERY, "07": QUERY, "08": AWAY, "0A": QUERY, "21": VALUES, "22": VALUES, "23": VALUES, "25": WRITES,
    "28": LOGIN, "3D": PLACE, "3F": QUERY, "40": AWAY, "42": QUERY,
    "42501": RIGHTS, "53": FULL, "54": QUERY, "57": AWAY,
    "57014": SLOW, "HY008": SLOW, "HYT00": SLOW, "58": AWAY, "P0": QUERY, "XX": AWAY,
}  # fmt: skip
_SNOWFLAKE: Final[Mapping[int, Meaning]] = {604: SLOW, 630: SLOW, 3001: RIGHTS, 1063: WRITES, 2043: QUERY}
_REFUSED_LOGIN: Final = re.compile(
    r"incorrect username|password|authenticat|unauthori[sz]ed|invalid (access )?token|JWT|\b401\b|user .* disabled",
    re.IGNORECASE,
)
_REFUSED_RIGHT: Final = re.compile(r"insufficient.(privileges|permissions)|permission.denied|\b403\b", re.IGNORECASE)
_STATE: Final = re.compile(r"SQLSTATE: ?([0-9A-Z]{5})")
_BIGQUERY_REASONS: Final[Mapping[str, Meaning]] = {
    "accessDenied": RIGHTS, "bytesBilledLimitExceeded": Meaning(
        QUERY.kind, (
            "Have the query scan less, by its partitions, or raise maximum_bytes_billed in the ", source_key("url"), "."
        )
    ),
    "billingNotEnabled": PLACE, "quotaExceeded": FULL, "rateLimitExceeded": FULL, "resourcesExceeded": FULL,
    "stopped": SLOW, "timeout": SLOW, "notFound": QUERY, "invalidQuery": QUERY,
}  # fmt: skip
_TRINO: Final[Mapping[str, Meaning]] = {
    "PERMISSION_DENIED": RIGHTS, "EXCEEDED_TIME_LIMIT": SLOW, "USER_CANCELED": SLOW, "ADMINISTRATIVELY_KILLED": SLOW,
    "ADMINISTRATIVELY_PREEMPTED": SLOW, "DIVISION_BY_ZERO": VALUES, "INVALID_CAST_ARGUMENT": VALUES,
    "NUMERIC_VALUE_OUT_OF_RANGE": VALUES, "INVALID_FUNCTION_ARGUMENT": VALUES, "CATALOG_NOT_FOUND": PLACE,
    "READ_ONLY_VIOLATION": WRITES,
}  # fmt: skip
_TRINO_KINDS: Final[Mapping[str, Meaning]] = {"USER_ERROR": QUERY, "INSUFFICIENT_RESOURCES": FULL}
_CLICKHOUSE: Final[Mapping[Meaning, frozenset[int]]] = {
    LOGIN: frozenset({192, 193, 194, 516}),
    RIGHTS: frozenset({497}),
    WRITES: frozenset({164, 452}),
    SLOW: frozenset({159, 160, 394}),
    FULL: frozenset({158, 202, 241, 243, 307}),
    VALUES: frozenset({6, 27, 38, 41, 53, 69, 70, 72, 131, 153, 321, 349, 407}),
    PLACE: frozenset({81}),
    AWAY: frozenset({3, 32, 95, 198, 209, 210, 236, 279, 425, 999}),
}


def warehouse_meaning(cause: BaseException) -> Meaning | None:
    """What an error of a warehouse's driver means, or None where it is no such."""
    if isinstance(cause, TimeoutError):
        return SLOW
    if isinstance(cause, (ArgumentError, ValueError)):
        return PLACE
    meaning = _OF_DRIVERS.get(type(cause).__module__.partition(".")[0])
    return meaning(cause) if meaning else None


def _snowflake(cause: Any) -> Meaning:
    number, state = getattr(cause, "errno", None), getattr(cause, "sqlstate", None) or ""
    if isinstance(number, int) and number in _SNOWFLAKE:
        return _SNOWFLAKE[number]
    if state.startswith("08") or not state:
        return LOGIN if _REFUSED_LOGIN.search(str(cause)) else AWAY
    return _of_state(state) or VALUES


def _bigquery(cause: Any) -> Meaning:
    if type(cause).__module__.startswith("google.auth"):
        return LOGIN
    known = next((_BIGQUERY_REASONS[it] for it in _reasons(cause) if it in _BIGQUERY_REASONS), None)
    code = int(getattr(cause, "code", None) or 0)
    return known or {400: QUERY, 401: LOGIN, 403: RIGHTS, 404: QUERY, 429: FULL}.get(code, AWAY)


def _reasons(cause: Any) -> Iterable[str]:
    return [str(error["reason"]) for error in getattr(cause, "errors", ()) if "reason" in error]


def _trino(cause: Any) -> Meaning:
    if type(cause).__name__ == "TrinoAuthError":
        return LOGIN
    name, kind = getattr(cause, "error_name", None), getattr(cause, "error_type", None)
    return _TRINO.get(name or "") or _TRINO_KINDS.get(kind or "") or _by_text(str(cause)) or AWAY


def _clickhouse(cause: Any) -> Meaning:
    code = getattr(cause, "code", None)
    known = next((meaning for meaning, codes in _CLICKHOUSE.items() if code in codes), None)
    return known or (QUERY if code else _by_text(str(cause)) or AWAY)


def _by_text(text: str) -> Meaning | None:
    if state := _STATE.search(text):
        return _of_state(state[1])
    if _REFUSED_RIGHT.search(text):
        return RIGHTS
    return LOGIN if _REFUSED_LOGIN.search(text) else None


def _of_state(state: str) -> Meaning | None:
    return _STATES.get(state) or _STATES.get(state[:2])


def _databricks(cause: Any) -> Meaning:
    return _by_text(str(cause)) or AWAY


_OF_DRIVERS: Final[Mapping[str, Callable[[Any], Meaning]]] = {
    "snowflake": _snowflake,
    "google": _bigquery,
    "databricks": _databricks,
    "urllib3": _databricks,
    "trino": _trino,
    "clickhouse_connect": _clickhouse,
}
