"""Budgets of requests that all processes of a project share: so many in any stretch of time.

Belongs here: a place in the queue, kept in a file, and who shares one. Does not: waiting for one's turn.

A limit such as 60 an hour outlives a process, so it cannot be counted in memory; see
docs/decisions/0017-budgets-in-a-file.md.
"""

import hashlib
import sqlite3
import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from pydantic import SecretStr

from connectors.errors import ConfigError
from connectors.http.settings import Auth, HttpSettings

_SECONDS_TO_WAIT_FOR_OTHERS: Final = 30
_WHO: Final = ("username", "client_id", "issuer", "key_file", "private_key_file")
_LATE: Final = 1.04
"""A request may be on its way for longer than the one that takes its place: a stretch is kept longer by so much, for
otherwise the server would see more in its own."""
_LETTERS_OF_A_LOGIN: Final = 4
"""So few that one login in 65,536 has the same by chance: whoever reads the file cannot tell a right guess by them."""


def budget_of(settings: HttpSettings, directory: Path) -> "Budget | None":
    """The budget of a source with a rate limit: that of its login at its address, for vendors count by account.

    `directory` is the project's `.okr`.
    """
    limit = settings.rate_limit
    if limit is None:
        return None
    name = f"{settings.base_url} {_login(settings.auth)}".strip()
    return Budget(directory / "http-budgets.db", name, limit.requests, limit.per.total_seconds() * _LATE)


def _login(auth: Auth | None) -> str:
    """What tells one login from another, and nothing of either. What a token is to be good for is none of it."""
    kinds = [(name, kind) for name, kind in auth or () if kind is not None]
    told = [
        (name, key, value.get_secret_value() if isinstance(value, SecretStr) else value)
        for name, kind in kinds
        for key, value in ([("token", kind)] if isinstance(kind, SecretStr) else kind)
        if isinstance(value, SecretStr) or key in _WHO
    ]
    return hashlib.sha256(repr(told).encode()).hexdigest()[:_LETTERS_OF_A_LOGIN] if told else ""


@dataclass(frozen=True, slots=True)
class Budget:
    """At most `requests` in any `seconds`, of all who name the same file and `name`."""

    path: Path
    name: str
    requests: int
    seconds: float
    clock: Callable[[], float] = field(default=time.time, repr=False)

    def take(self, longest: float) -> float:
        """Take a place: how many seconds there are until its turn, not negative.

        More than `longest` means that none was taken, and how long it would have been.

        Raises:
            ConfigError: the file cannot be written.
        """
        try:
            with closing(self._opened()) as connection:
                return self._taken(connection, longest)
        except (sqlite3.Error, OSError) as error:
            raise ConfigError(
                f"The budget of requests cannot be kept in {self.path}: {error}. Let this program's user write there,"
                " or delete it if it is damaged, as a power cut may leave it."
            ) from None

    def _opened(self) -> sqlite3.Connection:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        connection = sqlite3.connect(self.path, timeout=_SECONDS_TO_WAIT_FOR_OTHERS, isolation_level=None)
        # Waiting for the disk took longer than many APIs do. A process that is killed loses nothing by this.
        connection.execute("PRAGMA synchronous = OFF")
        return connection

    def _taken(self, connection: sqlite3.Connection, longest: float) -> float:
        connection.execute("BEGIN IMMEDIATE")
        connection.execute("CREATE TABLE IF NOT EXISTS turns (budget TEXT NOT NULL, at REAL NOT NULL)")
        now = self.clock()
        # A clock that was set back would otherwise leave turns in a far future.
        connection.execute(
            "DELETE FROM turns WHERE budget = ? AND (at <= ? OR at > ?)",
            (self.name, now - self.seconds, now + self.seconds + longest),
        )
        turn = max(now, self._first_free(connection))
        if turn - now <= longest:
            connection.execute("INSERT INTO turns VALUES (?, ?)", (self.name, turn))
        connection.execute("COMMIT")
        return turn - now

    def _first_free(self, connection: sqlite3.Connection) -> float:
        """When the turn that many places back is so long ago that another may follow."""
        found = connection.execute(
            "SELECT at FROM turns WHERE budget = ? ORDER BY at DESC LIMIT 1 OFFSET ?", (self.name, self.requests - 1)
        ).fetchone()
        return float(found[0]) + self.seconds if found else 0.0
