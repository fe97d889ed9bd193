"""What a metric's query may say, and how its window is bound.

Belongs here: proof that a text is one reading statement, and its bound parameters. Does not: running it; each database
enforces reading by its own means besides.
"""

import hashlib
import logging
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final, Protocol

import sqlglot
from sqlglot import exp
from sqlglot.errors import SqlglotError
from sqlglot.tokenizer_core import Token, TokenType

from connectors.contract import Window
from connectors.errors import ConfigError
from connectors.sql.functions import makes_texts_of_a_given_length, reaches

WINDOW_PARAMETERS: Final[tuple[str, ...]] = ("window_start", "window_end")

_QUERIES: Final = (exp.Select, exp.SetOperation, exp.Subquery)
_CHANGES: Final = (
    exp.DML,
    exp.Create,
    exp.Drop,
    exp.Alter,
    exp.TruncateTable,
    exp.Into,
    exp.Lock,
    exp.Copy,
    exp.Set,
    exp.Pragma,
    exp.Attach,
    exp.Detach,
    exp.Use,
    exp.Transaction,
    exp.Commit,
    exp.Rollback,
    exp.Command,
)
_AHEAD_OF_A_PATH: Final = frozenset({TokenType.VAR, TokenType.IDENTIFIER, TokenType.R_PAREN, TokenType.R_BRACKET})
_COMPARES: Final = frozenset({TokenType.LT, TokenType.LTE, TokenType.GT, TokenType.GTE, TokenType.EQ, TokenType.NEQ})
_AHEAD_OF_A_COMPARISON: Final = frozenset(
    {TokenType.WHERE, TokenType.AND, TokenType.OR, TokenType.NOT, TokenType.ON, TokenType.WHEN, TokenType.L_PAREN}
)
_AFTER_A_COMPARISON: Final = frozenset(
    {None, TokenType.AND, TokenType.OR, TokenType.THEN, TokenType.R_PAREN, TokenType.GROUP_BY, TokenType.ORDER_BY}
)
_LONGEST_MADE_TEXT: Final = 10_000
_PLAIN_SPACE: Final = re.compile(r"[ \t\r\n]*")
_RUN_BY_THE_SERVER: Final = re.compile(r"/\*M?!")

# It logs a warning about every statement it does not know; those are refused here with a message of our own.
logging.getLogger("sqlglot").setLevel(logging.ERROR)


@dataclass(frozen=True, slots=True)
class Bound:
    """An end of the window where a query has it: the `position`-th of the parameters in use, from 1.

    `compared` says that the end itself is one side of a comparison there. Only where it is not can it matter whether
    it is an instant or a time of day in UTC, as `AT TIME ZONE` takes them for different things.
    """

    name: str
    position: int
    instant: datetime
    compared: bool


class Written(Protocol):
    """Writes the bounds of the window for one kind of driver."""

    def __call__(self, bound: Bound) -> str:
        """Its parameter, or its instant as a literal."""
        ...


@dataclass(frozen=True, slots=True)
class Statement:
    """One reading statement as its database wants it.

    `sql` has the window's bounds as the database wants them, no comment and no semicolon: databases disagree on where a
    comment ends and which of them are run. `parameters` are the bounds that it uses.
    """

    text: str
    sql: str
    parameters: Mapping[str, datetime]
    fingerprint: str

    @property
    def whole(self) -> bool:
        """Whether the statement does not ask for a window."""
        return not self.parameters


def statement(query: str, dialect: str, written: Written, window: Window) -> Statement:
    """A metric's query, proved to be one reading statement and bound to a window.

    Casts such as `::date`, and colons in texts and comments, are not parameters. The fingerprint does not depend on
    spacing and comments.

    Args:
        query: as configured.
        dialect: sqlglot's name of the SQL it is written in.
        written: writes a bound as the database's driver wants it.
        window: what `:window_start` and `:window_end` stand for.

    Raises:
        ConfigError: it is not one SELECT, it would change or reach something, or it has other parameters.
    """
    tokens = _tokens(query, dialect)
    marks = _parameter_marks(tokens)
    bounds = {"window_start": window.start.astimezone(UTC), "window_end": window.end.astimezone(UTC)}
    used = {mark.text.lower() for mark in marks}
    parameters = {name: bounds[name] for name in WINDOW_PARAMETERS if name in used}
    texts = _written(marks, _compared(tokens), parameters, written)
    _refuse_what_databases_read_otherwise(query, tokens)
    sql = _with_bounds(query, tokens, texts)
    tree = _one_statement(sql, dialect)
    _refuse_all_but_reading(tree, dialect)
    _refuse_other_parameters(tree, texts)
    return Statement(query.strip(), sql, parameters, _fingerprint(dialect, tokens, parameters))


def _tokens(query: str, dialect: str) -> list[Token]:
    """The tokens of the query without the semicolons that close it."""
    try:
        tokens = sqlglot.tokenize(query, dialect=dialect)
    except SqlglotError as error:
        raise ConfigError(_unreadable(error, dialect)) from None
    while tokens and tokens[-1].token_type is TokenType.SEMICOLON:
        tokens.pop()
    return tokens


def _one_statement(sql: str, dialect: str) -> exp.Expr:
    try:
        trees = sqlglot.parse(sql, dialect=dialect)
    except SqlglotError as error:
        raise ConfigError(_unreadable(error, dialect)) from None
    except RecursionError:
        raise ConfigError("The query is nested too deeply to be checked. Simplify it.") from None
    if len(trees) != 1 or trees[0] is None:
        raise ConfigError(
            f"The query holds {len([tree for tree in trees if tree])} statements; one is expected."
            " Keep a single SELECT, with WITH for its steps."
        )
    return trees[0]


def _unreadable(error: SqlglotError, dialect: str) -> str:
    details = getattr(error, "errors", None) or [{}]
    line, column = details[0].get("line"), details[0].get("col")
    where = f" at line {line}, column {column} of it" if line else ""
    why = str(details[0].get("description") or "its text does not end").partition(" for <class")[0]
    return f"The query cannot be read as {dialect} SQL{where}: {why.rstrip('.')}. Correct it there."


def _refuse_what_databases_read_otherwise(query: str, tokens: list[Token]) -> None:
    """Refuse what is a comment or a name to sqlglot, and to the database something that it runs."""
    after = query[tokens[-1].end + 1 :] if tokens else ""
    if any(_RUN_BY_THE_SERVER.search(gap) for gap in [*_gaps(query, tokens), after]):
        raise ConfigError(
            "The query contains a comment that MySQL and MariaDB run as SQL: /*! … */. Take it out, or write it as SQL."
        )
    if any(token.token_type is TokenType.HINT for token in tokens):
        raise ConfigError(
            "The query contains an optimizer hint, /*+ … */, which can lift the limits it is run with. Take it out."
        )
    for first, second, third in zip(tokens, tokens[1:], tokens[2:], strict=False):
        touching = first.end + 1 == second.start and second.end + 1 == third.start
        if touching and (first.text.upper(), second.text, third.token_type) == ("U", "&", TokenType.IDENTIFIER):
            raise ConfigError('The query contains a name with Unicode escapes, U&"…". Write the name itself.')


def _gaps(query: str, tokens: list[Token]) -> list[str]:
    """What stands before each token: white space and comments."""
    starts = [0, *(token.end + 1 for token in tokens)]
    return [query[start : token.start] for start, token in zip(starts, tokens, strict=False)]


def _refuse_all_but_reading(tree: exp.Expr, dialect: str) -> None:
    if not isinstance(tree, _QUERIES):
        raise ConfigError(
            f"The query is a {tree.key.upper()} statement, and a metric only reads."
            " Write it as SELECT, or as WITH … SELECT."
        )
    for node in tree.walk():
        if isinstance(node, _CHANGES):
            raise ConfigError(
                f"The query contains {_phrase(node)}, and a metric only reads. Take that part out of the SELECT."
            )
        if node.args.get("settings") or node.args.get("format"):
            raise ConfigError("The query sets SETTINGS or FORMAT, which lift the limits it is run with. Take that out.")
        if isinstance(node, exp.Table) and node.name.startswith(("@", "$")):
            raise ConfigError(f"The query reads files of the stage {node.name}. Load them into a table first.")
        if isinstance(node, exp.Func):
            _refuse_reaching(node, dialect)


def _refuse_reaching(node: exp.Func, dialect: str) -> None:
    name = _function_name(node)
    if reaches(name, dialect):
        raise ConfigError(
            f"The query calls {name}, which reaches beyond the tables of its database or holds it up."
            " Load that data into a table first, or read it with a source of its own."
        )
    if makes_texts_of_a_given_length(name) and _made_length(node) > _LONGEST_MADE_TEXT:
        raise ConfigError(
            f"The query calls {name}, which makes a text as long as it is told, and one could fill the memory."
            f" Write its length as a plain number and what is repeated as a text, {_LONGEST_MADE_TEXT:,} at most."
        )


def _made_length(node: exp.Func) -> float:
    """How long a text becomes; infinite where that depends on data."""
    arguments = [it for it in node.iter_expressions() if not isinstance(it, exp.Identifier)]
    if isinstance(node, exp.Repeat):
        text, times = node.this, node.args.get("times")
        return len(text.name) * _number(times) if isinstance(text, exp.Literal) else math.inf
    if isinstance(node, exp.Pad):
        return _number(node.expression)
    return max(map(_number, arguments), default=math.inf)


def _number(node: exp.Expr | None) -> float:
    plain = isinstance(node, exp.Literal) and not node.is_string and node.name.isdecimal()
    return int(node.name) if plain and node is not None else math.inf


def _phrase(node: exp.Expr) -> str:
    names = {"into": "SELECT INTO", "lock": "a row lock (FOR UPDATE or FOR SHARE)", "command": "a command"}
    return names.get(node.key, node.key.upper())


def _function_name(node: exp.Func) -> str:
    name = node.name if isinstance(node, exp.Anonymous) else node.sql_name()
    return name.lower()


def _parameter_marks(tokens: list[Token]) -> list[Token]:
    """The names after a colon that touches them, unless it makes them a path into JSON: `payload:window_start`."""
    return [
        name
        for before, colon, name in zip([None, *tokens], tokens, tokens[1:], strict=False)
        if colon.token_type is TokenType.COLON
        and colon.end + 1 == name.start
        and name.text.lower() in WINDOW_PARAMETERS
        and name.token_type is TokenType.VAR
        and not (before and before.end + 1 == colon.start and before.token_type in _AHEAD_OF_A_PATH)
    ]


def _compared(tokens: list[Token]) -> frozenset[int]:
    """Where parameters begin that are one side of a comparison; of some of them, where in doubt, it is not said."""
    found = set()
    for before, name, after in zip([None, *tokens], tokens[1:], [*tokens[2:], None], strict=False):
        opening, closing = before and before.token_type, after and after.token_type
        right = opening in _COMPARES or opening in {TokenType.BETWEEN, TokenType.AND}
        left = opening in _AHEAD_OF_A_COMPARISON
        if (right and closing in _AFTER_A_COMPARISON) or (left and closing in _COMPARES):
            found.add(name.start)
    return frozenset(found)


def _written(
    marks: list[Token], compared: frozenset[int], parameters: Mapping[str, datetime], written: Written
) -> dict[int, str]:
    """What stands for each mark, by where its name begins."""
    positions = {name: position for position, name in enumerate(parameters, 1)}
    return {
        mark.start: written(Bound(name, positions[name], parameters[name], mark.start in compared))
        for mark, name in ((mark, mark.text.lower()) for mark in marks)
    }


def _refuse_other_parameters(tree: exp.Expr, written: Mapping[int, str]) -> None:
    parameters = [
        "?" if node.name in {"", "?"} else f":{node.name}" for node in tree.find_all(exp.Placeholder, exp.Parameter)
    ]
    bound = [f":{text[1:]}" for text in written.values() if text[0] in ":$@"]
    if len(parameters) != len(bound):
        names = sorted(set(parameters) - set(bound)) or ["mark of another database"]
        raise ConfigError(
            f"The query has the parameter {', '.join(names)}, and nothing is bound to it."
            " Only :window_start and :window_end are, written so."
        )


def _with_bounds(query: str, tokens: list[Token], written: Mapping[int, str]) -> str:
    """The tokens as they stand, bounds in place of marks, and only white space in between."""
    pieces: list[str] = []
    for gap, token in zip(_gaps(query, tokens), tokens, strict=True):
        if token.start in written:
            # Without the colon, which is the piece before.
            pieces[-1] = pieces[-1][:-1] + written[token.start]
        else:
            pieces.append(_blank(gap) + query[token.start : token.end + 1])
    return "".join(pieces)


def _blank(gap: str) -> str:
    """As much white space as keeps words apart and lines counted."""
    return gap if _PLAIN_SPACE.fullmatch(gap) else " " + "\n" * gap.count("\n")


def _fingerprint(dialect: str, tokens: list[Token], parameters: Mapping[str, datetime]) -> str:
    words = [f"{token.token_type.name}:{token.text}" for token in tokens]
    bounds = [f"{name}={instant.isoformat()}" for name, instant in parameters.items()]
    return hashlib.sha256("\x1f".join([dialect, *words, *bounds]).encode()).hexdigest()
