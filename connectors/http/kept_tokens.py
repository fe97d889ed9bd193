"""Refresh tokens that a service gave in place of the one it was shown, kept for the next run.

Belongs here: one file for each login, which only its owner reads, and one process at a time. Does not: asking for
tokens (grants).

A service that rotates refresh tokens takes each once, and may end the login where an old one is shown again. So whoever
shows one holds the file until the next is in it.
"""

import hashlib
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from connectors.errors import ConfigError, TransientError

_SECONDS_TO_WAIT_FOR_OTHERS: Final = 60
_ONLY_OWNER: Final = 0o600


@dataclass(frozen=True, slots=True)
class Turn:
    """The time in which nobody else shows the token of a login: what was kept, and how another is."""

    kept: str | None
    keep: Callable[[str], None]


@dataclass(frozen=True, slots=True)
class KeptTokens:
    """What is kept of one login. `name` is hashed: another name, such as another token to begin with, keeps apart."""

    directory: Path
    name: str

    @property
    def path(self) -> Path:
        return self.directory / f"{hashlib.sha256(self.name.encode()).hexdigest()[:16]}.db"

    @contextmanager
    def turn(self) -> Iterator[Turn]:
        """A turn, for which others wait. What was kept in it stays, also where it ends with an error.

        Raises:
            ConfigError: the file cannot be written. TransientError: another process takes too long.
        """
        with self._told():
            connection = self._opened()
        with closing(connection):
            try:
                yield Turn(_kept(connection), lambda token: self._keep(connection, token))
            finally:
                with self._told():
                    connection.execute("COMMIT")

    def _opened(self) -> sqlite3.Connection:
        """A connection that can write, and that has the file for itself, before a token is shown."""
        self.directory.mkdir(parents=True, exist_ok=True)
        self.path.touch(mode=_ONLY_OWNER)
        self.path.chmod(_ONLY_OWNER)
        connection = sqlite3.connect(self.path, timeout=_SECONDS_TO_WAIT_FOR_OTHERS, isolation_level=None)
        try:
            connection.execute("PRAGMA secure_delete = ON")
            connection.execute("BEGIN IMMEDIATE")
            connection.execute("CREATE TABLE IF NOT EXISTS token (token TEXT NOT NULL)")
        except sqlite3.Error:
            connection.close()
            raise
        return connection

    def _keep(self, connection: sqlite3.Connection, token: str) -> None:
        with self._told():
            connection.execute("DELETE FROM token")
            connection.execute("INSERT INTO token VALUES (?)", (token,))

    @contextmanager
    def _told(self) -> Iterator[None]:
        try:
            yield
        except (sqlite3.Error, OSError) as error:
            raise self._refused(error) from None

    def _refused(self, error: Exception) -> ConfigError | TransientError:
        if getattr(error, "sqlite_errorcode", None) == sqlite3.SQLITE_BUSY:
            return TransientError("Another process renews the login, and takes long. Run again.")
        return ConfigError(
            f"Refresh tokens cannot be kept in {self.path}: {error}. Let this program's user write there."
        )


def _kept(connection: sqlite3.Connection) -> str | None:
    found = connection.execute("SELECT token FROM token").fetchone()
    return str(found[0]) if found else None
