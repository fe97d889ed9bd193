"""What is wrong with a configuration, said so that a person can mend it.

Belongs here: the problem, the error that carries all of them, and nearest-name suggestions.
Does not: finding problems (every other module of this room).

    ConfigurationError    all problems of all files at once
    └── VariableError     a `${VAR}` that cannot be filled in
    Refusal               a value that cannot be used, before it is known where it was written
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, fields
from operator import attrgetter

_MOST_NAMES = 12
_LONGEST_VALUE = 60
_LONGEST_NAME = 200


@dataclass(frozen=True, slots=True, order=True)
class Problem:
    """One thing to mend. `line` and `column` count from 1; all three texts are without their full stop.

    >>> str(Problem("config/project.yaml", 2, 11, "project: 'timezone' is empty", "Days need a zone", "Write UTC"))
    "config/project.yaml:2:11: project: 'timezone' is empty. Days need a zone. Write UTC."
    """

    file: str
    line: int
    column: int
    what: str
    why: str
    fix: str

    def __post_init__(self) -> None:
        # Names of files, keys and values may hold what breaks a line or commands a terminal.
        for name in ("file", "what", "why", "fix"):
            object.__setattr__(self, name, _printable(getattr(self, name)))

    def __str__(self) -> str:
        place = f"{self.file}:{self.line}:{self.column}: " if self.file else ""
        return place + " ".join(_sentence(text) for text in (self.what, self.why, self.fix) if text)


_IN_ORDER = attrgetter(*(each.name for each in fields(Problem)))
"""As problems compare, in a third of the time: there may be a hundred thousand of them."""


class ConfigurationError(Exception):
    """A configuration that cannot be used; `problems` are sorted by file, line and column."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(sorted(set(problems), key=_IN_ORDER))
        super().__init__("\n".join(map(str, self.problems)))


class VariableError(ConfigurationError):
    """An environment variable that is missing or written wrongly. Tells its name, never a value."""

    def __init__(self, what: str, why: str, fix: str) -> None:
        super().__init__([Problem("", 0, 0, what, why, fix)])

    @property
    def problem(self) -> Problem:
        """The one problem, without a place."""
        return self.problems[0]


class Refusal(ValueError):  # noqa: N818 - it names what happens to a value, which may be no fault
    """A value that cannot be used: `what` continues the name of its key (`'36x' is not a duration`)."""

    def __init__(self, what: str, why: str, fix: str) -> None:
        super().__init__(what)
        self.what, self.why, self.fix = what, why, fix


def nearest(name: str, known: Iterable[str]) -> str | None:
    """The known name that `name` was most likely meant to be, if one is near.

    >>> nearest("freshnes", ["grain", "freshness"])
    'freshness'
    """
    # Only a faulty configuration pays for the import.
    from rapidfuzz import fuzz, process

    best = process.extractOne(name, list(known), scorer=fuzz.ratio, processor=str.lower, score_cutoff=60)
    return None if best is None else str(best[0])


def suggestion(name: str, known: Iterable[str], kind: str) -> str:
    """A sentence that names what may have been meant, or else what there is.

    >>> suggestion("dya", ["hour", "day"], "grains")
    "Did you mean 'day'?"
    """
    names = sorted(known) if isinstance(known, AbstractSet | Iterator) else list(known)
    meant = nearest(name[:_LONGEST_NAME], names)
    if meant is not None:
        return f"Did you mean {shown(meant)}?"
    if not names:
        return f"There are no {kind} yet"
    more = ", …" if len(names) > _MOST_NAMES else ""
    return f"Known {kind}: {', '.join(names[:_MOST_NAMES])}{more}"


def odd_letter(name: str) -> str | None:
    """The first letter outside ASCII, by name: it may look like another, or like nothing.

    >>> odd_letter("gr\u0430in"), odd_letter("grain")
    ('U+0430 (CYRILLIC SMALL LETTER A)', None)
    """
    odd = next((letter for letter in name if not letter.isascii()), None)
    return None if odd is None else f"U+{ord(odd):04X} ({unicodedata.name(odd, 'without a name')})"


def kind_of(value: object) -> str:
    """What a value is, without showing it.

    >>> kind_of("a"), kind_of([1]), kind_of(None), kind_of(1)
    ('a text', 'a list', 'nothing', 'a number')
    """
    match value:
        case str():
            return "a text"
        case int() | float() if not isinstance(value, bool):
            return "a number"
        case _:
            return shown(value)


def shown(value: object) -> str:
    r"""A value as a message shows it: short, on one line.

    >>> shown("a\nb"), shown(3), shown([1]), shown(None), shown(True)
    ("'a b'", '3', 'a list', 'nothing', 'true')
    """
    match value:
        case None:
            return "nothing"
        case bool():
            return str(value).lower()
        case list() | tuple():
            return "a list"
        case dict():
            return "a mapping"
        case str():
            line = re.sub(r"[ \t\r\n]+", " ", value).strip(" ")
            return f"'{line[:_LONGEST_VALUE]}…'" if len(line) > _LONGEST_VALUE else f"'{line}'"
        case _:
            return str(value)


def _printable(text: str) -> str:
    return text if text.isprintable() else "".join(letter if letter.isprintable() else "�" for letter in text)


def _sentence(text: str) -> str:
    return text if text.endswith((".", "?", "!")) else text + "."
