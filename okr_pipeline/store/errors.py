"""Errors of the store, named by what to do next.

    StoreError
    ├── StoreUnsupported   the URL cannot name a store: correct it
    ├── StoreMissing       there is no store yet: `okr store upgrade`
    ├── StoreOutdated      older than this program: `okr store upgrade`
    ├── StoreTooNew        newer than this program: install the newer program
    ├── StoreUnavailable   locked, unreachable or lost too often: try again later
    ├── StoreRefused       the database refused: `okr store doctor`, or ask its administrator
    ├── StoreExists        something is in the place to write to: name another, or replace it
    └── BackupUnusable     no whole copy of a store: take another

Belongs here: the tree, and the one place where errors of drivers become errors of the store. Does not: retrying
(`engine`). Messages name the store without its password and never show bound values.
"""

from typing import Final

import sqlalchemy as sa
import sqlalchemy.exc


class StoreError(Exception):
    """The store could not do what was asked. The message says what, why and what to do."""


class StoreUnsupported(StoreError):  # noqa: N818 - it names a state, not a fault
    """The URL cannot name a store."""


class StoreMissing(StoreError):  # noqa: N818
    """There is no store at the URL."""


class StoreOutdated(StoreError):  # noqa: N818
    """The store's schema is older than this program's."""


class StoreTooNew(StoreError):  # noqa: N818
    """The store's schema is newer than this program's."""


class StoreUnavailable(StoreError):  # noqa: N818
    """The store is locked, unreachable or was lost; the same call may succeed later."""


class StoreRefused(StoreError):  # noqa: N818
    """The database refused a statement; the same call will be refused again."""


class StoreExists(StoreError):  # noqa: N818
    """A store or file is in the place to write to."""


class BackupUnusable(StoreError):  # noqa: N818
    """A file is no whole copy of a store."""


_SQLITE_BUSY: Final = {5, 6}
_SQLITE_READ_ONLY, _SQLITE_FULL, _SQLITE_NO_FILE = 8, 13, 14
SQLITE_DAMAGED: Final = {11, 26}
_SQLITE_MOVED: Final = 1032  # an extended code
_POSTGRES_TRANSIENT: Final = {"40001", "40P01", "55P03", "57P01", "57P02", "57P03", "53300"}
_POSTGRES_LOGIN: Final = {"28000", "28P01", "3D000"}
_POSTGRES_RIGHTS, _POSTGRES_READ_ONLY = "42501", "25006"
_NO_ENTRY: Final = ("authentication failed", "does not exist", "no password supplied")


def driver_errors() -> tuple[type[Exception], ...]:
    """What drivers raise, through SQLAlchemy and from their own cursors."""
    import sqlite3

    errors: tuple[type[Exception], ...] = (sa.exc.SQLAlchemyError, sqlite3.Error)
    try:
        import psycopg
    except ImportError:
        return errors
    return (*errors, psycopg.Error)


def translated(error: Exception, place: str) -> StoreError:
    """The store's error for a driver's; `place` is the URL without its password."""
    original = error.orig if isinstance(error, sa.exc.DBAPIError) and error.orig is not None else error
    why = _first_line(original)
    code = getattr(original, "sqlite_errorcode", None)
    if code == _SQLITE_MOVED:
        return _refused(place, why, "Its file was replaced while this program had it open: start the program again.")
    if code is not None:
        return _from_sqlite(int(code) & 0xFF, place, why)
    if type(original).__module__.split(".")[0] == "psycopg":
        return _from_postgres(original, place, why)
    return _refused(place, why, "Run `okr store doctor`.")


def _from_sqlite(code: int, place: str, why: str) -> StoreError:
    if code in _SQLITE_BUSY:
        return StoreUnavailable(
            f"The store {place} stayed locked by another process: {why}. Try again when it is done."
        )
    if code == _SQLITE_NO_FILE:
        return StoreMissing(
            f"There is no store at {place}: {why}. Make one with `okr run`, or an empty one with `okr store upgrade`."
        )
    if code == _SQLITE_READ_ONLY:
        return _refused(place, why, "Give this user write access to the file and its directory.")
    if code == _SQLITE_FULL:
        return _refused(place, why, "Free disk space and run again; nothing was half written.")
    if code in SQLITE_DAMAGED:
        return _refused(place, why, "The file is damaged: restore a copy, or run `okr store doctor` to see the extent.")
    return _refused(place, why, "Run `okr store doctor`.")


def _from_postgres(error: BaseException, place: str, why: str) -> StoreError:
    state = str(getattr(error, "sqlstate", None) or "")
    if state in _POSTGRES_LOGIN or (not state and any(words in why for words in _NO_ENTRY)):
        return StoreMissing(f"The store {place} does not let us in: {why}. Check the URL, its user and its database.")
    is_lost = not state and type(error).__name__ in {"OperationalError", "ConnectionTimeout", "InterfaceError"}
    if is_lost or state in _POSTGRES_TRANSIENT or state.startswith("08"):
        return StoreUnavailable(
            f"The store {place} was lost or did not answer: {why}. Try again when the server is up."
        )
    if state == _POSTGRES_RIGHTS:
        return _refused(place, why, "Use the login that owns its tables, or one that was granted as much.")
    if state == _POSTGRES_READ_ONLY:
        return _refused(place, why, "Name the server that is written to, not a copy that only reads.")
    if not state and "connection option" in why:
        return _refused(place, why, "Correct what the URL says after its '?'.")
    return _refused(place, why, "Run `okr store doctor`, or ask its administrator.")


def _refused(place: str, why: str, advice: str) -> StoreRefused:
    return StoreRefused(f"The store {place} refused: {why}. {advice}")


def _first_line(error: BaseException) -> str:
    lines = str(error).strip().splitlines()
    return lines[0].rstrip(".") if lines else type(error).__name__
