"""From the model back to YAML: what a person would have written.

Belongs here: amendments and the keys of a key result that can be amended, in flow style, one line each; and where a key
result stands in its file. Does not: whole files.

What is written here is read back as the same model, numbers exactly.
"""

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, assert_never

from okr_pipeline.config.directory import read_directory
from okr_pipeline.config.scalars import ID
from okr_pipeline.model.amending import AMENDABLE
from okr_pipeline.model.okr import (
    Accumulate,
    Amendment,
    Baseline,
    Budget,
    Cadence,
    Change,
    KeyResult,
    Maintain,
    Manual,
    Measure,
    Milestone,
    Milestones,
    Over,
    Pace,
    Reach,
    RelativeTarget,
    Share,
)

SHORT_KEYS: Final = ("to", "from", "by", "min", "max", "share", "at_least", "needs")
"""Keys of a measure that an amendment may give without the measure around them."""

_PLAIN = re.compile(rf"(?=.*[A-Za-z])(?!(?:true|false|null|True|False|Null|TRUE|FALSE|NULL)\Z){ID}\Z")
_LIKE_A_NUMBER = re.compile(r"[0-9.]+[eE]?[0-9]*\Z")


@dataclass(frozen=True, slots=True)
class Place:
    """Where a key result stands: its file as messages show it, its line and column, and the column of its keys."""

    file: str
    line: int
    column: int
    keys_column: int


def place_of(directory: Path, key_result: KeyResult) -> Place | None:
    """Where a key result is written; None where it is not."""
    for document in read_directory(directory).okrs:
        written = document.value if isinstance(document.value, dict) else {}
        if str((written.get("cycle") or {}).get("id")) != key_result.cycle:
            continue
        for name, objective in (written.get("objectives") or {}).items():
            body = ((objective or {}).get("key_results") or {}).get(key_result.id)
            if isinstance(body, dict) and body:
                path = ("objectives", name, "key_results", key_result.id)
                keys = min(document.position((*path, key), of_key=True)[1] for key in body)
                return Place(document.file, *document.position(path, of_key=True), keys)
    return None


def history_lines(history: KeyResult, written: KeyResult) -> list[str]:
    """The lines that make what is written of a key result its history: keys to put back, and all amendments."""
    restored = [
        f"{name}: {flow(_restored(name, getattr(history, name)))}"
        for name in AMENDABLE
        if not name.startswith("state") and getattr(history, name) != getattr(written, name)
    ]
    if not history.amendments:
        return restored
    made, lines, measure = history, [*restored, "amendments:"], history.measure
    for amendment in made.amendments:
        lines.append(f"  - {amendment_line(amendment, measure)}")
        measure = amendment.measure or measure
    return lines


def amendment_line(amendment: Amendment, before: Measure) -> str:
    """An amendment in one line; of a measure of the same kind as before only the numbers that differ."""
    told: dict[str, Any] = {"on": amendment.on}
    for name in AMENDABLE:
        value = getattr(amendment, name)
        if name == "measure" and value is not None:
            told |= _shortened(value, before)
        elif value is not None:
            told[name] = _plain(name, value)
    return flow(told | {"reason": amendment.reason, "author": amendment.author})


def key_text(name: str, value: Any) -> str:
    """A key's value of a key result, such as its `measure` or `pace`, in flow style.

    >>> key_text("measure", Reach(15.0, 10.0)), key_text("pace", Pace())
    ('{reach: {from: 15, to: 10}}', 'linear')
    """
    return flow(_plain(name, value)).strip('"')


def flow(value: Any) -> str:
    """A value in YAML's flow style.

    >>> from datetime import date
    >>> flow({"reach": {"from": 15.0, "to": 10.5}}), flow(["a b", "1", date(2013, 5, 6), None, True])
    ('{reach: {from: 15, to: 10.5}}', '["a b", "1", 2013-05-06, null, true]')
    """
    match value:
        case Mapping():
            return "{" + ", ".join(f"{flow(str(name))}: {flow(item)}" for name, item in value.items()) + "}"
        case list() | tuple():
            return "[" + ", ".join(map(flow, value)) + "]"
        case str():
            plain = _PLAIN.match(value) and not _LIKE_A_NUMBER.match(value)
            return value if plain else json.dumps(value, ensure_ascii=False)
        case float():
            return str(int(value)) if value.is_integer() and abs(value) < 1e15 else repr(value)
        case _:
            return {None: "null", True: "true", False: "false"}.get(value, str(value))


def measure_keys(measure: Measure) -> dict[str, Any]:
    """A measure's own keys, without its name."""
    keys: dict[str, Any]
    match measure:
        case Reach() | Manual():
            keys = {"from": measure.from_, "to": measure.to}
        case Change():
            by = _signed(measure.by.value) if isinstance(measure.by, Share) else measure.by.value
            keys = {"by": by, "from": measure.from_}
        case Accumulate():
            to = measure.to
            keys = {"to": f"{_signed(to.share)} of {to.of}" if isinstance(to, RelativeTarget) else to}
        case Budget():
            keys = {"to": measure.to}
        case Maintain():
            keys = {"min": measure.min, "max": measure.max, "share": measure.share, "of": measure.of}
        case Cadence():
            keys = {"at_least": measure.at_least, "per": measure.per.value, "share": measure.share}
        case Baseline():
            keys = {"needs": measure.needs}
        case Milestones():
            raise TypeError("milestones are a list")
        case _:
            assert_never(measure)
    return keys


def _restored(name: str, value: Any) -> Any:
    """A field to put back; null where it was not written, which some measures ask for."""
    return None if value in (Over(), Pace()) else _plain(name, value)


def _shortened(measure: Measure, before: Measure) -> dict[str, Any]:
    whole = {"measure": _plain("measure", measure)}
    if type(measure) is not type(before) or isinstance(measure, Milestones) or isinstance(before, Milestones):
        return whole
    now, then = measure_keys(measure), measure_keys(before)
    changed = {name: value for name, value in now.items() if value != then[name]}
    return changed if all(name in SHORT_KEYS for name in changed) else whole


def _plain(name: str, value: Any) -> Any:
    """A field of the model as YAML has it."""
    match value:
        case Milestones(items):
            return {"milestones": [_milestone(item) for item in items]}
        case Over():
            return str(value)
        case Pace(checkpoints=points) if points:
            return {"checkpoints": [{"on": point.on, "value": point.value} for point in points]}
        case Pace():
            return value.kind
        case _ if name == "measure":
            return {value.kind: {key: it for key, it in measure_keys(value).items() if it is not None}}
        case _:
            return value


def _milestone(item: Milestone) -> dict[str, Any]:
    when = None
    if item.when is not None:
        where = dict(item.when.where) or None
        when = _told(metric=item.when.metric, where=where, at_least=item.when.at_least)
    weight = None if item.weight == 1 else item.weight
    return _told(title=item.title, weight=weight, due=item.due, done_on=item.done_on, when=when)


def _told(**keys: Any) -> dict[str, Any]:
    return {name: value for name, value in keys.items() if value is not None}


def _signed(share: float) -> str:
    """A share in percent, in the fewest decimals from which it is read back."""
    tried: Iterable[str] = (f"{share * 100:+.{places}f}" for places in range(16))
    return next((text for text in tried if float(text) / 100 == share), f"{share * 100:+.15f}") + "%"
