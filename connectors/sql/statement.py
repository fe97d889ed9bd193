"""What a metric's query may say, and how its window is bound.

Belongs here: proof that a text is one reading statement, and its bound parameters. Does not: running it; each database
enforces reading by its own means besides.
"""

import hashlib
import itertools
import logging
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
# They read files, other databases or settings, or act on the server; a query over tables needs none.
_REACHING_FUNCTIONS: Final = frozenset(
    {
        "load_extension", "readfile", "writefile", "edit", "fts3_tokenizer", "read_blob", "read_csv", "read_csv_auto",
        "read_json", "read_json_auto", "read_json_objects", "read_ndjson", "read_ndjson_auto", "read_ndjson_objects",
        "read_parquet", "read_text", "parquet_scan", "parquet_metadata", "sniff_csv", "query", "query_table",
        "getenv", "sqlite_scan", "sqlite_attach", "postgres_scan", "postgres_query", "postgres_execute",
        "postgres_attach", "mysql_scan", "mysql_query", "mysql_execute", "iceberg_scan", "delta_scan", "set_config",
        "dblink", "dblink_exec", "dblink_connect", "lo_import", "lo_export", "lo_create", "lo_unlink", "lowrite",
        "pg_read_file", "pg_read_binary_file", "pg_ls_dir", "pg_stat_file", "pg_ls_logdir", "pg_ls_waldir",
        "pg_file_write", "pg_notify", "pg_terminate_backend", "pg_cancel_backend", "pg_reload_conf",
        "pg_rotate_logfile", "pg_switch_wal", "pg_advisory_lock", "pg_advisory_xact_lock", "pg_try_advisory_lock",
        "pg_logical_emit_message", "query_to_xml", "query_to_xmlschema", "query_to_xml_and_xmlschema", "table_to_xml",
        "cursor_to_xml", "schema_to_xml", "database_to_xml", "nextval", "setval",
    }
)  # fmt: skip

# It logs a warning about every statement it does not know; those are refused here with a message of our own.
logging.getLogger("sqlglot").setLevel(logging.ERROR)


class Placeholder(Protocol):
    """Writes parameters for one kind of driver."""

    def __call__(self, name: str, position: int) -> str:
        """The parameter of a name, which is the `position`-th of those in use, from 1."""
        ...


@dataclass(frozen=True, slots=True)
class Statement:
    """One reading statement as its database wants it.

    `sql` has the database's own placeholders and no semicolon; `parameters` are the window's bounds that it uses.
    """

    text: str
    sql: str
    parameters: Mapping[str, datetime]
    fingerprint: str

    @property
    def whole(self) -> bool:
        """Whether the statement does not ask for a window."""
        return not self.parameters


def statement(query: str, dialect: str, placeholder: Placeholder, window: Window) -> Statement:
    """A metric's query, proved to be one reading statement and bound to a window.

    Casts such as `::date`, and colons in texts and comments, are not parameters. The fingerprint does not depend on
    spacing and comments.

    Args:
        query: as configured.
        dialect: sqlglot's name of the SQL it is written in.
        placeholder: writes the parameter of a name, the n-th of those in use, as the database's driver wants it.
        window: what `:window_start` and `:window_end` stand for.

    Raises:
        ConfigError: it is not one SELECT, it would change or reach something, or it has other parameters.
    """
    tokens = _tokens(query, dialect)
    marks = _parameter_marks(tokens)
    bounds = {"window_start": window.start.astimezone(UTC), "window_end": window.end.astimezone(UTC)}
    used = {mark.text.lower() for mark in marks}
    parameters = {name: bounds[name] for name in WINDOW_PARAMETERS if name in used}
    written = {name: placeholder(name, position) for position, name in enumerate(parameters, 1)}
    sql = _with_placeholders(query, tokens, marks, written)
    tree = _one_statement(sql, dialect)
    _refuse_all_but_reading(tree)
    _refuse_other_parameters(tree, marks, written)
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


def _refuse_all_but_reading(tree: exp.Expr) -> None:
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
        if isinstance(node, exp.Func) and (name := _function_name(node)) in _REACHING_FUNCTIONS:
            raise ConfigError(
                f"The query calls {name}, which reaches beyond the tables of its database."
                " Load that data into a table first, or read it with a source of its own."
            )


def _phrase(node: exp.Expr) -> str:
    names = {"into": "SELECT INTO", "lock": "a row lock (FOR UPDATE or FOR SHARE)", "command": "a command"}
    return names.get(node.key, node.key.upper())


def _function_name(node: exp.Func) -> str:
    name = node.name if isinstance(node, exp.Anonymous) else node.sql_name()
    return name.lower()


def _parameter_marks(tokens: list[Token]) -> list[Token]:
    """The names after a colon that touches them."""
    return [
        name
        for colon, name in itertools.pairwise(tokens)
        if colon.token_type is TokenType.COLON
        and colon.end + 1 == name.start
        and name.text.lower() in WINDOW_PARAMETERS
        and name.token_type is TokenType.VAR
    ]


def _refuse_other_parameters(tree: exp.Expr, marks: list[Token], written: Mapping[str, str]) -> None:
    parameters = [
        "?" if node.name in {"", "?"} else f":{node.name}" for node in tree.find_all(exp.Placeholder, exp.Parameter)
    ]
    if len(parameters) != len(marks):
        bound = {f":{text[1:]}" for text in written.values()}
        names = sorted(set(parameters) - bound) or ["mark of another database"]
        raise ConfigError(
            f"The query has the parameter {', '.join(names)}, and nothing is bound to it."
            " Only :window_start and :window_end are, written so."
        )


def _with_placeholders(query: str, tokens: list[Token], marks: list[Token], written: Mapping[str, str]) -> str:
    text = query[: tokens[-1].end + 1] if tokens else ""
    for mark in reversed(marks):
        text = text[: mark.start - 1] + written[mark.text.lower()] + text[mark.end + 1 :]
    return text


def _fingerprint(dialect: str, tokens: list[Token], parameters: Mapping[str, datetime]) -> str:
    words = [f"{token.token_type.name}:{token.text}" for token in tokens]
    bounds = [f"{name}={instant.isoformat()}" for name, instant in parameters.items()]
    return hashlib.sha256("\x1f".join([dialect, *words, *bounds]).encode()).hexdigest()
