"""The window in the words of an API: `{start:date}`, `{end:epoch}`, `{last:%d.%m.%Y}`.

Belongs here: finding and filling these words. Does not: which window.

`start` is the first instant, `end` the first instant after, `last` the last second before that, all in the metric's
zone. Formats: `date` (2026-01-31), `iso` (2026-01-31T00:00:00+01:00), `utc` (2026-01-30T23:00:00Z), `epoch` and
`epoch_ms`, which alone in a body are numbers, `epoch_text` and `epoch_ms_text`, which are not, or any of strftime's.
What has neither such a name nor such a format is text, as Datadog's `{env:prod}`.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from difflib import get_close_matches
from typing import Any, Final

_WORD: Final = re.compile(r"\{(?P<name>[a-z]+):(?P<format>[a-z_]+|[^{}\s][^{}]*%[^{}]*|%[^{}]+)\}")
_NAMES: Final = ("start", "end", "last")
_FORMATS: Final = ("date", "iso", "utc", "epoch", "epoch_ms", "epoch_text", "epoch_ms_text")
_NUMBERS: Final = frozenset({"epoch", "epoch_ms"})


@dataclass(frozen=True, slots=True)
class Times:
    """A window in a zone, half open."""

    start: datetime
    end: datetime

    def filled(self, text: str) -> str:
        """A text with every word filled in.

        >>> january = Times(datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 2, 1, tzinfo=UTC))
        >>> january.filled("{start:date}..{last:date}")
        '2026-01-01..2026-01-31'
        """
        return _WORD.sub(
            lambda word: _written(self._instant(word["name"]), word["format"]) if word["name"] in _NAMES else word[0],
            text,
        )

    def filled_in(self, value: Any) -> Any:
        """Nested values, of which each text is filled in. A text that is nothing but an epoch becomes a number."""
        match value:
            case str():
                word = _WORD.fullmatch(value)
                text = self.filled(value)
                return int(text) if word and word["name"] in _NAMES and word["format"] in _NUMBERS else text
            case dict():
                return {key: self.filled_in(item) for key, item in value.items()}
            case list():
                return [self.filled_in(item) for item in value]
            case _:
                return value

    def _instant(self, name: str) -> datetime:
        if name == "last":
            # Across a change of clocks only arithmetic in UTC is right.
            return (self.end.astimezone(UTC) - timedelta(seconds=1)).astimezone(self.end.tzinfo)
        return self.start if name == "start" else self.end


def is_timed(value: Any) -> bool:
    """Whether nested values say anything of the window."""
    return any(word["name"] in _NAMES for text in _texts(value) for word in _WORD.finditer(text))


def check_times(value: Any) -> None:
    """Refuse words that stand for nothing.

    Raises:
        ValueError: what, why and what to do.
    """
    for text in _texts(value):
        for word in filter(_is_meant, _WORD.finditer(text)):
            _refuse(word["name"], _NAMES, word[0])
            if "%" not in word["format"]:
                _refuse(word["format"], _FORMATS, word[0])


def check_asked(text: str) -> str:
    """A text that says which period is asked for.

    Raises:
        ValueError: it does not, or its words stand for nothing; what, why and what to do.
    """
    check_times(text)
    if not is_timed(text):
        raise ValueError(
            "never says which period is asked for",
            "All periods would get the same number",
            "Write the period into it, as in {start:date}",
        )
    return text


def _is_meant(word: re.Match[str]) -> bool:
    """Whether it stands for the window, perhaps misspelt; APIs have words in braces of their own."""
    return word["name"] in _NAMES or word["format"] in _FORMATS or "%" in word["format"]


def _refuse(name: str, known: tuple[str, ...], word: str) -> None:
    if name not in known:
        near = get_close_matches(name, known, 1)
        raise ValueError(
            f"names '{name}' in {word}, which is none of {', '.join(known)}",
            "Such words stand for the window that is read",
            f"Did you mean '{near[0]}'?" if near else f"Write {known[0]}",
        )


def _texts(value: Any) -> Iterator[str]:
    match value:
        case str():
            yield value
        case dict():
            for item in value.values():
                yield from _texts(item)
        case list():
            for item in value:
                yield from _texts(item)


def _written(instant: datetime, form: str) -> str:
    match form:
        case "date":
            return f"{instant:%Y-%m-%d}"
        case "iso":
            return instant.isoformat(timespec="seconds")
        case "utc":
            return f"{instant.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"
        case "epoch" | "epoch_text":
            return str(int(instant.timestamp()))
        case "epoch_ms" | "epoch_ms_text":
            return str(int(instant.timestamp() * 1_000))
        case _:
            return instant.strftime(form)
