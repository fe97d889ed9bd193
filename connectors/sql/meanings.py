"""What can go wrong with a database, and what to do about each.

Belongs here: the kinds of failure and their advice. Does not: which driver's error is of which kind (`failures`,
`warehouse_failures`).
"""

from dataclasses import dataclass
from typing import Final

from connectors.errors import (
    AuthError,
    ConfigError,
    ConnectorError,
    DataError,
    Said,
    TransientError,
    metric_key,
    source_key,
)


@dataclass(frozen=True, slots=True)
class Meaning:
    """The error that a failure becomes, and what to do next."""

    kind: type[ConnectorError]
    advice: tuple[Said, ...]

    def error(self, *said: Said) -> ConnectorError:
        """The error, with what the database says in front of the advice."""
        return self.kind(*said, *self.advice)


QUERY: Final = Meaning(ConfigError, ("Correct the ", metric_key("query"), ", or create what it names."))
WRITES: Final = Meaning(ConfigError, ("A metric only reads. Take out what changes or reaches beyond the tables.",))
LOGIN: Final = Meaning(AuthError, ("Ask the owner of the database for a login, and check the ", source_key("url"), "."))
RIGHTS: Final = Meaning(AuthError, ("Ask the owner of the database to grant SELECT on what the query reads.",))
PLACE: Final = Meaning(ConfigError, ("Check the ", source_key("url"), "."))
AWAY: Final = Meaning(TransientError, ("Check that the database is up and can be reached from here, then run again.",))
BUSY: Final = Meaning(TransientError, ("Another program holds the database. Run again when it has finished.",))
SLOW: Final = Meaning(
    TransientError,
    ("The query was stopped at ", source_key("statement_timeout"), ". Narrow it to the window, or raise that."),
)
FULL: Final = Meaning(
    TransientError, ("The database ran out of memory, space or connections. Make the query read less.",)
)
VALUES: Final = Meaning(
    DataError, ("A value cannot be computed or read. Correct the data, or guard for it in the query.",)
)
BROKEN: Final = Meaning(DataError, ("The database is damaged or of another version. Check it with its own tools.",))
