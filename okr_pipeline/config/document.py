"""YAML files: text → plain values, and where in the file each of them was written.

Belongs here: reading a file safely, the scalars of YAML 1.2, duplicate keys, positions.
Does not: what the keys mean (keys, sources, metrics, okrs).

Messages show keys and never values: a password that begins with `!` or `*` must not be printed as a bad tag or alias.

Values are built from parser events instead of PyYAML's nodes: four times faster, and a bomb is refused before it is
unpacked.
"""

import os
import re
import stat
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeAlias

import yaml

from okr_pipeline.config.problem import Problem, shown

Plain: TypeAlias = Any
"""None, bool, int, float, text, list or dict with text keys, as a file says it."""

KeyPath: TypeAlias = tuple[str | int, ...]
Position: TypeAlias = tuple[int, int]

_MOST_BYTES = 1_048_576
_MOST_ALIASES = 100
_MOST_REPEATED = 10_000
_MOST_DEPTH = 50
_MOST_DIGITS = 18
_CONSTANTS: Mapping[str, bool | None] = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL")),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
}
_INTEGER = re.compile(r"[-+]?(?:0|[1-9][0-9]*)\Z")
_FLOAT = re.compile(r"[-+]?(?:\.[0-9]+|(?:0|[1-9][0-9]*)(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?\Z")
_NOT_FINITE = re.compile(r"(?:[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN))\Z")
_UNPRINTABLE = re.compile(
    # No letters, and the other line breaks and turns of direction, which show a text otherwise than it is read.
    "[^\t\n\r\x20-\x7e\xa0-\u2027\u202f-\u2065\u206a-\ud7ff\ue000-\ufefe\uff00-\ufffd\U00010000-\U0010ffff]"
)
_LINE_BREAK = re.compile("\r\n|\r|\n")
_SYNTAX: tuple[tuple[str, str, str], ...] = (
    ("node content", "a value is expected here", "Close what was opened, and put odd characters in quotes"),
    ("tab character", "a tab stands here, where spaces indent", "Indent with spaces"),
    (
        "mapping values are not allowed",
        "a ': ' stands where no key can begin",
        "Put a text that contains ': ' in quotes, and indent keys alike",
    ),
    (
        "cannot start any token",
        "a character stands here that cannot begin a value, such as a tab, @, ` or %",
        "Indent with spaces, and put such a text in quotes",
    ),
    (
        "could not find expected ':'",
        "a key has no ':' after it",
        "Write 'key: value', and indent continued text deeper than its key",
    ),
    (
        "did not find expected key",
        "a key is expected here",
        "Indent the keys of one mapping alike, and put values with quotes inside in quotes",
    ),
    (
        "did not find expected ',' or",
        "a bracket or brace is not closed, or a comma is missing",
        "Close it, and separate its items by commas",
    ),
    (
        "did not find expected '-' indicator",
        "a list item is expected here",
        "Indent the items of one list alike, each beginning with '- '",
    ),
    (
        "block sequence entries are not allowed",
        "a list item '- ' stands where none can begin",
        "Begin the list on a line of its own, indented under its key",
    ),
    ("block mapping", "a mapping is not indented evenly", "Indent the keys of one mapping alike"),
    ("unexpected end of stream", "a quote or bracket is not closed before the file ends", "Close it"),
    (
        "unknown escape character",
        "a backslash in double quotes begins no known escape",
        "Use single quotes, or double the backslash",
    ),
    (
        "invalid Unicode character escape",
        "a backslash in double quotes names a letter that does not exist",
        "Write the letter itself, or double the backslash",
    ),
    ("incompatible YAML document", "a %YAML line names another version", "Remove the line"),
    ("directive", "a line begins with %", "Remove the line, or put the text in quotes"),
    ("tag", "a tag (!) is written here", "Remove it, or put the text in quotes"),
    ("anchor", "an anchor (&) or alias (*) has no name", "Put a text that begins with & or * in quotes"),
    ("alias", "an anchor (&) or alias (*) has no name", "Put a text that begins with & or * in quotes"),
)
_BEGUN = ("unexpected end of stream", "did not find expected ',' or", "could not find expected ':'")
_DEFAULT_SYNTAX = ("this is not YAML", "Check the indentation, quotes and brackets here and on the line above")


_TAG = (
    "a tag (!) is not allowed",
    "Values are plain text, numbers, true, false, null, lists and mappings",
    "Remove it, or put the text in quotes if it begins with '!'",
)


@dataclass(slots=True)
class Document:
    """A file's content. `value` is None where the file is empty or `broken`; `file` is its path as messages show it.

    `unclear` says that it may define more than could be read; `variables` are the places of texts that hold a `${…}`.
    """

    file: str
    value: Plain = None
    broken: bool = False
    unclear: bool = False
    problems: list[Problem] = field(default_factory=list)
    variables: list[KeyPath] = field(default_factory=list)
    _spot: "_Spot" = 0

    def position(self, path: KeyPath, *, of_key: bool = False) -> Position:
        """Line and column of a value (or of its key), or of the nearest thing around it that is there."""
        spot, at = self._spot, _start(self._spot)
        for part in path:
            step = _step(spot, part)
            if step is None:
                break
            key_at, spot = step
            at = key_at if of_key or not _start(spot) else _start(spot)
        return _unpack(at)

    def written(self, path: KeyPath) -> KeyPath:
        """As much of a path as the file has."""
        spot: _Spot = self._spot
        for length, part in enumerate(path):
            step = _step(spot, part)
            if step is None:
                return path[:length]
            spot = step[1]
        return path


def read_document(path: Path, file: str) -> Document:
    """The values of a YAML file; what is wrong with it as YAML is in its `problems`."""
    document = Document(file)
    try:
        text = _text(path)
        builder = _Builder(document)
        builder.build(text)
    except _SyntaxProblem as stop:
        document.broken = document.unclear = True
        document.problems.append(Problem(file, *stop.position, stop.what, stop.why, stop.fix))
    return document


_Spot: TypeAlias = Any
"""Where a value begins: a packed position for a scalar, or `(position, {key: (position, spot)})` for a mapping, or
`(position, [spot, …])` for a list."""


class _SyntaxProblem(Exception):  # noqa: N818 - it ends reading
    def __init__(self, position: Position, what: str, why: str, fix: str) -> None:
        super().__init__(what)
        self.position, self.what, self.why, self.fix = position, what, why, fix


@dataclass(slots=True)
class _Open:
    """A mapping or list whose end is not reached yet. `size` counts all values in it, `height` its levels."""

    value: Plain
    spots: Any
    at: int
    anchor: str | None
    key: str | None = None
    key_at: int = 0
    size: int = 1
    height: int = 1


@dataclass(frozen=True, slots=True)
class _Anchored:
    value: Plain
    spot: _Spot
    size: int
    height: int


class _Builder:
    """Builds one document from parser events, keeping the stack of open collections."""

    def __init__(self, document: Document) -> None:
        self._document = document
        self._open: list[_Open] = []
        self._anchors: dict[str, _Anchored | None] = {}
        self._aliases = self._repeated = self._documents = 0
        self._steps = {
            yaml.ScalarEvent: self._scalar,
            yaml.MappingStartEvent: self._begin_mapping,
            yaml.SequenceStartEvent: self._begin_list,
            yaml.MappingEndEvent: self._end,
            yaml.SequenceEndEvent: self._end,
            yaml.AliasEvent: self._alias,
            yaml.DocumentStartEvent: self._begin_document,
        }

    def build(self, text: str) -> None:
        steps = self._steps
        try:
            for event in yaml.parse(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader)):
                step = steps.get(type(event))
                if step is not None:
                    step(event)
        except yaml.MarkedYAMLError as error:
            raise _syntax_problem(error, text) from None
        except yaml.YAMLError:
            what, fix = _DEFAULT_SYNTAX
            raise _SyntaxProblem((1, 1), what, "", fix) from None

    def _begin_document(self, event: Any) -> None:
        self._documents += 1
        if self._documents > 1:
            raise _SyntaxProblem(
                _mark(event),
                "a second document begins here",
                "A file holds one document, and what follows '---' would be lost",
                "Remove the '---' or move what follows into a file of its own",
            )

    def _scalar(self, event: Any) -> None:
        at = _packed(event)
        if event.tag is not None:
            self._problem(event, *_TAG)
        if event.style == '"' and (escaped := _UNPRINTABLE.search(event.value)):
            self._problem(event, *_unseen(escaped))
        top = self._open[-1] if self._open else None
        if top is not None and top.key is None and type(top.value) is dict:
            self._key(top, event, at)
            return
        value = event.value
        if event.implicit[0]:
            value = self._plain(event, value)
        if event.anchor is not None:
            self._anchors[event.anchor] = _Anchored(value, at, 1, 0)
        if type(value) is str and "${" in value:
            self._document.variables.append(self._path())
        self._put(value, at, 1, 0)

    def _key(self, top: _Open, event: Any, at: int) -> None:
        key = event.value
        if key == "<<" and event.implicit[0]:
            self._problem(
                event,
                "'<<' merges mappings, which YAML 1.2 does not know",
                "A merged key would be found in no place of its own",
                "Write the keys out",
            )
        if event.anchor is not None:
            self._anchors[event.anchor] = _Anchored(key, at, 1, 0)
        top.key, top.key_at = key, at

    def _plain(self, event: Any, text: str) -> Plain:
        if text in _CONSTANTS:
            return _CONSTANTS[text]
        if text[0] not in "+-.0123456789":
            return text
        if _INTEGER.match(text) and len(text) <= _MOST_DIGITS:
            return int(text)
        if _FLOAT.match(text) and not _INTEGER.match(text):
            number = float(text)
            if abs(number) != float("inf"):
                return number
        elif not _NOT_FINITE.match(text) and not _INTEGER.match(text):
            return text
        self._problem(
            event,
            "this number cannot be used",
            f"Numbers are finite and have at most {_MOST_DIGITS} digits",
            "Write a smaller number, or put it in quotes if it is a text",
        )
        return 0

    def _begin_mapping(self, event: Any) -> None:
        self._begin(event, {}, {})

    def _begin_list(self, event: Any) -> None:
        self._begin(event, [], [])

    def _begin(self, event: Any, value: Plain, spots: Any) -> None:
        self._refuse_as_key(event)
        if event.tag is not None:
            self._problem(event, *_TAG)
        if len(self._open) >= _MOST_DEPTH:
            raise _too_deep(_mark(event))
        if event.anchor is not None:
            self._anchors[event.anchor] = None
        self._open.append(_Open(value, spots, _packed(event), event.anchor))

    def _end(self, _event: Any) -> None:
        done = self._open.pop()
        spot = (done.at, done.spots)
        if done.anchor is not None:
            self._anchors[done.anchor] = _Anchored(done.value, spot, done.size, done.height)
        self._put(done.value, spot, done.size, done.height)

    def _alias(self, event: Any) -> None:
        self._refuse_as_key(event)
        anchored = self._anchors.get(event.anchor)
        self._aliases += 1
        if anchored is None:
            raise _SyntaxProblem(
                _mark(event),
                "an alias (*) points to nothing that is complete above it",
                "An alias repeats a value that an anchor (&) has named before",
                "Put the text in quotes if no alias is meant, or name a value with & above",
            )
        self._repeated += anchored.size
        if self._aliases > _MOST_ALIASES or self._repeated > _MOST_REPEATED:
            raise _SyntaxProblem(
                _mark(event),
                "aliases repeat too much",
                f"A file has at most {_MOST_ALIASES} aliases, which repeat at most {_MOST_REPEATED} values",
                "Write the values out",
            )
        if len(self._open) + anchored.height > _MOST_DEPTH:
            raise _too_deep(_mark(event))
        self._put(anchored.value, _packed(event), anchored.size, anchored.height)

    def _refuse_as_key(self, event: Any) -> None:
        top = self._open[-1] if self._open else None
        if top is not None and top.key is None and type(top.value) is dict:
            raise _SyntaxProblem(
                _mark(event),
                "a key is a list, a mapping or an alias",
                "Keys are texts; braces around a value, as in {{x}}, are read as a mapping",
                "Write the key as text, and put a text that begins with { [ or * in quotes",
            )

    def _put(self, value: Plain, spot: _Spot, size: int, height: int) -> None:
        if not self._open:
            self._document.value, self._document._spot = value, spot  # noqa: SLF001 - its builder
            return
        top = self._open[-1]
        top.size += size
        if height >= top.height:
            top.height = height + 1
        if type(top.value) is list:
            top.value.append(value)
            top.spots.append(spot)
            return
        key, top.key = top.key, None
        if key in top.value:
            self._duplicate(key or "", top)
        elif key != "<<":
            top.value[key] = value
            top.spots[key] = (top.key_at, spot)

    def _duplicate(self, key: str, top: _Open) -> None:
        line, column = _unpack(top.spots[key][0])
        self._document.problems.append(
            Problem(
                self._document.file,
                *_unpack(top.key_at),
                f"key {shown(key)} is given twice, first at line {line}, column {column}",
                "One of the two would be lost",
                "Remove or rename one of them",
            ),
        )

    def _problem(self, event: Any, what: str, why: str, fix: str) -> None:
        self._document.problems.append(Problem(self._document.file, *_mark(event), what, why, fix))

    def _path(self) -> KeyPath:
        """The path of the value that is about to be put."""
        return tuple(len(top.value) if type(top.value) is list else (top.key or "") for top in self._open)


def _text(path: Path) -> str:
    data = _bytes(path)
    if data[:2] in (b"\xff\xfe", b"\xfe\xff") or b"\x00" in data[:4]:
        raise _SyntaxProblem(
            (1, 1),
            "the file is not UTF-8 but looks like UTF-16 or UTF-32",
            "Files are read as UTF-8",
            "Save it as UTF-8",
        )
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise _SyntaxProblem(
            _position_in(data[: error.start].decode("utf-8", "replace")),
            "a byte is not UTF-8",
            "Files are read as UTF-8, so that no letter is guessed",
            "Save the file as UTF-8",
        ) from None
    unprintable = _UNPRINTABLE.search(text)
    if unprintable:
        raise _SyntaxProblem(_position_in(text[: unprintable.start()]), *_unseen(unprintable))
    return text


def _unseen(character: re.Match[str]) -> tuple[str, str, str]:
    """What, why and fix of a character that is written out or, in double quotes, escaped."""
    return (
        f"an invisible control character (U+{ord(character.group()):04X}) stands here",
        "It cannot be seen, and may show a text otherwise than it is read",
        "Remove it",
    )


def _bytes(path: Path) -> bytes:
    try:
        data = _read(path)
    except OSError as error:
        raise _SyntaxProblem(
            (1, 1), f"the file cannot be read ({error.strerror})", "", "Check that it exists and may be read"
        ) from None
    if len(data) > _MOST_BYTES:
        raise _SyntaxProblem(
            (1, 1),
            "the file is larger than 1 MB",
            "No file written by hand is, and reading it would take long",
            "Split it: every file of the directory is read",
        )
    return data


def _read(path: Path) -> bytes:
    """At most one byte more than allowed, of a regular file: a pipe might never end, or never begin."""
    with open(path, "rb", opener=_open_at_once) as file:
        if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
            raise _SyntaxProblem(
                (1, 1), "this is not a file but a pipe, a device or a directory", "", "Put a file in its place"
            )
        return file.read(_MOST_BYTES + 1)


def _open_at_once(path: str, flags: int) -> int:
    """Opens without waiting for the writer of a pipe, so that its kind can be asked."""
    return os.open(path, flags | getattr(os, "O_NONBLOCK", 0))


def _syntax_problem(error: yaml.MarkedYAMLError, text: str) -> _SyntaxProblem:
    said = f"{error.problem} {error.context}"
    # What never ends is mended where it begins, not where that comes out.
    begun = error.context_mark if any(part in said for part in _BEGUN) else None
    mark = begun or error.problem_mark or error.context_mark
    # A text that stops short is faulted in the line after its last, which is none.
    position = min((mark.line + 1, mark.column + 1), _position_in(text)) if mark is not None else (1, 1)
    for part, what, fix in _SYNTAX:
        if part in said:
            return _SyntaxProblem(position, what, "The rest of this file cannot be read", fix)
    what, fix = _DEFAULT_SYNTAX
    return _SyntaxProblem(position, what, "The rest of this file cannot be read", fix)


def _too_deep(position: Position) -> _SyntaxProblem:
    return _SyntaxProblem(
        position,
        f"values are nested deeper than {_MOST_DEPTH} levels",
        "No configuration is",
        "Check the brackets and the indentation",
    )


def _position_in(before: str) -> Position:
    lines = _LINE_BREAK.split(before)
    return len(lines), len(lines[-1]) + 1


def _step(spot: _Spot, part: str | int) -> tuple[int, _Spot] | None:
    """Packed position of the key and spot of the value at one step of a path."""
    if type(spot) is not tuple:
        return None
    children = spot[1]
    if type(children) is dict:
        found: tuple[int, _Spot] | None = children.get(part)
        return found
    if type(part) is int and part < len(children):
        return _start(children[part]), children[part]
    return None


def _start(spot: _Spot) -> int:
    start: int = spot[0] if type(spot) is tuple else spot
    return start


def _packed(event: Any) -> int:
    mark = event.start_mark
    packed: int = (mark.line << 21) + mark.column
    return packed


def _unpack(packed: int) -> Position:
    return (packed >> 21) + 1, (packed & 0x1FFFFF) + 1


def _mark(event: Any) -> Position:
    return event.start_mark.line + 1, event.start_mark.column + 1
