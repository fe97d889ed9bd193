"""ClickHouse as a source.

Belongs here: queries of its client. Does not: translating errors.

`:window_start` and `:window_end` are written as DateTime64 in UTC, and the session is in UTC: DateTime columns are
instants. Every query is sent with `readonly=1`, under which ClickHouse changes neither data nor settings; a login that
is read-only by itself, and may set nothing, reads without the limits that are set with it.
"""

import contextlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final
from uuid import uuid4

import clickhouse_connect
from clickhouse_connect.cc_sqlalchemy.dialect import ClickHouseDialect
from clickhouse_connect.driver.exceptions import ClickHouseError

from connectors.sql.database import Database, Opening
from connectors.sql.warehouse import PROGRAM, Question, Warehouse, options_of

_OPTIONS: Final = ("secure", "verify", "ca_cert")
_CONNECT_SECONDS: Final = 10
_ANSWER_SECONDS: Final = 5


def open_clickhouse(opening: Opening) -> Database:
    """The database of a URL such as `clickhousedb://reader:secret@host:8443/shop?secure=true`.

    Raises:
        ConfigError: the URL has an option that is not known.
    """
    options_of(opening, *_OPTIONS)
    errors = (ClickHouseError, OSError)
    return Warehouse("clickhouse", errors, lambda: _Session(opening, _client(opening)), _literal)


def _literal(name: str, instant: datetime) -> str:  # noqa: ARG001 - it is bound by its place
    return f"toDateTime64('{instant:%Y-%m-%d %H:%M:%S.%f}', 6, 'UTC')"


@dataclass(slots=True, repr=False)
class _Session:
    opening: Opening
    client: Any
    running: str | None = field(default=None, init=False)

    def rows(self, question: Question) -> tuple[Sequence[str], Iterable[Sequence[object]]]:
        self.running = str(uuid4())
        seconds = max(1, round(self.opening.statement_timeout.total_seconds()))
        settings = {
            "query_id": self.running,
            "log_comment": question.tag,
            "max_execution_time": seconds,
            "session_timezone": "UTC",
            "readonly": 1,
        }
        stream = self.client.query_rows_stream(question.sql, settings=self._changeable(settings), use_none=True)
        return list(stream.source.column_names), _arriving(stream)

    def _changeable(self, settings: Mapping[str, object]) -> dict[str, object]:
        """Those that the login may set: one that only reads by itself may set few or none."""
        fixed = {name for name, it in self.client.server_settings.items() if it.readonly}
        return {name: value for name, value in settings.items() if name not in fixed}

    def stop(self) -> None:
        """End the query from another connection: its own is waiting."""
        with contextlib.suppress(Exception), contextlib.closing(_client(self.opening)) as other:
            other.command(f"KILL QUERY WHERE query_id = '{self.running}' ASYNC")

    def close(self) -> None:
        self.client.close()


def _arriving(stream: Any) -> Iterator[Sequence[object]]:
    with stream:
        yield from stream


def _client(opening: Opening) -> Any:
    _, arguments = ClickHouseDialect().create_connect_args(opening.url)
    return clickhouse_connect.get_client(
        **arguments,
        client_name=PROGRAM,
        connect_timeout=_CONNECT_SECONDS,
        send_receive_timeout=opening.statement_timeout.total_seconds() + _ANSWER_SECONDS,
        query_retries=0,
        autogenerate_session_id=False,
        tz_mode="aware",
    )
