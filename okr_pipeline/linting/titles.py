"""What the titles of key results say, and what they leave out.

Belongs here: words, numbers and deadlines of titles. Does not: measures by themselves (targets), objectives (shape).

English titles are understood; of others only numbers are.
"""

import re
from calendar import monthrange
from collections.abc import Iterator
from datetime import date
from typing import Final

from okr_pipeline.linting.findings import Finding
from okr_pipeline.linting.measures import numbers, promised
from okr_pipeline.model.configuration import Configuration
from okr_pipeline.model.okr import Accumulate, Cadence, KeyResult, Manual, Milestones, RelativeTarget

VAGUE: Final = frozenset(
    {
        "improve", "improved", "improving", "enhance", "enhanced", "optimise", "optimize", "streamline",
        "strengthen", "increase", "decrease", "reduce", "grow", "boost", "maximise", "maximize", "minimise",
        "minimize", "raise", "lower", "better", "faster", "quicker", "smoother", "easier", "happier", "more",
        "fewer", "less", "significantly", "substantially", "drastically", "drive", "support", "leverage",
        "modernise", "modernize", "simplify", "expand", "accelerate", "foster", "promote", "advance", "elevate",
        "upgrade", "revamp", "refine", "robust", "seamless", "seamlessly", "efficient", "efficiently",
        "effective", "effectively", "asap", "regularly", "often", "continuously",
    }
)  # fmt: skip
ACTIVITIES: Final = frozenset(
    {
        "update", "launch", "build", "create", "implement", "deliver", "develop", "write", "publish", "hold",
        "run", "organise", "organize", "conduct", "roll", "migrate", "install", "complete", "finish", "ship",
        "release", "introduce", "redesign", "rewrite", "prepare", "review", "research", "analyse", "analyze",
        "investigate", "document", "attend", "start", "test", "deploy", "refactor", "design", "define", "plan",
        "upgrade", "set",
    }
)  # fmt: skip
QUANTITIES: Final = frozenset(
    {
        "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve",
        "twenty", "thirty", "forty", "fifty", "hundred", "thousand", "million", "half", "halve", "double",
        "triple", "twice", "thrice", "third", "quarter", "every", "each", "all", "no", "none", "never",
        "always", "zero", "only", "both",
    }
)  # fmt: skip
_WORD: Final = re.compile(r"[a-z]+")
_AIM: Final = re.compile(
    r"(?:\b(?:to|by|under|below|above|over|at least|at most|no more than|no less than|within|than)\s+[-+−]?"
    r"|\bfrom\s+[-+−]?(?=[\d.,]+\s*\S*\s+to\b)|[-+−](?=\d))(?P<aim>\d[\d,]*(?:\.\d+)?)(?P<size>\s*(?:million|billion|thousand|k|m|bn)\b)?"
    r"(?!\s*(?:am|pm|a\.m|p\.m|o'clock))|(?P<share>\d[\d,]*(?:\.\d+)?)\s*(?:%|percent)",
    re.IGNORECASE,
)
_COUNT: Final = re.compile(
    r"(?P<number>\d[\d,]*(?:\.\d+)?)(?P<size>\s*(?:million|billion|thousand|k|m|bn)\b)?", re.IGNORECASE
)
_COUNTED_FIRST: Final = re.compile(r"\s*[^\W\d]+\s+[$€£¥]?(?=\d)(?!(?:19|20)\d\d\b)")
_SIZES: Final = {"k": 1e3, "thousand": 1e3, "m": 1e6, "million": 1e6, "bn": 1e9, "billion": 1e9}
_MONTHS: Final = (
    "january", "february", "march", "april", "may", "june", "july", "august", "september", "october",
    "november", "december",
)  # fmt: skip
_DEADLINE: Final = re.compile(
    r"\b(?:by|until|before)\s+(?:the\s+)?(?:end\s+of\s+)?(?:(?P<day>\d{4}-\d\d-\d\d)|q(?P<quarter>[1-4])\b"
    rf"|(?P<month>{'|'.join(_MONTHS)})\b(?!\s+\d+(?:st|nd|rd|th)?\b(?!\s*\d))|(?P<year>(?:19|20)\d\d)\b)",
    re.IGNORECASE,
)
_CLOSE: Final = 0.005


def lint_titles(configuration: Configuration) -> Iterator[Finding]:
    """Every rule of titles, key result by key result."""
    for key_result in configuration.key_results():
        if key_result.state != "cancelled":
            yield from _vague(configuration, key_result)
            yield from _activity(key_result)
            yield from _disagrees(configuration, key_result)
            yield from _deadline(configuration, key_result)


def _vague(configuration: Configuration, key_result: KeyResult) -> Iterator[Finding]:
    words = _WORD.findall(key_result.title.lower())
    found = [word for word in words if word in VAGUE]
    if found and not _has_quantity(key_result.title) and not _is_activity(key_result):
        metric = configuration.metrics.get(key_result.metric or "")
        said = promised(key_result, metric)
        what = f"its title says '{found[0]}' and no number"
        yield Finding("vague-words", "key_result", key_result.full_id, ("title",), what, f"{key_result.title}: {said}")


def _activity(key_result: KeyResult) -> Iterator[Finding]:
    if _is_activity(key_result) and not _has_quantity(key_result.title):
        what = f"'{key_result.title}' says what is done, not what comes of it"
        rewrite = "Name the number that should move because of it and measure that; list the work under `initiatives`"
        yield Finding("activity", "key_result", key_result.full_id, ("title",), what, rewrite)


def _disagrees(configuration: Configuration, key_result: KeyResult) -> Iterator[Finding]:
    if isinstance(key_result.measure, Milestones):
        return
    metric = configuration.metrics.get(key_result.metric or "")
    aims = list(_aims(key_result.title)) or list(_counts(key_result))
    known = list(numbers(key_result, metric))
    if aims and not any(abs(aim - number) <= _CLOSE * max(abs(number), 1e-9) for aim in aims for number in known):
        said = promised(key_result, metric)
        what = f"its title says {', '.join(f'{aim:,.12g}' for aim in aims)}, its measure {said}"
        yield Finding(
            "title-disagrees", "key_result", key_result.full_id, ("title",), what, f"Let the title say: {said}"
        )


def _deadline(configuration: Configuration, key_result: KeyResult) -> Iterator[Finding]:
    found = _DEADLINE.search(key_result.title)
    if found is None:
        return
    last = _last_days(configuration, key_result, found)
    if key_result.ends not in last:
        what = f"its title says '{found[0]}', and it ends on {key_result.ends}"
        inside = [day for day in last if key_result.starts <= day < key_result.ends]
        rewrite = f"Write `ends: {inside[0]}`, or" if inside else "Move it to a cycle that ends then, or"
        yield Finding(
            "deadline-elsewhere", "key_result", key_result.full_id, ("title",), what, f"{rewrite} correct the title"
        )


def _last_days(configuration: Configuration, key_result: KeyResult, found: re.Match[str]) -> set[date]:
    """The days that a deadline may mean: the day before it and the last day of what it names."""
    ends = key_result.ends
    if found["day"]:
        return {date.fromisoformat(found["day"])}
    if found["year"]:
        year = int(found["year"])
        return {date(year, 12, 31), *({ends} if ends.year == year else ())}
    if found["month"]:
        month = _MONTHS.index(found["month"].lower()) + 1
        year = ends.year if month <= ends.month or key_result.starts.year == ends.year else key_result.starts.year
        # 'by June' may mean its first day or its last, or any promise that ends within it.
        return {
            date(year, month, monthrange(year, month)[1]),
            *({ends} if (ends.year, ends.month) == (year, month) else ()),
        }
    quarter = int(found["quarter"])
    civil = (ends.month - 1) // 3 + 1
    fiscal = ((ends.month - configuration.project.calendar.fiscal_year_starts[0]) % 12) // 3 + 1
    return {ends} if quarter in {civil, fiscal} else set()


def _aims(title: str) -> Iterator[float]:
    """The numbers of a title that speak of an aim: after to, by, at least …, signed, or in percent."""
    for found in _AIM.finditer(_DEADLINE.sub(" ", title)):
        text = found["aim"] or found["share"]
        number = float(text.replace(",", "").rstrip("."))
        size = (found["size"] or "").strip().lower()
        yield number * _SIZES.get(size, 1)


def _counts(key_result: KeyResult) -> Iterator[float]:
    """The numbers of a title that counts something right after its first word, as `Win 2,000 customers` does."""
    measure = key_result.measure
    relative = isinstance(measure, Accumulate) and isinstance(measure.to, RelativeTarget)
    if isinstance(measure, Accumulate | Cadence | Manual) and not relative and _COUNTED_FIRST.match(key_result.title):
        for found in _COUNT.finditer(_DEADLINE.sub(" ", key_result.title)):
            size = (found["size"] or "").strip().lower()
            yield float(found["number"].replace(",", "").rstrip(".")) * _SIZES.get(size, 1)


def _is_activity(key_result: KeyResult) -> bool:
    first = next(iter(_WORD.findall(key_result.title.lower())), "")
    return isinstance(key_result.measure, Milestones) and first in ACTIVITIES


def _has_quantity(title: str) -> bool:
    return bool(re.search(r"\d", title)) or not QUANTITIES.isdisjoint(_WORD.findall(title.lower()))
