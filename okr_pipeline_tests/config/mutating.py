"""Mistakes that people make in configuration, made on purpose: what is written, where, and what the right answer is.

Belongs here: one function per kind of mistake, drawn from a seed; each knows the place that it broke and what a good
message about it must name. Does not: running anything on the result.

The judgement, so that it can be disputed: a message names the fix when it is placed on the line of the mistake (or of
the construct that lacks something) and holds one of the mistake's `answers`. They are the right key for a misspelt one,
the right id for a misspelt reference, the range for a value out of it, a well-formed example for a badly formed value.
Of noise nobody knows what was meant: there, a message on the lines that changed (or the first one that can tell) must
say something more definite than "correct it".
"""

import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from random import Random
from typing import Any

import yaml

VAGUE = (
    "Correct it",
    "Correct it, or leave it out",
    "Check the indentation, quotes and brackets here and on the line above",
)

Path_ = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class Mutation:
    """One mistake. `content` replaces the file; `lines` are where a message must point; one of `answers` must be in it.

    Without `answers` nothing is wrong, and the configuration means what it meant before; `noise` may be either.
    """

    kind: str
    file: str
    content: bytes
    lines: frozenset[int] = frozenset()
    answers: tuple[str, ...] = ()
    noise: bool = False


@dataclass(frozen=True, slots=True)
class Place:
    """One `key: value` of the example: offsets and lines (from 1) of both, as an independent YAML parser sees them."""

    file: str
    path: Path_
    key: str
    text: str
    key_start: int
    start: int
    end: int
    line: int
    owner_line: int
    flow: bool
    value: Any

    @property
    def parent(self) -> Path_:
        return self.path[:-1]

    @property
    def scalar(self) -> bool:
        return isinstance(self.value, str)


class Example:
    """The files of a configuration, and every place in them."""

    def __init__(self, directory: Path) -> None:
        names = sorted(path.relative_to(directory).as_posix() for path in directory.rglob("*.yaml"))
        self.files = {name: (directory / name).read_bytes().decode() for name in names}

    @cached_property
    def places(self) -> tuple[Place, ...]:
        return tuple(place for file, text in self.files.items() for place in _places(file, yaml.compose(text), (), 1))

    @cached_property
    def keywords(self) -> tuple[Place, ...]:
        """Keys of the language, not ids and names of columns."""
        return tuple(it for it in self.places if not _is_name(it.path))

    def begins_item(self, place: Place) -> bool:
        """Whether it is the first key of an item of a list, so that its line again is one more item."""
        return self.files[place.file][self.line_of(place)[0] :].lstrip().startswith("- ")

    def has_sibling(self, place: Place) -> bool:
        return self._counts[place.file, place.parent] > 1

    @cached_property
    def _counts(self) -> Counter[tuple[str, Path_]]:
        """How many places there are in each mapping."""
        return Counter((it.file, it.parent) for it in self.places)

    def of(self, *keys: str, scalar: bool = True) -> list[Place]:
        """Places with one of these keys."""
        return [it for it in self.keywords if it.key in keys and it.scalar is scalar]

    def metric_of(self, key_result: Path_) -> Mapping[str, str]:
        """What is written of the metric that a key result reads."""
        read = next((it.value for it in self.places if it.path == (*key_result, "metric")), None)
        return {str(it.path[-1]): it.value for it in self.places if it.path[:-1] == ("metrics", read) and it.scalar}

    def ids(self, *path: str) -> list[str]:
        return [it.key for it in self.places if it.parent == path]

    def replaced(
        self, place: Place, value: str, *, kind: str, answers: Iterable[str], lines: Iterable[int] = ()
    ) -> Mutation:
        """The value of a place written otherwise."""
        return self.spliced(place.file, place.start, place.end, value, kind, answers, lines or (place.line,))

    def renamed(self, place: Place, key: str, *, kind: str, answers: Iterable[str]) -> Mutation:
        end = place.key_start + len(place.text)
        return self.spliced(place.file, place.key_start, end, key, kind, answers, (place.line,))

    def spliced(
        self, file: str, start: int, end: int, new: str, kind: str, answers: Iterable[str], lines: Iterable[int]
    ) -> Mutation:
        text = self.files[file]
        content = text[:start] + new + text[end:]
        return Mutation(kind, file, content.encode(), frozenset(lines), tuple(answers))

    def without(self, place: Place, *, kind: str, answers: Iterable[str]) -> Mutation:
        """A key and its value left out; the message is expected at what it belonged to."""
        start, end = self._extent(place)
        return self.spliced(place.file, start, end, "", kind, answers, (place.owner_line,))

    def inserted(self, place: Place, line: str, *, kind: str, answers: Iterable[str]) -> Mutation:
        """A line before the one of a block key, indented as it is."""
        start = place.key_start - self._column(place)
        new = f"{' ' * self._column(place)}{line}\n"
        return self.spliced(place.file, start, start, new, kind, answers, (place.line,))

    def line_of(self, place: Place) -> tuple[int, int]:
        """Offsets of the whole line of a key, its break included."""
        text = self.files[place.file]
        start = text.rfind("\n", 0, place.key_start) + 1
        return start, text.index("\n", place.key_start) + 1

    def _column(self, place: Place) -> int:
        return place.key_start - (self.files[place.file].rfind("\n", 0, place.key_start) + 1)

    def _extent(self, place: Place) -> tuple[int, int]:
        text = self.files[place.file]
        if place.flow:
            after = re.compile(r",\s*").match(text, place.end)
            if after:
                return place.key_start, after.end()
            return re.compile(r",\s*\Z").search(text[: place.key_start]).start(), place.end
        start, end = self.line_of(place)
        if "\n" in text[place.start : place.end]:
            end = text.rfind("\n", 0, place.end) + 1
        return start, end


def draw(example: Example, seed: int) -> Mutation:
    """The mistake of a seed. Kinds take turns, so that each comes up as often; what is broken is drawn."""
    rng = Random(seed)
    return KINDS[seed % len(KINDS)](example, rng)


def _places(file: str, node: Any, path: Path_, owner_line: int) -> Iterable[Place]:
    if isinstance(node, yaml.SequenceNode):
        for index, item in enumerate(node.value):
            if not isinstance(item, yaml.ScalarNode):
                yield from _places(file, item, (*path, index), item.start_mark.line + 1)
        return
    for key, value in node.value:
        line = key.start_mark.line + 1
        here = (*path, key.value)
        plain = value.value if isinstance(value, yaml.ScalarNode) else value
        written = key.value if key.style is None else f"{key.style}{key.value}{key.style}"
        yield Place(
            file, here, key.value, written, key.start_mark.index, value.start_mark.index, value.end_mark.index, line,
            owner_line, bool(node.flow_style), plain,
        )  # fmt: skip
        if not isinstance(value, yaml.ScalarNode):
            yield from _places(file, value, here, line)


def _is_name(path: Path_) -> bool:
    above = path[-2] if len(path) > 1 else None
    return above in ("where", "columns", "labels", "key_results") or (
        len(path) == 2 and above in ("sources", "metrics", "objectives")
    )


def _misspelt(word: str, rng: Random) -> str:
    """As fingers slip: a letter lost, doubled, or changed places."""
    at = rng.randrange(1, len(word)) if len(word) > 1 else 0
    slips = [word[:at] + word[at] + word[at:], word + rng.choice("sx")]
    if len(word) > 4:
        slips += [word[:at] + word[at + 1 :], word[: at - 1] + word[at] + word[at - 1] + word[at + 1 :]]
    return rng.choice([slip for slip in slips if slip != word])


def misspelt_key(example: Example, rng: Random) -> Mutation:
    place = rng.choice(example.keywords)
    known = {it.key for it in example.keywords}
    slips = [_misspelt(place.key, rng), place.key.capitalize(), place.key.upper(), place.key.replace("_", "-")]
    wrong = rng.choice([slip for slip in slips if slip not in known and slip != place.key])
    return example.renamed(place, wrong, kind="misspelt key", answers=(f"'{place.key}'",))


_NUMBERS = ("weight", "share", "at_least", "needs", "value", "min", "max", "complete", "ratio", "min_coverage")
_TEXTS = ("name", "title", "owner", "why", "mission", "supports", "state_reason")
_MAPPINGS = (
    "healthy",
    "where",
    "measure",
    "reach",
    "limit",
    "maintain",
    "cycle",
    "expect",
    "contributes",
    "key_results",
    "columns",
)
_LISTS = ("dimensions", "initiatives", "checkpoints", "milestones")


def wrong_type(example: Example, rng: Random) -> Mutation:
    cases = [
        *(
            (it, rng.choice(("ten", "[1]", "~x", "true", "'5'")), ("a number", "a whole number"))
            for it in example.of(*_NUMBERS)
        ),
        *((it, rng.choice(("2013", "[a, b]", "{a: b}", "true")), ("text",)) for it in example.of(*_TEXTS)),
        *(
            (it, rng.choice(("15", "word")), ("a mapping", "is not a pace"))
            for it in example.of(*_MAPPINGS, scalar=False)
        ),
        *(
            (it, rng.choice(("word", "{a: b}")), ("a list",))
            for it in example.of(*_LISTS, scalar=False)
            if not _is_block(it)
        ),
    ]
    cases = [case for case in cases if case[0].scalar or not _is_block(case[0])]
    place, value, answers = rng.choice(cases)
    return example.replaced(place, value, kind="wrong type", answers=answers)


def _is_block(place: Place) -> bool:
    return not place.scalar and not place.value.flow_style


def wrong_unit(example: Example, rng: Random) -> Mutation:
    lengths = [
        (it, rng.choice(("36m", "36", "two days", "1.5d", "90 minutes", "-2d")))
        for it in example.of("freshness", "closes_after", "restates")
    ]
    cases = [
        *((place, value, ("'36h'", f"'{value}h'")) for place, value in lengths),
        *((it, "currency:usd", ("currency:USD",)) for it in example.of("unit")),
        *((it, rng.choice(("60", "1 minute", "60 sec")), ("60s",)) for it in example.of("statement_timeout")),
        *(
            (it, "+5 points", ("in the metric's unit",))
            for it in example.of("by")
            if example.metric_of(it.path[:-3]).get("unit") == "minutes"
        ),
    ]
    place, value, answers = rng.choice(cases)
    return example.replaced(place, value, kind="wrong unit", answers=answers)


def unknown_reference(example: Example, rng: Random) -> Mutation:
    place = rng.choice(example.of("metric", "source", "parent"))
    cycle, slash, name = place.value.rpartition("/")
    known = {"metric": example.ids("metrics"), "source": example.ids("sources")}.get(place.key, [])
    wrong = next(slip for slip in iter(lambda: _misspelt(name, rng), None) if slip not in known)
    return example.replaced(place, f"{cycle}{slash}{wrong}", kind="unknown reference", answers=(f"'{place.value}'",))


def reference_to_nothing(example: Example, rng: Random) -> Mutation:
    place = rng.choice(example.of("metric", "source", "parent"))
    kinds = {"metric": "metrics", "source": "sources", "parent": "objectives"}
    return example.replaced(
        place, "zqx", kind="reference to nothing", answers=(f"Known {kinds[place.key]}: ", "Did you mean '")
    )


def unknown_dimension(example: Example, rng: Random) -> Mutation:
    place = rng.choice([it for it in example.places if it.path[-2:-1] == ("where",)])
    return example.renamed(place, _misspelt(place.key, rng), kind="unknown dimension", answers=(f"'{place.key}'",))


def unknown_column(example: Example, rng: Random) -> Mutation:
    place = rng.choice([it for it in example.places if it.path[-2:-1] == ("columns",)])
    return example.renamed(place, _misspelt(place.key, rng), kind="unknown column", answers=(f"'{place.key}'",))


def wrong_formula(example: Example, rng: Random) -> Mutation:
    place = rng.choice(example.of("formula"))
    first, second = place.value.split(" / ")
    slip = _misspelt(second, rng)
    value, answers = rng.choice(
        [
            (f"{first} / {slip}", (f"'{second}'",)),
            (f"{first} // {second}", ("metric ids, numbers",)),
            (f"{first} % {second}", ("metric ids, numbers",)),
            (f"sum({first}) / sum({second})", ("metric ids, numbers",)),
            (f"({first} / {second}", ("parenthes",)),
            ("1 / 2", ("as in 'spend / flights_flown'",)),
            ("'" + "(" * 40 + first + ")" * 40 + "'", ("nested deeper", "metric of its own")),
        ]
    )
    return example.replaced(place, value, kind="wrong formula", answers=answers)


def duplicate_key(example: Example, rng: Random) -> Mutation:
    places = [it for it in example.keywords if it.scalar and not it.flow and "\n" not in it.value]
    place = rng.choice([it for it in places if not example.begins_item(it)])
    start, end = example.line_of(place)
    again = example.files[place.file][start:end]
    return example.spliced(
        place.file,
        end,
        end,
        again,
        "duplicate key",
        (f"key '{place.key}' is given twice, first at line {place.line}",),
        (place.line + 1,),
    )


def duplicate_id(example: Example, rng: Random) -> Mutation:
    named = [
        it
        for it in example.places
        if it.path[-2:-1] == ("key_results",) or it.parent in (("metrics",), ("objectives",))
    ]
    place = rng.choice(named)
    others = [
        it
        for it in named
        if it.file == place.file and it.line < place.line and (it.parent == place.parent or it.path[0] == "objectives")
    ]
    if not others:
        return duplicate_key(example, rng)
    other = rng.choice(others)
    answers = (f"key '{other.key}' is given twice", "is already that of the", "is already defined in")
    return example.renamed(place, other.key, kind="duplicate id", answers=answers)


def wrong_indentation(example: Example, rng: Random) -> Mutation:
    places = [it for it in example.keywords if it.scalar and not it.flow and "\n" not in it.value and len(it.path) > 2]
    place = rng.choice([it for it in places if example.has_sibling(it)])  # alone, a key may stand anywhere
    start, end = example.line_of(place)
    line = example.files[place.file][start:end]
    shifted = rng.choice((" " + line, "  " + line, line[1:], line[2:]))
    # Deeper text goes on the value above it; what is then wrong is what is missing, told of the construct.
    lines = {place.line - 1, place.line, place.line + 1, place.owner_line}
    answers = ("ndent", "is not a known key", f"'{place.key}'", "is not a mapping")
    return example.spliced(place.file, start, end, shifted, "wrong indentation", answers, lines)


def tab(example: Example, rng: Random) -> Mutation:
    place = rng.choice([it for it in example.keywords if not it.flow and len(it.path) > 2])
    start, _ = example.line_of(place)
    return example.spliced(
        place.file, start, place.key_start, "\t", "tab", ("Indent with spaces",), (place.line, place.line - 1)
    )


_REQUIRED = {
    "metrics": ("grain", "unit", "better", "rollup", "source", "query", "file"),
    "sources": ("connector", "url", "path"),
    "cycle": ("id", "starts", "ends"),
    "objectives": ("title", "owner", "level", "intent", "key_results"),
    "key_results": ("title", "owner", "metric", "measure"),
}


def missing_key(example: Example, rng: Random) -> Mutation:
    def required(it: Place) -> bool:
        if "milestones" in it.path:
            return it.key == "title"
        if it.key == "metric" or "key_results" in it.parent:
            return it.path[-3:-2] == ("key_results",) and it.key in _REQUIRED["key_results"] and not _is_block(it)
        return it.key in _REQUIRED.get(str(it.path[0]), ()) and len(it.path) <= 3 and not it.file.startswith("project")

    places = [it for it in example.keywords if required(it)]
    places += [it for it in example.of("name") if it.path == ("name",)]
    place = rng.choice(places)
    return example.without(place, kind="missing key", answers=(f"'{place.key}'", f"'{place.key}: ", "'source: …'"))


def out_of_range(example: Example, rng: Random) -> Mutation:
    cases = [
        *((it, "80", ("0.8",)) for it in example.of("share")),
        *((it, "-0.1", ("than 0",)) for it in example.of("share")),
        *((it, rng.choice(("0", "-1")), ("greater than 0",)) for it in example.of("weight")),
        *((it, "70", ("0.7",)) for it in example.of("min_coverage")),
        *((it, rng.choice(("0", "-8")), ("at least 1",)) for it in example.of("needs")),
        *(
            (it, "-5", ("greater than 0", "above 0"))
            for it in example.of("to")
            if it.path[-2] in ("limit", "accumulate") and "%" not in it.value
        ),
        *((it, "0", ("greater than 0",)) for it in example.of("at_least") if it.path[-2] == "cadence"),
        *((it, "0h", ("longer than 0",)) for it in example.of("freshness")),
        *((it, "900000h", ("hundred years",)) for it in example.of("closes_after")),
        *((it, "95", ("0.95",)) for it in example.of("complete")),
        *((it, "[600, -20]", ("Exchange",)) for it in example.of("between", scalar=False)),
        *((it, "[0]", ("[0, 100]",)) for it in example.of("between", scalar=False)),
        *((it, "-2", ("greater than 0",)) for it in example.of("ratio") if it.path[-2] == "max_change"),
    ]
    place, value, answers = rng.choice(cases)
    return example.replaced(place, value, kind="out of range", answers=answers)


_DAYS = ("starts", "ends", "as_of", "history_starts", "due", "done_on", "on")


def wrong_date(example: Example, rng: Random) -> Mutation:
    place = rng.choice(example.of(*_DAYS))
    year, month, day = place.value.split("-")
    value, answers = rng.choice(
        [
            *(
                (text, ("2013-04-01",))
                for text in (f"{year}/{month}/{day}", f"{day}.{month}.{year}", f"{month}/{day}/{year}")
            ),
            *(
                (text, ("2013-04-01",))
                for text in (f"April {day} {year}", f"{year}{month}{day}", f"{year}-{int(month)}-{int(day)}", "today")
            ),
            *((text, ("month and the day",)) for text in (f"{year}-02-30", f"{year}-13-01", f"{year}-{month}-00")),
            *((text, ("1900 to 2200",)) for text in ("0001-01-01", "9999-12-31")),
            ("99999-01-01", ("2013-04-01",)),
        ]
    )
    return example.replaced(place, value, kind="wrong date", answers=answers)


def wrong_order(example: Example, rng: Random) -> Mutation:
    cases = [
        *((it, "2012-12-30", ("before",)) for it in example.of("ends") if it.path[0] == "cycle"),
        *((it, "2200-12-31", ("Check the years",)) for it in example.of("ends") if it.path[0] == "cycle"),
        *(
            (it, rng.choice(("2012-06-01", "2014-06-01")), ("outside", "before it starts"))
            for it in example.of("starts")
            if it.path[0] != "cycle"
        ),
        *((it, "2014-01-01", ("outside", "is not after")) for it in example.of("on", "due")),
        *((it, "2013-01-01", ("outside", "is not after")) for it in example.of("on") if it.path[-2] == 1),
    ]
    place, value, answers = rng.choice(cases)
    return example.replaced(place, value, kind="wrong order", answers=answers)


def wrong_target(example: Example, rng: Random) -> Mutation:
    place = rng.choice([it for it in example.of("to") if it.path[-2] == "reach"])
    start = next(it for it in example.places if it.path == (*place.parent, "from"))
    other = 2 * float(start.value) - float(place.value)
    value, answers = rng.choice([(start.value, ("Set another target",)), (f"{other:g}", ("Turn the target round",))])
    return example.replaced(place, value, kind="wrong target", answers=answers)


def wrong_measure(example: Example, rng: Random) -> Mutation:
    cases: list[tuple[Place, str, tuple[str, ...]]] = []
    for it in example.of("measure", scalar=False):
        metric = example.metric_of(it.parent)
        if _is_block(it) or not metric:
            continue
        cases += [
            (it, "{}", ("Add one, as in",)),
            (it, "{reach: {from: 1, to: 2}, baseline: {needs: 3}}", ("Keep one of them",)),
            (it, "{manual: {from: 1, to: 2}}", ("Remove metric, or measure it by",)),
        ]
        if metric.get("rollup") != "sum":
            sums = ("{limit: {to: 5}}", "{accumulate: {to: 5}}", "{cadence: {at_least: 5, per: week}}")
            cases += [(it, text, ("rollup: sum",)) for text in sums]
        elif metric["better"] == "lower":
            cases.append((it, "{accumulate: {to: 500}}", ("Write limit instead",)))
        if metric.get("unit") != "ratio":
            cases.append((it, "{maintain: {share: 0.9, of: events}}", ("of: periods",)))
        cases.append((it, "{maintain: {share: 0.9}}", ("'min: …' or 'max: …'",)))
    place, value, answers = rng.choice(cases)
    return example.replaced(place, value, kind="wrong measure", answers=answers)


_CHOICES = ("grain", "better", "rollup", "level", "intent", "kind", "category", "horizon", "check_in", "severity", "empty", "of", "per", "state", "additivity", "across", "week_starts", "timezone", "status_rule")  # fmt: skip


def wrong_choice(example: Example, rng: Random) -> Mutation:
    place = rng.choice(example.of(*_CHOICES))
    wrong = rng.choice(
        (
            _misspelt(place.value, rng),
            place.value.upper() if place.key not in ("week_starts", "timezone") else place.value + "x",
        )
    )
    return example.replaced(place, wrong, kind="wrong choice", answers=(place.value,))


def unknown_choice(example: Example, rng: Random) -> Mutation:
    place = rng.choice(example.of(*_CHOICES))
    return example.replaced(
        place,
        rng.choice(("zqx", "42", "yes", "[]")),
        kind="unknown choice",
        answers=(" is not one of ", "Write ", "Did you mean"),
    )


def unknown_connector(example: Example, rng: Random) -> Mutation:
    place = rng.choice(example.of("connector"))
    wrong, answers = rng.choice(
        (
            (_misspelt(place.value, rng), (f"'{place.value}'",)),
            ("carrier_pigeon", ("Known connectors: ", "Did you mean '")),
        )
    )
    return example.replaced(place, wrong, kind="unknown connector", answers=answers)


def misplaced_key(example: Example, rng: Random) -> Mutation:
    blocks = [
        it for it in example.keywords if not it.flow and it.key in ("title", "owner", "grain", "connector", "timezone")
    ]
    place = rng.choice(blocks)
    line = rng.choice(("colour: red", "formulas: a / b", "deadline: 2013-06-30", "target: 5", "frequency: daily"))
    return example.inserted(
        place, line, kind="misplaced key", answers=("Known keys: ", "Did you mean '", "derived metric")
    )


def unclosed(example: Example, rng: Random) -> Mutation:
    flows = [it for it in example.keywords if not it.scalar and it.value.flow_style and not it.flow]
    place = rng.choice(flows)
    return example.spliced(
        place.file, place.end - 1, place.end, "", "unclosed", ("Close",), (place.line, place.line + 1)
    )


def odd_text(example: Example, rng: Random) -> Mutation:
    place = rng.choice(example.of("title", "name", "why"))
    value, answers = rng.choice(
        [
            (f"Cut: {place.value}", ("in quotes",)), (f"@{place.value}", ("in quotes",)), (f"%{place.value}", ("in quotes",)),
            (f"'{place.value[:8]}", ("Close it", "in quotes")), (f'"{place.value[:8]}', ("Close it", "in quotes")), (f"*{place.value}", ("in quotes",)),
            (f"!{place.value}", ("in quotes",)), (f"`{place.value}", ("in quotes",)), (f'"C:\\dir {place.value[:5]}"', ("double the backslash",)),
            (f"{place.value}\u2028", ("Remove it",)), (f"{place.value}\u202e", ("Remove it",)), (f"{place.value}\x07", ("Remove it",)),
            ("''", ("Write something",)),
        ]
    )  # fmt: skip
    return example.replaced(place, value, kind="odd text", answers=answers)


def wrong_variable(example: Example, rng: Random) -> Mutation:
    place = rng.choice([*example.of("url"), *example.of("store")])
    name = "WAREHOUSE_URL" if place.key == "url" else "OKR_STORE_URL"
    value, answers = rng.choice(
        [
            ("${NO_SUCH_URL}", ("Set NO_SUCH_URL",)), (f"${{{name}", ("Close it with '}'",)), (f"${{{name}:-${{B}}}}", ("do not nest",)),
            ("postgresql://okr:hunter2@db/okr", ("environment variable and write ${",)), ("postgresql://db/okr?password=hunter2", ("environment variable and write ${",)),
            (f"${{{name}:-postgresql://okr:hunter2@db/okr}}", ("environment variable and write ${",)), ("[a]", ("text",)), ("5", ("quotes", "text", "address")),
            ("hunter2", ("sqlite:///",)),
        ]
    )  # fmt: skip
    return example.replaced(place, value, kind="wrong variable", answers=answers)


def wrong_window(example: Example, rng: Random) -> Mutation:
    place = rng.choice(example.of("over"))
    value = rng.choice(
        (
            "last 28 days",
            "28 days",
            "trailing 28",
            "trailing",
            "trailing 0 days",
            "28",
            "rolling 4w",
            "trailing 1.5 weeks",
        )
    )
    return example.replaced(place, value, kind="wrong window", answers=("'trailing 28 days'", "'36h'"))


def lost_companion(example: Example, rng: Random) -> Mutation:
    """A key that another one needs is left out."""
    cases = [
        *(
            (it, ("'where: {", "across"))
            for it in example.of("where", scalar=False)
            if example.metric_of(it.parent).get("rollup") == "max"
        ),
        *((it, ("'state_reason: …'",)) for it in example.of("state_reason")),
        *(
            (it, ("'parent: …'",))
            for it in example.of("parent")
            if any(other.path == (*it.parent, "contributes") for other in example.places)
        ),
    ]
    place, answers = rng.choice(cases)
    made = example.without(place, kind="lost companion", answers=answers)
    near = frozenset(range(place.owner_line, place.line + 4))
    return Mutation(made.kind, made.file, made.content, near, made.answers)


def circle(example: Example, rng: Random) -> Mutation:
    parents = example.of("parent")
    place = rng.choice(parents)
    cycle = next(it.value for it in example.places if it.file == place.file and it.path == ("cycle", "id"))
    own = f"{cycle}/{place.path[1]}"
    return example.replaced(place, own, kind="circle", answers=("outside the circle",))


def wrong_id(example: Example, rng: Random) -> Mutation:
    place = rng.choice(
        [it for it in example.places if it.path[-2:-1] == ("key_results",) or it.parent == ("objectives",)]
    )
    wrong, answers = rng.choice(
        [
            (place.key.replace("-", " "), (f"'{place.key}'",)), (f"{place.key}!", (f"'{place.key}'",)), (f"/{place.key}", (f"'{place.key}'",)),
            (f"{place.key}\u0430", ("U+0430 (CYRILLIC SMALL LETTER A)",)),
        ]
    )  # fmt: skip
    return example.renamed(place, wrong, kind="wrong id", answers=answers)


def look_alike(example: Example, rng: Random) -> Mutation:
    """A letter of another alphabet, or none that is seen."""
    place = rng.choice([it for it in example.keywords if set(it.key) & set("aeo")])
    letters = {"a": "\u0430", "e": "\u0435", "o": "\u043e"}
    at = next(index for index, letter in enumerate(place.key) if letter in letters)
    swapped = place.key[:at] + letters[place.key[at]] + place.key[at + 1 :]
    wrong = rng.choice((swapped, f"\u00a0{place.key}", f"{place.key[:2]}\u200b{place.key[2:]}"))
    return example.renamed(place, wrong, kind="look-alike", answers=("U+04", "U+00A0", "U+200B"))


def yaml_feature(example: Example, rng: Random) -> Mutation:
    place = rng.choice([it for it in example.keywords if it.scalar and not it.flow and "\n" not in it.value])
    value, answers = rng.choice(
        [
            ("!!python/name:os.system x", ("Remove it",)), ("*nothing", ("in quotes",)), ("&a [*a]", ("in quotes",)),
            ("{{ template }}", ("in quotes", "Write the key as text")), ("1e999", ("Write a smaller number",)), ("9" * 5000, ("Write a smaller number",)),
            (".inf", ("Write a smaller number",)),
        ]
    )  # fmt: skip
    return example.replaced(place, value, kind="YAML feature", answers=answers)


def harmless(example: Example, rng: Random) -> Mutation:
    """Written otherwise, meant the same."""
    file = rng.choice(sorted(example.files))
    text = example.files[file]
    if rng.random() < 0.5:
        content = rng.choice(
            (
                text.encode(),
                b"\xef\xbb\xbf" + text.encode(),
                text.replace("\n", "\r\n").encode(),
                b"---\n" + text.encode(),
            )
        )
        return Mutation("harmless", file, content.replace(b"\n", b"\n# a remark\n", 1))
    place = rng.choice(
        [it for it in example.places if it.file == file and it.scalar and not it.flow and "\n" not in it.value]
    )
    start, end = example.line_of(place)
    body = text[start:end].rstrip("\n")
    changed = rng.choice((f"{body}   # a remark\n", f"\n{body}\n\n", body.replace(": ", ":    ", 1) + "\n"))
    return Mutation("harmless", file, (text[:start] + changed + text[end:]).encode())


def noise(example: Example, rng: Random) -> Mutation:
    """Bytes changed, lost, repeated or moved."""
    file = rng.choice(sorted(example.files))
    data = example.files[file].encode()
    at = rng.randrange(len(data))
    upto = min(len(data), at + rng.choice((1, 1, 2, 5, 40)))
    changed = rng.choice(
        (
            data[:at] + bytes(rng.randrange(256) for _ in range(rng.choice((1, 2, 4)))) + data[upto:],
            data[:at] + data[upto:], data[:at] + data[at:upto] + data[at:], data[:at], data[:at] + rng.choice(b"{}[]:,'\"#&*!|>%@`-?").to_bytes() + data[at:],
        )
    )  # fmt: skip
    line = data[:at].count(b"\n") + 1
    return Mutation("noise", file, changed, frozenset(range(max(1, line - 1), line + 2)), noise=True)


KINDS: tuple[Callable[[Example, Random], Mutation], ...] = (
    misspelt_key, misspelt_key, wrong_type, wrong_type, wrong_unit, unknown_reference, reference_to_nothing, unknown_dimension,
    unknown_column, wrong_formula, duplicate_key, duplicate_id, wrong_indentation, wrong_indentation, tab, missing_key,
    missing_key, out_of_range, out_of_range, wrong_date, wrong_order, wrong_target, wrong_measure, wrong_choice,
    unknown_choice, unknown_connector, misplaced_key, unclosed, odd_text, wrong_variable, wrong_window, lost_companion,
    circle, wrong_id, look_alike, yaml_feature, harmless, noise, noise, noise,
)  # fmt: skip
