"""Column types that mean the same on SQLite and PostgreSQL.

Belongs here: instants, and text in one order. Does not: frames (`bulk`) or views that print instants (migrations).
"""

from datetime import UTC, datetime, timedelta
from typing import Any, Final

import sqlalchemy as sa

EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)

BYTEWISE_TEXT: Final = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
"""Text that sorts by its bytes, as SQLite does, whatever the locale of the database."""


class Instant(sa.types.TypeDecorator[datetime]):
    """An aware datetime. SQLite keeps INTEGER microseconds since 1970 UTC, so that comparing and sorting are exact."""

    impl = sa.TIMESTAMP(timezone=True)
    cache_ok = True

    def load_dialect_impl(self, dialect: sa.Dialect) -> sa.types.TypeEngine[Any]:
        """The native type."""
        native: sa.types.TypeEngine[Any] = sa.TIMESTAMP(timezone=True)
        if dialect.name == "sqlite":
            native = sa.Integer()
        return dialect.type_descriptor(native)

    def process_bind_param(self, value: datetime | None, dialect: sa.Dialect) -> object:
        """Raises ValueError for a naive datetime."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"{value!r} has no time zone; the store takes aware datetimes only")
        return microseconds(value) if dialect.name == "sqlite" else value

    def process_result_value(self, value: int | datetime | None, dialect: sa.Dialect) -> datetime | None:  # noqa: ARG002
        """Always in UTC."""
        if value is None:
            return None
        return instant(value) if isinstance(value, int) else value.astimezone(UTC)


def microseconds(value: datetime) -> int:
    """Whole microseconds since 1970 UTC, without the rounding of `timestamp()`.

    >>> microseconds(datetime(1969, 12, 31, 23, 59, 59, 999999, tzinfo=UTC))
    -1
    """
    return (value - EPOCH) // timedelta(microseconds=1)


def instant(value: int) -> datetime:
    """The UTC datetime of whole microseconds since 1970 UTC."""
    return EPOCH + timedelta(microseconds=value)
