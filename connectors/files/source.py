"""A files source: many metrics read from the files of one folder.

Belongs here: which metrics one file serves, and its columns for each. Does not: formats, threads, where files are
(`folders`, `buckets`).
"""

import hashlib
import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, cast

import pandas as pd

from connectors.contract import Caution, Context, DataPointBatch, Flag, MetricRequest, ReadFailure, Source, Window
from connectors.errors import ConfigError, ConnectorError, reworded
from connectors.files.folders import Directory, Folder, suffix
from connectors.files.formats import READERS, Ask, Table
from connectors.points import column_names, columns_there
from connectors.reading import Asked, Fetch, failure, read_concurrently
from connectors.watching import Watch

if TYPE_CHECKING:
    from connectors.files import FilesRequest, FilesSettings


def open_source(settings: "FilesSettings", context: Context) -> Source:
    """A source over the folder of the settings; nothing is read yet.

    Raises:
        ConfigError: the path is relative and leads out of the config directory, or what reads its bucket is missing.
    """
    return FilesSource(_folder(settings, context), settings)


@dataclass(slots=True, repr=False)
class FilesSource:
    """See `connectors.contract.Source`. Each file is read once for all of its metrics, and always whole."""

    folder: Folder
    settings: "FilesSettings"
    _watch: Watch | None = field(default=None, init=False)

    def read(self, requests: Iterable[MetricRequest], window: Window) -> Iterator[DataPointBatch | ReadFailure]:
        """All points of each metric, inside the window or not."""
        served: dict[tuple[str, str | None], list[MetricRequest]] = {}
        for request in requests:
            try:
                place = (self.folder.found(_options(request).file), _options(request).sheet)
                _columns(request)
            except ConnectorError as error:
                yield failure(request, error)
            else:
                served.setdefault(place, []).append(request)
        with self._watching() as watch:
            fetches: list[Fetch[Table]] = [
                _FileFetch(self, watch, file, sheet, metrics) for (file, sheet), metrics in served.items()
            ]
            yield from read_concurrently(fetches, window, self.settings.concurrency, watch.cancel)

    def check(self) -> tuple[Caution, ...]:
        """Whether the folder is there and can be listed."""
        with self._watching() as watch:
            self.folder.check(watch)
        return ()

    def close(self) -> None:
        """Stop what a read that was left half way still waits for, and give connections back."""
        if self._watch is not None:
            self._watch.cancel()
        self.folder.close()

    def _watching(self) -> Watch:
        self._watch = Watch(self.settings.request_timeout)
        return self._watch


@dataclass(slots=True, repr=False)
class _FileFetch:
    source: FilesSource
    watch: Watch
    file: str
    sheet: str | None
    requests: Sequence[MetricRequest]
    state: str | None = field(default=None, init=False)

    def fetch(self) -> Table:
        columns = [_columns(request) for request in self.requests]
        settings = self.source.settings
        ask = Ask(
            columns={column for mapping in columns for column in mapping.values()},
            numbers={mapping[name] for mapping in columns for name in ("value", "weight") if name in mapping},
            sheet=self.sheet,
            max_bytes=settings.max_bytes,
            max_rows=settings.max_rows,
        )
        try:
            with self.source.folder.opened(self.file, settings.max_bytes, self.watch) as opened:
                self.state = opened.state
                return READERS[suffix(self.file)](opened.file, ask)
        except ConnectorError as error:
            raise self._named(error) from None

    def rows(self, answer: Table, request: MetricRequest) -> pd.DataFrame:
        try:
            columns = columns_there(_columns(request), _options(request).columns, answer.names)
        except ConnectorError as error:
            raise self._named(error) from None
        return pd.DataFrame({name: answer.frame[column] for name, column in columns.items()})

    def flags(self, answer: Table, request: MetricRequest) -> frozenset[Flag]:  # noqa: ARG002 - a file tells none
        return frozenset()

    def asked(self, request: MetricRequest) -> Asked:
        sheet = f"sheet {self.sheet}" if self.sheet is not None else None
        state = f"ETag {self.state}" if self.state is not None else None
        where = ", ".join(part for part in (self._shown, sheet, state) if part)
        identity = json.dumps([self.file, self.sheet, _columns(request)], sort_keys=True)
        return Asked(where, hashlib.sha256(identity.encode()).hexdigest(), whole=True)

    @property
    def _shown(self) -> str:
        return self.source.folder.shown(self.file)

    def _named(self, error: ConnectorError) -> ConnectorError:
        return reworded(error, f"File {self._shown}: {error}")


def _folder(settings: "FilesSettings", context: Context) -> Folder:
    if "://" in settings.path:
        # Buckets are few people's, and what speaks to them takes a second to import.
        from connectors.files.buckets import open_bucket

        return open_bucket(settings)
    return _directory(settings.path, context)


def _directory(path: str, context: Context) -> Directory:
    base = context.config_dir.resolve()
    directory = (base / path).resolve()
    if not Path(path).is_absolute() and not directory.is_relative_to(base):
        raise ConfigError(
            f"The path {path} leads to {directory}, out of the config directory {base}."
            " Move the files into it, or write an absolute path."
        )
    return Directory(directory)


def _options(request: MetricRequest) -> "FilesRequest":
    return cast("FilesRequest", request.options)


def _columns(request: MetricRequest) -> dict[str, str]:
    return column_names(request, _options(request).columns)
