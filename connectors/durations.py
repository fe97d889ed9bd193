"""Lengths of time as settings are written: `60s`, `500ms`, `5m`, `1h`.

Belongs here: the type that connectors' settings use. Does not: civil durations such as days, whose lengths vary.
"""

import re
from datetime import timedelta
from typing import Annotated, Any, Final

from pydantic import BeforeValidator, Field, PlainSerializer, TypeAdapter, WithJsonSchema

_MILLISECONDS: Final = {"ms": 1, "s": 1_000, "m": 60_000, "h": 3_600_000}
_PATTERN: Final = r"^([1-9]\d{0,8})\s*(ms|s|m|h)$"


def parse_duration(text: object) -> timedelta:
    """A positive length of time from its text.

    >>> parse_duration("90s")
    datetime.timedelta(seconds=90)

    Raises:
        ValueError: it is not a whole number and one of ms, s, m, h.
    """
    if isinstance(text, timedelta):
        return text
    match = re.match(_PATTERN, str(text).strip())
    if match is None:
        raise ValueError("write a whole number and a unit: 500ms, 60s, 5m, 1h")
    return timedelta(milliseconds=int(match[1]) * _MILLISECONDS[match[2]])


def duration_text(duration: timedelta) -> str:
    """The shortest text that reads as the duration.

    >>> duration_text(timedelta(minutes=5))
    '5m'
    """
    milliseconds = round(duration.total_seconds() * 1_000)
    unit = next(name for name in ("h", "m", "s", "ms") if milliseconds % _MILLISECONDS[name] == 0)
    return f"{milliseconds // _MILLISECONDS[unit]}{unit}"


def _show_default_as_written(schema: dict[str, Any]) -> None:
    """Pydantic shows it in ISO 8601, which files may not."""
    if "default" in schema:
        schema["default"] = duration_text(TypeAdapter(timedelta).validate_python(schema["default"]))


Duration = Annotated[
    timedelta,
    BeforeValidator(parse_duration),
    PlainSerializer(duration_text, return_type=str),
    WithJsonSchema({"type": "string", "pattern": _PATTERN, "examples": ["60s", "5m"]}),
    Field(json_schema_extra=_show_default_as_written),
]
"""A positive length of time, written `500ms`, `60s`, `5m` or `1h`."""
