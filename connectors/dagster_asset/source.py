"""A source over a function that loads assets: many metrics, each asset loaded once.

Belongs here: calling the function, whose code is not ours, and its rows as columns. Does not: Dagster, threads.
"""

import hashlib
import json
import traceback
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import pandas as pd

from connectors.contract import AssetLoader, Caution, DataPointBatch, Flag, MetricRequest, ReadFailure, Window
from connectors.errors import ConfigError, ConnectorError, ContractError, DataError, reworded, source_key
from connectors.points import column_names, columns_there, from_arrow
from connectors.reading import Asked, failure, read_concurrently

if TYPE_CHECKING:
    from connectors.dagster_asset import DagsterAssetRequest, DagsterAssetSettings


@dataclass(frozen=True, slots=True, repr=False)
class AssetSource:
    """See `connectors.contract.Source`. A loader may give rows outside the window; those are left out."""

    loader: AssetLoader | None
    settings: "DagsterAssetSettings"

    def read(self, requests: Iterable[MetricRequest], window: Window) -> Iterator[DataPointBatch | ReadFailure]:
        """The points of each metric inside the window."""
        loads: dict[str, _Load] = {}
        for request in requests:
            try:
                _columns(request)
            except ConnectorError as error:
                yield failure(request, error)
            else:
                asset = _options(request).asset
                loads.setdefault(asset, _Load(self, asset, window)).requests.append(request)
        yield from read_concurrently(loads.values(), window, self.settings.concurrency)

    def check(self) -> tuple[Caution, ...]:
        """Whether there is a loader; nothing is loaded."""
        self.registered()
        return ()

    def close(self) -> None:
        """Nothing stays open."""

    def registered(self) -> AssetLoader:
        """The loader.

        Raises:
            ConfigError: there is none.
        """
        if self.loader is None:
            raise ConfigError(
                "Assets are loaded by a function of the Dagster project that hosts this configuration, and none is"
                " registered here. Run it in that project, with asset_loader of build_definitions or of the component;"
                " okr run by itself knows no such project."
            )
        return self.loader


@dataclass(frozen=True, slots=True, repr=False)
class _Load:
    source: AssetSource
    asset: str
    window: Window
    requests: list[MetricRequest] = field(default_factory=list)

    def fetch(self) -> pd.DataFrame:
        """Load it.

        Raises:
            DataError: the loader failed, or gave too much. ContractError: it gave no table.
        """
        loader = self.source.registered()
        try:
            table = _table(self.asset, loader(self.asset, self.window))
        except ConnectorError:
            raise
        except Exception as error:  # noqa: BLE001 - whatever the code of somebody else raises, others go on
            failed = f"{type(error).__name__}{_place(error)}"
        else:
            return self._capped(table)
        # Outside, and without its message: nobody here knows what that may hold.
        raise DataError(f"Asset {self.asset}: its loader failed with {failed}. Call it by itself to see why.")

    def rows(self, answer: pd.DataFrame, request: MetricRequest) -> pd.DataFrame:
        try:
            columns = columns_there(_columns(request), _options(request).columns, list(map(str, answer.columns)))
        except ConnectorError as error:
            raise reworded(error, f"Asset {self.asset}: {error}") from None
        return pd.DataFrame({name: answer[column] for name, column in columns.items()})

    def flags(self, answer: pd.DataFrame, request: MetricRequest) -> frozenset[Flag]:  # noqa: ARG002 - it tells none
        return frozenset()

    def asked(self, request: MetricRequest) -> Asked:
        window = [self.window.start.isoformat(), self.window.end.isoformat()]
        identity = json.dumps([self.asset, window, _columns(request)], sort_keys=True)
        return Asked(f"asset {self.asset}", hashlib.sha256(identity.encode()).hexdigest(), whole=False)

    def _capped(self, table: pd.DataFrame) -> pd.DataFrame:
        most = self.source.settings.max_rows
        if len(table) > most:
            raise DataError(
                f"Asset {self.asset}: its loader gave {len(table):,} rows, and the source takes {most:,}. Let it give"
                " those of the window alone, or raise ",
                source_key("max_rows"),
                ".",
            )
        return table


def _table(asset: str, given: Any) -> pd.DataFrame:
    """A frame of pandas as it is; of all else that speaks Arrow, such as polars and DuckDB, its table.

    Raises:
        ContractError: it is neither.
    """
    if isinstance(given, pd.DataFrame):
        return given.reset_index(drop=True)
    if hasattr(given, "__arrow_c_stream__"):
        import pyarrow as pa

        return from_arrow(pa.table(given))
    raise ContractError(
        f"Asset {asset}: its loader gave {type(given).__name__}, which is no table. Let it give a DataFrame or"
        " an Arrow table; no rows are a table without rows."
    )


def _place(error: Exception) -> str:
    frames = traceback.extract_tb(error.__traceback__)
    return f" in {Path(frames[-1].filename).name}, line {frames[-1].lineno}" if frames else ""


def _options(request: MetricRequest) -> "DagsterAssetRequest":
    return cast("DagsterAssetRequest", request.options)


def _columns(request: MetricRequest) -> dict[str, str]:
    return column_names(request, _options(request).columns)
