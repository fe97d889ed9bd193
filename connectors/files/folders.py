"""Where the files of a source are, and a directory of this machine as such a place.

Belongs here: which file is meant, whether it may be read, and that it stays the same while it is read. Does not:
formats; buckets of objects (`buckets`).
"""

import os
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import IO, Protocol

from connectors.errors import AuthError, ConfigError, DataError, source_key
from connectors.files.formats import READERS
from connectors.points import nearest_name
from connectors.watching import Watch


@dataclass(frozen=True, slots=True)
class Opened:
    """A file that is being read: its bytes, and which state of it they are, if that has a name (an ETag)."""

    file: IO[bytes]
    state: str | None = None


class Folder(Protocol):
    """A place of files. `opened` is called by many threads at once."""

    def found(self, name: str) -> str:
        """Which file a metric's key means: the same text for the same file, without secrets.

        Raises:
            ConfigError: its name leads out of the place, or is of no known format.
        """
        ...

    def shown(self, file: str) -> str:
        """A found file as evidence and errors name it."""
        ...

    def opened(self, file: str, max_bytes: int, watch: Watch) -> AbstractContextManager[Opened]:
        """A found file: not empty, not too large, and not written to while it is open.

        Raises:
            ConnectorError: it cannot be had so.
        """
        ...

    def check(self, watch: Watch) -> None:
        """Whether the place is there and tells its files.

        Raises:
            ConnectorError: it is not, or does not.
        """
        ...

    def close(self) -> None:
        """Give connections back."""
        ...


@dataclass(frozen=True, slots=True)
class Directory:
    """A directory of this machine."""

    path: Path

    def found(self, name: str) -> str:
        path = (self.path / name).resolve()
        if Path(name).is_absolute() or not path.is_relative_to(self.path):
            raise ConfigError(
                f"The file {name} leads to {path}, out of the source's path {self.path}."
                " Move it into that directory, or give it a source of its own."
            )
        refuse_unknown_format(name, suffix(path.name))
        if not path.is_file():
            raise ConfigError(f"There is no file {path}. {nearest_name(name, self._names())}")
        return str(path)

    def shown(self, file: str) -> str:
        return Path(file).name

    @contextmanager
    def opened(self, file: str, max_bytes: int, watch: Watch) -> Iterator[Opened]:  # noqa: ARG002 - a disk answers
        try:
            opened = Path(file).open("rb")  # noqa: SIM115 - its own errors are told; what is read is closed below
        except OSError as error:
            raise AuthError(f"It cannot be opened: {error.strerror}. Let this program's user read it.") from None
        with opened:
            before = os.fstat(opened.fileno())
            refuse_size(before.st_size, max_bytes)
            try:
                yield Opened(opened)
            finally:
                after = os.fstat(opened.fileno())
                if (before.st_size, before.st_mtime_ns) != (after.st_size, after.st_mtime_ns):
                    raise changed_meanwhile("replace it in one step (write another file, then rename it)")

    def check(self, watch: Watch) -> None:  # noqa: ARG002 - a disk answers
        self._names()

    def close(self) -> None:
        """Nothing stays open."""

    def _names(self) -> list[str]:
        if not self.path.is_dir():
            raise ConfigError(f"The path {self.path} is no directory. Create it, or correct ", source_key("path"), ".")
        try:
            return [path.relative_to(self.path).as_posix() for path in sorted(self.path.rglob("*"))]
        except OSError as error:
            raise AuthError(
                f"The path {self.path} cannot be listed: {error.strerror}. Let this program's user read it."
            ) from None


def refuse_unknown_format(name: str, end: str) -> None:
    """Raises ConfigError for a file whose end says no format that is read."""
    if end not in READERS:
        raise ConfigError(f"The file {name} is of no known format. Its name must end in {', '.join(READERS)}.")


def suffix(name: str) -> str:
    """What tells a file's format.

    >>> suffix("daily/Signups.CSV")
    '.csv'
    """
    return PurePosixPath(name).suffix.lower()


def refuse_size(size: int, max_bytes: int) -> None:
    """Raises DataError for a file that is empty or too large."""
    if size == 0:
        raise DataError("It is empty. Write it again; a file without rows still names its columns.")
    if size > max_bytes:
        raise DataError(
            f"It has {size:,} bytes, and the source takes {max_bytes:,}. Split it, or raise ",
            source_key("max_bytes"),
            ".",
        )


def changed_meanwhile(advice: str) -> DataError:
    """The error of a file that was written to while it was read."""
    return DataError(f"It was changed while it was read. Run again, and let its writer {advice}.")
