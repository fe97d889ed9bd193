"""A files source: many metrics read from the files of one directory.

Belongs here: which file is meant, whether it may be read, and its columns for each metric. Does not: formats, threads.
"""

import hashlib
import json
import os
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING, cast

import pandas as pd

from connectors.contract import Caution, Context, DataPointBatch, Flag, MetricRequest, ReadFailure, Source, Window
from connectors.errors import AuthError, ConfigError, ConnectorError, DataError
from connectors.files.formats import READERS, Ask, Table
from connectors.points import column_names, columns_there, nearest_name
from connectors.reading import Asked, Fetch, failure, read_concurrently

if TYPE_CHECKING:
    from connectors.files import FilesRequest, FilesSettings


def open_source(settings: "FilesSettings", context: Context) -> Source:
    """A source over the directory of the settings; nothing is read yet.

    Raises:
        ConfigError: the path is relative and leads out of the config directory.
    """
    base = context.config_dir.resolve()
    directory = (base / settings.path).resolve()
    if not Path(settings.path).is_absolute() and not directory.is_relative_to(base):
        raise ConfigError(
            f"The path {settings.path} leads to {directory}, out of the config directory {base}."
            " Move the files into it, or write an absolute path."
        )
    return FilesSource(directory, settings)


@dataclass(frozen=True, slots=True, repr=False)
class FilesSource:
    """See `connectors.contract.Source`. Each file is read once for all of its metrics, and always whole."""

    directory: Path
    settings: "FilesSettings"

    def read(self, requests: Iterable[MetricRequest], window: Window) -> Iterator[DataPointBatch | ReadFailure]:
        """All points of each metric, inside the window or not."""
        served: dict[tuple[Path, str | None], list[MetricRequest]] = {}
        for request in requests:
            try:
                place = (self._file(_options(request).file), _options(request).sheet)
                _columns(request)
            except ConnectorError as error:
                yield failure(request, error)
            else:
                served.setdefault(place, []).append(request)
        fetches: list[Fetch[Table]] = [
            _FileFetch(path, sheet, self.settings, metrics) for (path, sheet), metrics in served.items()
        ]
        yield from read_concurrently(fetches, window, self.settings.concurrency)

    def check(self) -> tuple[Caution, ...]:
        """Whether the directory can be listed."""
        self._names()
        return ()

    def close(self) -> None:
        """Nothing stays open."""

    def _names(self) -> list[str]:
        if not self.directory.is_dir():
            raise ConfigError(f"The path {self.directory} is no directory. Create it, or correct path of the source.")
        try:
            return [path.relative_to(self.directory).as_posix() for path in sorted(self.directory.rglob("*"))]
        except OSError as error:
            raise AuthError(
                f"The path {self.directory} cannot be listed: {error.strerror}. Let this program's user read it."
            ) from None

    def _file(self, name: str) -> Path:
        path = (self.directory / name).resolve()
        if Path(name).is_absolute() or not path.is_relative_to(self.directory):
            raise ConfigError(
                f"The file {name} leads to {path}, out of the source's path {self.directory}."
                " Move it into that directory, or give it a source of its own."
            )
        if path.suffix.lower() not in READERS:
            raise ConfigError(f"The file {name} is of no known format. Its name must end in {', '.join(READERS)}.")
        if not path.is_file():
            raise ConfigError(f"There is no file {path}. {nearest_name(name, self._names())}")
        return path


@dataclass(frozen=True, slots=True, repr=False)
class _FileFetch:
    path: Path
    sheet: str | None
    settings: "FilesSettings"
    requests: Sequence[MetricRequest]

    def fetch(self) -> Table:
        columns = [_columns(request) for request in self.requests]
        ask = Ask(
            columns={column for mapping in columns for column in mapping.values()},
            numbers={mapping[name] for mapping in columns for name in ("value", "weight") if name in mapping},
            sheet=self.sheet,
            max_bytes=self.settings.max_bytes,
            max_rows=self.settings.max_rows,
        )
        try:
            with _steady(self.path, self.settings.max_bytes) as file:
                return READERS[self.path.suffix.lower()](file, ask)
        except ConnectorError as error:
            raise type(error)(f"File {self.path.name}: {error}") from None

    def rows(self, answer: Table, request: MetricRequest) -> pd.DataFrame:
        try:
            columns = columns_there(_columns(request), _options(request).columns, answer.names)
        except ConnectorError as error:
            raise type(error)(f"File {self.path.name}: {error}") from None
        return pd.DataFrame({name: answer.frame[column] for name, column in columns.items()})

    def flags(self, answer: Table, request: MetricRequest) -> frozenset[Flag]:  # noqa: ARG002 - a file tells none
        return frozenset()

    def asked(self, request: MetricRequest) -> Asked:
        where = self.path.name if self.sheet is None else f"{self.path.name}, sheet {self.sheet}"
        identity = json.dumps([str(self.path), self.sheet, _columns(request)], sort_keys=True)
        return Asked(where, hashlib.sha256(identity.encode()).hexdigest(), whole=True)


def _options(request: MetricRequest) -> "FilesRequest":
    return cast("FilesRequest", request.options)


def _columns(request: MetricRequest) -> dict[str, str]:
    return column_names(request, _options(request).columns)


@contextmanager
def _steady(path: Path, max_bytes: int) -> Iterator[IO[bytes]]:
    """An open file that is not empty, not too large, and was not written to while it was open."""
    try:
        file = path.open("rb")
    except OSError as error:
        raise AuthError(f"It cannot be opened: {error.strerror}. Let this program's user read it.") from None
    with file:
        before = os.fstat(file.fileno())
        _refuse_size(before.st_size, max_bytes)
        try:
            yield file
        finally:
            after = os.fstat(file.fileno())
            if (before.st_size, before.st_mtime_ns) != (after.st_size, after.st_mtime_ns):
                raise DataError(
                    "It was changed while it was read. Run again, and let its writer replace it in one step"
                    " (write another file, then rename it)."
                )


def _refuse_size(size: int, max_bytes: int) -> None:
    if size == 0:
        raise DataError("It is empty. Write it again; a file without rows still names its columns.")
    if size > max_bytes:
        raise DataError(
            f"It has {size:,} bytes, and the source takes {max_bytes:,}. Split it, or raise max_bytes of the source."
        )
