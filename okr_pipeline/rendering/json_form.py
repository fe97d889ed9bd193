"""The snapshot as JSON, and back: what is stored, hashed and read by other programs.

Belongs here: an exact, reversible text of a snapshot. Does not: rounding or words (those are for people).

One form for one snapshot: fields in the order of their dataclasses, no spaces, instants in UTC with microseconds,
numbers in full precision, unknown as null. NaN and infinity are refused: an unknown is None.
"""

import dataclasses
import hashlib
import json
import math
import re
import types
from collections.abc import Callable
from datetime import UTC, date, datetime
from functools import cache, lru_cache
from itertools import repeat
from typing import Any, TypeAlias, Union, get_args, get_origin, get_type_hints

from okr_pipeline.model.snapshot import SCHEMA_VERSION, Snapshot

_Convert: TypeAlias = Callable[[Any], Any]
_HASHED_AT_ONCE = 1 << 20
_quoted: Callable[[str], str] = json.JSONEncoder(ensure_ascii=False).encode


class SnapshotError(ValueError):
    """A snapshot, or its JSON, that cannot be what it says; the message names the field."""


def render_json(snapshot: Snapshot) -> str:
    """The canonical JSON of a snapshot, one line, ending in a line break.

    Raises:
        SnapshotError: a field that has not its declared type, a NaN or an infinity, or an instant without a zone.
    """
    text: str = _told(_encoder(Snapshot), snapshot)
    return text + "\n"


def snapshot_from_json(text: str) -> Snapshot:
    """The snapshot that `render_json` wrote; equal to it field by field. One of an older version lacks what is newer.

    Raises:
        SnapshotError: not JSON, not a snapshot, or of a schema version this program does not know.
    """
    snapshot: Snapshot = _told(_decoder(Snapshot), _plain(text))
    return snapshot


def outline_from_json(text: str) -> Snapshot:
    """The same without its cycles: what it says of the whole. Key results are most of a snapshot, and not looked at.

    Raises:
        SnapshotError: as `snapshot_from_json`, but for what is in cycles.
    """
    outline: Snapshot = _told(_decoder(Snapshot), {**_plain(text), "cycles": []})
    return outline


def content_hash(content: str) -> str:
    """SHA-256, in hex, of a snapshot's JSON: equal exactly when everything the snapshots say is equal."""
    digest = hashlib.sha256()
    for start in range(0, len(content), _HASHED_AT_ONCE):
        digest.update(content[start : start + _HASHED_AT_ONCE].encode())
    return digest.hexdigest()


class _Unfit(Exception):  # noqa: N818 - it never leaves this module
    """A value that is not what its field is declared to be; the path grows on the way out."""

    def __init__(self, wanted: str, found: object, path: str = "") -> None:
        super().__init__(wanted)
        self.wanted, self.found, self.path = wanted, found, path

    def within(self, step: str) -> "_Unfit":
        return _Unfit(self.wanted, self.found, step + self.path)


def _told(convert: _Convert, value: Any) -> Any:
    try:
        return convert(value)
    except _Unfit as unfit:
        what = f"snapshot{unfit.path} must be {unfit.wanted}, and is {unfit.found!r:.80}"
        raise SnapshotError(f"{what}. Correct it where the snapshot is built.") from None


def _plain(text: str) -> dict[str, Any]:
    """What `json` makes of a snapshot of any version, as one of this version."""
    try:
        plain = json.loads(text)
    except json.JSONDecodeError as error:
        raise SnapshotError(f"snapshot is not JSON: {error}. Store the text that render_json gives.") from error
    _require_known_version(plain)
    return _of_this_version(plain)


def _require_known_version(plain: object) -> None:
    version = plain.get("schema_version") if isinstance(plain, dict) else None
    if version not in _ADDED_SINCE and version != SCHEMA_VERSION:
        raise SnapshotError(
            f"snapshot.schema_version is {version!r}; this program reads {SCHEMA_VERSION} and older ones. "
            "Use the version of okr-pipeline that wrote it, or write the week again."
        )


def _of_this_version(plain: dict[str, Any]) -> dict[str, Any]:
    """An older snapshot with what it lacks as nothing. Its version stays, and so does its stored text."""
    return {**_ADDED_SINCE.get(plain["schema_version"], {}), **plain}


_ADDED_SINCE: dict[int, dict[str, Any]] = {1: {"health_counts": [], "health": []}}
"""By older version, the fields of a snapshot that it has not."""


@cache
def _encoder(declared: Any) -> _Convert:
    """Values to JSON text at once: a tree of what is to be written would take several times its memory."""
    if dataclasses.is_dataclass(declared):
        return _encode_object(_field_converters(declared, _encoder))
    if (inner := _optional(declared)) is not None:
        return _or_else(_encoder(inner), "null")
    if get_origin(declared) is tuple:
        return _encode_items(_item_converters(declared, _encoder))
    return _ENCODE_LEAF[declared]


@cache
def _decoder(declared: Any) -> _Convert:
    if dataclasses.is_dataclass(declared):
        return _decode_object(declared, _field_converters(declared, _decoder))
    if (inner := _optional(declared)) is not None:
        return _or_else(_decoder(inner), None)
    if get_origin(declared) is tuple:
        return _decode_items(_item_converters(declared, _decoder))
    return _DECODE_LEAF[declared]


def _field_converters(declared: Any, of: Callable[[Any], _Convert]) -> dict[str, _Convert]:
    return {name: of(hint) for name, hint in get_type_hints(declared).items()}


def _item_converters(declared: Any, of: Callable[[Any], _Convert]) -> tuple[_Convert, ...] | _Convert:
    """One converter for `tuple[T, ...]`, one for each item of `tuple[A, B]`."""
    arguments = get_args(declared)
    if arguments[-1] is Ellipsis:
        return of(arguments[0])
    return tuple(of(argument) for argument in arguments)


def _optional(declared: Any) -> Any:
    """T of `T | None`, else None."""
    if get_origin(declared) not in (Union, types.UnionType):
        return None
    (inner,) = (argument for argument in get_args(declared) if argument is not type(None))
    return inner


def _or_else(convert: _Convert, nothing: object) -> _Convert:
    return lambda value: nothing if value is None else convert(value)


def _encode_object(fields: dict[str, _Convert]) -> _Convert:
    keys = [f"{',' if number else '{'}{_quoted(name)}:" for number, name in enumerate(fields)]
    items = tuple(zip(fields, keys, fields.values(), strict=True))

    def encode(value: Any) -> str:
        # Joined once: the largest of these texts are hundreds of megabytes, and each `+` would copy them.
        texts: list[str] = []
        name = ""
        try:
            for name, key, convert in items:
                texts += (key, convert(getattr(value, name)))
        except _Unfit as unfit:
            raise unfit.within(f".{name}") from None
        return "".join((*texts, "}"))

    return encode


def _decode_object(declared: Any, fields: dict[str, _Convert]) -> _Convert:
    """Fields with a default came later: what was written before them has none."""
    items = tuple(fields.items())
    later = {it.name for it in dataclasses.fields(declared) if it.default is not dataclasses.MISSING}

    def decode(value: Any) -> Any:
        if not isinstance(value, dict) or not fields.keys() - later <= value.keys() <= fields.keys():
            raise _Unfit(f"an object with exactly the fields {', '.join(fields)}", value)
        facts, name = {}, ""
        try:
            for name, convert in items:
                if name in value:
                    facts[name] = convert(value[name])
        except _Unfit as unfit:
            raise unfit.within(f".{name}") from None
        return declared(**facts)

    return decode


def _encode_items(converters: tuple[_Convert, ...] | _Convert) -> _Convert:
    def encode(value: Any) -> str:
        texts: list[str] = ["["]
        for text in _each(value, converters, tuple):
            texts += (text, ",")
        # The last comma gives its place to the bracket; nothing has one.
        texts[1 if len(texts) == 1 else -1 :] = "]"
        return "".join(texts)

    return encode


def _decode_items(converters: tuple[_Convert, ...] | _Convert) -> _Convert:
    return lambda value: tuple(_each(value, converters, list))


def _each(
    value: Any, converters: tuple[_Convert, ...] | _Convert, kind: type[list[Any]] | type[tuple[Any, ...]]
) -> list[Any]:
    if not isinstance(value, kind):
        raise _Unfit(f"a {kind.__name__}", value)
    if not callable(converters) and len(value) != len(converters):
        raise _Unfit(f"{len(converters)} items", value)
    found: list[Any] = []
    try:
        for item, convert in zip(value, repeat(converters) if callable(converters) else converters, strict=False):
            found.append(convert(item))
    except _Unfit as unfit:
        raise unfit.within(f"[{len(found)}]") from None
    return found


def _number(value: Any) -> float:
    if type(value) is float and math.isfinite(value):
        return value
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not math.isfinite(value):
        raise _Unfit("a finite number (None where it is unknown)", value)
    return float(value)


def _whole(value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int):
        raise _Unfit("a whole number", value)
    return int(value)


def _truth(value: Any) -> bool:
    if not isinstance(value, bool):
        raise _Unfit("true or false", value)
    return value


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise _Unfit("text", value)
    return str(value)


def _encode_instant(value: Any) -> str:
    if not isinstance(value, datetime) or value.tzinfo is None:
        raise _Unfit("an instant with a time zone", value)
    return _quoted(_instant_text(value))


@lru_cache(maxsize=4096)
def _instant_text(value: datetime) -> str:
    """Cached, because the tracks of a thousand key results share their instants."""
    return value.astimezone(UTC).isoformat(timespec="microseconds").removesuffix("+00:00") + "Z"


def _decode_instant(value: Any) -> datetime:
    if not isinstance(value, str) or not _INSTANT.fullmatch(value):
        raise _Unfit(f"an instant like {_INSTANT_EXAMPLE}", value)
    try:
        return datetime.fromisoformat(value)
    except ValueError as error:
        raise _Unfit(f"an instant like {_INSTANT_EXAMPLE}", value) from error


def _encode_day(value: Any) -> str:
    if not isinstance(value, date) or isinstance(value, datetime):
        raise _Unfit("a date", value)
    return _quoted(value.isoformat())


def _decode_day(value: Any) -> date:
    try:
        return date.fromisoformat(value)
    except (TypeError, ValueError) as error:
        raise _Unfit("a date like 2013-05-19", value) from error


_INSTANT_EXAMPLE = "2013-05-19T04:00:00.000000Z"
_INSTANT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z")

_ENCODE_LEAF: dict[Any, _Convert] = {
    str: lambda value: _quoted(_text(value)),
    float: lambda value: repr(_number(value)),
    int: lambda value: repr(_whole(value)),
    bool: lambda value: "true" if _truth(value) else "false",
    datetime: _encode_instant,
    date: _encode_day,
}
_DECODE_LEAF: dict[Any, _Convert] = {
    str: _text,
    float: _number,
    int: _whole,
    bool: _truth,
    datetime: _decode_instant,
    date: _decode_day,
}
