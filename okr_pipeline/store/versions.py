"""The version of a store's schema: what it is, whether this program fits it, and moving it.

Belongs here: comparing and running migrations. Does not: what one migration does (`migrations/versions`).
"""

from typing import Final

import sqlalchemy as sa

from okr_pipeline.store.engine import Database
from okr_pipeline.store.errors import StoreMissing, StoreOutdated, StoreTooNew

REVISIONS: Final = ("0001", "0002", "0003")
"""Every schema revision this program knows, oldest first. The last is the one it works with."""


def current(connection: sa.Connection) -> str | None:
    """The revision of the store; None where nothing was ever created."""
    if not sa.inspect(connection).has_table("alembic_version"):
        return None
    return connection.execute(sa.text("SELECT version_num FROM alembic_version")).scalar_one_or_none()


def require_current(connection: sa.Connection, place: str) -> None:
    """Nothing, where the store is of this program's revision.

    Raises:
        StoreMissing, StoreOutdated, StoreTooNew: with what to do.
    """
    found = require_known(connection, place)
    if found != REVISIONS[-1]:
        raise StoreOutdated(
            f"The store {place} has schema {found} and this program needs {REVISIONS[-1]}."
            " Bring it up to date with `okr store upgrade`; its data is kept."
        )


def require_known(connection: sa.Connection, place: str) -> str:
    """The revision of the store, where this program can read or migrate it.

    Raises:
        StoreMissing, StoreTooNew: with what to do.
    """
    found = current(connection)
    if found is None:
        raise StoreMissing(f"The store {place} is empty. Create its tables with `okr store upgrade`.")
    if found not in REVISIONS:
        raise StoreTooNew(
            f"The store {place} has schema {found}, which is newer than this program, which knows {REVISIONS[-1]}."
            " Install the okr-pipeline release that the others use; nothing was read or written."
        )
    return found


def upgrade(database: Database, revision: str) -> None:
    """Migrate up to a revision (or `head`) in one transaction; makes the file of a SQLite store.

    Raises:
        StoreTooNew: the store's revision is one that this program does not know.
    """
    if database.path is not None:
        database.path.parent.mkdir(parents=True, exist_ok=True)
        database.path.touch()
    with database.writing() as connection:
        migrate(connection, revision, database.place)


def downgrade(database: Database, revision: str) -> None:
    """Migrate down to a revision (or `base`) in one transaction. What the newer schema added is lost.

    Raises:
        StoreMissing: nothing was ever created.
        StoreOutdated: the store's revision is older than that already.
        StoreTooNew: the store's revision is one that this program does not know.
    """
    with database.writing() as connection:
        found = require_known(connection, database.place)
        if revision in REVISIONS and REVISIONS.index(found) < REVISIONS.index(revision):
            raise StoreOutdated(
                f"The store {database.place} has schema {found}, which is older than {revision}; nothing was done."
                " `okr store upgrade` brings it to the newest."
            )
        migrate(connection, revision, database.place, down=True)


def migrate(connection: sa.Connection, revision: str, place: str, *, down: bool = False) -> None:
    """Migrate in the transaction of a writer, whose turn it must be.

    Raises:
        StoreTooNew: the store's revision is one that this program does not know.
    """
    # A third of a second that only migrations need.
    from alembic import command
    from alembic.config import Config

    if current(connection) is not None:
        require_known(connection, place)
    config = Config()
    config.set_main_option("script_location", "okr_pipeline.store:migrations")
    config.attributes["connection"] = connection
    (command.downgrade if down else command.upgrade)(config, revision)
